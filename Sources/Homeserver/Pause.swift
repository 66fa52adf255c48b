import Synchronization

/// A time of waiting that somebody else can cut short.
final class Pause: Sendable {
    private let timer = Mutex<Task<Void, any Error>?>(nil)

    /// Returns when the time is over, when `end` is called, or when the task is cancelled.
    func wait(_ duration: Duration) async {
        let sleep = Task { try await Task.sleep(for: duration) }
        timer.withLock { $0 = sleep }
        await withTaskCancellationHandler {
            _ = await sleep.result
        } onCancel: {
            sleep.cancel()
        }
        timer.withLock { $0 = nil }
    }

    func end() { timer.withLock { $0 }?.cancel() }
}
