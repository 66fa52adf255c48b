public import MatrixCore
import Storage

/// The rooms that two users are both in.
///
/// spec: client-server-api/#mutual-rooms
public struct MutualRooms: Sendable {
    static let pageRooms = 200

    let database: Database

    public struct Page: Sendable {
        public let rooms: [RoomID]
        public let count: Int
        /// `nil` at the end.
        public let next: String?
    }

    /// - Parameter from: where an earlier page ended.
    public func rooms(of user: UserID, and other: UserID, from: String?) async throws -> Page {
        guard user != other else { throw MatrixError(.invalidParameter, "You share all rooms with yourself.") }
        var start: RoomID?
        if let from {
            guard let room = RoomID(from) else { throw MatrixError(.invalidParameter, "from is no token of an earlier page.") }
            start = room
        }
        let shared = try await database.read { transaction in
            func joined(_ user: UserID) throws -> Set<RoomID> {
                Set(try transaction.memberships(of: user).filter { $0.membership == "join" }.map(\.roomID))
            }
            return try joined(user).intersection(joined(other)).sorted()
        }
        let rest = shared.filter { room in start.map { room > $0 } ?? true }
        let page = Array(rest.prefix(Self.pageRooms))
        return Page(rooms: page, count: shared.count, next: page.count < rest.count ? page.last?.rawValue : nil)
    }
}
