import MatrixCore
import TestSupport
import Testing

/// spec: client-server-api/#mutual-rooms
struct MutualRoomTests {
    @Test func roomsThatBothAreIn() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let both = try await anna.createRoom(["invite": ["@ben:test.example"]])
            try await ben.join(both)
            let left = try await anna.createRoom(["invite": ["@ben:test.example"]])
            try await ben.join(left)
            try await ben.leave(left)
            _ = try await anna.createRoom(["invite": ["@ben:test.example"]])
            func ask(_ user: String?, _ more: [(String, String)] = []) async throws -> MatrixClient.Response {
                try await anna.request("GET", "/_matrix/client/v1/mutual_rooms", query: (user.map { [("user_id", $0)] } ?? []) + more)
            }
            #expect(try await ask("@ben:test.example").json == ["joined": [.string(both.rawValue)], "count": 1])
            #expect(try await ask("@nobody:test.example").json == ["joined": [], "count": 0])
            for response in [
                try await ask(nil), try await ask("ben"), try await ask("@anna:test.example"), try await ask("@ben:test.example", [("from", "x")]),
            ] {
                #expect(response.status == 400, "\(response.text)")
            }
        }
    }
}
