import Foundation
import MatrixCore
import Testing

@testable import Storage

/// What `landline doctor --files` finds.
struct StorageInspectionTests {
    @Test func everyByteIsCompared() async throws {
        let root = try TemporaryDataDirectory()
        let store = try BlobStore(directory: root.directory)
        let database = try Database(path: root.directory.database)
        var hashes: [BlobStore.Hash] = []
        for (index, size) in [10, 100_000, 100_001, 3_000_000].enumerated() {
            let staged = store.stage(expectedBytes: nil)
            let bytes = [UInt8](repeating: UInt8(index), count: size)
            try await staged.write { take in try bytes.withUnsafeBytes { try take($0) } }
            let kept = try await store.keep(staged)
            hashes.append(kept.hash)
            let media = StoredMedia(
                mediaID: "\(index)", hash: kept.hash, byteCount: kept.byteCount, contentType: nil, fileName: nil,
                userID: UserID(trusted: "@a:b"), createdTimestamp: 0)
            try await database.write { transaction in
                try transaction.record(kept)
                try transaction.insertMedia(media)
            }
        }
        func inspect() throws -> StorageInspection.Findings {
            try StorageInspection(dataDirectory: root.directory.path).verifyContents { _ in }
        }
        func path(_ hash: BlobStore.Hash) -> String { BlobStore.path(of: hash, in: root.directory.blobs) }

        #expect(try StorageInspection(dataDirectory: root.directory.path).databaseProblems() == [])
        let sound = try inspect()
        #expect(sound.isSound && sound.contents == 4 && sound.byteCount == 3_200_011 && sound.orphans == 0)

        // One bit.
        var bytes = [UInt8](repeating: 1, count: 100_000)
        bytes[77_777] ^= 4
        try Data(bytes).write(to: URL(fileURLWithPath: path(hashes[1])))
        try FileManager.default.removeItem(atPath: path(hashes[2]))
        let (small, orphan) = (hashes[0], [UInt8](repeating: 9, count: 32))
        try await database.write { _ = try $0.connection.run("UPDATE contents SET bytes = CAST('other' AS BLOB) WHERE sha256 = ?", small) }
        try await database.write { _ = try $0.connection.run("UPDATE media SET sha256 = ? WHERE media_id = '3'", orphan) }
        try FileManager.default.createDirectory(atPath: root.directory.blobs + "/09/09", withIntermediateDirectories: true)
        try Data([1]).write(to: URL(fileURLWithPath: path(orphan)))
        let found = try inspect()
        #expect(found.damaged.count == 2 && found.missing.count == 1 && found.danglingReferences == 1 && found.orphans == 1)
        #expect(!found.isSound)
    }
}
