import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// spec: client-server-api/#account-registration
struct RegistrationTests {
    private static let path = "/_matrix/client/v3/register"
    private static let available = "/_matrix/client/v3/register/available"

    private func body(_ name: String, auth: JSONObject? = ["type": "m.login.dummy"]) -> JSONObject {
        var body: JSONObject = ["username": .string(name), "password": "a long enough pass phrase"]
        if let auth { body["auth"] = .object(auth) }
        return body
    }

    private func stages(_ response: MatrixClient.Response) -> [[String]] {
        (response.json.array("flows") ?? []).map { ($0.objectValue?.array("stages") ?? []).compactMap(\.stringValue) }
    }

    private func isAdministrator(_ accessToken: String?, _ server: TestServer) async throws -> Bool? {
        var client = server.client
        client.accessToken = accessToken
        return try await client.call("GET", "/_landline/v1/me").bool("admin")
    }

    @Test func openRegistrationAsksForADummy() async throws {
        try await TestServer.run { server in
            let first = try await server.client.request("POST", Self.path, json: body("anna", auth: nil))
            #expect(first.status == 401 && first.errorCode == nil)
            #expect(stages(first) == [["m.login.dummy"]] && first.json.object("params") != nil)
            let session = try #require(first.json.string("session"))
            // The parameters were in the first attempt.
            let second = try await server.client.request(
                "POST", Self.path, json: ["auth": ["type": "m.login.dummy", "session": .string(session)]])
            #expect(second.status == 200, "\(second.text)")
            #expect(second.json.string("user_id") == "@anna:test.example")
            #expect(second.json.string("device_id")?.isEmpty == false)
            #expect(try await isAdministrator(second.json.string("access_token"), server) == true)
            // Whoever did not hear of it hears the same again.
            let third = try await server.client.request(
                "POST", Self.path, json: ["auth": ["type": "m.login.dummy", "session": .string(session)]])
            #expect(third.json.string("user_id") == "@anna:test.example")
            #expect(third.json.string("device_id") == second.json.string("device_id"))
            #expect(try await isAdministrator(third.json.string("access_token"), server) == true)
            #expect(try await server.homeserver.accounts.list().count == 1)

            let ben = try await server.client.request("POST", Self.path, json: body("ben"))
            #expect(try await isAdministrator(ben.json.string("access_token"), server) == false)
        }
    }

    @Test func aStageThatWasNotAskedForIsNone() async throws {
        try await TestServer.run(registration: .invite) { server in
            _ = try await server.register("owner")
            for auth in [
                ["type": "m.login.dummy"], ["type": "m.login.password", "password": "x"], ["type": "nonsense"], [:], ["session": "unknown"],
                ["type": "m.login.registration_token"], ["type": "m.login.registration_token", "token": 5],
                ["type": "m.login.registration_token", "token": ""], ["type": 5],
            ] as [JSONObject] {
                let response = try await server.client.request("POST", Self.path, json: body("ben", auth: auth))
                #expect(response.status == 401 || response.status == 400, "\(auth): \(response.status) \(response.text)")
                #expect(response.json.string("access_token") == nil)
            }
            #expect(try await server.homeserver.accounts.list().count == 1)
        }
    }

    @Test func theFirstAccountNeedsNoInvitationAndOwnsTheBox() async throws {
        try await TestServer.run(registration: .invite) { server in
            let asked = try await server.client.request("POST", Self.path, json: body("owner", auth: nil))
            #expect(stages(asked) == [["m.login.dummy"]])
            let owner = try await server.client.request("POST", Self.path, json: body("owner"))
            #expect(owner.status == 200)
            #expect(try await isAdministrator(owner.json.string("access_token"), server) == true)

            let late = try await server.client.request("POST", Self.path, json: body("ben", auth: nil))
            #expect(late.status == 401 && stages(late) == [["m.login.registration_token"]])
            // Whoever was about to become the owner is not any more.
            let session = asked.json.string("session") ?? ""
            let tooLate = try await server.client.request(
                "POST", Self.path, json: body("ben", auth: ["type": "m.login.dummy", "session": .string(session)]))
            #expect(tooLate.status == 401 && tooLate.json.string("access_token") == nil)
            #expect(try await server.homeserver.accounts.list().count == 1)
        }
    }

