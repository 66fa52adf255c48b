extension Schema {
    /// spec: client-server-api/#guest-access
    static let guests = """
        ALTER TABLE users ADD COLUMN is_guest INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX users_that_are_guests ON users (user_id) WHERE is_guest;
        """
}
