/// Whom the box tells of notifications, and how far it has told them.
extension Schema {
    static let pushers = """
        -- settings: JSON, what the client set beside the two names. pushkey_ts: seconds.
        -- position: what is not after it needs no push any more.
        CREATE TABLE pushers (
            pusher_key INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id TEXT NOT NULL,
            app_id TEXT NOT NULL,
            pushkey TEXT NOT NULL,
            device_key INTEGER NOT NULL,
            settings BLOB NOT NULL,
            pushkey_ts INTEGER NOT NULL,
            position INTEGER NOT NULL,
            UNIQUE (user_id, app_id, pushkey)
        );
        CREATE INDEX pushers_by_name ON pushers (app_id, pushkey);
        CREATE INDEX pushers_by_device ON pushers (device_key);
        """
}