    @Test func anInvitationLetsOneIn() async throws {
        try await TestServer.run(registration: .invite) { server in
            _ = try await server.register("owner")
            let token = try await server.homeserver.invites.create(uses: 1, lifetimeSeconds: nil, by: nil).token
            func auth(_ token: String) -> JSONObject { ["type": "m.login.registration_token", "token": .string(token)] }

            let wrong = try await server.client.request("POST", Self.path, json: body("ben", auth: auth("WRONG")))
            #expect(wrong.status == 401 && wrong.errorCode == "M_FORBIDDEN")
            #expect(wrong.json.string("session") != nil && stages(wrong) == [["m.login.registration_token"]])

            // The same session goes on.
            var right = auth(token)
            right["session"] = .string(wrong.json.string("session") ?? "")
            let ben = try await server.client.request("POST", Self.path, json: body("ben", auth: right))
            #expect(ben.status == 200, "\(ben.text)")
            #expect(try await isAdministrator(ben.json.string("access_token"), server) == false)

            let used = try await server.client.request("POST", Self.path, json: body("carl", auth: auth(token)))
            #expect(used.status == 401 && used.errorCode == "M_FORBIDDEN")
            let invitation = try #require(try await server.homeserver.invites.list().first)
            #expect(invitation.uses == 1 && !invitation.isValid)
        }
    }

    /// matrix-nio's `register_with_token`: the answer to the token must look like a challenge, and a dummy stage follows in any case.
    @Test func aDummyStageAfterTheTokenDoesNoHarm() async throws {
        try await TestServer.run(registration: .invite) { server in
            _ = try await server.register("owner")
            let token = try await server.homeserver.invites.create(uses: 1, lifetimeSeconds: nil, by: nil).token
            let begun = try await server.client.request("POST", Self.path, json: body("ben", auth: ["initial_device_display_name": "nio"]))
            let session = JSONValue.string(begun.json.string("session") ?? "")
            #expect(begun.status == 401)
            let stage: JSONObject = ["type": "m.login.registration_token", "token": .string(token), "session": session]
            let first = try await server.client.request("POST", Self.path, json: body("ben", auth: stage))
            #expect(first.status == 200 && first.json["session"] == session && first.json.object("params") != nil, "\(first.text)")
            #expect(stages(first) == [["m.login.registration_token"]] && first.json.array("completed") == ["m.login.registration_token"])
            let second = try await server.client.request("POST", Self.path, json: body("ben", auth: ["type": "m.login.dummy", "session": session]))
            #expect(second.status == 200 && second.json.string("device_id") == first.json.string("device_id"), "\(second.text)")
            #expect(try await isAdministrator(second.json.string("access_token"), server) == false)
            #expect(try await server.homeserver.invites.list().first?.uses == 1)
        }
    }

    /// A failed registration leaves the invitation as it was.
    @Test func aTakenNameUsesNoInvitationUp() async throws {
        try await TestServer.run(registration: .invite) { server in
            _ = try await server.register("owner")
            let token = try await server.homeserver.invites.create(uses: 1, lifetimeSeconds: nil, by: nil).token
            let auth: JSONObject = ["type": "m.login.registration_token", "token": .string(token)]
            #expect(try await server.client.request("POST", Self.path, json: body("owner", auth: auth)).errorCode == "M_USER_IN_USE")
            #expect(try await server.client.request("POST", Self.path, json: body("ben", auth: auth)).status == 200)
        }
    }

