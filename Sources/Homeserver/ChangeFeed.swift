import MatrixCore
import Storage
import Synchronization

/// The newest changes, kept in memory, and the syncs that wait for the next one.
///
/// A sync whose token is not older than the oldest kept change is served from here and touches no disk.
final class ChangeFeed: Sendable {
    private struct State {
        var published: Position
        /// Every change after this position is in `recent`.
        var coversAfter: Position
        var recent: [Change] = []
        var recentBytes = 0
        /// Where in `recent` the changes begin that are appended but not yet published.
        var unpublishedFrom = 0
        var waiters: [UserID: [Waiter]] = [:]
        var nextWaiterNumber: UInt64 = 0
        /// Who waits for any change at all: none, unless there are application services.
        var observers: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private struct Waiter {
        let number: UInt64
        let continuation: CheckedContinuation<Void, Never>
        let timer: Task<Void, Never>

        func wake() {
            timer.cancel()
            continuation.resume()
        }
    }

    private let state: Mutex<State>

    static let maxRecentChanges = 1_024
    static let maxRecentBytes = 1 << 20

    init() { state = Mutex(State(published: .zero, coversAfter: .zero)) }

    /// Nothing of before `position` is known here.
    func start(at position: Position) {
        state.withLock { $0 = State(published: position, coversAfter: position) }
    }

    /// The newest position that syncs may show.
    var position: Position { state.withLock { $0.published } }

    /// Adds a change of a transaction that is on disk now. Call it from `WriteTransaction.afterCommit`, by `record`.
    func append(_ change: Change) {
        state.withLock { state in
            state.recent.append(change)
            state.recentBytes += change.approximateBytes
        }
    }

    /// Makes everything up to `position` visible and wakes the syncs that it concerns. Called once for each group commit.
    func publish(_ position: Position) {
        let (woken, observers) = state.withLock { state -> ([Waiter], [CheckedContinuation<Void, Never>]) in
            let observers = state.observers.isEmpty || position == state.published ? [] : Array(state.observers.values)
            if !observers.isEmpty { state.observers = [:] }
            state.published = position
            var woken: [Waiter] = []
            for change in state.recent[state.unpublishedFrom...] where !state.waiters.isEmpty {
                for user in change.audience {
                    if let waiters = state.waiters.removeValue(forKey: user) { woken.append(contentsOf: waiters) }
                }
            }
            Self.trim(&state)
            state.unpublishedFrom = state.recent.count
            return (woken, observers)
        }
        for waiter in woken { waiter.wake() }
        for observer in observers { observer.resume() }
    }

    /// The changes after `since` that concern `user`, oldest first; `nil` if `since` is older than what is kept.
    func changes(after since: Position, upTo end: Position, concerning user: UserID) -> [Change]? {
        state.withLock { state in
            guard since >= state.coversAfter else { return nil }
            var found: [Change] = []
            for change in state.recent.reversed() {
                if change.position <= since { break }
                if change.position <= end, change.concerns(user) { found.append(change) }
            }
            found.reverse()
            return found
        }
    }

    /// The changes after `since` that are kept, whomever they concern, oldest first; `nil` if `since` is older than that.
    func changes(after since: Position, upTo end: Position) -> [Change]? {
        state.withLock { state in
            guard since >= state.coversAfter else { return nil }
            return state.recent.filter { $0.position > since && $0.position <= end }
        }
    }

    /// Returns when there is anything after `since`, or when the task is cancelled.
    func waitForChange(after since: Position) async {
        let number = state.withLock { state in
            state.nextWaiterNumber += 1
            return state.nextWaiterNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state -> Bool in
                    if Task.isCancelled || state.published > since { return false }
                    state.observers[number] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.observers.removeValue(forKey: number) }?.resume()
        }
    }

    /// Returns when something after `since` concerns `user`, when `timeout` is over, or when the task is cancelled.
    func wait(for user: UserID, after since: Position, timeout: Duration) async {
        let number = state.withLock { state in
            state.nextWaiterNumber += 1
            return state.nextWaiterNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state -> Bool in
                    if Task.isCancelled || Self.hasNews(state, user, since) { return false }
                    let timer = Task {
                        if (try? await Task.sleep(for: timeout)) != nil { release(number, of: user) }
                    }
                    state.waiters[user, default: []].append(Waiter(number: number, continuation: continuation, timer: timer))
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            release(number, of: user)
        }
    }

