import Cryptography
import Foundation
import Testing

@testable import Storage

struct BlobStoreTests {
    private let root: TemporaryDataDirectory
    private let store: BlobStore

    init() throws {
        root = try TemporaryDataDirectory()
        store = try BlobStore(directory: root.directory)
    }

    private func keep(_ pieces: [[UInt8]], expectedBytes: Int64? = nil) async throws -> KeptContent {
        let staged = store.stage(expectedBytes: expectedBytes)
        for piece in pieces { try await staged.write { take in try piece.withUnsafeBytes { try take($0) } } }
        return try await store.keep(staged)
    }

    private func read(_ reader: BlobReader, at offset: Int64, count: Int) async throws -> [UInt8] {
        try await reader.read(at: offset, count: count) { fill in
            var bytes = [UInt8](repeating: 0, count: count)
            try bytes.withUnsafeMutableBytes { try fill($0) }
            return bytes
        }
    }

    private let large = [UInt8](repeating: 5, count: 100_000)

    private var storedFiles: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: root.directory.blobs).filter { $0.count > 60 } }
    }

    @Test func aContentIsNamedByItsHash() async throws {
        let kept = try await keep([large, [], Array("world".utf8)])
        #expect(kept.hash == Digest.sha256(large + Array("world".utf8)) && kept.byteCount == 100_005)
        let name = Digest.hexadecimal(kept.hash)
        #expect(try storedFiles == ["\(name.prefix(2))/\(name.dropFirst(2).prefix(2))/\(name)"])

        let reader = try #require(try await store.open(kept.content))
        #expect(reader.byteCount == 100_005)
        #expect(try await read(reader, at: 100_000, count: 5) == Array("world".utf8))
        #expect(try await read(reader, at: 0, count: 0) == [])
        await #expect(throws: StorageError.self) { try await read(reader, at: 100_000, count: 6) }
    }

    @Test(arguments: [[], Array("hello".utf8), [UInt8](repeating: 1, count: 32 << 10)] as [[UInt8]])
    func aSmallContentTouchesNoFile(_ bytes: [UInt8]) async throws {
        let kept = try await keep([Array(bytes.prefix(3)), Array(bytes.dropFirst(3))], expectedBytes: Int64(bytes.count))
        #expect(kept.hash == Digest.sha256(bytes) && kept.byteCount == bytes.count)
        #expect(try storedFiles == [])
        let reader = try #require(try await store.open(kept.content))
        #expect(try await read(reader, at: 0, count: bytes.count) == bytes)
        await #expect(throws: StorageError.self) { try await read(reader, at: 0, count: bytes.count + 1) }
    }

    @Test func aByteMoreIsAFile() async throws {
        let bytes = [UInt8](repeating: 1, count: 32 << 10) + [2]
        let kept = try await keep([Array(bytes.prefix(20_000)), Array(bytes.dropFirst(20_000))])
        #expect(kept.hash == Digest.sha256(bytes))
        #expect(try storedFiles.count == 1)
        #expect(try await read(try #require(try await store.open(kept.content)), at: 0, count: bytes.count) == bytes)
    }

    @Test func anUploadThatIsGivenUpLeavesNothing() async throws {
        do {
            let staged = store.stage(expectedBytes: nil)
            let large = [UInt8](repeating: 5, count: 1 << 20)
            try await staged.write { take in try large.withUnsafeBytes { try take($0) } }
            #expect(try FileManager.default.contentsOfDirectory(atPath: root.directory.staging).count == 1)
        }
        // Finishes what waits, the deletion among it.
        store.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.directory.staging) == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.directory.blobs) == [])
    }

    @Test func leftoversAreDeletedAtTheStart() throws {
        let path = root.directory.staging + "/leftover"
        #expect(FileManager.default.createFile(atPath: path, contents: Data([1])))
        _ = try BlobStore(directory: root.directory)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aFileThatCannotFitIsRefusedBeforeItComes() async throws {
        let error = await #expect(throws: StorageError.self) { try await keep([large], expectedBytes: 1 << 60) }
        #expect(error?.reason == .full)
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.directory.staging) == [])
    }

    @Test func equalContentsAtTheSameTime() async throws {
        let contents = [UInt8](repeating: 7, count: 100_000)
        let kept = try await withThrowingTaskGroup(of: KeptContent.self) { group in
            for _ in 0..<20 { group.addTask { try await keep([contents, contents]) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(kept.map(\.hash)).count == 1)
        let reader = try #require(try await store.open(kept[0].content))
        #expect(try await read(reader, at: 99_990, count: 20) == [UInt8](repeating: 7, count: 20))
        #expect(reader.byteCount == 200_000)
    }
}

/// A data directory that is deleted with this object.
final class TemporaryDataDirectory: Sendable {
    let directory: DataDirectory
    private let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/landline-test-" + UUID().uuidString
        directory = try DataDirectory(path: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
