import MatrixCore
import TestSupport
import Testing

@testable import Homeserver
@testable import Storage

/// The folders of the household, without any protocol around them.
struct FileTests {
    private let anna = FileCaller(UserID(trusted: "@anna:test.example"))
    private let ben = FileCaller(UserID(trusted: "@ben:test.example"))

    private func run(_ body: (Files, TestServer) async throws -> Void) async throws {
        try await TestServer.run { server in try await body(server.homeserver.files, server) }
    }

    private func path(_ text: String) throws -> FilePath { try FilePath(text) }

    @discardableResult
    private func put(
        _ files: Files, _ text: String, _ bytes: [UInt8], by caller: FileCaller, if precondition: FilePrecondition = .none
    ) async throws -> (node: FileNode, isNew: Bool) {
        var pieces = [bytes]
        return try await files.put(path(text), FileDescription(byteCount: Int64(bytes.count)), if: precondition, by: caller) {
            guard let piece = pieces.popLast() else { return nil }
            return { @Sendable take in try piece.withUnsafeBytes { try take($0) } }
        }
    }

    private func read(_ files: Files, _ text: String, by caller: FileCaller) async throws -> [UInt8] {
        let (_, file) = try await files.open(path(text), for: caller)
        let count = Int(file.byteCount)
        return try await file.read(at: 0, count: count) { fill in
            var bytes = [UInt8](repeating: 0, count: count)
            try bytes.withUnsafeMutableBytes { try fill($0) }
            return bytes
        }
    }

    private func names(_ files: Files, _ text: String, by caller: FileCaller) async throws -> [String] {
        try await files.list(path(text), FileListing(), for: caller).nodes.map(\.name)
    }

    private func code(_ body: () async throws -> some Any) async -> Int {
        do {
            _ = try await body()
            return 200
        } catch let error as MatrixError {
            return error.status
        } catch {
            return -1
        }
    }

    @Test func whatIsSharedIsEveryonesAndWhatIsPrivateIsMine() async throws {
        try await run { files, _ in
            try await put(files, "/Shared/a", [1], by: anna)
            try await put(files, "/Private/a", [2], by: anna)
            try await put(files, "/Private/b", [3], by: ben)
            #expect(try await read(files, "/Shared/a", by: ben) == [1])
            #expect(try await read(files, "/Private/a", by: anna) == [2])
            #expect(try await names(files, "/Private", by: ben) == ["b"])
            #expect(await code { try await read(files, "/Private/a", by: ben) } == 404)
            #expect(try await files.usage(of: anna.userID) == 2)
            #expect(await code { try await put(files, "/Elsewhere/a", [1], by: anna) } == 404)
            #expect(await code { try await put(files, "/a", [1], by: anna) } == 404)
        }
    }

    @Test func aFileIsReplacedOnlyAsItIsExpected() async throws {
        try await run { files, _ in
            let first = try await put(files, "/Shared/a", [1], by: anna, if: .isAbsent)
            #expect(first.isNew)
            #expect(await code { try await put(files, "/Shared/a", [2], by: ben, if: .isAbsent) } == 412)
            #expect(await code { try await put(files, "/Shared/a", [2], by: ben, if: .matches(["\"other\""])) } == 412)
            #expect(await code { try await put(files, "/Shared/b", [2], by: ben, if: .exists) } == 412)
            let second = try await put(files, "/Shared/a", [2, 2], by: ben, if: .matches([first.node.entityTag]))
            #expect(!second.isNew && second.node.id == first.node.id && second.node.entityTag != first.node.entityTag)
            #expect(try await read(files, "/Shared/a", by: anna) == [2, 2])
            // Whoever wrote last is charged.
            #expect(try await files.usage(of: anna.userID) == 0)
            #expect(try await files.usage(of: ben.userID) == 2)
        }
    }

