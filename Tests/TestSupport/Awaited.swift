import Synchronization

/// A list that grows while a test waits for it to be long enough.
public final class Awaited<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    public struct TooFew: Error { public let elements: [Element] }

    private let state = Mutex(State())
    /// No test waits longer than this.
    private static var patience: Duration { .seconds(20) }

    public init() {}

    public var all: [Element] { state.withLock { $0.elements } }

    public func append(_ element: Element) {
        let reached = state.withLock { state in
            state.elements.append(element)
            let reached = state.waiting.filter { $0.count <= state.elements.count }
            state.waiting.removeAll { $0.count <= state.elements.count }
            return reached
        }
        for waiter in reached { waiter.continuation.resume() }
    }

    /// The elements, when there are at least that many. Throws `TooFew` after 20 seconds.
    public func first(_ count: Int) async throws -> [Element] {
        let deadline = Task {
            try? await Task.sleep(for: Self.patience)
            if !Task.isCancelled { giveUp() }
        }
        defer { deadline.cancel() }
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.elements.count >= count { return true }
                state.waiting.append((count, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
        let elements = all
        guard elements.count >= count else { throw TooFew(elements: elements) }
        return elements
    }

    /// The same, for those that are meant.
    public func first(_ count: Int, where isMeant: (Element) throws -> Bool) async throws -> [Element] {
        while true {
            let elements = all
            let meant = try elements.filter(isMeant)
            if meant.count >= count { return meant }
            _ = try await first(elements.count + 1)
        }
    }

    private func giveUp() {
        let waiting = state.withLock { state in
            defer { state.waiting.removeAll() }
            return state.waiting
        }
        for waiter in waiting { waiter.continuation.resume() }
    }
}
