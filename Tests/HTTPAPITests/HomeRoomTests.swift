import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Nobody signs up into emptiness.
struct HomeRoomTests {
    private func name(_ room: JSONObject?) -> String? {
        let events = (room?.object("state")?.array("events") ?? []) + (room?.object("timeline")?.array("events") ?? [])
        return events.compactMap(\.objectValue).last { $0.string("type") == "m.room.name" }?.object("content")?.string("name")
    }

    @Test(arguments: [HomeserverConfiguration.Registration.open, .invite])
    func newAccountsAreAtHome(_ registration: HomeserverConfiguration.Registration) async throws {
        try await TestServer.run(registration: registration, hasHomeRoom: true) { server in
            let anna = try await server.register("anna")
            var ben = server.client
            if registration == .invite {
                let token = try await server.homeserver.invites.create(uses: 1, lifetimeSeconds: nil, by: nil).token
                let answer = try await server.client.call(
                    "POST", "/_matrix/client/v3/register",
                    json: ["username": "ben", "password": "password", "auth": ["type": "m.login.registration_token", "token": .string(token)]])
                ben.accessToken = answer.string("access_token")
            } else {
                ben = try await server.register("ben")
            }
            var homes: [String] = []
            for client in [anna, ben] {
                let joined = try #require(try await client.sync().object("rooms")?.object("join"))
                // The other one is the user's own.
                #expect(joined.count == 2)
                let own = try await client.call("GET", "/_landline/v1/me").string("my_devices_room")
                let member = try #require(joined.members.first { $0.key != own })
                #expect(name(member.value.objectValue) == "Home")
                homes.append(member.key)
            }
            #expect(homes[0] == homes[1])
            let room = RoomID(trusted: homes[0])
            let members = try await anna.call("GET", "\(MatrixClient.path(room))/joined_members").object("joined")
            #expect(members.map { Set($0.keys) } == ["@anna:test.example", "@ben:test.example"])
            // Both can talk there.
            try await ben.send("hello", to: room, transactionID: "1")
            #expect(try await anna.request("GET", "\(MatrixClient.path(room))/messages", query: [("dir", "b")]).text.contains("hello"))
            // It is of this household: who is not in it, as after leaving, cannot come in by the address.
            #expect(try await server.client.call("GET", "/_matrix/client/v3/publicRooms").array("chunk") == [])
        }
    }

    @Test func accountsOfTheCommandLineAreAtHomeToo() async throws {
        try await TestServer.run(registration: .closed, hasHomeRoom: true) { server in
            _ = try await server.homeserver.registration.createAccount(username: "anna", password: "a long enough pass phrase", isAdministrator: true)
            let anna = try await server.client.loggedIn("anna")
            let joined = try #require(try await anna.sync().object("rooms")?.object("join"))
            #expect(Set(joined.members.map { name($0.value.objectValue) }) == ["Home", "My devices"])
        }
    }

    @Test func manyAtOnceAreInOneHome() async throws {
        try await TestServer.run(hasHomeRoom: true) { server in
            let clients = try await withThrowingTaskGroup(of: MatrixClient.self) { group in
                for number in 0..<6 { group.addTask { try await server.register("guest\(number)") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            var homes: Set<[String]> = []
            for client in clients {
                let joined = try await client.call("GET", "/_matrix/client/v3/joined_rooms").array("joined_rooms") ?? []
                let own = try await client.call("GET", "/_landline/v1/me").string("my_devices_room")
                homes.insert(joined.compactMap(\.stringValue).filter { $0 != own })
            }
            #expect(homes.count == 1 && homes.first?.count == 1, "\(homes)")
        }
    }

    @Test func withoutAHomeRoomThereIsNone() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let sync = try await anna.sync()
            #expect(sync.object("rooms")?.object("join") == nil && sync.object("rooms")?.object("invite") == nil)
            #expect(try await anna.call("GET", "/_matrix/client/v3/joined_rooms").array("joined_rooms") == [])
        }
    }
}
