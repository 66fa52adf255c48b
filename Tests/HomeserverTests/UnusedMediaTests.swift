import MatrixCore
import TestSupport
import Testing

@testable import Homeserver
@testable import Storage

/// Uploads that nobody needs end after some days of the box, and no others.
struct UnusedMediaTests {
    private typealias Configure = @Sendable (inout HomeserverConfiguration) -> Void
    private let afterTenDays: Configure = { $0.unusedMediaDays = 10 }
    private let afterADay: Configure = { $0.unusedMediaDays = 1 }

    private func upload(_ server: TestServer, by user: UserID) async throws -> String {
        var pieces: [[UInt8]] = [[1, 2, 3]]
        let uri = try await server.homeserver.media.upload(.init(contentType: nil, fileName: nil, byteCount: 3), by: user) {
            guard let piece = pieces.popLast() else { return nil }
            return { @Sendable take in try piece.withUnsafeBytes { try take($0) } }
        }
        return String(uri.split(separator: "/")[2])
    }

    private func exists(_ id: String, _ server: TestServer) async throws -> Bool {
        try await server.homeserver.database.read { try $0.media(id) != nil }
    }

    /// As if the box had counted on.
    private func setDay(_ day: Int64, _ server: TestServer) async throws {
        try await server.homeserver.database.write { try $0.setServerValue(ReadTransaction.dayCountKey, day) }
    }

    @Test func onlyWhatIsUnusedForLongGoes() async throws {
        try await TestServer.run(configure: afterTenDays) { server in
            let anna = try await server.register("anna")
            let user = try #require(anna.userID)
            let unused = server.homeserver.unusedMedia
            let room = try await anna.createRoom()
            try await setDay(100, server)
            let (forgotten, read, sent, avatar) = (
                try await upload(server, by: user), try await upload(server, by: user), try await upload(server, by: user),
                try await upload(server, by: user)
            )
            let path = "\(MatrixClient.path(room))/send/m.room.message/1"
            try await anna.call("PUT", path, json: ["msgtype": "m.image", "body": "x", "url": .string("mxc://test.example/\(sent)")])
            let profile = "/_matrix/client/v3/profile/\(MatrixClient.encoded(user.rawValue))/avatar_url"
            try await anna.call("PUT", profile, json: ["avatar_url": .string("mxc://test.example/\(avatar)")])
            try await setDay(105, server)
            _ = try await server.homeserver.media.open("test.example", read)
            let all = [forgotten, read, sent, avatar]
            func left() async throws -> [Bool] {
                var left: [Bool] = []
                for id in all { left.append(try await exists(id, server)) }
                return left
            }
            try await unused.removeOld(today: 110)
            #expect(try await left() == [true, true, true, true])
            try await unused.removeOld(today: 111)
            #expect(try await left() == [false, true, true, true])
            try await unused.removeOld(today: 115)
            #expect(try await left() == [false, true, true, true])
            try await unused.removeOld(today: 116)
            #expect(try await left() == [false, false, true, true])
            try await unused.removeOld(today: 10_000)
            #expect(try await left() == [false, false, true, true])
            #expect(try await server.homeserver.files.usage(of: user) == 6)
        }
    }

    @Test func aUseIsStillKnownAfterARestart() async throws {
        let directory = try TemporaryDirectory()
        let (id, day) = try await TestServer.run(on: directory, configure: afterTenDays) { server in
            let id = try await upload(server, by: try #require(try await server.register("anna").userID))
            try await setDay(100, server)
            _ = try await server.homeserver.media.open("test.example", id)
            return (id, Int64(100))
        }
        try await TestServer.run(on: directory, configure: afterTenDays) { server in
            try await server.homeserver.unusedMedia.removeOld(today: day + 10)
            #expect(try await exists(id, server))
            try await server.homeserver.unusedMedia.removeOld(today: day + 11)
            #expect(try await !exists(id, server))
        }
    }

    @Test func withoutTheOptionEverythingStays() async throws {
        try await TestServer.run { server in
            let id = try await upload(server, by: try #require(try await server.register("anna").userID))
            try await server.homeserver.unusedMedia.removeOld(today: 1_000_000)
            #expect(try await exists(id, server))
        }
    }

    /// More than one step of the sweep.
    @Test func aSweepSeesAll() async throws {
        try await TestServer.run(configure: afterADay) { server in
            let user = try #require(try await server.register("anna").userID)
            try await server.homeserver.database.write { transaction in
                for number in 0..<450 {
                    try transaction.insertMedia(
                        StoredMedia(
                            mediaID: "media\(number)", hash: [UInt8](repeating: 1, count: 32), byteCount: 1, contentType: nil, fileName: nil,
                            userID: user, createdTimestamp: 0))
                }
            }
            try await server.homeserver.unusedMedia.removeOld(today: 1_000_000)
            #expect(try await server.homeserver.files.usage(of: user) == 0)
        }
    }

    // MARK: Closed accounts

    @Test func privateFilesGoWithTheAccount() async throws {
        try await TestServer.run { server in
            let files = server.homeserver.files
            let user = try #require(try await server.register("anna").userID)
            let other = FileCaller(try #require(try await server.register("ben").userID))
            let anna = FileCaller(user)
            func put(_ path: String, by caller: FileCaller) async throws {
                var pieces = [[UInt8](repeating: 5, count: 40_000)]
                _ = try await files.put(FilePath(path), FileDescription(), by: caller) {
                    guard let piece = pieces.popLast() else { return nil }
                    return { @Sendable take in try piece.withUnsafeBytes { try take($0) } }
                }
            }
            _ = try await files.makeFolder(FilePath("/Private/folder"), by: anna)
            for name in ["folder/a", "b", "c"] { try await put("/Private/\(name)", by: anna) }
            try await files.delete(FilePath("/Private/b"), by: anna)
            try await put("/Shared/d", by: anna)
            try await put("/Private/a", by: other)
            try await server.homeserver.accounts.deactivate(user)
            // What they gave to all stays.
            #expect(try await files.usage(of: user) == 40_000)
            #expect(try await files.node(at: FilePath("/Shared/d"), for: other).byteCount == 40_000)
            #expect(try await files.usage(of: other.userID) == 40_000)
            let (rows, roots) = try await server.homeserver.database.read { transaction in
                (
                    try transaction.connection.first("SELECT count(*) FROM files") { $0.int(0) },
                    try transaction.connection.first("SELECT count(*) FROM file_roots") { $0.int(0) }
                )
            }
            #expect(rows == 4 && roots == 2)
        }
    }
}
