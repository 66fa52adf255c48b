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

    private func keep(_ pieces: [[UInt8]], expectedBytes: Int64? = nil) async throws -> (hash: BlobStore.Hash, byteCount: Int64) {
        let staged = try await store.stage(expectedBytes: expectedBytes)
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

    @Test func aContentIsNamedByItsHash() async throws {
        let (hash, byteCount) = try await keep([Array("hello ".utf8), [], Array("world".utf8)])
        #expect(hash == Digest.sha256(Array("hello world".utf8)))
        #expect(byteCount == 11)
        let name = Digest.hexadecimal(hash)
        let path = "\(root.directory.blobs)/\(name.prefix(2))/\(name.dropFirst(2).prefix(2))/\(name)"
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "hello world")

        let reader = try #require(try await store.open(hash))
        #expect(reader.byteCount == 11)
        #expect(try await read(reader, at: 6, count: 5) == Array("world".utf8))
        #expect(try await read(reader, at: 0, count: 0) == [])
        await #expect(throws: StorageError.self) { try await read(reader, at: 6, count: 6) }
    }

    @Test func anEmptyContentIsOne() async throws {
        let (hash, byteCount) = try await keep([])
        #expect(hash == Digest.sha256([]) && byteCount == 0)
        #expect(try await store.open(hash)?.byteCount == 0)
    }

    @Test func whatIsNotThereIsNil() async throws {
        #expect(try await store.open(Digest.sha256([1])) == nil)
    }

    @Test func anUploadThatIsGivenUpLeavesNothing() async throws {
        do {
            let staged = try await store.stage(expectedBytes: nil)
            try await staged.write { take in try [UInt8](repeating: 1, count: 1_000).withUnsafeBytes { try take($0) } }
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
        let error = await #expect(throws: StorageError.self) { try await store.stage(expectedBytes: 1 << 60) }
        #expect(error?.reason == .full)
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.directory.staging) == [])
    }

    @Test func equalContentsAtTheSameTime() async throws {
        let contents = [UInt8](repeating: 7, count: 100_000)
        let hashes = try await withThrowingTaskGroup(of: BlobStore.Hash.self) { group in
            for _ in 0..<20 { group.addTask { try await keep([contents, contents]).hash } }
            return try await group.reduce(into: Set<BlobStore.Hash>()) { $0.insert($1) }
        }
        #expect(hashes.count == 1)
        let reader = try #require(try await store.open(hashes.first ?? []))
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
