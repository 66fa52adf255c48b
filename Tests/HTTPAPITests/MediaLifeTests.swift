import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// When uploads end, and how much of them an account may have.
struct MediaLifeTests {
    private typealias Configure = @Sendable (inout HomeserverConfiguration) -> Void
    private let limited: Configure = { $0.quotaBytes = 1_000 }
    private let limitedToTwo: Configure = { $0.quotaBytes = 100_000 }

    private func upload(_ bytes: [UInt8], _ client: MatrixClient) async throws -> String {
        let response = try await client.request("POST", "/_matrix/media/v3/upload", body: bytes, headers: ["Content-Type": "image/png"])
        return try #require(response.json.string("content_uri"), "\(response.status) \(response.text)")
    }

    private func status(_ uri: String, _ client: MatrixClient) async throws -> Int {
        try await client.request("GET", "/_matrix/client/v1/media/download/\(uri.dropFirst("mxc://".count))").status
    }

    private func send(_ content: JSONObject, type: String = "m.room.message", to room: RoomID, _ client: MatrixClient) async throws -> String {
        let transaction = MatrixClient.encoded("\(content.serialized().hashValue)")
        let answer = try await client.call("PUT", "\(MatrixClient.path(room))/send/\(type)/\(transaction)", json: content)
        return try #require(answer.string("event_id"))
    }

    private func redact(_ event: String, in room: RoomID, _ client: MatrixClient) async throws {
        try await client.call("PUT", "\(MatrixClient.path(room))/redact/\(MatrixClient.encoded(event))/r\(event.hashValue)", json: [:])
    }

    private func picture(_ uri: String, _ more: JSONObject = [:]) -> JSONObject {
        var content: JSONObject = ["msgtype": "m.image", "body": "picture.png", "url": .string(uri)]
        for member in more.members { content[member.key] = member.value }
        return content
    }

    private let big = [UInt8](repeating: 7, count: 40_000)

    // MARK: Redaction

    @Test func aRemovedPictureIsGone() async throws {
        try await TestServer.run { server in
            let (anna, ben) = (try await server.register("anna"), try await server.register("ben"))
            let room = try await anna.createRoom(["preset": "public_chat"])
            try await ben.join(room)
            let (full, thumbnail, custom) = (try await upload(big, anna), try await upload([1], anna), try await upload([2], anna))
            let event = try await send(
                picture(full, ["info": ["thumbnail_url": .string(thumbnail)], "org.example": ["list": [.string("<img src=\"\(custom)\">")]]]),
                to: room,
                anna)
            for uri in [full, thumbnail, custom] { #expect(try await status(uri, ben) == 200) }
            #expect(try server.blobs().count == 1)
            // Also when an administrator of the room does it: what counts is whose upload it was.
            try await redact(event, in: room, anna)
            for uri in [full, thumbnail, custom] { #expect(try await status(uri, anna) == 404) }
            #expect(try await server.homeserver.files.usage(of: #require(anna.userID)) == 0)
            #expect(try server.blobs().isEmpty)
        }
    }

    @Test func whatIsReferredToElsewhereStays() async throws {
        try await TestServer.run { server in
            let (anna, ben) = (try await server.register("anna"), try await server.register("ben"))
            let room = try await anna.createRoom(["preset": "public_chat"])
            try await ben.join(room)
            // Somebody else's upload: a stranger's message that mentions it must not end it.
            let annas = try await upload([1], anna)
            let bens = try await send(picture(annas), to: room, ben)
            try await redact(bens, in: room, ben)
            #expect(try await status(annas, anna) == 200)
            // Forwarded: it ends with the last message.
            let first = try await send(picture(annas, ["body": "1"]), to: room, anna)
            let second = try await send(picture(annas, ["body": "2"]), to: room, ben)
            try await redact(first, in: room, anna)
            #expect(try await status(annas, anna) == 200)
            try await redact(second, in: room, ben)
            #expect(try await status(annas, anna) == 200, "not the sender's upload")
            let third = try await send(picture(annas, ["body": "3"]), to: room, anna)
            try await redact(third, in: room, anna)
            #expect(try await status(annas, anna) == 404)
            // A profile, account data, the room's own picture.
            let avatar = try await upload([2], anna)
            let user = try #require(anna.userID).rawValue
            let profile = "/_matrix/client/v3/profile/\(MatrixClient.encoded(user))/avatar_url"
            let data = "/_matrix/client/v3/user/\(MatrixClient.encoded(user))/account_data/org.example.stickers"
            let alone = try await anna.createRoom()
            try await anna.call("PUT", profile, json: ["avatar_url": .string(avatar)])
            let sent = try await send(picture(avatar), to: alone, anna)
            try await redact(sent, in: alone, anna)
            #expect(try await status(avatar, anna) == 200)
            let sticker = try await upload([3], anna)
            try await anna.call("PUT", data, json: ["pack": [.string(sticker)]])
            let used = try await send(picture(sticker), type: "m.sticker", to: alone, anna)
            try await redact(used, in: alone, anna)
            #expect(try await status(sticker, anna) == 200)
            let roomPicture = try await upload([4], anna)
            try await anna.call("PUT", "\(MatrixClient.path(alone))/state/m.room.avatar/", json: ["url": .string(roomPicture)])
            let shown = try await send(picture(roomPicture), to: alone, anna)
            try await redact(shown, in: alone, anna)
            #expect(try await status(roomPicture, anna) == 200)
        }
    }

    @Test func editsGoWithWhatTheyReplace() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let (before, after) = (try await upload([1], anna), try await upload([2], anna))
            let event = try await send(picture(before), to: room, anna)
            _ = try await send(
                picture(
                    after,
                    ["m.new_content": .object(picture(after)), "m.relates_to": ["rel_type": "m.replace", "event_id": .string(event)]]),
                to: room, anna)
            try await redact(event, in: room, anna)
            #expect(try await status(before, anna) == 404)
            #expect(try await status(after, anna) == 404)
        }
    }

    @Test func oneContentTwiceIsDeletedOnce() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            let (first, second) = (try await upload(big, anna), try await upload(big, anna))
            let event = try await send(picture(first), to: room, anna)
            try await redact(event, in: room, anna)
            #expect(try await status(first, anna) == 404)
            #expect(try await status(second, anna) == 200)
            #expect(try server.blobs().count == 1)
        }
    }

    // MARK: Quota

    @Test func nobodyUploadsMoreThanTheyMay() async throws {
        try await TestServer.run(configure: limited) { server in
            let (anna, ben) = (try await server.register("anna"), try await server.register("ben"))
            func status(_ count: Int, _ client: MatrixClient) async throws -> (Int, String?) {
                let response = try await client.request("POST", "/_matrix/media/v3/upload", body: [UInt8](repeating: 1, count: count))
                return (response.status, response.errorCode)
            }
            #expect(try await status(1_001, anna) == (403, "M_FORBIDDEN"))
            #expect(try await status(600, anna).0 == 200)
            #expect(try await status(401, anna) == (403, "M_FORBIDDEN"))
            #expect(try await status(400, anna).0 == 200)
            #expect(try await status(1, anna) == (403, "M_FORBIDDEN"))
            #expect(try await status(0, anna).0 == 200)
            #expect(try await status(1_000, ben).0 == 200)
            // Without a length, it ends when it is too much.
            let chunked = try RawConnection(port: server.port)
            try await chunked.send(
                "POST /_matrix/media/v3/upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(anna.accessToken ?? "")\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + String(repeating: "a", count: 1_001) + "\r\n0\r\n\r\n")
            #expect(try await chunked.receive(until: "M_FORBIDDEN").hasPrefix("HTTP/1.1 403 "))
            #expect(try server.stagingFiles() == [])
            // The owner gives more, and any amount, and the same as all again.
            let quotas = server.homeserver.quotas
            let user = try #require(anna.userID)
            try await quotas.set(.bytes(1_010), of: user)
            #expect(try await status(11, anna).0 == 403)
            #expect(try await status(10, anna).0 == 200)
            try await quotas.set(.unlimited, of: user)
            #expect(try await status(5_000, anna).0 == 200)
            try await quotas.set(.standard, of: user)
            #expect(try await status(1, anna).0 == 403)
            #expect(try await quotas.limit(of: user) == 1_000)
            #expect(try await anna.call("GET", "/_landline/v1/files/usage").integer("quota") == 1_000)
        }
    }

    @Test func aQuotaStaysOverARestart() async throws {
        let directory = try TemporaryDirectory()
        try await TestServer.run(on: directory) { server in
            let anna = try await server.register("anna")
            _ = try await upload(big, anna)
            try await server.homeserver.quotas.set(.bytes(40_001), of: #require(anna.userID))
        }
        try await TestServer.run(on: directory) { server in
            let anna = try await server.client.loggedIn("anna")
            #expect(try await anna.request("POST", "/_matrix/media/v3/upload", body: [1, 2]).status == 403)
            #expect(try await anna.request("POST", "/_matrix/media/v3/upload", body: [1]).status == 200)
        }
    }

    @Test func manyAtOnceShareOneQuota() async throws {
        try await TestServer.run(configure: limitedToTwo) { server in
            let anna = try await server.register("anna")
            let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let bytes = [UInt8](repeating: UInt8(number), count: 40_000)
                        return try await anna.request("POST", "/_matrix/media/v3/upload", body: bytes).status
                    }
                }
                return try await group.reduce(0) { $0 + ($1 == 200 ? 1 : 0) }
            }
            #expect(accepted == 2)
            #expect(try await server.homeserver.files.usage(of: #require(anna.userID)) == 80_000)
        }
    }
}