    @Test func oneUseIsOneUseHoweverManyCome() async throws {
        try await TestServer.run(registration: .invite) { server in
            _ = try await server.register("owner")
            let token = try await server.homeserver.invites.create(uses: 1, lifetimeSeconds: nil, by: nil).token
            let auth: JSONObject = ["type": "m.login.registration_token", "token": .string(token)]
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 {
                    let body = body("guest\(number)", auth: auth)
                    group.addTask { try await server.client.request("POST", Self.path, json: body).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 200 }.count == 1 && statuses.filter { $0 == 401 }.count == 19, "\(statuses)")
            #expect(try await server.homeserver.accounts.list().count == 2)
            #expect(try await server.homeserver.invites.list().first?.uses == 1)
        }
    }

    /// Of several who come first at once, one owns the box and the others get in only where anyone may.
    @Test func oneOfManyBecomesTheOwner() async throws {
        try await TestServer.run(registration: .invite) { server in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<6 {
                    let body = body("guest\(number)")
                    group.addTask { try await server.client.request("POST", Self.path, json: body).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 200 }.count == 1, "\(statuses)")
            let accounts = try await server.homeserver.accounts.list()
            #expect(accounts.count == 1 && accounts.first?.isAdministrator == true)
        }
    }

    @Test func closedIsClosed() async throws {
        try await TestServer.run(registration: .closed) { server in
            // Not even the first one.
            let response = try await server.client.request("POST", Self.path, json: body("anna"))
            #expect(response.status == 403 && response.errorCode == "M_FORBIDDEN")
            _ = try await server.homeserver.registration.createAccount(
                username: "anna", password: "a long enough pass phrase", isAdministrator: false)
            let anna = try await server.client.loggedIn("anna")
            #expect(try await isAdministrator(anna.accessToken, server) == true)
        }
    }

    @Test func thereAreUsersAndGuests() async throws {
        try await TestServer.run { server in
            let other = try await server.client.request("POST", Self.path, query: [("kind", "robot")], json: body("anna"))
            #expect(other.status == 400 && other.errorCode == "M_INVALID_PARAM")
            #expect(try await server.client.request("POST", Self.path, query: [("kind", "user")], json: body("anna")).status == 200)
        }
    }

    @Test func userNames() async throws {
        try await TestServer.run { server in
            func errorCode(_ name: String) async throws -> (String?, String?) {
                let available = try await server.client.request("GET", Self.available, query: [("username", name)])
                let registered = try await server.client.request("POST", Self.path, json: body(name))
                #expect(available.status == 400 && registered.status == 400, "\(name): \(available.text) \(registered.text)")
                return (available.errorCode, registered.errorCode)
            }
            for name in [
                "", "a b", "a:b", "@anna", "@anna:test.example", "anna!", "änna", "ａnna", "a\u{0}b", "家", String(repeating: "a", count: 256),
            ] {
                #expect(try await errorCode(name) == ("M_INVALID_USERNAME", "M_INVALID_USERNAME"), "\(name)")
            }
            for name in ["anna", "a.b_c=d-e/f+1", "007"] {
                #expect(try await server.client.call("GET", Self.available, query: [("username", name)]).bool("available") == true)
                let response = try await server.client.request("POST", Self.path, json: body(name))
                #expect(response.json.string("user_id") == "@\(name):test.example", "\(response.text)")
                #expect(try await errorCode(name) == ("M_USER_IN_USE", "M_USER_IN_USE"), "\(name)")
            }
            // Phones write names with a capital; the account is the same.
            #expect(try await errorCode("ANNA") == ("M_USER_IN_USE", "M_USER_IN_USE"))
            let ben = try await server.client.request("POST", Self.path, json: body("Ben"))
            #expect(ben.json.string("user_id") == "@ben:test.example")
            #expect(try await server.client.call("GET", "/_matrix/client/v3/profile/@ben:test.example").string("displayname") == "Ben")
            #expect(try await server.client.request("GET", Self.available).errorCode == "M_MISSING_PARAM")
        }
    }