    /// Ends the waits of a user, so that their syncs look again at whether they may go on.
    func wake(_ user: UserID) {
        let waiters = state.withLock { $0.waiters.removeValue(forKey: user) }
        for waiter in waiters ?? [] { waiter.wake() }
    }

    /// Replaces an event by its redacted form wherever it is kept here, also inside of others.
    func replaceEvent(_ redacted: TimelineEvent) {
        state.withLock { state in
            for index in state.recent.indices {
                if case .event(let event, let audience) = state.recent[index].kind, let replacement = event.replacing(redacted) {
                    state.recent[index] = Change(position: state.recent[index].position, kind: .event(replacement, audience: audience))
                }
            }
        }
    }

    /// How many syncs of a user wait.
    func waiterCount(of user: UserID) -> Int { state.withLock { $0.waiters[user]?.count ?? 0 } }

    /// How many changes are kept, of roughly how many bytes.
    var extent: (count: Int, bytes: Int) { state.withLock { ($0.recent.count, $0.recentBytes) } }

    private func release(_ number: UInt64, of user: UserID) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters[user]?.firstIndex(where: { $0.number == number }) else { return nil }
            let waiter = state.waiters[user]?.remove(at: index)
            if state.waiters[user]?.isEmpty == true { state.waiters[user] = nil }
            return waiter
        }
        waiter?.wake()
    }

    private static func hasNews(_ state: State, _ user: UserID, _ since: Position) -> Bool {
        guard since >= state.coversAfter else { return state.published > since }
        for change in state.recent[..<state.unpublishedFrom].reversed() {
            if change.position <= since { return false }
            if change.concerns(user) { return true }
        }
        return false
    }

    /// Drops the older half when a bound is passed, so that trimming costs little per change.
    private static func trim(_ state: inout State) {
        while state.recent.count > maxRecentChanges || state.recentBytes > maxRecentBytes, !state.recent.isEmpty {
            let dropped = max(1, state.recent.count / 2)
            state.coversAfter = state.recent[dropped - 1].position
            state.recent.removeFirst(dropped)
            state.recentBytes = state.recent.reduce(0) { $0 + $1.approximateBytes }
        }
    }
}

extension Change {
    var audience: [UserID] {
        switch kind {
        case .event(_, let audience), .receipt(_, let audience), .typing(_, let audience), .presence(_, let audience),
            .toDevice(_, let audience), .deviceList(_, let audience):
            audience.users
        case .accountData(let owner, _, _), .keyCounts(let owner, _), .forgotten(let owner, _), .deviceEnded(let owner, _): [owner]
        }
    }

    var approximateBytes: Int {
        if case .event(let event, _) = kind { event.approximateBytes } else { 256 }
    }
}

extension TimelineEvent {
    fileprivate var approximateBytes: Int {
        512 + content.count + (previousContent?.count ?? 0) + (redactedBecause?.approximateBytes ?? 0)
    }

    /// This event with the redacted form of another, or `nil` if nothing of that is in it.
    fileprivate func replacing(_ redacted: TimelineEvent) -> TimelineEvent? {
        if eventID == redacted.eventID { return redacted }
        let replaced = replacesState == redacted.eventID
        let redaction = redactedBecause?.eventID == redacted.eventID
        guard replaced || redaction else { return nil }
        return TimelineEvent(
            position: position, roomID: roomID, eventID: eventID, type: type, stateKey: stateKey, sender: sender,
            originServerTimestamp: originServerTimestamp, content: content, redacts: redacts,
            previousContent: replaced ? redacted.content : previousContent, replacesState: replacesState,
            redactedBecause: redaction ? redacted.withoutRedaction : redactedBecause, transaction: transaction)
    }

    private var withoutRedaction: TimelineEvent {
        TimelineEvent(
            position: position, roomID: roomID, eventID: eventID, type: type, stateKey: stateKey, sender: sender,
            originServerTimestamp: originServerTimestamp, content: content, redacts: redacts, previousContent: previousContent,
            replacesState: replacesState, transaction: transaction)
    }
}

extension WriteTransaction {
    /// Publishes a change together with this transaction.
    func record(_ kind: Change.Kind, at position: Position, in feed: ChangeFeed) {
        let change = Change(position: position, kind: kind)
        afterCommit { feed.append(change) }
    }
}
