import Cryptography
import MatrixCore
import Synchronization

/// Makes and checks password hashes, on threads of their own and few at a time.
///
/// One hash takes tens of milliseconds and 16 MiB on purpose. A flood of logins must neither take the cooperative thread pool nor the memory.
final class Passwords: Sendable {
    static let maxPasswordBytes = 512
    static let maxConcurrent = 2
    static let maxWaiting = 128
    private static let retryAfterMilliseconds: Int64 = 2_000

    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// Clients and households use short passwords, and a box on a home network cannot teach them: only the bounds are checked.
    static func checkBounds(_ password: String) throws(MatrixError) {
        guard !password.isEmpty else { throw MatrixError(.weakPassword, "Choose a password.") }
        guard password.utf8.count <= maxPasswordBytes else {
            throw MatrixError(.invalidParameter, "A password has at most \(maxPasswordBytes) bytes.")
        }
    }

    func hash(_ password: String) async throws -> String {
        try Self.checkBounds(password)
        return try await run { Result { try PasswordHash.make(password) } }.get()
    }

    /// Takes the same time where there is nothing to compare with, so that nobody learns from it which accounts exist.
    func verify(_ password: String, against stored: String?) async throws -> Bool {
        guard password.utf8.count <= Self.maxPasswordBytes else { return false }
        let matches = try await run { PasswordHash.verify(password, stored ?? Self.hashOfNothing) }
        return matches && stored != nil
    }

    /// Derived once from a random password, so its parameters are always those of real hashes.
    private static let hashOfNothing = (try? PasswordHash.make(SecureRandom.token(bytes: 16))) ?? ""

    // MARK: Threads

    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            let job: @Sendable () -> Void = { continuation.resume(returning: work()) }
            let admission = state.withLock { state -> Admission in
                if state.running < Self.maxConcurrent {
                    state.running += 1
                    return .startThread
                }
                guard state.waiting.count < Self.maxWaiting else { return .refused }
                state.waiting.append(job)
                return .queued
            }
            switch admission {
            case .startThread: startThread(job)
            case .queued: break
            case .refused:
                continuation.resume(
                    throwing: MatrixError(
                        .limitExceeded, "Too many people are logging in at once. Try again in a moment.",
                        details: ["retry_after_ms": .integer(Self.retryAfterMilliseconds)]))
            }
        }
    }

    private enum Admission { case startThread, queued, refused }

    /// Does `first` and then what waits. The thread ends when nothing waits, so an idle box has none.
    private func startThread(_ first: @escaping @Sendable () -> Void) {
        let body: @Sendable () -> Void = { [self] in
            var next: (@Sendable () -> Void)? = first
            while let job = next {
                job()
                next = state.withLock { state in
                    guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
                    state.running -= 1
                    return nil
                }
            }
        }
        // Without a thread the work is done here: late, but done.
        if !DetachedThread.start(body) { body() }
    }
}
