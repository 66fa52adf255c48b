import Glibc
import Synchronization

/// A queue of work that one or more threads of its own take from, so that no blocking call runs on the cooperative thread pool.
///
/// Proof for `@unchecked Sendable`: all mutable state is touched only while `mutex` is held.
final class WorkQueue<Work: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// `nil` where work was taken: whoever took it releases it, and not this queue under its lock, where a release may put new work.
    private var waiting: [Work?] = []
    private var head = 0
    private var closed = false

    init() {
        pthread_mutex_init(mutex, nil)
        withUnsafeTemporaryAllocation(of: pthread_condattr_t.self, capacity: 1) { attributes in
            pthread_condattr_init(attributes.baseAddress!)
            pthread_condattr_setclock(attributes.baseAddress!, CLOCK_MONOTONIC)
            pthread_cond_init(arrived, attributes.baseAddress!)
            pthread_condattr_destroy(attributes.baseAddress!)
        }
    }

    deinit {
        pthread_cond_destroy(arrived)
        pthread_mutex_destroy(mutex)
        arrived.deallocate()
        mutex.deallocate()
    }

    /// Returns `false` if the queue is closed; the work is then not taken.
    func put(_ work: Work) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !closed else { return false }
        waiting.append(work)
        pthread_cond_signal(arrived)
        return true
    }

    /// Blocks until there is work. `nil` when the queue is closed and empty.
    func take() -> Work? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while head == waiting.count {
            if closed { return nil }
            pthread_cond_wait(arrived, mutex)
        }
        return pop()
    }

    /// Work that is there already, or arrives within the given time.
    func take(withinMicroseconds microseconds: Int) -> Work? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if head < waiting.count { return pop() }
        guard microseconds > 0, !closed else { return nil }
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        deadline.tv_nsec += microseconds * 1_000
        deadline.tv_sec += deadline.tv_nsec / 1_000_000_000
        deadline.tv_nsec %= 1_000_000_000
        while head == waiting.count, !closed {
            if pthread_cond_timedwait(arrived, mutex, &deadline) == ETIMEDOUT { break }
        }
        return head < waiting.count ? pop() : nil
    }

    /// No new work is taken from now on; what waits is still done.
    func close() {
        pthread_mutex_lock(mutex)
        closed = true
        pthread_cond_broadcast(arrived)
        pthread_mutex_unlock(mutex)
    }

    private func pop() -> Work? {
        let work = waiting[head]
        waiting[head] = nil
        head += 1
        if head == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.count <= 256)
            head = 0
        } else if head >= 1_024, head * 2 >= waiting.count {
            // A queue that is never empty must not grow for ever.
            waiting.removeFirst(head)
            head = 0
        }
        return work
    }
}

/// A thread that runs `body` once and can be waited for.
final class WorkerThread: Sendable {
    private let thread: pthread_t
    private let isJoined = Atomic(false)

    init(_ body: @escaping @Sendable () -> Void) {
        final class Start: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var created = pthread_t()
        let code = pthread_create(
            &created, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Start(body)).toOpaque())
        precondition(code == 0, "the system refuses a thread (error \(code))")
        thread = created
    }

    /// Waits for the end, the first time it is called: a thread can be joined once only.
    func join() {
        guard !isJoined.exchange(true, ordering: .acquiringAndReleasing) else { return }
        pthread_join(thread, nil)
    }
}
