import Glibc
import MatrixCore
import Synchronization

/// Work that takes long and much memory, one piece at a time: everyone who waits gets a turn after the other, however many pieces each has.
///
/// Its threads are there only as long as there is work.
final class ThumbnailQueue: Sendable {
    private struct State {
        var waiting: [String: [@Sendable () -> Void]] = [:]
        /// Who waits, the next one first.
        var order: [String] = []
        var count = 0
        var threads = 0

        mutating func next() -> (@Sendable () -> Void)? {
            guard !order.isEmpty else { return nil }
            let caller = order.removeFirst()
            guard var pieces = waiting[caller], !pieces.isEmpty else { return nil }
            let piece = pieces.removeFirst()
            waiting[caller] = pieces.isEmpty ? nil : pieces
            if !pieces.isEmpty { order.append(caller) }
            count -= 1
            return piece
        }
    }

    static let maxWaiting = 128
    static let maxWaitingOfCaller = 48
    private static let retryMilliseconds: Int64 = 2_000

    private let state = Mutex(State())
    private let maxThreads: Int

    /// - Parameter maxThreads: how much is done at the same time.
    init(maxThreads: Int = sysconf(Int32(_SC_NPROCESSORS_ONLN)) >= 4 ? 2 : 1) {
        self.maxThreads = maxThreads
    }

    /// How much has not begun.
    var waitingCount: Int { state.withLock { $0.count } }

    /// Runs `body` when it is its turn. Throws `limitExceeded` where too much waits already.
    func run<Result: Sendable>(for caller: String, _ body: @escaping @Sendable () -> Result) async throws -> Result {
        try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Result, any Error>) in
            if !put({ continuation.resume(returning: body()) }, for: caller) { continuation.resume(throwing: Self.tooMuch) }
        }
    }

    private func put(_ piece: @escaping @Sendable () -> Void, for caller: String) -> Bool {
        let (isTaken, needsThread) = state.withLock { state -> (Bool, Bool) in
            guard state.count < Self.maxWaiting, state.waiting[caller, default: []].count < Self.maxWaitingOfCaller else { return (false, false) }
            if state.waiting[caller] == nil { state.order.append(caller) }
            state.waiting[caller, default: []].append(piece)
            state.count += 1
            let needsThread = state.threads < maxThreads
            if needsThread { state.threads += 1 }
            return (true, needsThread)
        }
        if needsThread, !DetachedThread.start({ self.work() }) { work() }
        return isTaken
    }

    private func work() {
        while true {
            let piece = state.withLock { state in
                let piece = state.next()
                if piece == nil { state.threads -= 1 }
                return piece
            }
            guard let piece else { return }
            piece()
        }
    }

    private static let tooMuch = MatrixError(
        .limitExceeded, "Too many thumbnails are being made. Try again in a moment.", details: ["retry_after_ms": .integer(retryMilliseconds)])
}
