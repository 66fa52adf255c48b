import HTTPTypes
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI
@testable import Homeserver

/// What each relation to a private room allows, for every route that has a room in its path.
struct RoomPermissionTests {
    enum Relation: Int, CaseIterable, Sendable {
        case stranger, invited, left, banned, member
    }

    private static let client = "/_matrix/client/v3"
    private static let rooms = "/_matrix/client/v3/rooms/{roomId}"

    /// The status for a stranger, somebody invited, who left, who was banned, and a member of power 0. A new route needs a row here.
    private static let expected: [String: [Int]] = [
        "POST \(client)/join/{roomIdOrAlias}": [403, 200, 403, 403, 200],
        "POST \(client)/knock/{roomIdOrAlias}": [403, 403, 403, 403, 403],
        "POST \(rooms)/join": [403, 200, 403, 403, 200],
        "POST \(rooms)/leave": [403, 200, 200, 403, 200],
        "POST \(rooms)/forget": [404, 400, 200, 200, 400],
        "POST \(rooms)/invite": [403, 403, 403, 403, 200],
        "POST \(rooms)/kick": [403, 403, 403, 403, 403],
        "POST \(rooms)/ban": [403, 403, 403, 403, 403],
        "POST \(rooms)/unban": [403, 403, 403, 403, 403],
        "PUT \(rooms)/send/{eventType}/{txnId}": [403, 403, 403, 403, 200],
        "POST \(rooms)/send/{eventType}": [403, 403, 403, 403, 200],
        "PUT \(rooms)/redact/{eventId}/{txnId}": [403, 403, 403, 403, 403],
        "POST \(rooms)/report/{eventId}": [404, 404, 404, 404, 200],
        "POST \(rooms)/upgrade": [403, 403, 403, 403, 403],
        "GET /_matrix/client/v1/rooms/{roomId}/hierarchy": [403, 200, 403, 403, 200],
        "GET /_matrix/client/v1/rooms/{roomId}/timestamp_to_event": [403, 403, 200, 200, 200],
        "GET \(rooms)/messages": [403, 403, 200, 200, 200],
        "GET \(rooms)/context/{eventId}": [403, 403, 200, 200, 200],
        "GET \(rooms)/event/{eventId}": [404, 404, 200, 200, 200],
        "GET /_matrix/client/v1/rooms/{roomId}/relations/{eventId}": [404, 404, 200, 200, 200],
        "GET /_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}": [404, 404, 200, 200, 200],
        "GET /_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}/{eventType}": [404, 404, 200, 200, 200],
        "GET /_matrix/client/v1/rooms/{roomId}/threads": [403, 403, 200, 200, 200],
        "GET \(rooms)/initialSync": [403, 403, 200, 200, 200],
        "GET \(rooms)/state": [403, 403, 200, 200, 200],
        "GET \(rooms)/state/{eventType}": [403, 403, 200, 200, 200],
        "GET \(rooms)/state/{eventType}/{stateKey}": [403, 403, 200, 200, 200],
        "PUT \(rooms)/state/{eventType}": [403, 403, 403, 403, 403],
        "PUT \(rooms)/state/{eventType}/{stateKey}": [403, 403, 403, 403, 403],
        "GET \(rooms)/members": [403, 403, 200, 200, 200],
        "GET \(rooms)/joined_members": [403, 403, 403, 403, 200],
        "POST \(rooms)/receipt/{receiptType}/{eventId}": [403, 403, 403, 403, 200],
        "POST \(rooms)/read_markers": [403, 403, 403, 403, 200],
        "PUT \(rooms)/typing/{userId}": [403, 403, 403, 403, 200],
        "GET \(rooms)/aliases": [403, 403, 403, 403, 200],
        "PUT \(client)/directory/list/room/{roomId}": [403, 403, 403, 403, 403],
        "PUT \(client)/directory/room/{roomAlias}": [403, 403, 403, 403, 200],
        "DELETE \(client)/directory/room/{roomAlias}": [403, 403, 403, 403, 403],
    ]

    @Test func everyRouteOfARoomHasARow() {
        let names = Set(PermissionTests.routesOfRooms.map(\.name))
        #expect(names.subtracting(Self.expected.keys).isEmpty, "routes without a row")
        #expect(Set(Self.expected.keys).subtracting(names).isEmpty, "rows without a route")
    }

    @Test(arguments: Relation.allCases)
    func whatARelationAllows(_ relation: Relation) async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let zoe = try await server.register("zoe")
            func id(_ client: MatrixClient) -> String { client.userID?.rawValue ?? "" }
            for route in PermissionTests.routesOfRooms {
                guard let status = Self.expected[route.name]?[relation.rawValue] else { continue }
                // Each in a room of its own: some of these calls change it.
                let room = try await anna.createRoom(["room_alias_name": "taken", "invite": relation == .stranger ? [] : [.string(id(ben))]])
                let path = MatrixClient.path(room)
                if [.left, .banned, .member].contains(relation) { try await ben.join(room) }
                try await anna.call("POST", "\(path)/ban", json: ["user_id": .string(id(zoe))])
                let event = try await anna.send("early", to: room, transactionID: "1 \(room)")
                if relation == .left { try await ben.leave(room) }
                if relation == .banned { try await anna.call("POST", "\(path)/ban", json: ["user_id": .string(id(ben))]) }
                try await anna.send("late secret", to: room, transactionID: "2 \(room)")

                let calls = PermissionTests.roomCalls(
                    room: room, event: event, target: route.path.hasSuffix("/invite") ? try await Self.newcomer(server) : id(anna), banned: id(zoe),
                    user: id(ben))
                let call = try #require(calls[route.name], "\(route.name) needs a row in roomCalls")
                let before = StreamToken(server.homeserver.sync.feed.position)
                let response = try await ben.request(route, call.values, query: call.query, json: call.body)
                #expect(response.status == status, "\(route.name): \(response.status) \(response.text.prefix(200))")
                if response.status != 200 {
                    #expect(response.errorCode != nil, "\(route.name)")
                    #expect(StreamToken(server.homeserver.sync.feed.position) == before, "\(route.name): refused, but something has changed")
                }
                if relation != .member { #expect(!response.text.contains("late secret"), "\(route.name): \(response.text.prefix(500))") }
                _ = try await anna.request("DELETE", "/_matrix/client/v3/directory/room/%23taken%3Atest.example")
                _ = try await anna.request("DELETE", "/_matrix/client/v3/directory/room/%23other%3Atest.example")
            }
        }
    }

    /// Somebody whom nobody has invited yet.
    private static func newcomer(_ server: TestServer) async throws -> String {
        try await server.register("newcomer\(Int.random(in: 0..<1_000_000_000))").userID?.rawValue ?? ""
    }
}
