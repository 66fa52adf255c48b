import MatrixCore
import Storage
import Synchronization
import Testing

@testable import Homeserver

/// What every sync asks for is asked of the database once.
struct EncryptionCacheTests {
    @Test func aKnownValueIsNotReadAgain() async throws {
        try await HomeFixture.with { fixture in
            let cache = CommittedCache<Int, String>(capacity: 8)
            let reads = Atomic<Int>(0)
            func value() async throws -> String {
                try await cache.value(for: 1, in: fixture.home.database) { _ in "read \(reads.add(1, ordering: .relaxed).newValue)" }
            }
            #expect(try await value() == "read 1")
            #expect(try await value() == "read 1")
            try await fixture.home.database.write { cache.set("written", for: 1, after: $0) }
            #expect(try await value() == "written")
            // A write that fails changes nothing.
            await expect(.notFound) {
                try await fixture.home.database.write { transaction in
                    cache.set("never", for: 1, after: transaction)
                    throw MatrixError(.notFound, "")
                }
            }
            #expect(try await value() == "written")
            try await fixture.home.database.write { cache.set(nil, for: 1, after: $0) }
            #expect(try await value() == "read 2")
        }
    }

    /// A commit that comes between a reader's look and its answer must not be overwritten by what was read before it.
    @Test func whatIsOutdatedIsNotKept() async throws {
        try await HomeFixture.with { fixture in
            let cache = CommittedCache<Int, String>(capacity: 8)
            let (database, gate) = (fixture.home.database, Gate())
            async let old = cache.value(for: 1, in: database) { _ in
                gate.enter()
                return "old"
            }
            await gate.entered()
            try await database.write { cache.set("new", for: 1, after: $0) }
            gate.open()
            #expect(try await old == "old")
            #expect(try await cache.value(for: 1, in: database) { _ in "read" } == "new")
        }
    }

    /// Holds a thread of the database until it is opened.
    private final class Gate: Sendable {
        private let state = Mutex((isEntered: false, isOpen: false))

        func enter() {
            state.withLock { $0.isEntered = true }
            while !state.withLock({ $0.isOpen }) {}
        }

        func entered() async {
            while !state.withLock({ $0.isEntered }) { await Task.yield() }
        }

        func open() { state.withLock { $0.isOpen = true } }
    }
}
