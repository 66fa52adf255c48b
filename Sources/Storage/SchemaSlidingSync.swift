/// For the order of rooms in sliding sync.
extension Schema {
    /// What counts as activity. The planner uses the index only for the very same words.
    static let isBump = """
        type IN ('m.room.create', 'm.room.message', 'm.room.encrypted', 'm.sticker', 'm.call.invite', 'm.poll.start', 'm.beacon_info', \
        'org.matrix.msc3381.poll.start', 'org.matrix.msc3672.beacon_info')
        """

    static let slidingSync = "CREATE INDEX events_that_bump ON events (room_key, position) WHERE \(isBump);"
}