    @Test func foldersMustBeMadeFirst() async throws {
        try await run { files, _ in
            #expect(await code { try await put(files, "/Shared/x/a", [1], by: anna) } == 409)
            #expect(await code { try await files.makeFolder(path("/Shared/x/y"), by: anna) } == 409)
            _ = try await files.makeFolder(path("/Shared/x"), by: anna)
            #expect(await code { try await files.makeFolder(path("/Shared/x"), by: anna) } == 405)
            #expect(await code { try await put(files, "/Shared/x", [1], by: anna) } == 405)
            try await put(files, "/Shared/x/a", [1], by: anna)
            #expect(await code { try await put(files, "/Shared/x/a/b", [1], by: anna) } == 409)
            let total = try await files.total(of: path("/Shared"), for: ben)
            #expect(total.byteCount == 1 && total.files == 1 && total.folders == 1)
        }
    }

    @Test func movingKeepsTheFileAndTheBytes() async throws {
        try await run { files, _ in
            _ = try await files.makeFolder(path("/Private/x"), by: anna)
            let node = try await put(files, "/Private/x/a", [1], by: anna).node
            #expect(try await files.move(path("/Private/x"), to: path("/Shared/y"), overwrites: false, by: anna))
            #expect(try await files.node(at: path("/Shared/y/a"), for: ben).id == node.id)
            #expect(await code { try await files.node(at: path("/Private/x"), for: anna) } == 404)
            #expect(try await files.search.search("a", for: ben.userID, limit: 10).map(\.path.description) == ["/Shared/y/a"])
            for target in ["/Shared/y", "/Shared/y/z", "/Shared/y/a/b"] {
                #expect(await code { try await files.move(path("/Shared/y"), to: path(target), overwrites: true, by: anna) } >= 400, "\(target)")
            }
            #expect(await code { try await files.move(path("/Shared"), to: path("/Private/s"), overwrites: true, by: anna) } == 403)
            try await put(files, "/Shared/b", [2], by: anna)
            #expect(await code { try await files.move(path("/Shared/b"), to: path("/Shared/y/a"), overwrites: false, by: anna) } == 412)
            #expect(try await !files.move(path("/Shared/b"), to: path("/Shared/y/a"), overwrites: true, by: anna))
            #expect(try await read(files, "/Shared/y/a", by: ben) == [2])
            // What was in the way can still be had back.
            #expect(try await files.bin.list(for: ben.userID).map(\.node.id) == [node.id])
        }
    }

