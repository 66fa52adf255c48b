import MatrixCore
import Storage

/// Sliding sync: the rooms that a client looks at, and what has changed in them, waiting for news if there are none.
///
/// spec: MSC4186, and MSC3884, 3885, 3959, 3960, 3961 for the extensions
public final class SlidingSync: Sendable {
    let database: Database
    let feed: ChangeFeed
    let notifications: Notifications
    let typing: Typing
    let presence: Presence
    let accountData: AccountData
    let deviceKeys: DeviceKeys
    let deviceLists: DeviceLists
    let toDevice: ToDevice
    let ignoredUsers: IgnoredUsers
    let moderation: Moderation
    let lists: UserRoomLists
    let connections = SlidingConnections()

    /// More rooms come with the next response, which does not wait then.
    static let maxRoomsOfResponse = 100
    static let maxEventsOfResponse = 2_000

    init(sync: Sync) {
        database = sync.database
        feed = sync.feed
        notifications = sync.notifications
        typing = sync.typing
        presence = sync.presence
        accountData = sync.accountData
        deviceKeys = sync.deviceKeys
        deviceLists = sync.deviceLists
        toDevice = sync.toDevice
        ignoredUsers = sync.ignoredUsers
        moderation = sync.moderation
        lists = UserRoomLists(database: sync.database, feed: sync.feed)
    }

    /// The response as JSON. Returns early when the task is cancelled. Throws `unknownPosition`.
    public func sync(_ request: SlidingSyncRequest) async throws -> [UInt8] {
        let session = request.session
        let opened = try connections.open(device: session.deviceKey, id: request.connectionID, position: request.position)
        presence.syncBegins(of: session.userID, asked: request.presence)
        defer { presence.syncEnds(of: session.userID, asked: request.presence) }
        try await presence.show(session.userID, asked: request.presence)
        let received = request.interest.toDevice.map { self.received($0) } ?? .zero
        // If it fails, the messages come once more with a later sync, and no client minds.
        if received > .zero { try? await toDevice.acknowledge(upTo: received, by: session) }

        let deadline = ContinuousClock.now + request.timeout
        var pass = SlidingSyncPass(sync: self, request: request, state: opened.state, receivedToDevice: received)
        while true {
            let end = feed.position
            try await pass.look(upTo: end)
            let remaining = deadline - .now
            if opened.state.position == nil || pass.hasNews || remaining <= .zero || Task.isCancelled {
                let response = try await pass.response()
                let position = connections.answer(opened, with: pass.change)
                return response.json(position: position, request: request)
            }
            await feed.wait(for: session.userID, after: pass.end, timeout: remaining)
            try moderation.requireUnlocked(session.userID)
        }
    }

    /// How far the device has got its to-device messages.
    ///
    /// A token that is none, or from the future, counts as none at all: the device would else be without messages for ever, since it
    /// keeps this token even when it begins a new connection.
    private func received(_ settings: SlidingSyncRequest.ToDeviceExtension) -> Position {
        guard let value = settings.since.flatMap({ Int64($0) }), value > 0, value <= feed.position.value else { return .zero }
        return Position(value)
    }

    func deviceEnds(_ device: Int64, after transaction: WriteTransaction) {
        transaction.afterCommit { [connections] in connections.deviceEnds(device) }
    }
}
