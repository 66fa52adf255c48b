import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI
@testable import Homeserver

/// The room in which everybody sends things to themselves.
struct MyDevicesTests {
    private let withHome: @Sendable (inout HomeserverConfiguration) -> Void = { $0.hasHomeRoom = true }

    private func ownRoom(_ client: MatrixClient) async throws -> RoomID? {
        try await client.call("GET", "/_landline/v1/me").string("my_devices_room").map { RoomID(trusted: $0) }
    }

    private func accountData(_ client: MatrixClient, _ path: String) async throws -> JSONObject {
        let user = MatrixClient.encoded(client.userID?.rawValue ?? "")
        return try await client.call("GET", "/_matrix/client/v3/user/\(user)/\(path)")
    }

    @Test func everyAccountHasOneFromTheFirstDay() async throws {
        try await TestServer.run(hasHomeRoom: true) { server in
            let (anna, ben) = (try await server.register("anna"), try await server.register("ben"))
            let room = try #require(try await ownRoom(anna))
            #expect(try await ownRoom(ben) != room)
            #expect(try await accountData(anna, "account_data/org.landline.my_devices") == ["room_id": .string(room.rawValue)])
            let tags = try await accountData(anna, "rooms/\(MatrixClient.encoded(room.rawValue))/tags").object("tags")
            #expect(tags.map { Array($0.keys) } == ["m.favourite"])
            #expect(try await anna.call("GET", "\(MatrixClient.path(room))/state/m.room.name") == ["name": "My devices"])
            #expect(try await anna.call("GET", "\(MatrixClient.path(room))/state/m.room.join_rules") == ["join_rule": "invite"])
            #expect(try await ben.request("POST", "\(MatrixClient.path(room))/join", json: [:]).status == 403)
            // What one device sends the other one has.
            let phone = try await server.client.loggedIn("anna")
            try await anna.send("hello", to: room, transactionID: "1")
            #expect(try await phone.request("GET", "\(MatrixClient.path(room))/messages", query: [("dir", "b")]).text.contains("hello"))
        }
    }

    @Test func leavingItIsFinalUntilAskedAgain() async throws {
        let directory = try TemporaryDirectory()
        let first = try await TestServer.run(on: directory, configure: withHome) { server in
            let anna = try await server.register("anna")
            let room = try #require(try await ownRoom(anna))
            try await anna.leave(room)
            #expect(try await ownRoom(anna) == nil)
            return room
        }
        try await TestServer.run(on: directory, configure: withHome) { server in
            let anna = try await server.client.loggedIn("anna")
            try await server.homeserver.myDevices.makeMissing()
            #expect(try await ownRoom(anna) == nil)
            let asked = try await anna.call("POST", "/_landline/v1/my_devices", json: [:]).string("room_id")
            #expect(asked != nil && asked != first.rawValue)
            #expect(try await ownRoom(anna)?.rawValue == asked)
            // Asking again changes nothing.
            #expect(try await anna.call("POST", "/_landline/v1/my_devices", json: [:]).string("room_id") == asked)
        }
    }

    @Test func accountsFromBeforeGetOne() async throws {
        let directory = try TemporaryDirectory()
        try await TestServer.run(on: directory) { server in
            for name in ["owner", "anna", "ben", "carol"] { _ = try await server.register(name) }
            let guest = try await server.guest()
            #expect(guest.userID != nil)
            try await server.homeserver.accounts.deactivate(UserID(trusted: "@carol:test.example"))
            try await server.homeserver.moderation.set(.suspension, true, on: UserID(trusted: "@anna:test.example"), by: nil)
            #expect(try await ownRoom(server.client.loggedIn("ben")) == nil)
        }
        try await TestServer.run(on: directory, configure: withHome) { server in
            // It is being done in the background as well: twice makes no second one.
            try await server.homeserver.myDevices.makeMissing()
            let ben = try await server.client.loggedIn("ben")
            #expect(try await ownRoom(ben) != nil)
            #expect(try await ben.call("GET", "/_matrix/client/v3/joined_rooms").array("joined_rooms")?.count == 1)
            // Who may write nothing gets one later; who is gone, none.
            let anna = UserID(trusted: "@anna:test.example")
            #expect(try await server.homeserver.myDevices.room(of: anna) == nil)
            try await server.homeserver.moderation.set(.suspension, false, on: anna, by: nil)
            try await server.homeserver.myDevices.makeMissing()
            #expect(try await server.homeserver.myDevices.room(of: anna) != nil)
            #expect(try await server.homeserver.membership.joinedRooms(of: UserID(trusted: "@carol:test.example")) == [])
        }
    }

    @Test func anUpgradedOneIsStillTheirs() async throws {
        try await TestServer.run(hasHomeRoom: true) { server in
            let anna = try await server.register("anna")
            let room = try #require(try await ownRoom(anna))
            let answer = try await anna.call("POST", "\(MatrixClient.path(room))/upgrade", json: ["new_version": "12"])
            let new = try #require(answer.string("replacement_room"))
            #expect(try await ownRoom(anna)?.rawValue == new)
            let tags = try await accountData(anna, "rooms/\(MatrixClient.encoded(new))/tags").object("tags")
            #expect(tags?["m.favourite"] != nil)
        }
    }

    @Test func withoutAHomeRoomNobodyHasOneUnasked() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            try await server.homeserver.myDevices.makeMissing()
            #expect(try await ownRoom(anna) == nil)
            #expect(try await anna.request("POST", "/_landline/v1/my_devices", json: [:]).status == 200)
            #expect(try await ownRoom(anna) != nil)
        }
    }

    /// The marker is account data, which clients may set to anything.
    @Test func aMarkerThatMeansNothingIsNone() async throws {
        try await TestServer.run(hasHomeRoom: true) { server in
            let (anna, ben) = (try await server.register("anna"), try await server.register("ben"))
            let other = try #require(try await ownRoom(ben))
            let path = "/_matrix/client/v3/user/\(MatrixClient.encoded(anna.userID?.rawValue ?? ""))/account_data/org.landline.my_devices"
            let contents: [JSONObject] = [
                [:], ["room_id": 1], ["room_id": "x"], ["room_id": "!none:test.example"], ["room_id": .string(other.rawValue)],
            ]
            for content in contents {
                try await anna.call("PUT", path, json: content)
                #expect(try await ownRoom(anna) == nil)
            }
        }
    }
}
