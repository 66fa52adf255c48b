public import MatrixCore
import Storage

/// Who has to ask again for somebody's devices and keys.
///
/// spec: client-server-api/#tracking-the-device-list-for-a-user
public struct DeviceLists: Sendable {
    public struct Changes: Sendable, Hashable {
        /// Users with other devices or keys than before, or who share a room since.
        public var changed: [UserID] = []
        /// Users who share no room any more.
        public var left: [UserID] = []

        var isEmpty: Bool { changed.isEmpty && left.isEmpty }
    }

    let database: Database
    let feed: ChangeFeed

    /// What happened since a sync. More may be listed than changed, which costs a client a question, and never less.
    ///
    /// spec: client-server-api/#get_matrixclientv3keyschanges
    public func changes(for user: UserID, from start: StreamToken) async throws -> Changes {
        guard start.position <= feed.position else { throw MatrixError(.invalidParameter, "This box has never given out the token \(start).") }
        return try await database.read { try changes(for: user, after: start.position, in: $0) }
    }

    func changes(for user: UserID, after start: Position, in transaction: ReadTransaction) throws -> Changes {
        let lists = try transaction.deviceListChanges(after: start, visibleTo: user)
        let memberships = try transaction.membershipChanges(around: user, after: start)
        guard !lists.isEmpty || !memberships.isEmpty else { return Changes() }
        let present = Set(try transaction.usersSharingRooms(with: user)).union([user])
        var changed = Set(lists)
        var gone: Set<UserID> = []
        for change in memberships {
            let isJoined = change.membership == "join"
            guard try transaction.wasJoined(change.user, to: change.room, at: start) != isJoined else { continue }
            let concerned = change.user == user ? try transaction.users(in: change.room, membership: "join") : [change.user]
            if isJoined { changed.formUnion(concerned) } else { gone.formUnion(concerned) }
        }
        return Changes(changed: changed.intersection(present).sorted(), left: gone.subtracting(present).sorted())
    }

    // MARK: In transactions

    /// Tells everyone who shares a room with the user, and the user's own devices.
    func changed(of user: UserID, in transaction: WriteTransaction) throws {
        let audience = try transaction.usersSharingRooms(with: user) + [user]
        let position = transaction.nextPosition()
        try transaction.setDeviceListChange(of: user, seenBy: nil, at: position)
        transaction.record(.deviceList(user, audience: Audience(audience)), at: position, in: feed)
    }

    /// The same for one viewer: what only they can see has changed.
    func changed(of user: UserID, seenBy viewer: UserID, in transaction: WriteTransaction) throws {
        let position = transaction.nextPosition()
        try transaction.setDeviceListChange(of: user, seenBy: viewer, at: position)
        transaction.record(.deviceList(user, audience: Audience([viewer])), at: position, in: feed)
    }
}
