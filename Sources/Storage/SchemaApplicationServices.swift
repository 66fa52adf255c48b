/// Bots and bridges. What they may do is in their registration files; here is what they have done.
extension Schema {
    static let applicationServices = """
        -- The service that made an account. Nobody can log in to it with a password, and it is nobody's.
        ALTER TABLE users ADD COLUMN application_service TEXT;
        CREATE INDEX users_who_are_people ON users (user_id) WHERE application_service IS NULL;

        -- Everything up to position was looked at. sending: the positions of the events in the transaction under way, JSON;
        -- the last of them is its ID.
        CREATE TABLE application_services (
            service_id TEXT PRIMARY KEY,
            position INTEGER NOT NULL,
            sending TEXT
        ) WITHOUT ROWID;

        -- What stands for a device where a service acts for a user without one. A key is never used again: events refer to it.
        CREATE TABLE application_service_sessions (
            session_key INTEGER PRIMARY KEY AUTOINCREMENT,
            service_id TEXT NOT NULL,
            user_id TEXT NOT NULL,
            UNIQUE (service_id, user_id)
        );

        -- The list of rooms that a service keeps for a network.
        CREATE TABLE application_service_rooms (
            service_id TEXT NOT NULL, network_id TEXT NOT NULL, room_key INTEGER NOT NULL,
            PRIMARY KEY (service_id, network_id, room_key)
        ) WITHOUT ROWID;
        """
}
