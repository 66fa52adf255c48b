import MatrixCore
import TestSupport
import Testing

@testable import Homeserver

/// How much an account may keep in folders.
struct FileQuotaTests {
    private let limited: @Sendable (inout HomeserverConfiguration) -> Void = { $0.quotaBytes = 1_000 }

    private func put(_ files: Files, _ path: String, _ count: Int, isKnown: Bool = true, by caller: FileCaller) async throws {
        var pieces = [[UInt8](repeating: 1, count: count)]
        _ = try await files.put(FilePath(path), FileDescription(byteCount: isKnown ? Int64(count) : nil), by: caller) {
            guard let piece = pieces.popLast() else { return nil }
            return { @Sendable take in try piece.withUnsafeBytes { try take($0) } }
        }
    }

    @Test func onlyTheDifferenceCounts() async throws {
        try await TestServer.run(configure: limited) { server in
            let files = server.homeserver.files
            let clients = (try await server.register("anna"), try await server.register("ben"))
            let (anna, ben) = (FileCaller(try #require(clients.0.userID)), FileCaller(try #require(clients.1.userID)))
            try await put(files, "/Shared/a", 900, by: anna)
            for isKnown in [true, false] {
                await expect(.quotaExceeded) { try await put(files, "/Shared/b", 101, isKnown: isKnown, by: anna) }
            }
            // Their own file may become as large as all that they may have; somebody else's comes on top of theirs.
            try await put(files, "/Shared/a", 1_000, by: anna)
            await expect(.quotaExceeded) { try await put(files, "/Shared/a", 1_001, by: anna) }
            try await put(files, "/Private/b", 1, by: ben)
            await expect(.quotaExceeded) { try await put(files, "/Shared/a", 1_000, by: ben) }
            try await put(files, "/Shared/a", 999, by: ben)
            #expect(try await files.usage(of: anna.userID) == 0)
            #expect(try await files.usage(of: ben.userID) == 1_000)
            // In the bin it still counts.
            try await files.delete(FilePath("/Private/b"), by: ben)
            await expect(.quotaExceeded) { try await put(files, "/Private/c", 1, by: ben) }
            try await files.bin.empty(for: ben.userID)
            try await put(files, "/Private/c", 1, by: ben)
        }
    }

    @Test func copiesCountAndMovesDoNot() async throws {
        try await TestServer.run(configure: limited) { server in
            let files = server.homeserver.files
            let anna = FileCaller(try #require(try await server.register("anna").userID))
            _ = try await files.makeFolder(FilePath("/Private/folder"), by: anna)
            for name in ["a", "b"] { try await put(files, "/Private/folder/\(name)", 300, by: anna) }
            func copy(_ source: String, _ destination: String) async throws {
                _ = try await files.copy(FilePath(source), to: FilePath(destination), overwrites: false, isDeep: true, by: anna)
            }
            await expect(.quotaExceeded) { try await copy("/Private/folder", "/Shared/folder") }
            await expect(.notFound) { _ = try await files.node(at: FilePath("/Shared/folder"), for: anna) }
            try await copy("/Private/folder/a", "/Shared/a")
            await expect(.quotaExceeded) { try await copy("/Private/folder/a", "/Shared/b") }
            _ = try await files.move(FilePath("/Private/folder"), to: FilePath("/Shared/folder"), overwrites: false, by: anna)
            #expect(try await files.usage(of: anna.userID) == 900)
        }
    }
}
