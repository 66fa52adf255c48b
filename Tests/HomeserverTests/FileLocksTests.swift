import MatrixCore
import Testing

@testable import Homeserver

/// RFC 4918, sections 6 and 7.
struct FileLocksTests {
    private let anna = UserID(trusted: "@anna:test.example")
    private let ben = UserID(trusted: "@ben:test.example")

    private func lock(
        _ locks: FileLocks, _ path: String, by user: UserID, exclusive: Bool = true, deep: Bool = false, seconds: Int64? = nil
    ) throws -> FileLocks.Lock {
        try locks.lock(FilePath(path), isExclusive: exclusive, isDeep: deep, owner: "", timeoutSeconds: seconds, by: user)
    }

    private func isFree(_ locks: FileLocks, _ path: String, for caller: FileCaller, whole: Bool = false, member: Bool = false) throws -> Bool {
        do {
            try locks.requireUnlocked(FilePath(path), by: caller, isWhole: whole, isMember: member)
            return true
        } catch {
            #expect(error.status == 423)
            return false
        }
    }

    @Test func onlyTheHolderWrites() throws {
        let locks = FileLocks()
        let lock = try lock(locks, "/Shared/a", by: anna)
        #expect(try !isFree(locks, "/Shared/a", for: FileCaller(ben)))
        // Not even the same user without the token, from another program.
        #expect(try !isFree(locks, "/Shared/a", for: FileCaller(anna)))
        #expect(try isFree(locks, "/Shared/a", for: FileCaller(anna, lockTokens: [lock.token])))
        // A token that somebody else has seen is worth nothing.
        #expect(try !isFree(locks, "/Shared/a", for: FileCaller(ben, lockTokens: [lock.token])))
        #expect(try isFree(locks, "/Shared/ab", for: FileCaller(ben)))
        #expect(throws: MatrixError.self) { try locks.unlock(FilePath("/Shared/a"), token: lock.token, by: ben) }
        #expect(throws: MatrixError.self) { try locks.unlock(FilePath("/Shared/b"), token: lock.token, by: anna) }
        try locks.unlock(FilePath("/Shared/a"), token: lock.token, by: anna)
        #expect(try isFree(locks, "/Shared/a", for: FileCaller(ben)))
        #expect(locks.isEmpty)
    }

    @Test func everyonesPrivateFolderIsAnother() throws {
        let locks = FileLocks()
        _ = try lock(locks, "/Private/a", by: anna)
        #expect(try isFree(locks, "/Private/a", for: FileCaller(ben)))
        _ = try lock(locks, "/Private/a", by: ben)
    }

    @Test func sharedLocksLetOneAnotherBe() throws {
        let locks = FileLocks()
        let first = try lock(locks, "/Shared/a", by: anna, exclusive: false)
        _ = try lock(locks, "/Shared/a", by: ben, exclusive: false)
        #expect(throws: MatrixError.self) { try lock(locks, "/Shared/a", by: anna) }
        #expect(try isFree(locks, "/Shared/a", for: FileCaller(anna, lockTokens: [first.token])))
        #expect(try !isFree(locks, "/Shared/a", for: FileCaller(anna)))
    }

    @Test func aDeepLockHoldsBelow() throws {
        let locks = FileLocks()
        let deep = try lock(locks, "/Shared/a", by: anna, deep: true)
        #expect(try !isFree(locks, "/Shared/a/b/c", for: FileCaller(ben)))
        #expect(try isFree(locks, "/Shared/a/b/c", for: FileCaller(anna, lockTokens: [deep.token])))
        #expect(throws: MatrixError.self) { try lock(locks, "/Shared/a/b", by: ben) }
        #expect(try locks.locks(at: FilePath("/Shared/a/b"), for: ben).map(\.token) == [deep.token])
        try locks.unlock(FilePath("/Shared/a/b"), token: deep.token, by: anna)
        _ = try lock(locks, "/Shared/a/b", by: ben)
        #expect(throws: MatrixError.self) { try lock(locks, "/Shared/a", by: anna, deep: true) }
        _ = try lock(locks, "/Shared/a", by: anna)
    }

    /// RFC 4918, section 7.4 and 7.7.
    @Test func aFoldersOwnLockGuardsItsList() throws {
        let locks = FileLocks()
        let folder = try lock(locks, "/Shared/a", by: anna)
        #expect(try isFree(locks, "/Shared/a/b", for: FileCaller(ben)))
        #expect(try !isFree(locks, "/Shared/a/b", for: FileCaller(ben), member: true))
        #expect(try isFree(locks, "/Shared/a/b", for: FileCaller(anna, lockTokens: [folder.token]), member: true))
        #expect(try isFree(locks, "/Shared/a/b/c", for: FileCaller(ben), member: true))
    }

    @Test func whatHoldsALockedFileStaysWhole() throws {
        let locks = FileLocks()
        let inner = try lock(locks, "/Shared/a/b/c", by: anna)
        #expect(try isFree(locks, "/Shared/a", for: FileCaller(ben)))
        #expect(try !isFree(locks, "/Shared/a", for: FileCaller(ben), whole: true))
        #expect(try isFree(locks, "/Shared/a", for: FileCaller(anna, lockTokens: [inner.token]), whole: true))
        locks.removed(try FilePath("/Shared/a"), by: anna)
        #expect(locks.isEmpty)
    }

    @Test func locksEndByThemselves() throws {
        let time = SteppedTime()
        let locks = FileLocks(clock: MonotonicClock { time.milliseconds })
        let path = try FilePath("/Shared/a")
        let lock = try lock(locks, "/Shared/a", by: anna, seconds: 60)
        let holder = FileCaller(anna, lockTokens: [lock.token])
        time.pass(seconds: 59)
        #expect(try !isFree(locks, "/Shared/a", for: FileCaller(ben)))
        #expect(locks.refresh(path, timeoutSeconds: 60, by: FileCaller(ben, lockTokens: [lock.token])) == nil)
        #expect(locks.refresh(path, timeoutSeconds: 60, by: holder)?.timeoutSeconds == 60)
        time.pass(seconds: 59)
        #expect(try !isFree(locks, "/Shared/a", for: FileCaller(ben)))
        time.pass(seconds: 2)
        #expect(try isFree(locks, "/Shared/a", for: FileCaller(ben)))
        #expect(locks.refresh(path, timeoutSeconds: 60, by: holder) == nil)
    }

    @Test func nobodyLocksForEver() throws {
        let locks = FileLocks()
        #expect(try lock(locks, "/Shared/a", by: anna, seconds: .max).timeoutSeconds == FileLocks.maxTimeoutSeconds)
        #expect(try lock(locks, "/Shared/b", by: anna).timeoutSeconds == FileLocks.defaultTimeoutSeconds)
    }

    @Test func thereAreNotTooManyLocks() throws {
        let locks = FileLocks()
        for number in 0..<FileLocks.maxLocksOfUser { _ = try lock(locks, "/Shared/\(number)", by: anna) }
        #expect(throws: MatrixError.self) { try lock(locks, "/Shared/more", by: anna) }
        _ = try lock(locks, "/Shared/more", by: ben)
    }
}