    @Test func copiesAreCountedTwiceAndKeptOnce() async throws {
        try await run { files, server in
            _ = try await files.makeFolder(path("/Private/x"), by: anna)
            _ = try await files.makeFolder(path("/Private/x/deep"), by: anna)
            let bytes = [UInt8](repeating: 9, count: 50_000)
            for index in 0..<450 { try await put(files, "/Private/x/\(index)", [1], by: anna) }
            try await put(files, "/Private/x/deep/large", bytes, by: anna)
            #expect(try await files.copy(path("/Private/x"), to: path("/Shared/x"), overwrites: false, isDeep: true, by: anna))
            #expect(try await names(files, "/Shared/x", by: ben).count == 451)
            #expect(try await read(files, "/Shared/x/deep/large", by: ben) == bytes)
            #expect(try await files.usage(of: anna.userID) == 2 * 50_450)
            let contents = try await server.homeserver.database.read { try $0.contents(after: 0, limit: 100) }
            #expect(contents.count == 2)
            #expect(
                await code { try await files.copy(path("/Shared/x"), to: path("/Shared/x/deep/x"), overwrites: false, isDeep: true, by: anna) } == 403
            )
            try await files.delete(path("/Private/x"), by: anna)
            try await files.bin.empty(for: anna.userID)
            #expect(try await read(files, "/Shared/x/deep/large", by: ben) == bytes)
        }
    }

    @Test func theBinGivesBackWhatWasDeleted() async throws {
        try await run { files, _ in
            _ = try await files.makeFolder(path("/Shared/x"), by: anna)
            try await put(files, "/Shared/x/a", [1], by: anna)
            let mine = try await put(files, "/Private/secret", [2], by: anna).node
            try await files.delete(path("/Shared/x/a"), by: ben)
            try await files.delete(path("/Private/secret"), by: anna)
            #expect(await code { try await files.node(at: path("/Shared/x/a"), for: anna) } == 404)
            #expect(try await files.bin.list(for: ben.userID).map(\.originalPath?.description) == ["/Shared/x/a"])
            #expect(await code { try await files.bin.restore(mine.id, by: ben.userID) } == 404)
            #expect(await code { try await files.bin.purge(mine.id, by: ben.userID) } == 404)
            #expect(try await files.search.search("SECRET", for: anna.userID, limit: 5).isEmpty)

            // The name is taken meanwhile.
            try await put(files, "/Shared/x/a", [3], by: anna)
            let deleted = try #require(try await files.bin.list(for: ben.userID).first)
            #expect(try await files.bin.restore(deleted.node.id, by: ben.userID).path.description == "/Shared/x/a (2)")
            #expect(try await read(files, "/Shared/x/a (2)", by: anna) == [1])

            // The folder is gone meanwhile.
            try await files.delete(path("/Shared/x/a"), by: anna)
            try await files.delete(path("/Shared/x"), by: anna)
            let file = try #require(try await files.bin.list(for: anna.userID).first { $0.node.name == "a" })
            #expect(file.originalPath == nil)
            #expect(try await files.bin.restore(file.node.id, by: anna.userID).path.description == "/Shared/a")

            try await files.bin.empty(for: anna.userID)
            #expect(try await files.bin.list(for: anna.userID).isEmpty)
            #expect(try await files.usage(of: anna.userID) == 1)
        }
    }

    @Test func namesAreTheSameHoweverTheirAccentsAreWritten() async throws {
        try await run { files, _ in
            try await put(files, "/Shared/caf\u{65}\u{301}", [1], by: anna)
            #expect(try await read(files, "/Shared/caf\u{e9}", by: ben) == [1])
            #expect(try await Array(names(files, "/Shared", by: ben)[0].unicodeScalars).count == 4)
        }
    }

    @Test(arguments: [".", "..", "", "a/b", "a\0b", "a\nb", "a\u{7f}", String(repeating: "n", count: 256), String(repeating: "é", count: 128)])
    func whatIsNoName(_ name: String) async throws {
        #expect(throws: MatrixError.self) { try FilePath(["Shared", name]) }
    }

    @Test(arguments: ["CON", "nul.txt", "a:b", "a\\b", "~", "...", " ", "-rf", "a\u{202e}txt.exe", String(repeating: "é", count: 127)])
    func whatIsOne(_ name: String) async throws {
        try await run { files, _ in
            let place = try FilePath(["Shared", name])
            _ = try await files.put(place, FileDescription(), by: anna) { nil }
            #expect(try await names(files, "/Shared", by: ben) == [name])
        }
    }

    @Test func aListingIsReadInPages() async throws {
        try await run { files, _ in
            _ = try await files.makeFolder(path("/Shared/zz folder"), by: anna)
            for index in 0..<25 {
                try await put(files, "/Shared/\(index % 2 == 0 ? "B" : "a")\(index)", [UInt8](repeating: 1, count: index % 5), by: anna)
            }
            for (order, isDescending) in [(nil, false), ("name", false), ("name", true), ("size", false), ("size", true), ("modified", true)] {
                var token: String?
                var seen: [FileNode] = []
                repeat {
                    let page = try await files.list(
                        path("/Shared"), FileListing(order: order, isDescending: isDescending, from: token, limit: 4), for: ben)
                    seen += page.nodes
                    token = page.next
                } while token != nil
                #expect(seen.count == 26 && Set(seen.map(\.id)).count == 26, "\(order ?? "-")")
                if order != nil { #expect(seen[0].isFolder) }
                let sizes = seen.dropFirst().map(\.byteCount)
                if order == "size" { #expect(Array(isDescending ? sizes.reversed() : sizes) == sizes.sorted()) }
                let names = seen.dropFirst().map { $0.name.lowercased() }
                if order == "name" { #expect(Array(isDescending ? names.reversed() : names) == names.sorted()) }
            }
            #expect(throws: MatrixError.self) { try FileListing(order: "colour") }
            #expect(throws: MatrixError.self) { try FileListing(from: "nonsense") }
        }
    }
}
