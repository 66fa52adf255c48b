import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// What guests may call at all is in PermissionTests.
///
/// spec: client-server-api/#guest-access
struct GuestTests {
    private static let register = "/_matrix/client/v3/register"

    private static func setGuestAccess(_ value: String, in room: RoomID, by client: MatrixClient) async throws {
        try await client.call("PUT", "\(MatrixClient.path(room))/state/m.room.guest_access", json: ["guest_access": .string(value)])
    }

    private static func membership(of user: MatrixClient, in room: RoomID, seenBy client: MatrixClient) async throws -> String? {
        let key = MatrixClient.encoded(user.userID?.rawValue ?? "")
        return try await client.request("GET", "\(MatrixClient.path(room))/state/m.room.member/\(key)").json.string("membership")
    }

    @Test func anAccountForTheAsking() async throws {
        try await TestServer.run { server in
            let answer = try await server.client.call(
                "POST", Self.register, query: [("kind", "guest")],
                json: ["username": "anna", "password": 5, "device_id": "MINE", "inhibit_login": true, "initial_device_display_name": "Kiosk"])
            let user = try #require(answer.string("user_id"))
            #expect(user.hasPrefix("@guest-") && answer.string("device_id") != "MINE")
            var guest = server.client
            guest.accessToken = answer.string("access_token")
            let me = try await guest.call("GET", "/_matrix/client/v3/account/whoami")
            #expect(me.string("user_id") == user && me.bool("is_guest") == true)
            let device = try await guest.call("GET", "/_matrix/client/v3/devices").array("devices")?.first?.objectValue
            #expect(device?.string("display_name") == "Kiosk")
            // A guest is nobody's owner, and no one can log in as one.
            let owner = try await server.register("owner")
            #expect(try await owner.call("GET", "/_landline/v1/me").bool("admin") == true)
            let login = try await server.client.request(
                "POST", "/_matrix/client/v3/login",
                json: ["type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(user)], "password": ""])
            #expect(login.status == 403)
            let found = try await owner.call("POST", "/_matrix/client/v3/user_directory/search", json: ["search_term": "guest"])
            #expect(found.array("results") == [])
        }
    }

    @Test(arguments: [HomeserverConfiguration.Registration.invite, .closed])
    func noGuestsWhereAccountsAreNotForAnyone(_ mode: HomeserverConfiguration.Registration) async throws {
        try await TestServer.run(registration: mode) { server in
            let refused = try await server.client.request("POST", Self.register, query: [("kind", "guest")], json: [:])
            #expect(refused.status == 403 && refused.errorCode == "M_FORBIDDEN")
            let odd = try await server.client.request("POST", Self.register, query: [("kind", "admin")], json: [:])
            #expect(odd.status == 400)
        }
    }

    @Test func aRoomDecidesAboutGuests() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let guest = try await server.guest()
            let room = try await anna.createRoom(["preset": "public_chat"])
            let path = MatrixClient.path(room)
            let own = MatrixClient.encoded(guest.userID?.rawValue ?? "")
            for (method, way) in [("POST", "\(path)/join"), ("PUT", "\(path)/state/m.room.member/\(own)")] {
                let refused = try await guest.request(method, way, json: ["membership": "join"])
                #expect(refused.status == 403 && refused.errorCode == "M_GUEST_ACCESS_FORBIDDEN", "\(way): \(refused.text)")
            }
            // An invitation does not change that.
            try await anna.invite(#require(guest.userID), to: room)
            #expect(try await guest.request("POST", "\(path)/join", json: [:]).errorCode == "M_GUEST_ACCESS_FORBIDDEN")
            try await Self.setGuestAccess("can_join", in: room, by: anna)
            try await guest.join(room)
            try await guest.send("hello from outside", to: room, transactionID: "1")
            #expect(try await anna.request("GET", "\(path)/messages").text.contains("hello from outside"))

            try await guest.call("PUT", "/_matrix/client/v3/profile/\(own)/displayname", json: ["displayname": "Visitor"])
            #expect(try await anna.call("GET", "\(path)/state/m.room.member/\(own)").string("displayname") == "Visitor")
            let avatar = try await guest.request("PUT", "/_matrix/client/v3/profile/\(own)/avatar_url", json: ["avatar_url": "mxc://a/b"])
            #expect(avatar.status == 403 && avatar.errorCode == "M_GUEST_ACCESS_FORBIDDEN")
            #expect(try await guest.request("DELETE", "/_matrix/client/v3/profile/\(own)/displayname").status == 200)
        }
    }

    @Test(arguments: ["forbidden", "nonsense", "redacted"])
    func guestsGoWhenTheyAreNoLongerWanted(_ how: String) async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let (inside, invited) = (try await server.guest(), try await server.guest())
            let room = try await anna.createRoom(["preset": "public_chat"])
            try await Self.setGuestAccess("can_join", in: room, by: anna)
            try await ben.join(room)
            try await inside.join(room)
            try await anna.invite(#require(invited.userID), to: room)
            // Said again it throws nobody out.
            let answer = try await anna.call(
                "PUT", "\(MatrixClient.path(room))/state/m.room.guest_access", json: ["guest_access": "can_join", "again": true])
            #expect(try await Self.membership(of: inside, in: room, seenBy: anna) == "join")
            if how == "redacted" {
                let event = MatrixClient.encoded(answer.string("event_id") ?? "")
                try await anna.call("PUT", "\(MatrixClient.path(room))/redact/\(event)/1", json: [:])
            } else {
                try await Self.setGuestAccess(how, in: room, by: anna)
            }
            #expect(try await Self.membership(of: inside, in: room, seenBy: anna) == "leave")
            #expect(try await Self.membership(of: invited, in: room, seenBy: anna) == "leave")
            #expect(try await Self.membership(of: ben, in: room, seenBy: anna) == "join")
            #expect(try await inside.request("PUT", "\(MatrixClient.path(room))/send/m.room.message/2", json: ["body": "x"]).status == 403)
        }
    }

