import Storage
import Synchronization

/// Facts of the database that are asked for again and again, kept in memory and never older than the last commit.
final class CommittedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var values: BoundedCache<Key, Value>
        /// Counts the commits that changed a value: what was read before one of them is not kept after it.
        var epoch = 0
    }

    private let state: Mutex<State>

    init(capacity: Int) { state = Mutex(State(values: BoundedCache(capacity: capacity))) }

    /// The value, read from the database if it is not known.
    func value(for key: Key, in database: Database, read: @escaping @Sendable (ReadTransaction) throws -> Value) async throws -> Value {
        let (known, epoch) = state.withLock { ($0.values[key], $0.epoch) }
        if let known { return known }
        let value = try await database.read(read)
        state.withLock { state in
            if state.epoch == epoch { state.values[key] = value }
        }
        return value
    }

    /// The value has changed with a commit that is on disk.
    func forget(_ key: Key) {
        state.withLock { state in
            state.epoch += 1
            state.values[key] = nil
        }
    }

    /// What the value is when this transaction is on disk; `nil` if nobody knows.
    func set(_ value: Value?, for key: Key, after transaction: WriteTransaction) {
        transaction.afterCommit { [self] in
            state.withLock { state in
                state.epoch += 1
                state.values[key] = value
            }
        }
    }
}
