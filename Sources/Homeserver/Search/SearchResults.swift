public import MatrixCore
public import Storage

/// One page of what a search found.
public struct SearchResults: Sendable {
    public struct Entry: Sendable {
        public let event: TimelineEvent
        /// Higher is closer.
        public let rank: Double
        public let context: Context?
    }

    /// What stands around a result.
    public struct Context: Sendable {
        /// Newest first.
        public let before: [TimelineEvent]
        public let after: [TimelineEvent]
        public let start: StreamToken
        public let end: StreamToken
        /// Contents of the senders' member events at that time. `nil` if nobody asked for them.
        public let profiles: [(user: UserID, content: JSONObject)]?
    }

    /// The results that a room or a sender has in common.
    public struct Group: Sendable {
        public let value: String
        public internal(set) var events: [EventID]
        public internal(set) var nextBatch: String?
    }

    /// How many there are in all: exact, unless there are more than one search looks at.
    public internal(set) var count: Int
    public let highlights: [String]
    public internal(set) var entries: [Entry] = []
    /// What is bundled with all these events.
    public internal(set) var aggregations = Aggregations()
    public internal(set) var state: [RoomID: [TimelineEvent]] = [:]
    public internal(set) var groups: [(key: SearchRequest.GroupKey, groups: [Group])] = []
    public internal(set) var nextBatch: String?
}
