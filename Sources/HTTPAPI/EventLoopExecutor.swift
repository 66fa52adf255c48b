import NIOCore

/// Runs the tasks of a connection on the thread of its event loop, where its bytes arrive and leave.
///
/// On the shared pool each request would change threads four times, which costs more than most requests themselves.
/// Nothing that runs here may block: the disk, password hashes and the like have threads of their own.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
