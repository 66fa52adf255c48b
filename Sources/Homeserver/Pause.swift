import Synchronization

/// A time of waiting that somebody else can cut short.
final class Pause: Sendable {
    private struct State {
        var timer: Task<Void, any Error>?
    }

    private let state = Mutex(State())

    /// Returns when the time is over, when `end` is called, or when the task is cancelled.
    func wait(_ duration: Duration) async {
        let timer = Task { try await Task.sleep(for: duration) }
        state.withLock { $0.timer = timer }
        await withTaskCancellationHandler {
            _ = await timer.result
        } onCancel: {
            timer.cancel()
        }
        state.withLock { $0.timer = nil }
    }

    func end() { state.withLock { $0.timer }?.cancel() }
}
