import Synchronization

/// Lets one request at a time work on a thing with a name. A further one interrupts it and goes on where it ended: a phone that
/// comes back to the network sends anew, long before the box notices that the old connection is dead.
final class Turns: Sendable {
    private struct Turn {
        let interruption: AsyncStream<Void>.Continuation
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let turns = Mutex<[String: Turn]>([:])

    /// - Parameter body: its task is cancelled when a further request comes. It then still may put things in order.
    func take<Result: Sendable>(_ name: String, _ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let (interruptions, interruption) = AsyncStream<Void>.makeStream()
        while !begin(name, interruption) { await end(of: name) }
        defer { finish(name) }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in interruptions {}
                return nil
            }
            while let result = try await group.next() {
                group.cancelAll()
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    private func begin(_ name: String, _ interruption: AsyncStream<Void>.Continuation) -> Bool {
        turns.withLock { turns in
            if let turn = turns[name] {
                turn.interruption.finish()
                return false
            }
            turns[name] = Turn(interruption: interruption)
            return true
        }
    }

    private func end(of name: String) async {
        await withCheckedContinuation { continuation in
            let isOver = turns.withLock { turns in
                turns[name]?.waiting.append(continuation)
                return turns[name] == nil
            }
            if isOver { continuation.resume() }
        }
    }

    private func finish(_ name: String) {
        for waiting in turns.withLock({ $0.removeValue(forKey: name)?.waiting ?? [] }) { waiting.resume() }
    }
}