    @Test func whatIsMissingOrWrong() async throws {
        try await TestServer.run { server in
            let dummy: JSONValue = ["type": "m.login.dummy"]
            let noPassword = try await server.client.request("POST", Self.path, json: ["username": "anna", "auth": dummy])
            #expect(noPassword.status == 400 && noPassword.errorCode == "M_MISSING_PARAM")
            let empty = try await server.client.request("POST", Self.path, json: ["username": "anna", "password": "", "auth": dummy])
            #expect(empty.status == 400 && empty.errorCode == "M_WEAK_PASSWORD")
            let long = JSONValue.string(String(repeating: "p", count: 513))
            #expect(try await server.client.request("POST", Self.path, json: ["username": "anna", "password": long, "auth": dummy]).status == 400)
            for wrong: JSONObject in [["username": 5], ["password": []], ["device_id": 5], ["auth": "m.login.dummy"], ["inhibit_login": "yes"]] {
                var body = body("anna")
                for member in wrong.members { body[member.key] = member.value }
                let response = try await server.client.request("POST", Self.path, json: body)
                #expect(response.status == 400 && response.errorCode == "M_BAD_JSON", "\(wrong): \(response.status) \(response.text)")
            }
            #expect(try await server.homeserver.accounts.list().isEmpty)
            // Without a name, the box thinks of one.
            let nameless = try await server.client.request("POST", Self.path, json: ["password": "a long enough pass phrase", "auth": dummy])
            #expect(nameless.status == 200 && nameless.json.string("user_id")?.hasSuffix(":test.example") == true)
        }
    }

    @Test func devicesOfNewAccounts() async throws {
        try await TestServer.run { server in
            var named = body("anna")
            named["device_id"] = "PHONE"
            named["initial_device_display_name"] = "Anna's phone"
            var anna = server.client
            let registered = try await anna.call("POST", Self.path, json: named)
            #expect(registered.string("device_id") == "PHONE")
            anna.accessToken = registered.string("access_token")
            #expect(try await anna.call("GET", "/_matrix/client/v3/devices/PHONE").string("display_name") == "Anna's phone")

            var inhibited = body("ben")
            inhibited["inhibit_login"] = true
            let ben = try await server.client.call("POST", Self.path, json: inhibited)
            #expect(ben.string("user_id") == "@ben:test.example")
            #expect(ben["access_token"] == nil && ben["device_id"] == nil)
            _ = try await server.client.loggedIn("ben")
        }
    }

    @Test func validityOfInvitations() async throws {
        try await TestServer.run { server in
            let path = "/_matrix/client/v1/register/m.login.registration_token/validity"
            let token = try await server.homeserver.invites.create(uses: nil, lifetimeSeconds: 3_600, by: nil).token
            #expect(try await server.client.call("GET", path, query: [("token", token)]).bool("valid") == true)
            for wrong in ["", "WRONG", token + "A", String(repeating: "A", count: 5_000)] {
                #expect(try await server.client.call("GET", path, query: [("token", wrong)]).bool("valid") == false, "\(wrong.prefix(20))")
            }
            #expect(try await server.client.request("GET", path).errorCode == "M_MISSING_PARAM")
            try await server.homeserver.invites.revoke(token)
            #expect(try await server.client.call("GET", path, query: [("token", token)]).bool("valid") == false)
        }
    }

    /// A session that was begun for one thing proves nothing for another.
    @Test func aSessionIsForOneOperation() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let asked = try await server.client.request("POST", Self.path, json: body("ben", auth: nil))
            let session = try #require(asked.json.string("session"))
            let response = try await anna.request(
                "POST", "/_matrix/client/v3/account/deactivate", json: ["auth": ["type": "m.login.dummy", "session": .string(session)]])
            #expect(response.status == 403)
            #expect(try await anna.request("GET", "/_matrix/client/v3/account/whoami").status == 200)
        }
    }
}
