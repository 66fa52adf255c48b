import Glibc
import MatrixCore
import Synchronization
import Testing

@testable import Homeserver

struct PasswordsTests {
    @Test func onlyTheRightPasswordIsRight() async throws {
        let passwords = Passwords()
        let hash = try await passwords.hash("s3kr1t")
        #expect(try await passwords.verify("s3kr1t", against: hash))
        #expect(try await !passwords.verify("s3kr1T", against: hash))
        #expect(try await !passwords.verify("", against: hash))
        #expect(try await !passwords.verify("s3kr1t", against: nil))
        #expect(try await !passwords.verify("", against: nil))
        #expect(try await passwords.hash("s3kr1t") != hash)
    }

    @Test func passwordsHaveBounds() async throws {
        let passwords = Passwords()
        await expect(.weakPassword) { _ = try await passwords.hash("") }
        await expect(.invalidParameter) { _ = try await passwords.hash(String(repeating: "a", count: Passwords.maxPasswordBytes + 1)) }
        let longest = String(repeating: "a", count: Passwords.maxPasswordBytes)
        let hash = try await passwords.hash(longest)
        #expect(try await passwords.verify(longest, against: hash))
        #expect(try await !passwords.verify(longest + "a", against: hash))
    }

    /// Counts jobs that hold their thread until they are let go.
    private final class Gate: Sendable {
        private let isOpen = Atomic(false)
        private let counts = Mutex((now: 0, most: 0))

        var most: Int { counts.withLock { $0.most } }
        var now: Int { counts.withLock { $0.now } }

        func open() { isOpen.store(true, ordering: .releasing) }

        func pass() {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
            while !isOpen.load(ordering: .acquiring) { usleep(1_000) }
            counts.withLock { $0.now -= 1 }
        }
    }

    @Test(.timeLimit(.minutes(1))) func fewAtATimeAndNotTooManyInLine() async throws {
        let passwords = Passwords()
        let gate = Gate()
        let capacity = Passwords.maxConcurrent + Passwords.maxWaiting
        let (done, refused) = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<(capacity + 20) {
                group.addTask {
                    do {
                        try await passwords.run { gate.pass() }
                        return true
                    } catch let error as MatrixError {
                        #expect(error.code == .limitExceeded)
                        #expect(error.details.integer("retry_after_ms") != nil)
                        return false
                    }
                }
            }
            // Those who find no place hear of it while the others still wait.
            for _ in 0..<20 { #expect(try await group.next() == false) }
            gate.open()
            var done = 0
            for try await isDone in group { done += isDone ? 1 : 0 }
            return (done, 20)
        }
        #expect(done == capacity)
        #expect(refused == 20)
        #expect(gate.most == Passwords.maxConcurrent)
        #expect(gate.now == 0)
        // The line is free again.
        #expect(try await passwords.run { 7 } == 7)
    }
}
