import Glibc
import MatrixCore
import Testing

@testable import Storage

/// Thumbnails are kept within a bound, and go with their picture.
struct ThumbnailTablesTests {
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

    private func addPicture(_ name: String) async throws -> BlobStore.Hash {
        let kept = try await keep(Array(name.utf8))
        let media = StoredMedia(
            mediaID: name, hash: kept.hash, byteCount: kept.byteCount, contentType: nil, fileName: nil, userID: anna, createdTimestamp: 0)
        try await database.write { transaction in
            try transaction.record(kept)
            try transaction.insertMedia(media)
        }
        return kept.hash
    }

    private func key(_ source: BlobStore.Hash, _ width: Int = 32) -> ThumbnailKey {
        ThumbnailKey(source: source, width: width, height: 32, crops: true, takesAnimation: false)
    }

    private func add(_ key: ThumbnailKey, _ bytes: [UInt8]) async throws {
        let kept = try await keep(bytes)
        try await database.write { try $0.insertThumbnail(key, kept, contentType: "image/png") }
    }

    private func stored(_ key: ThumbnailKey) async throws -> StoredThumbnail? { try await database.read { try $0.thumbnail(key) } }

    private func hasContent(_ hash: BlobStore.Hash) async throws -> Bool { try await database.read { try $0.hasContent(hash) } }

    private func hasFile(_ hash: BlobStore.Hash) -> Bool { access(BlobStore.path(of: hash, in: root.directory.blobs), F_OK) == 0 }

    @Test(arguments: [10, 100_000]) func itGoesWithItsPicture(_ size: Int) async throws {
        let picture = try await addPicture("a")
        try await add(key(picture), [UInt8](repeating: 1, count: size))
        try await add(key(picture, 96), [UInt8](repeating: 2, count: size))
        let other = try await addPicture("b")
        // The same bytes, of another picture.
        try await add(key(other), [UInt8](repeating: 2, count: size))
        let hashes = [try #require(try await stored(key(picture))).hash, try #require(try await stored(key(other))).hash]
        try await database.write { [store] transaction in
            try transaction.connection.run("DELETE FROM media WHERE media_id = 'a'")
            try store.release(picture, in: transaction)
        }
        #expect(try await stored(key(picture)) == nil)
        #expect(try await stored(key(picture, 96)) == nil)
        #expect(try await !hasContent(hashes[0]))
        #expect(try await hasContent(hashes[1]))
        #expect(try await stored(key(other)) != nil)
        store.close()
        #expect(!hasFile(hashes[0]))
        #expect(hasFile(hashes[1]) == (size > BlobStore.maxSmallBytes))
    }

    @Test func itIsNotKeptWithoutItsPicture() async throws {
        let bytes: [UInt8] = [1, 2, 3]
        let lost = key([UInt8](repeating: 9, count: 32))
        try await add(lost, bytes)
        #expect(try await stored(lost) == nil)
        let hash = try await keep(bytes).hash
        #expect(try await !hasContent(hash))
    }

    @Test func whatWasNotUsedForLongestGoesFirst() async throws {
        let picture = try await addPicture("a")
        for width in 1...5 { try await add(key(picture, width), [UInt8](repeating: UInt8(width), count: 20_000)) }
        let used = try #require(try await stored(key(picture, 1))?.id)
        let gone = try #require(try await stored(key(picture, 2))?.hash)
        try await database.write { [store] transaction in
            try transaction.noteUse(ofThumbnails: [used])
            try store.trimThumbnails(to: 60_000, in: transaction)
        }
        var left: [Int] = []
        for width in 1...5 where try await stored(key(picture, width)) != nil { left.append(width) }
        #expect(left == [1, 4, 5])
        #expect(try await !hasContent(gone))
        // A small one counts as a page.
        for width in 10..<40 { try await add(key(picture, width), [UInt8(width)]) }
        try await database.write { [store] in try store.trimThumbnails(to: 20_000, in: $0) }
        #expect(try await database.read { try $0.thumbnailBytes() } == 4 * 4_096)
        #expect(try await stored(key(picture, 39)) != nil)
        #expect(try await stored(key(picture, 1)) == nil)
    }
}
