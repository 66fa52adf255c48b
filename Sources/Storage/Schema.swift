/// The tables. Small integer keys stand for rooms and devices inside the database only.
enum Schema {
    static let version1 = """
        -- Facts about the box itself: its name, its signing key, the end of the reserved positions.
        CREATE TABLE server (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

        CREATE TABLE users (
            user_id TEXT PRIMARY KEY,
            password_hash TEXT,
            is_admin INTEGER NOT NULL DEFAULT 0,
            is_deactivated INTEGER NOT NULL DEFAULT 0,
            created_ts INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE profiles (
            user_id TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
            PRIMARY KEY (user_id, key)
        ) WITHOUT ROWID;

        -- A key is never used again: events refer to the device that sent them.
        CREATE TABLE devices (
            device_key INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id TEXT NOT NULL,
            device_id TEXT NOT NULL,
            display_name TEXT,
            last_seen_ts INTEGER,
            last_seen_ip TEXT,
            UNIQUE (user_id, device_id)
        );

        -- Only the SHA-256 of a token is kept.
        CREATE TABLE access_tokens (
            token_hash BLOB PRIMARY KEY,
            device_key INTEGER NOT NULL REFERENCES devices (device_key) ON DELETE CASCADE
        ) WITHOUT ROWID;
        CREATE INDEX access_tokens_by_device ON access_tokens (device_key);

        CREATE TABLE registration_tokens (
            token TEXT PRIMARY KEY,
            uses_allowed INTEGER,
            uses INTEGER NOT NULL DEFAULT 0,
            expires_ts INTEGER,
            created_by TEXT,
            created_ts INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE filters (
            filter_id INTEGER PRIMARY KEY,
            user_id TEXT NOT NULL,
            definition BLOB NOT NULL,
            UNIQUE (user_id, definition)
        );

        -- Global account data has room_id ''.
        CREATE TABLE account_data (
            user_id TEXT NOT NULL, room_id TEXT NOT NULL, type TEXT NOT NULL,
            content BLOB NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (user_id, room_id, type)
        ) WITHOUT ROWID;
        CREATE INDEX account_data_by_position ON account_data (user_id, position);

        CREATE TABLE rooms (
            room_key INTEGER PRIMARY KEY,
            room_id TEXT NOT NULL UNIQUE,
            version TEXT NOT NULL,
            is_listed INTEGER NOT NULL DEFAULT 0
        );

        -- event_id holds the 32 bytes of the reference hash. content lies in pdu at content_start.
        -- replaces: the position of the state event that this one replaced. redacted_by: of the redaction.
        -- device_key and transaction_id: what the sending device calls its request, so that a repeated one gives the same event.
        -- notifies: what the default push rules say for a member who is not mentioned: 0 nothing, 1 notify, 2 highlight.
        CREATE TABLE events (
            position INTEGER PRIMARY KEY,
            room_key INTEGER NOT NULL,
            event_id BLOB NOT NULL UNIQUE,
            type TEXT NOT NULL,
            state_key TEXT,
            sender TEXT NOT NULL,
            origin_server_ts INTEGER NOT NULL,
            depth INTEGER NOT NULL,
            pdu BLOB NOT NULL,
            content_start INTEGER NOT NULL,
            content_length INTEGER NOT NULL,
            replaces INTEGER,
            redacted_by INTEGER,
            notifies INTEGER NOT NULL DEFAULT 0,
            device_key INTEGER,
            transaction_id TEXT
        );
        CREATE INDEX events_by_room ON events (room_key, position);
        CREATE INDEX events_by_state ON events (room_key, type, state_key, position) WHERE state_key IS NOT NULL;
        CREATE INDEX events_by_transaction ON events (device_key, transaction_id) WHERE transaction_id IS NOT NULL;
        CREATE INDEX events_that_notify ON events (room_key, position) WHERE notifies > 0;

        CREATE TABLE current_state (
            room_key INTEGER NOT NULL, type TEXT NOT NULL, state_key TEXT NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (room_key, type, state_key)
        ) WITHOUT ROWID;

        -- last_sent: the newest event that the user sent here, by which they have read what was before it.
        CREATE TABLE memberships (
            user_id TEXT NOT NULL, room_key INTEGER NOT NULL,
            membership TEXT NOT NULL,
            position INTEGER NOT NULL,
            is_forgotten INTEGER NOT NULL DEFAULT 0,
            last_sent INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (user_id, room_key)
        ) WITHOUT ROWID;
        CREATE INDEX memberships_by_room ON memberships (room_key, membership);

        -- Where a user's push rules say something else than events.notifies.
        CREATE TABLE notification_exceptions (
            user_id TEXT NOT NULL, room_key INTEGER NOT NULL, position INTEGER NOT NULL,
            notifies INTEGER NOT NULL,
            PRIMARY KEY (user_id, room_key, position)
        ) WITHOUT ROWID;
        CREATE INDEX notification_exceptions_by_event ON notification_exceptions (position);

        CREATE TABLE receipts (
            room_key INTEGER NOT NULL, user_id TEXT NOT NULL, receipt_type TEXT NOT NULL,
            thread_id TEXT NOT NULL,
            event_id BLOB NOT NULL,
            event_position INTEGER NOT NULL,
            ts INTEGER NOT NULL,
            position INTEGER NOT NULL,
            PRIMARY KEY (room_key, user_id, receipt_type, thread_id)
        ) WITHOUT ROWID;
        CREATE INDEX receipts_by_position ON receipts (room_key, position);

        CREATE TABLE room_aliases (alias TEXT PRIMARY KEY, room_key INTEGER NOT NULL, creator TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX room_aliases_by_room ON room_aliases (room_key);

        CREATE TABLE media (
            media_id TEXT PRIMARY KEY,
            sha256 BLOB NOT NULL,
            size INTEGER NOT NULL,
            content_type TEXT,
            file_name TEXT,
            user_id TEXT NOT NULL,
            created_ts INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX media_by_content ON media (sha256);
        """
}
