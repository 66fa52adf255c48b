import Glibc

/// Time that only goes forward, for durations. It knows nothing of the time of day, and also counts while the box sleeps.
public struct MonotonicClock: Sendable {
    private let read: @Sendable () -> Int64

    public init(_ read: @escaping @Sendable () -> Int64) { self.read = read }

    public var nowMilliseconds: Int64 { read() }

    public static let system = MonotonicClock {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
