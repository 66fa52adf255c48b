import Storage
import Synchronization

/// Counts the days that the box has lived through, for what is kept so many days.
///
/// The clock alone must not decide that something is old: it may jump by years. So a day counts only when the clock says that it is a
/// later one **and** the box was started or has run for a day since the last one that counted. A clock that jumps ahead costs one day.
final class DayCount: Sendable {
    private let database: Database
    private let clock: Clock
    private let monotonicClock: MonotonicClock
    /// When a day was counted last in this start.
    private let lastCounted = Mutex<Int64?>(nil)

    /// Read by `WriteTransaction.moveFileToBin` too.
    private static let countKey = ReadTransaction.dayCountKey
    private static let dateKey = "day_counted_on"
    private static let dayMilliseconds: Int64 = 24 * 3_600 * 1_000

    init(database: Database, clock: Clock, monotonicClock: MonotonicClock = .system) {
        self.database = database
        self.clock = clock
        self.monotonicClock = monotonicClock
    }

    /// The number of today. Begins with 1 on the first day.
    func today() async throws -> Int64 {
        let date = clock.nowMilliseconds / Self.dayMilliseconds
        let now = monotonicClock.nowMilliseconds
        let mayCount = lastCounted.withLock { last in last.map { now - $0 >= Self.dayMilliseconds } ?? true }
        let (count, hasCounted) = try await database.write { transaction in
            let count = try transaction.serverInteger(Self.countKey) ?? 0
            let last = try transaction.serverInteger(Self.dateKey)
            guard mayCount, date > (last ?? .min) || count == 0 else {
                // A clock that was ahead and is set right must not stop the count until then.
                if let last, date < last { try transaction.setServerValue(Self.dateKey, date) }
                return (count, false)
            }
            try transaction.setServerValue(Self.countKey, count + 1)
            try transaction.setServerValue(Self.dateKey, date)
            return (count + 1, true)
        }
        if hasCounted { lastCounted.withLock { $0 = now } }
        return count
    }
}
