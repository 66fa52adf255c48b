import Logging
import MatrixCore
import Storage
import Synchronization

/// Sends notifications to push gateways: for each pusher one after the other, in order, and again until it works.
///
/// What is to be sent stands in the database, between a pusher's position and now. So a restart loses nothing, and a gateway
/// that is away costs no memory. Positions are stored when something else is written: after a crash a push may come twice,
/// which gateways see by its event ID.
final class PushDelivery: Sendable {
    private struct Entry {
        var pusher: Pusher
        /// What is not after it needs no push any more.
        var position: Position
        var storedPosition: Position
        var hasNews = true
        var isBadgeDue = false
        /// What the gateway was told last, or the app knew when it set the pusher.
        var sentUnread: Int?
        var isNew = false
        var task: Task<Void, Never>?
    }

    private struct State {
        var entries: [Int64: Entry] = [:]
        var keys: [UserID: [Int64]] = [:]
        /// The newest position that somebody was woken for.
        var newest = Position.zero
        var isRunning = false
    }

    /// What a worker has to do next.
    private struct Round {
        let pusher: Pusher
        let position: Position
        let newest: Position
        let isBadgeDue: Bool
        let sentUnread: Int?
        let isNew: Bool
    }

    private enum Answer {
        case delivered, rejected
        case failed(String)
    }

    private let state = Mutex(State())
    private let database: Database
    private let feed: ChangeFeed
    private let http: any HTTPClient
    private let requests: PushNotifications
    private let monotonicClock: MonotonicClock
    private let logger: Logger

    /// Older notifications are skipped when more have gathered.
    static let maxPendingNotifications = 200
    static let requestTimeoutSeconds = 30
    static let maxResponseBytes = 64 << 10
    static let maxRetryDelayMilliseconds: Int64 = 10 * 60 * 1_000
    /// What a gateway did not take for so long is no news any more.
    static let giveUpAfterMilliseconds: Int64 = 6 * 60 * 60 * 1_000

    init(
        database: Database, feed: ChangeFeed, http: any HTTPClient, notifications: Notifications, pushRules: PushRuleSettings,
        monotonicClock: MonotonicClock = .system, logger: Logger
    ) {
        self.database = database
        self.feed = feed
        self.http = http
        requests = PushNotifications(notifications: notifications, pushRules: pushRules)
        self.monotonicClock = monotonicClock
        self.logger = logger
    }

    // MARK: Life

    /// Begins with what was not sent before the last end.
    func start() async throws {
        let records = try await database.read { try $0.pushers() }
        state.withLock { state in
            state.isRunning = true
            for (user, pushers) in Dictionary(grouping: records, by: \.userID) { replacePushers(of: user, by: pushers, &state) }
            for key in Array(state.entries.keys) {
                state.entries[key]?.isNew = false
                run(key, &state)
            }
        }
    }

