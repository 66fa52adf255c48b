/// End-to-end encryption. The box keeps what devices publish and hands it out; it can read none of what they protect with it.
extension Schema {
    static let version2 = """
        -- keys: JSON as the device uploaded it.
        CREATE TABLE device_keys (
            device_key INTEGER PRIMARY KEY REFERENCES devices (device_key) ON DELETE CASCADE,
            keys BLOB NOT NULL
        );

        -- A claimed key stays for a while, so that an upload that is repeated does not offer it again.
        CREATE TABLE one_time_keys (
            number INTEGER PRIMARY KEY,
            device_key INTEGER NOT NULL REFERENCES devices (device_key) ON DELETE CASCADE,
            algorithm TEXT NOT NULL,
            key_id TEXT NOT NULL,
            key BLOB NOT NULL,
            is_claimed INTEGER NOT NULL DEFAULT 0,
            UNIQUE (device_key, algorithm, key_id)
        );
        CREATE INDEX one_time_keys_by_age ON one_time_keys (device_key, algorithm, is_claimed, number);

        CREATE TABLE fallback_keys (
            device_key INTEGER NOT NULL REFERENCES devices (device_key) ON DELETE CASCADE,
            algorithm TEXT NOT NULL,
            key_id TEXT NOT NULL,
            key BLOB NOT NULL,
            is_used INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (device_key, algorithm)
        ) WITHOUT ROWID;

        -- usage: master, self_signing or user_signing.
        CREATE TABLE cross_signing_keys (
            user_id TEXT NOT NULL, usage TEXT NOT NULL,
            public_key TEXT NOT NULL,
            key BLOB NOT NULL,
            PRIMARY KEY (user_id, usage)
        ) WITHOUT ROWID;

        -- Signatures that came after the key. key_id: a device ID, or a public key for cross-signing keys.
        CREATE TABLE key_signatures (
            user_id TEXT NOT NULL, key_id TEXT NOT NULL,
            signer TEXT NOT NULL, signing_key_id TEXT NOT NULL,
            signature TEXT NOT NULL,
            PRIMARY KEY (user_id, key_id, signer, signing_key_id)
        ) WITHOUT ROWID;

        -- When what is published of a user's devices changed last. seen_by: '' for everyone, or the one user whom it concerns.
        CREATE TABLE device_list_changes (
            user_id TEXT NOT NULL, seen_by TEXT NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (user_id, seen_by)
        ) WITHOUT ROWID;
        CREATE INDEX device_list_changes_by_position ON device_list_changes (position);

        -- number and bytes_until run along the queue of a device, so that its length and size are known from its two ends.
        CREATE TABLE to_device_messages (
            device_key INTEGER NOT NULL REFERENCES devices (device_key) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            number INTEGER NOT NULL,
            bytes_until INTEGER NOT NULL,
            message BLOB NOT NULL,
            PRIMARY KEY (device_key, position)
        ) WITHOUT ROWID;

        -- What a device sent lately, so that a request that is repeated is carried out once.
        CREATE TABLE to_device_transactions (
            device_key INTEGER NOT NULL REFERENCES devices (device_key) ON DELETE CASCADE,
            transaction_id TEXT NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (device_key, transaction_id)
        ) WITHOUT ROWID;
        CREATE INDEX to_device_transactions_by_age ON to_device_transactions (device_key, position);

        -- The row of a deleted version stays until there is a newer one: no version is given out twice.
        CREATE TABLE key_backups (
            user_id TEXT NOT NULL, version INTEGER NOT NULL,
            algorithm TEXT NOT NULL,
            auth_data BLOB NOT NULL,
            etag INTEGER NOT NULL DEFAULT 0,
            key_count INTEGER NOT NULL DEFAULT 0,
            is_deleted INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (user_id, version)
        ) WITHOUT ROWID;

        CREATE TABLE key_backup_keys (
            user_id TEXT NOT NULL, version INTEGER NOT NULL,
            room_id TEXT NOT NULL, session_id TEXT NOT NULL,
            first_message_index INTEGER NOT NULL,
            forwarded_count INTEGER NOT NULL,
            is_verified INTEGER NOT NULL,
            session_data BLOB NOT NULL,
            PRIMARY KEY (user_id, version, room_id, session_id)
        ) WITHOUT ROWID;
        """
}
