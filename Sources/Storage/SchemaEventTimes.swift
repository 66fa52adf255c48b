/// To find a room's events by their time: `timestamp_to_event`.
extension Schema {
    static let eventTimes = """
        CREATE INDEX events_by_time ON events (room_key, origin_server_ts);
        """
}