    /// Ends all requests, and stores how far they got.
    func stop() async {
        let tasks = state.withLock { state in
            state.isRunning = false
            return state.entries.values.compactMap(\.task)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        guard state.withLock({ $0.entries.values.contains { $0.position > $0.storedPosition } }) else { return }
        // At worst something is pushed again.
        try? await database.write { [self] in try storePositions(in: $0) }
    }

    func hasPusher(withPushkey pushkey: String) -> Bool {
        state.withLock { $0.entries.values.contains { $0.pusher.pushkey == pushkey } }
    }

    // MARK: What happens elsewhere

    /// After a change to the table.
    func pushersChanged(of user: UserID, in transaction: WriteTransaction) throws {
        let records = try transaction.pushers(of: user)
        transaction.afterCommit { [self] in
            state.withLock { state in
                replacePushers(of: user, by: records, &state)
                for key in state.keys[user] ?? [] { run(key, &state) }
            }
        }
    }

    /// After an event that is stored in this transaction. Without pushers it costs a look into an empty table.
    func eventStored(_ event: Event, _ outcome: Notifications.Outcome, joined: [UserID], in transaction: WriteTransaction) throws {
        let owners = state.withLock { state in state.keys.isEmpty ? nil : Set(state.keys.keys) }
        guard let owners else { return }
        try storePositions(in: transaction)
        var levels = Dictionary(joined.map { ($0, outcome.byDefault) }, uniquingKeysWith: { $1 })
        for exception in outcome.exceptions { levels[exception.user] = exception.notifies }
        // Whoever sends something has read what was before it.
        let notified = owners.filter { $0 != event.sender && levels[$0, default: 0] > 0 }
        wake(notified, counted: owners.contains(event.sender) ? [event.sender] : [], after: transaction)
    }

    /// After a receipt of the user.
    func readMoved(of user: UserID, after transaction: WriteTransaction) {
        guard state.withLock({ $0.keys[user] != nil }) else { return }
        wake([], counted: [user], after: transaction)
    }

    private func wake(_ notified: Set<UserID>, counted: Set<UserID>, after transaction: WriteTransaction) {
        guard !notified.isEmpty || !counted.isEmpty else { return }
        let position = transaction.lastPosition
        transaction.afterCommit { [self] in
            state.withLock { state in
                state.newest = max(state.newest, position)
                for user in notified.union(counted) {
                    for key in state.keys[user] ?? [] {
                        if notified.contains(user) { state.entries[key]?.hasNews = true }
                        if counted.contains(user) { state.entries[key]?.isBadgeDue = true }
                        run(key, &state)
                    }
                }
            }
        }
    }

    private func replacePushers(of user: UserID, by records: [PusherRecord], _ state: inout State) {
        var old: [Int64: Entry] = [:]
        for key in state.keys.removeValue(forKey: user) ?? [] { old[key] = state.entries.removeValue(forKey: key) }
        for record in records {
            guard let pusher = Pusher(record) else { continue }
            var entry = Entry(pusher: pusher, position: record.position, storedPosition: record.position, isNew: true)
            if let known = old.removeValue(forKey: record.key) {
                entry.position = max(entry.position, known.position)
                entry.sentUnread = known.sentUnread
                entry.isNew = known.isNew
                // One that was set again may have moved: it begins without waiting for what failed before.
                if known.pusher.url == pusher.url { entry.task = known.task } else { known.task?.cancel() }
            }
            state.entries[record.key] = entry
            state.keys[user, default: []].append(record.key)
        }
        for entry in old.values { entry.task?.cancel() }
    }

    /// Stores how far pushers got, in a transaction that something else is written in anyway.
    private func storePositions(in transaction: WriteTransaction) throws {
        let moved = state.withLock { state in
            state.entries.values.filter { $0.position > $0.storedPosition }.map { (key: $0.pusher.key, position: $0.position) }
        }
        guard !moved.isEmpty else { return }
        for (key, position) in moved { try transaction.setPosition(position, ofPusher: key) }
        transaction.afterCommit { [self] in
            state.withLock { state in
                for (key, position) in moved { state.entries[key]?.storedPosition = position }
            }
        }
    }

    // MARK: The worker of a pusher

    private func run(_ key: Int64, _ state: inout State) {
        guard state.isRunning, let entry = state.entries[key], entry.task == nil, entry.hasNews || entry.isBadgeDue else { return }
        state.entries[key]?.task = Task { [self] in await work(key) }
    }

    /// Ends when there is nothing to do; `wake` begins another one.
    private func work(_ key: Int64) async {
        var failures = 0
        var failingSince = monotonicClock.nowMilliseconds
        while let round = nextRound(key) {
            let problem = await perform(round)
            guard let problem else {
                failures = 0
                continue
            }
            if Task.isCancelled { return }
            let now = monotonicClock.nowMilliseconds
            if failures == 0 { failingSince = now }
            failures += 1
            if failures == 1 { logger.info("A push to \(round.pusher.url.authority) failed and will be tried again: \(problem)") }
            if now - failingSince > Self.giveUpAfterMilliseconds {
                advance(key, to: feed.position)
                failingSince = now
            }
            let delay = min(1_000 << Int64(min(failures - 1, 20)), Self.maxRetryDelayMilliseconds)
            guard (try? await Task.sleep(for: .milliseconds(delay))) != nil else { return }
        }
    }

    private func nextRound(_ key: Int64) -> Round? {
        state.withLock { state in
            guard let entry = state.entries[key], !Task.isCancelled else { return nil }
            guard entry.hasNews || entry.isBadgeDue else {
                state.entries[key]?.task = nil
                return nil
            }
            state.entries[key]?.hasNews = false
            state.entries[key]?.isBadgeDue = false
            state.entries[key]?.isNew = false
            return Round(
                pusher: entry.pusher, position: entry.position, newest: state.newest, isBadgeDue: entry.isBadgeDue, sentUnread: entry.sentUnread,
                isNew: entry.isNew)
        }
    }

    /// Sends everything that is new. Gives the reason if that did not work; the rest is then to be done again.
    private func perform(_ round: Round) async -> String? {
        let pusher = round.pusher
        let end = max(feed.position, round.newest)
        do {
            let pending = try await database.read { transaction in
                try transaction.notifications(of: pusher.userID, after: round.position, limit: Self.maxPendingNotifications)
            }
            var sentUnread = round.sentUnread
            if round.isNew {
                let known = try await database.read { [requests] in try requests.unreadCount(of: pusher.userID, upTo: end, $0) }
                sentUnread = known
                state.withLock { $0.entries[pusher.key]?.sentUnread = known }
            }
            for notification in pending {
                let end = max(end, notification.position)
                let push = try await database.read { [requests] in try requests.push(notification, to: pusher, upTo: end, $0) }
                if let push {
                    if let problem = try await send(push, round) { return problem }
                    sentUnread = push.unread
                }
                advance(pusher.key, to: notification.position)
            }
            advance(pusher.key, to: end)
            if round.isBadgeDue {
                let push = try await database.read { [requests] in try requests.badge(for: pusher, upTo: end, $0) }
                if push.unread != sentUnread, let problem = try await send(push, round) { return problem }
            }
            return nil
        } catch {
            again(round)
            return "\(error)"
        }
    }

    private func send(_ push: PushNotifications.Push, _ round: Round) async throws -> String? {
        let pusher = round.pusher
        switch await post(push.body, to: pusher) {
        case .delivered:
            state.withLock { $0.entries[pusher.key]?.sentUnread = push.unread }
            return nil
        case .rejected:
            try await database.write { [self] transaction in
                try transaction.deletePusher(pusher.key)
                try pushersChanged(of: pusher.userID, in: transaction)
            }
            throw CancellationError()
        case .failed(let reason):
            again(round)
            return reason
        }
    }

    private func post(_ body: [UInt8], to pusher: Pusher) async -> Answer {
        let request = OutgoingRequest(
            .post, pusher.url, body: body, timeoutSeconds: Self.requestTimeoutSeconds, maxResponseBytes: Self.maxResponseBytes)
        do {
            let response = try await http.send(request)
            guard (200..<300).contains(response.status) else { return .failed("status \(response.status)") }
            let rejected = (try? JSONObject(parsing: response.body))?.array("rejected") ?? []
            return rejected.contains { $0.stringValue == pusher.pushkey } ? .rejected : .delivered
        } catch {
            return .failed("\(error)")
        }
    }

    private func again(_ round: Round) {
        state.withLock { state in
            state.entries[round.pusher.key]?.hasNews = true
            if round.isBadgeDue { state.entries[round.pusher.key]?.isBadgeDue = true }
        }
    }

    private func advance(_ key: Int64, to position: Position) {
        state.withLock { state in
            guard let entry = state.entries[key], position > entry.position else { return }
            state.entries[key]?.position = position
        }
    }
}
