import MatrixCore
import Storage

/// `/sync`: what has changed for one device since it last asked, waiting for news if there are none.
///
/// spec: client-server-api/#syncing
public struct Sync: Sendable {
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
    let lazyMembers = LazyMembers()

    /// The response as JSON. Returns early when the task is cancelled.
    public func sync(_ request: SyncRequest) async throws -> [UInt8] {
        let user = request.session.userID
        if let since = request.since, since.position > feed.position {
            throw MatrixError(.invalidParameter, "This box has never given out the token \(since).")
        }
        presence.syncBegins(of: user, asked: request.presence)
        defer { presence.syncEnds(of: user, asked: request.presence) }
        try await presence.show(user, asked: request.presence)
        // If it fails, the messages come once more with a later sync, and no client minds.
        if let since = request.since { try? await toDevice.acknowledge(upTo: since.toDevicePosition, by: request.session) }
        if let since = request.since { lazyMembers.resume(device: request.session.deviceKey, since: since.position) }
        let deadline = ContinuousClock.now + request.timeout
        while true {
            let end = feed.position
            var response = try await response(to: request, upTo: end)
            response.toDevice = try await toDevice.delivery(to: request.session, after: request.since?.toDevicePosition ?? .zero, upTo: end)
            let remaining = deadline - .now
            if request.since == nil || request.fullState || !response.isEmpty || remaining <= .zero || Task.isCancelled {
                response.keyCounts = try await deviceKeys.counts(of: request.session)
                let nextBatch = StreamToken(end, toDevice: response.toDevice.resumesAfter ?? end)
                return response.json(nextBatch: nextBatch, request: request, presence: presence)
            }
            await feed.wait(for: user, after: end, timeout: remaining)
            try moderation.requireUnlocked(user)
        }
    }

    private func response(to request: SyncRequest, upTo end: Position) async throws -> SyncResponse {
        if let since = request.since?.position, !request.fullState,
            let changes = feed.changes(after: since, upTo: end, concerning: request.session.userID)
        {
            if changes.isEmpty { return SyncResponse() }
            for case .deviceEnded(_, request.session.deviceKey) in changes.lazy.map(\.kind) { throw Sessions.unknownToken }
            let memory = SyncFromMemory(
                request: request, end: end, changes: changes, lazyMembers: lazyMembers, notifications: notifications, typing: typing,
                ignored: ignoredUsers.ignored(by: request.session.userID))
            if let response = memory.response() { return response }
        }
        return try await database.read { transaction in
            try SyncFromDatabase(request: request, end: end, sync: self, transaction: transaction).response()
        }
    }
}