    // MARK: A full account of a guest's

    @Test func aGuestBecomesAUser() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let (guest, other) = (try await server.guest(), try await server.guest())
            let room = try await anna.createRoom(["preset": "public_chat"])
            try await Self.setGuestAccess("can_join", in: room, by: anna)
            try await guest.join(room)
            func body(_ name: MatrixClient, _ token: String?) -> JSONObject {
                var body: JSONObject = ["username": .string(name.userID?.localpart ?? ""), "password": "a long enough pass phrase"]
                if let token { body["guest_access_token"] = .string(token) }
                return body
            }
            for (name, token) in [(guest, other.accessToken), (guest, anna.accessToken), (guest, "nobody's"), (anna, guest.accessToken)] {
                let refused = try await server.client.request("POST", Self.register, json: body(name, token))
                #expect(refused.status == 403 && refused.errorCode == "M_FORBIDDEN", "\(refused.text)")
            }
            #expect(try await server.client.request("POST", Self.register, json: body(guest, nil)).errorCode == "M_INVALID_USERNAME")
            let nameless = try await server.client.request("POST", Self.register, json: ["guest_access_token": .string(guest.accessToken ?? "")])
            #expect(nameless.errorCode == "M_MISSING_PARAM")

            var wish = body(guest, guest.accessToken)
            let first = try await server.client.request("POST", Self.register, json: wish)
            #expect(first.status == 401 && first.errorCode == nil)
            wish["auth"] = ["type": "m.login.dummy"]
            let made = try await server.client.call("POST", Self.register, json: wish)
            #expect(made.string("user_id") == guest.userID?.rawValue)
            var user = server.client
            user.accessToken = made.string("access_token")
            #expect(try await user.call("GET", "/_matrix/client/v3/account/whoami").bool("is_guest") == false)
            #expect(try await user.call("GET", "/_matrix/client/v3/joined_rooms").array("joined_rooms") == [.string(room.rawValue)])
            #expect(try await guest.request("GET", "/_matrix/client/v3/account/whoami").errorCode == "M_UNKNOWN_TOKEN")
            _ = try await server.client.loggedIn(guest.userID?.localpart ?? "")
            // Rooms that want no guests keep them now.
            try await Self.setGuestAccess("forbidden", in: room, by: anna)
            #expect(try await user.call("GET", "/_matrix/client/v3/joined_rooms").array("joined_rooms") == [.string(room.rawValue)])
        }
    }

    @Test func theFirstFullAccountIsTheOwnersAlsoWhenItWasAGuest() async throws {
        try await TestServer.run { server in
            let guest = try await server.guest()
            let made = try await server.client.call(
                "POST", Self.register,
                json: [
                    "username": .string(guest.userID?.localpart ?? ""), "password": "a long enough pass phrase",
                    "guest_access_token": .string(guest.accessToken ?? ""), "auth": ["type": "m.login.dummy"],
                ])
            var owner = server.client
            owner.accessToken = made.string("access_token")
            #expect(try await owner.call("GET", "/_landline/v1/me").bool("admin") == true)
        }
    }

    // MARK: Bounds

    @Test func whoIsAwayForLongestMakesRoom() async throws {
        let directory = try TemporaryDirectory()
        var first: MatrixClient?
        try await TestServer.run(on: directory) { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom(["preset": "public_chat"])
            try await Self.setGuestAccess("can_join", in: room, by: anna)
            let guests = try await withThrowingTaskGroup(of: MatrixClient.self) { group in
                for _ in 0..<Guests.maxGuests { group.addTask { try await server.guest() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // All were here a moment ago.
            for guest in guests { try await guest.call("GET", "/_matrix/client/v3/account/whoami") }
            let refused = try await server.client.request("POST", Self.register, query: [("kind", "guest")], json: [:])
            #expect(refused.status == 403 && refused.errorCode == "M_RESOURCE_LIMIT_EXCEEDED")
            try await guests[0].join(room)
            first = guests[0]
        }
        // Of those of yesterday, each makes room; the box asks which of them are here.
        try await TestServer.run(on: directory) { server in
            var old = try #require(first)
            let token = old.accessToken
            old = server.client
            old.accessToken = token
            #expect(try await old.request("GET", "/_matrix/client/v3/account/whoami").status == 200)
            for _ in 0..<Guests.maxGuests - 1 {
                let guest = try await server.guest()
                try await guest.call("GET", "/_matrix/client/v3/account/whoami")
            }
            #expect(try await old.request("GET", "/_matrix/client/v3/account/whoami").status == 200)
            let refused = try await server.client.request("POST", Self.register, query: [("kind", "guest")], json: [:])
            #expect(refused.status == 403)
            // Nothing is left of those who went.
            #expect(try await server.homeserver.accounts.list().count == Guests.maxGuests + 1)
        }
    }
}
