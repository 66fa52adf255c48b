/// What administrators do about accounts, and what people report to them.
extension Schema {
    static let moderation = """
        ALTER TABLE users ADD COLUMN is_locked INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE users ADD COLUMN is_suspended INTEGER NOT NULL DEFAULT 0;
        -- Whoever joins a room later sees no more than the redacted form of what this user sent there.
        ALTER TABLE users ADD COLUMN is_erased INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX users_erased ON users (user_id) WHERE is_erased;
        CREATE INDEX users_restricted ON users (user_id) WHERE is_locked OR is_suspended;

        -- A deleted piece stays as {}, so that other devices hear of its end.
        ALTER TABLE account_data ADD COLUMN is_deleted INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX account_data_ignored_users ON account_data (user_id) WHERE type = 'm.ignored_user_list';

        -- Of an event (room_id and event_id), a room (room_id) or a user (reported_user).
        CREATE TABLE reports (
            report_id INTEGER PRIMARY KEY AUTOINCREMENT,
            reporter TEXT NOT NULL,
            room_id TEXT,
            event_id TEXT,
            reported_user TEXT,
            reason TEXT NOT NULL,
            created_ts INTEGER NOT NULL
        );
        CREATE INDEX reports_by_reporter ON reports (reporter, report_id);
        """
}
