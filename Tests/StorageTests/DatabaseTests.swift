import Glibc
import MatrixCore
import Storage
import Synchronization
import Testing

@Suite struct DatabaseTests {
    struct Refused: Error {}

    @Test func aWriteIsReadBackAfterItReturns() async throws {
        let temporary = try TemporaryDatabase()
        try await temporary.database.write { try $0.setServerValue("a", "1") }
        #expect(try await temporary.database.read { try $0.serverValue("a") } == "1")
    }

    @Test func aRefusedWriteLeavesNothingAndItsNeighboursStay() async throws {
        let temporary = try TemporaryDatabase()
        let database = temporary.database
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    if index.isMultiple(of: 2) {
                        try await database.write { try $0.setServerValue("key\(index)", "kept") }
                    } else {
                        await #expect(throws: Refused.self) {
                            try await database.write {
                                try $0.setServerValue("key\(index)", "lost")
                                throw Refused()
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        for index in 0..<200 {
            let value = try await database.read { try $0.serverValue("key\(index)") }
            #expect(value == (index.isMultiple(of: 2) ? "kept" : nil))
        }
    }

    @Test func manyWritersShareCommits() async throws {
        let counter = Counter()
        let temporary = try TemporaryDatabase { _ in counter.add() }
        let database = temporary.database
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<20 {
                group.addTask {
                    for index in 0..<20 { try await database.write { try $0.setServerValue("\(writer)-\(index)", "x") } }
                }
            }
            try await group.waitForAll()
        }
        #expect(counter.value < 400 / 2, "\(counter.value) commits for 400 writes")
    }

    @Test func actionsRunAfterTheCommitAndNotAfterARefusal() async throws {
        let ran = Counter()
        let temporary = try TemporaryDatabase()
        try await temporary.database.write { $0.afterCommit { ran.add() } }
        #expect(ran.value == 1)
        await #expect(throws: Refused.self) {
            try await temporary.database.write {
                $0.afterCommit { ran.add() }
                throw Refused()
            }
        }
        #expect(ran.value == 1)
    }

    @Test func positionsGrowAndAreNeverGivenTwiceEvenAfterACrash() async throws {
        let directory = try TemporaryDatabase.makeDirectory()
        defer { TemporaryDatabase.remove(directory) }
        let path = directory + "/landline.db"
        var last = Position.zero
        for _ in 0..<3 {
            let database = try Database(path: path)
            #expect(database.startPosition >= last)
            for _ in 0..<10 {
                // Nothing is written: a crash now must not bring these numbers back.
                let next = try await database.write { $0.nextPosition() }
                #expect(next > last)
                last = next
            }
            database.close()
        }
    }

    @Test func aReaderSeesOneMoment() async throws {
        let temporary = try TemporaryDatabase()
        let database = temporary.database
        try await database.write { try $0.setServerValue("n", "0") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for index in 1...100 { try await database.write { try $0.setServerValue("n", String(index)) } }
            }
            for _ in 0..<50 {
                group.addTask {
                    let (first, second) = try await database.read { (try $0.serverValue("n"), try $0.serverValue("n")) }
                    #expect(first == second)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func aNewerDatabaseIsRefusedAndUnchanged() async throws {
        let directory = try TemporaryDatabase.makeDirectory()
        defer { TemporaryDatabase.remove(directory) }
        let path = directory + "/landline.db"
        let database = try Database(path: path)
        _ = try await database.write { try $0.connection.run("PRAGMA user_version = 9999") }
        database.close()
        let before = contents(of: path)
        let error = #expect(throws: StorageError.self) { try Database(path: path) }
        #expect(error?.reason == .newerVersion)
        #expect(error?.hint.isEmpty == false)
        #expect(contents(of: path) == before)
    }

    @Test func aFileThatIsNoDatabaseIsRefusedAndUnchanged() throws {
        let directory = try TemporaryDatabase.makeDirectory()
        defer { TemporaryDatabase.remove(directory) }
        let path = directory + "/landline.db"
        let bytes = [UInt8](repeating: 0x41, count: 8_192)
        write(bytes, to: path)
        let error = #expect(throws: StorageError.self) { try Database(path: path) }
        #expect(error?.reason == .corrupt)
        #expect(contents(of: path) == bytes)
    }

    @Test func aDamagedDatabaseIsReportedAndNotRepairedSilently() async throws {
        let directory = try TemporaryDatabase.makeDirectory()
        defer { TemporaryDatabase.remove(directory) }
        let path = directory + "/landline.db"
        try Database(path: path).close()
        var bytes = contents(of: path)
        for index in 100..<4_096 { bytes[index] = 0xff }
        write(bytes, to: path)
        let error = #expect(throws: StorageError.self) { try Database(path: path) }
        #expect(error?.reason == .corrupt)
    }

    @Test func aSecondProcessIsRefused() throws {
        let directory = try TemporaryDatabase.makeDirectory()
        defer { TemporaryDatabase.remove(directory) }
        let first = try DataDirectory(path: directory + "/data")
        let error = #expect(throws: StorageError.self) { try DataDirectory(path: directory + "/data") }
        #expect(error?.reason == .inUse)
        withExtendedLifetime(first) {}
    }

    @Test func workAfterTheCloseIsRefused() async throws {
        let temporary = try TemporaryDatabase()
        temporary.database.close()
        await #expect(throws: StorageError.self) { try await temporary.database.write { try $0.setServerValue("a", "1") } }
        await #expect(throws: StorageError.self) { try await temporary.database.read { try $0.serverValue("a") } }
    }

    private func contents(of path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return bytes
    }

    private func write(_ bytes: [UInt8], to path: String) {
        guard let file = fopen(path, "w") else { return }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func add() { count.add(1, ordering: .sequentiallyConsistent) }
}
