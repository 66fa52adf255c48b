import MatrixCore
import Synchronization
import TestSupport
import Testing

@testable import Homeserver

/// What is kept for some days is neither lost by a clock that jumps, nor kept for ever by one that is set right.
struct DayCountTests {
    private final class Time: Sendable {
        let date = Mutex<Int64>(20_000)
        let hours = Mutex<Int64>(0)
        var clock: Clock { Clock { self.date.withLock { $0 * 86_400_000 } } }
        var monotonicClock: MonotonicClock { MonotonicClock { self.hours.withLock { $0 * 3_600_000 } } }
        func set(date new: Int64) { date.withLock { $0 = new } }
        func pass(hours count: Int64) { hours.withLock { $0 += count } }
    }

    @Test func aDayCountsWhenBothClocksSaySo() async throws {
        try await TestServer.run { server in
            // A box of its own counts from its own first day on; this one may have counted already.
            let time = Time()
            let database = server.homeserver.database
            func start() -> DayCount { DayCount(database: database, clock: time.clock, monotonicClock: time.monotonicClock) }
            let first = start()
            time.set(date: 40_000)
            let base = try await first.today()
            #expect(try await first.today() == base)
            time.set(date: 40_001)
            #expect(try await first.today() == base)
            time.pass(hours: 24)
            #expect(try await first.today() == base + 1)
            // Ten years ahead: one day.
            time.set(date: 43_650)
            time.pass(hours: 24)
            #expect(try await first.today() == base + 2)
            // Set right again: counts on from there.
            time.set(date: 40_003)
            time.pass(hours: 24)
            #expect(try await first.today() == base + 2)
            time.set(date: 40_004)
            #expect(try await first.today() == base + 3)
            // A box that is started several times on one day.
            #expect(try await start().today() == base + 3)
            time.set(date: 40_005)
            #expect(try await start().today() == base + 4)
            #expect(try await start().today() == base + 4)
        }
    }

    @Test func theBinIsEmptiedAfterThirtyOfThem() async throws {
        try await TestServer.run { server in
            let files = server.homeserver.files
            let anna = FileCaller(UserID(trusted: "@anna:test.example"))
            _ = try await files.put(FilePath("/Private/a"), FileDescription(), by: anna) { nil }
            try await files.delete(FilePath("/Private/a"), by: anna)
            let today = try await DayCount(database: server.homeserver.database, clock: .system).today()
            try await files.bin.removeOld(today: today + FileBin.keptDays - 1)
            #expect(try await files.bin.list(for: anna.userID).count == 1)
            try await files.bin.removeOld(today: today + FileBin.keptDays + 1)
            #expect(try await files.bin.list(for: anna.userID).isEmpty)
        }
    }
}
