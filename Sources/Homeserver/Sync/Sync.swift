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
    let lazyMembers = LazyMembers()

    /// The response as JSON. Returns early when the task is cancelled.
    public func sync(_ request: SyncRequest) async throws -> [UInt8] {
        let user = request.session.userID
        if let since = request.since, since.position > feed.position {
            throw MatrixError(.invalidParameter, "This box has never given out the token \(since).")
        }
        try await presence.syncBegins(of: user, asked: request.presence)
        defer { presence.syncEnds(of: user) }
        let deadline = ContinuousClock.now + request.timeout
        while true {
            let end = feed.position
            let response = try await response(to: request, upTo: end)
            let remaining = deadline - .now
            if request.since == nil || request.fullState || !response.isEmpty || remaining <= .zero || Task.isCancelled {
                return response.json(nextBatch: StreamToken(end), request: request, presence: presence)
            }
            await feed.wait(for: user, after: end, timeout: remaining)
        }
    }

    private func response(to request: SyncRequest, upTo end: Position) async throws -> SyncResponse {
        if let since = request.since?.position, !request.fullState,
            let changes = feed.changes(after: since, upTo: end, concerning: request.session.userID)
        {
            if changes.isEmpty { return SyncResponse() }
            let memory = SyncFromMemory(
                request: request, changes: changes, lazyMembers: lazyMembers, notifications: notifications, typing: typing)
            if let response = memory.response() { return response }
        }
        return try await database.read { transaction in
            try SyncFromDatabase(request: request, end: end, sync: self, transaction: transaction).response()
        }
    }
}
