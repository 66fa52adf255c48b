import Foundation
import MatrixCore
import Testing

@testable import Storage

/// A content goes with the last thing that refers to it, and never before, whatever happens at the same time.
struct ContentReleaseTests {
    private let root: TemporaryDataDirectory
    private let store: BlobStore
    private let database: Database
    private let anna = UserID(trusted: "@anna:test.example")

    init() throws {
        root = try TemporaryDataDirectory()
        store = try BlobStore(directory: root.directory)
        database = try Database(path: root.directory.database)
    }

    private func keep(_ bytes: [UInt8]) async throws -> KeptContent {
        let staged = store.stage(expectedBytes: nil)
        try await staged.write { take in try bytes.withUnsafeBytes { try take($0) } }
        return try await store.keep(staged)
    }

    private func refer(_ mediaID: String, to kept: KeptContent) async throws {
        let media = StoredMedia(
            mediaID: mediaID, hash: kept.hash, byteCount: kept.byteCount, contentType: nil, fileName: nil, userID: anna, createdTimestamp: 0)
        try await database.write { transaction in
            try transaction.record(kept)
            try transaction.insertMedia(media)
        }
    }

    private func forget(_ mediaID: String, _ hash: BlobStore.Hash) async throws {
        try await database.write { [store] transaction in
            try transaction.connection.run("DELETE FROM media WHERE media_id = ?", mediaID)
            try store.release(hash, in: transaction)
        }
    }

    private func isReadable(_ hash: BlobStore.Hash) async throws -> Bool {
        guard let content = try await database.read({ try $0.content(hash) }), let reader = try await store.open(content) else { return false }
        return reader.byteCount == content.byteCount
    }

    private static let sizes = [10, 100_000]

    @Test(arguments: sizes) func theLastReferenceTakesTheContentAlong(_ size: Int) async throws {
        let hash: BlobStore.Hash
        do {
            let kept = try await keep([UInt8](repeating: 1, count: size))
            hash = kept.hash
            try await refer("a", to: kept)
            try await refer("b", to: kept)
        }
        #expect(try await database.read { try $0.storageUsage(of: anna) } == Int64(2 * size))
        try await forget("a", hash)
        #expect(try await isReadable(hash))
        try await forget("b", hash)
        #expect(try await !isReadable(hash))
        #expect(try await database.read { try $0.content(hash) } == nil)
        #expect(try await database.read { try $0.storageUsage(of: anna) } == 0)
        store.close()
        #expect(try FileManager.default.subpathsOfDirectory(atPath: root.directory.blobs).filter { $0.count > 60 } == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.directory.staging) == [])
    }

    @Test(arguments: sizes) func aContentThatIsWantedAgainMeanwhileStays(_ size: Int) async throws {
        let bytes = [UInt8](repeating: 2, count: size)
        try await refer("0", to: try await keep(bytes))
        for round in 0..<30 {
            async let again: Void = refer("\(round + 1)", to: try await keep(bytes))
            async let gone: Void = forget("\(round)", try await database.read { try $0.media("\(round)")?.hash } ?? [])
            _ = try await (again, gone)
            #expect(try await isReadable(try #require(try await database.read { try $0.media("\(round + 1)")?.hash })), "round \(round)")
        }
    }

    @Test func aFileWithoutARowIsAnOrphan() async throws {
        let hash = try await keep([UInt8](repeating: 3, count: 100_000)).hash
        let used = try await keep([UInt8](repeating: 4, count: 100_000))
        try await refer("used", to: used)
        let pinned = try await keep([UInt8](repeating: 5, count: 100_000))
        func exists(_ hash: BlobStore.Hash) -> Bool {
            FileManager.default.fileExists(atPath: BlobStore.path(of: hash, in: root.directory.blobs))
        }
        #expect(exists(hash))
        try await store.removeOrphans(database)
        #expect(!exists(hash) && exists(used.hash) && exists(pinned.hash))
        try await refer("pinned", to: pinned)
        #expect(try await isReadable(pinned.hash))
    }
}
