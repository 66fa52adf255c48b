import HTTPTypes
import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Who may call what, for every row of the route table: a new row is tested as soon as it is there.
struct PermissionTests {
    // MARK: Tokens

    @Test func everyRouteOfAUserWantsAToken() async throws {
        try await TestServer.run { server in
            var wrong = server.client
            wrong.accessToken = "nobody's"
            var count = 0
            for route in Routes.all where route.access == .files {
                // Foundation's client would look for a password of its own.
                let missing = try await RawClient(server).request(route, [:])
                #expect(missing.status == 401 && missing.errorCode == "M_MISSING_TOKEN", "\(route.name): \(missing.status) \(missing.text)")
                let unknown = try await RawClient(server, accessToken: "nobody's").request(route, [:])
                #expect(unknown.status == 401 && unknown.errorCode == "M_UNKNOWN_TOKEN", "\(route.name): \(unknown.status) \(unknown.text)")
                count += 1
            }
            #expect(count == 24)
            for route in Routes.all where ![.anyone, .optionalUser, .files].contains(route.access) {
                let missing = try await server.client.request(route)
                #expect(missing.status == 401 && missing.errorCode == "M_MISSING_TOKEN", "\(route.name): \(missing.status) \(missing.text)")
                let unknown = try await wrong.request(route)
                #expect(unknown.status == 401 && unknown.errorCode == "M_UNKNOWN_TOKEN", "\(route.name): \(unknown.status) \(unknown.text)")
                count += 1
            }
            #expect(count > 100)
        }
    }

    /// Whoever opens a route to everybody has to say so here too.
    @Test func onlyTheseRoutesAreOpen() {
        let open = Set(Routes.all.filter { $0.access == .anyone || $0.access == .optionalUser }.map(\.name))
        let client = "/_matrix/client/v3"
        #expect(
            open == [
                "GET /.well-known/matrix/client", "GET /.well-known/matrix/support", "GET /_matrix/client/versions",
                "GET /_matrix/federation/v1/version", "GET \(client)/login", "POST \(client)/login", "POST \(client)/register",
                "GET \(client)/register/available", "GET /_matrix/client/v1/register/m.login.registration_token/validity",
                "GET \(client)/auth/{stage}/fallback/web", "POST \(client)/auth/{stage}/fallback/web", "GET \(client)/profile/{userId}",
                "GET \(client)/profile/{userId}/{keyName}", "GET \(client)/directory/room/{roomAlias}",
                "GET \(client)/directory/list/room/{roomId}", "GET \(client)/publicRooms",
                "GET /_matrix/client/v1/room_summary/{roomIdOrAlias}",
                "GET /_matrix/client/unstable/im.nheko.summary/summary/{roomIdOrAlias}",
                "GET /_matrix/client/unstable/im.nheko.summary/rooms/{roomIdOrAlias}/summary",
                "GET /_matrix/media/v3/download/{serverName}/{mediaId}", "GET /_matrix/media/v3/download/{serverName}/{mediaId}/{fileName}",
                "GET /_matrix/media/v3/thumbnail/{serverName}/{mediaId}", "POST \(client)/account/3pid/email/requestToken",
                "POST \(client)/account/3pid/msisdn/requestToken", "POST \(client)/account/password/email/requestToken",
                "POST \(client)/account/password/msisdn/requestToken", "POST \(client)/register/email/requestToken",
                "POST \(client)/register/msisdn/requestToken", "GET /_matrix/push/v1/notify", "POST /_matrix/push/v1/notify",
                "GET /_landline/v1/qr.svg", "GET /_landline/v1/box", "POST \(client)/refresh",
                "GET /_matrix/federation/v1/openid/userinfo", "GET /_matrix/client/unstable/uk.tcpip.msc4133/profile/{userId}",
                "GET /_matrix/client/unstable/uk.tcpip.msc4133/profile/{userId}/{keyName}", "GET /_synapse/admin/v1/register",
                "POST /_synapse/admin/v1/register", "GET /_synapse/admin/v1/server_version",
                // What a browser asks before it uploads, and what is fetched with a ticket in the path.
                "OPTIONS /_landline/v1/uploads", "OPTIONS /_landline/v1/uploads/{uploadId}", "GET /d/{ticket}/{name}",
                "GET /s/{token}", "GET /s/{token}/{path...}", "POST /s/{token}",
            ])
    }

    @Test func administrationIsForAdministrators() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let token = try await server.homeserver.invites.create(uses: nil, lifetimeSeconds: nil, by: nil).token
            try await anna.call("POST", "/_matrix/client/v3/users/@ben:test.example/report", json: ["reason": ""])
            let values = ["token": token, "userId": ben.userID?.rawValue ?? "", "reportId": "1"]
            let body: JSONObject = ["locked": false, "suspended": false, "new_password": "another pass phrase"]
            func call(_ route: Route, as client: MatrixClient) async throws -> MatrixClient.Response {
                let hasBody = route.method == .put || (route.method == .post && !route.path.hasSuffix("/invites"))
                return try await client.request(route, values, json: hasBody ? body : nil)
            }
            let routes = Routes.all.filter { $0.access == .administrator }
            #expect(!routes.isEmpty)
            for route in routes {
                let refused = try await call(route, as: anna)
                #expect(refused.status == 403 && refused.errorCode == "M_FORBIDDEN", "\(route.name): \(refused.status)")
            }
            #expect(try await server.homeserver.invites.list().map(\.token) == [token])
            for route in routes {
                let response = try await call(route, as: owner)
                #expect(response.status == 200, "\(route.name): \(response.status) \(response.text)")
            }
        }
    }

    @Test func whatServicesDoIsForServices() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let routes = Routes.all.filter { $0.access == .applicationService }
            #expect(!routes.isEmpty)
            for route in routes {
                let refused = try await owner.request(route)
                #expect(refused.status == 403 && refused.errorCode == "M_FORBIDDEN", "\(route.name): \(refused.status)")
            }
        }
    }

    // MARK: Guests

    /// Whoever opens a route to guests has to say so here too.
    ///
    /// spec: client-server-api/#guest-access
    @Test func onlyTheseRoutesAreForGuests() {
        let client = "/_matrix/client/v3"
        let media = "/_matrix/client/v1/media"
        #expect(
            Set(Routes.all.filter { $0.access == .guest }.map(\.name)) == [
                "GET \(Self.rooms)/state", "GET \(Self.rooms)/state/{eventType}", "GET \(Self.rooms)/state/{eventType}/{stateKey}",
                "GET \(Self.rooms)/context/{eventId}", "GET \(Self.rooms)/event/{eventId}", "GET \(Self.rooms)/messages",
                "GET \(Self.rooms)/members", "GET \(client)/sync", "GET \(client)/events", "GET \(Self.rooms)/initialSync",
                "POST /_matrix/client/v4/sync", "POST /_matrix/client/unstable/org.matrix.simplified_msc3575/sync",
                "GET \(media)/download/{serverName}/{mediaId}", "GET \(media)/download/{serverName}/{mediaId}/{fileName}",
                "GET \(media)/thumbnail/{serverName}/{mediaId}",
                "POST \(Self.rooms)/join", "POST \(client)/join/{roomIdOrAlias}", "POST \(Self.rooms)/leave",
                "PUT \(Self.rooms)/send/{eventType}/{txnId}", "POST \(Self.rooms)/send/{eventType}", "PUT \(Self.rooms)/state/{eventType}",
                "PUT \(Self.rooms)/state/{eventType}/{stateKey}", "PUT \(client)/sendToDevice/{eventType}/{txnId}",
                "PUT \(client)/profile/{userId}/{keyName}", "DELETE \(client)/profile/{userId}/{keyName}",
                "GET \(client)/devices", "GET \(client)/devices/{deviceId}", "PUT \(client)/devices/{deviceId}",
                "GET \(client)/account/whoami", "POST \(client)/keys/upload", "POST \(client)/keys/query", "POST \(client)/keys/claim",
            ])
    }

    @Test func guestsAreRefusedEverywhereElse() async throws {
        try await TestServer.run { server in
            _ = try await server.register("owner")
            let guest = try await server.guest()
            for route in Routes.all where route.access != .anyone && route.access != .optionalUser {
                let response = try await guest.request(route, ["userId": guest.userID?.rawValue ?? "", "keyName": "displayname"])
                // The one that is for guests with a room only.
                if route.access == .guest, route.name != "GET /_matrix/client/v3/events" {
                    #expect(response.status != 401 && response.errorCode != "M_GUEST_ACCESS_FORBIDDEN", "\(route.name): \(response.text)")
                } else {
                    #expect(
                        response.status == 403 && response.errorCode == "M_GUEST_ACCESS_FORBIDDEN",
                        "\(route.name): \(response.status) \(response.text)")
                }
            }
        }
    }

    /// The control socket's routes must never be reachable from the network.
    @Test func theControlRoutesAreNotOnTheNetwork() async throws {
        try await TestServer.run { server in
            let owner = try await server.register("owner")
            let names = Set(Routes.all.map(\.name))
            for route in Routes.control {
                #expect(!names.contains(route.name))
                let body: JSONObject? = route.method == .get ? nil : ["name": "evil", "password": "password"]
                let response = try await owner.request(route, ["name": "owner"], json: body)
                #expect(response.status == 404, "\(route.name): \(response.status)")
            }
            #expect(try await server.homeserver.accounts.list().map(\.userID.localpart) == ["owner"])
        }
    }

    // MARK: Somebody else's

    /// What one may ask about others. Everything else below `{userId}` is a user's own.
    private static let aboutOthers: Set<String> = [
        "GET /_matrix/client/v3/presence/{userId}/status", "POST /_matrix/client/v3/users/{userId}/report",
    ]

    /// With these, the users themselves are let in.
    private static let bodiesOfUsers: [String: JSONObject] = [
        "PUT /_matrix/client/v3/profile/{userId}/{keyName}": ["displayname": "Mallory"],
        "PUT /_matrix/client/unstable/uk.tcpip.msc4133/profile/{userId}/{keyName}": ["displayname": "Mallory"],
        "PUT /_matrix/client/v3/presence/{userId}/status": ["presence": "online"],
        "PUT /_matrix/client/v3/rooms/{roomId}/typing/{userId}": ["typing": true],
    ]

    @Test func whatIsAUsersOwnIsRefusedToOthers() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            // They share a room, so that it is only the name in the path that matters.
            let room = try await anna.createRoom(["invite": [.string(ben.userID?.rawValue ?? "")]])
            try await ben.join(room)
            var count = 0
            for route in Routes.all where route.isOfUsers && route.parameterNames.contains("userId") && !Self.aboutOthers.contains(route.name) {
                let values = ["roomId": room.rawValue, "keyName": "displayname", "type": "org.example.note", "tag": "u.work", "filterId": "1"]
                let body = Self.bodiesOfUsers[route.name] ?? (route.method == .put || route.method == .post ? [:] : nil)
                let ofAnna = values.merging(["userId": anna.userID?.rawValue ?? ""]) { $1 }
                let refused = try await ben.request(route, ofAnna, json: body)
                #expect(refused.status == 403 && refused.errorCode == "M_FORBIDDEN", "\(route.name): \(refused.status) \(refused.text)")
                let control = try await anna.request(route, ofAnna, json: body)
                #expect(control.status == 200 || (route.method == .get && control.status == 404), "\(route.name): \(control.status) \(control.text)")
                count += 1
            }
            #expect(count >= 12)
        }
    }

    // MARK: Rooms of others

    /// One way to call each route that has a room in its path.
    struct RoomCall {
        var values: [String: String] = [:]
        var query: [(String, String)] = []
        var body: JSONObject?
    }

    /// These are about what users keep for themselves, whichever room they name.
    private static func isOwnData(_ route: Route) -> Bool {
        route.path.contains("/user/{userId}/rooms/{roomId}/") || route.path.hasPrefix("/_matrix/client/v3/room_keys/")
    }

    private static let rooms = "/_matrix/client/v3/rooms/{roomId}"
    private static let v1Rooms = "/_matrix/client/v1/rooms/{roomId}"

    /// A new route needs a row here.
    static func roomCalls(room: RoomID, event: EventID, target: String, banned: String, user: String) -> [String: RoomCall] {
        let create = ["eventType": "m.room.create", "stateKey": ""]
        let topic = ["eventType": "m.room.topic", "stateKey": ""]
        return [
            "POST /_matrix/client/v3/join/{roomIdOrAlias}": RoomCall(body: [:]),
            "POST /_matrix/client/v3/knock/{roomIdOrAlias}": RoomCall(body: [:]),
            "POST \(rooms)/join": RoomCall(body: [:]),
            "POST \(rooms)/leave": RoomCall(body: [:]),
            "POST \(rooms)/forget": RoomCall(body: [:]),
            "POST \(rooms)/invite": RoomCall(body: ["user_id": .string(target)]),
            "POST \(rooms)/kick": RoomCall(body: ["user_id": .string(target)]),
            "POST \(rooms)/ban": RoomCall(body: ["user_id": .string(target)]),
            "POST \(rooms)/unban": RoomCall(body: ["user_id": .string(banned)]),
            "PUT \(rooms)/send/{eventType}/{txnId}": RoomCall(
                values: ["eventType": "m.room.message", "txnId": "t"], body: ["msgtype": "m.text", "body": "intruded"]),
            "POST \(rooms)/send/{eventType}": RoomCall(
                values: ["eventType": "m.room.message"], body: ["msgtype": "m.text", "body": "intruded"]),
            "POST \(rooms)/upgrade": RoomCall(body: ["new_version": "12"]),
            "GET /_matrix/client/v1/rooms/{roomId}/hierarchy": RoomCall(),
            "GET /_matrix/client/v1/rooms/{roomId}/timestamp_to_event": RoomCall(query: [("ts", "0")]),
            "PUT \(rooms)/redact/{eventId}/{txnId}": RoomCall(values: ["txnId": "t"], body: [:]),
            "POST \(rooms)/report/{eventId}": RoomCall(body: ["reason": "bad"]),
            "GET \(rooms)/messages": RoomCall(),
            "GET \(rooms)/context/{eventId}": RoomCall(),
            "GET \(rooms)/event/{eventId}": RoomCall(),
            "GET \(v1Rooms)/relations/{eventId}": RoomCall(),
            "GET \(v1Rooms)/relations/{eventId}/{relType}": RoomCall(values: ["relType": "m.thread"]),
            "GET \(v1Rooms)/relations/{eventId}/{relType}/{eventType}": RoomCall(
                values: ["relType": "m.thread", "eventType": "m.room.message"]),
            "GET \(v1Rooms)/threads": RoomCall(),
            "GET \(rooms)/initialSync": RoomCall(),
            "GET \(rooms)/state": RoomCall(),
            "GET \(rooms)/state/{eventType}": RoomCall(values: create),
            "GET \(rooms)/state/{eventType}/{stateKey}": RoomCall(values: create),
            "PUT \(rooms)/state/{eventType}": RoomCall(values: topic, body: ["topic": "intruded"]),
            "PUT \(rooms)/state/{eventType}/{stateKey}": RoomCall(values: topic, body: ["topic": "intruded"]),
            "GET \(rooms)/members": RoomCall(),
            "GET \(rooms)/joined_members": RoomCall(),
            "POST \(rooms)/receipt/{receiptType}/{eventId}": RoomCall(values: ["receiptType": "m.read"], body: [:]),
            "POST \(rooms)/read_markers": RoomCall(body: ["m.read": .string(event.rawValue), "m.fully_read": .string(event.rawValue)]),
            "PUT \(rooms)/typing/{userId}": RoomCall(values: ["userId": user], body: ["typing": true]),
            "GET \(rooms)/aliases": RoomCall(),
            "PUT /_matrix/client/v3/directory/list/room/{roomId}": RoomCall(body: ["visibility": "public"]),
            "PUT /_matrix/client/v3/directory/room/{roomAlias}": RoomCall(
                values: ["roomAlias": "#other:test.example"], body: ["room_id": .string(room.rawValue)]),
            "DELETE /_matrix/client/v3/directory/room/{roomAlias}": RoomCall(),
        ].mapValues { call in
            var call = call
            let common = [
                "roomId": room.rawValue, "roomIdOrAlias": room.rawValue, "roomAlias": "#taken:test.example", "eventId": event.rawValue,
            ]
            call.values = common.merging(call.values) { $1 }
            return call
        }
    }

    static let routesOfRooms = Routes.all.filter { route in
        // Whoever has heard of a room may report it.
        route.isOfUsers && !isOwnData(route) && route.name != "POST \(rooms)/report"
            && !Set(route.parameterNames).isDisjoint(with: ["roomId", "roomIdOrAlias", "roomAlias"])
    }

    @Test func aStrangerGetsNothingFromARoom() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let mallory = try await server.register("mallory")
            let zoe = try await server.register("zoe")
            func id(_ client: MatrixClient) -> String { client.userID?.rawValue ?? "" }

            let room = try await anna.createRoom(["room_alias_name": "taken", "invite": [.string(id(ben))]])
            try await ben.join(room)
            try await anna.call("POST", "\(MatrixClient.path(room))/ban", json: ["user_id": .string(id(zoe))])
            let event = try await anna.send("hello", to: room, transactionID: "1")
            func everything() async throws -> String {
                let state = try await anna.request("GET", "\(MatrixClient.path(room))/state").text
                let messages = try await anna.request("GET", "\(MatrixClient.path(room))/messages", query: [("dir", "f"), ("limit", "100")]).text
                let listed = try await anna.request("GET", "/_matrix/client/v3/publicRooms").text
                let alias = try await anna.request("GET", "/_matrix/client/v3/directory/room/%23taken%3Atest.example").text
                return [state, messages, listed, alias].joined(separator: "\n").replacing(/"age":[0-9]+/, with: "")
            }
            let before = try await everything()
            let position = try await anna.sync().string("next_batch")

            let calls = Self.roomCalls(room: room, event: event, target: id(ben), banned: id(zoe), user: id(mallory))
            for route in Self.routesOfRooms {
                let call = try #require(calls[route.name], "\(route.name) needs a row in roomCalls")
                let refused = try await mallory.request(route, call.values, query: call.query, json: call.body)
                #expect(refused.status == 403 || refused.status == 404, "\(route.name): \(refused.status) \(refused.text)")
                #expect(!refused.text.contains("hello"), "\(route.name)")
            }
            #expect(try await everything() == before)
            // Neither typing nor receipts nor presence of the stranger.
            let after = try await anna.request("GET", "/_matrix/client/v3/sync", query: [("since", position ?? ""), ("timeout", "0")])
            #expect(after.json.object("rooms")?.object("join") == nil && !after.text.contains("mallory"), "\(after.text)")
            #expect(try await !mallory.request("GET", "/_matrix/client/v3/sync").text.contains(room.rawValue))
        }
    }

    /// The rows of `roomCalls` are right: whoever has the right to make these calls is not refused.
    @Test(arguments: ["10", "12"]) func theOwnerOfARoomIsNotRefused(version: String) async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let zoe = try await server.register("zoe")
            func id(_ client: MatrixClient) -> String { client.userID?.rawValue ?? "" }
            for (number, route) in Self.routesOfRooms.enumerated() {
                let isInvitation = route.path.hasSuffix("/invite")
                let room = try await anna.createRoom([
                    "room_version": .string(version),
                    "room_alias_name": .string(route.method == .delete ? "taken" : "room\(number)"),
                    "invite": isInvitation ? [] : [.string(id(ben))],
                    "initial_state": route.path.contains("/knock/")
                        ? [["type": "m.room.join_rules", "state_key": "", "content": ["join_rule": "knock"]]] : [],
                ])
                try await anna.call("POST", "\(MatrixClient.path(room))/ban", json: ["user_id": .string(id(zoe))])
                let event = try await anna.send("hello", to: room, transactionID: "\(number)")
                if route.path.hasSuffix("/forget") { try await anna.leave(room) }
                let calls = Self.roomCalls(room: room, event: event, target: id(ben), banned: id(zoe), user: id(anna))
                let call = try #require(calls[route.name], "\(route.name) needs a row in roomCalls")
                // Who is in a room cannot knock at it; somebody else does.
                let caller = route.path.contains("/knock/") ? ben : anna
                if route.path.contains("/knock/") { try await ben.leave(room) }
                let response = try await caller.request(route, call.values, query: call.query, json: call.body)
                #expect(response.status == 200, "\(route.name): \(response.status) \(response.text)")
            }
        }
    }

    // MARK: Those who are not in the room, but were or may come

    enum Outsider: String, CaseIterable { case invited, left, banned, declined }

    @Test(arguments: Outsider.allCases)
    func outsidersDoNothingInARoom(_ outsider: Outsider) async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let benID = try #require(ben.userID)
            let room = try await anna.createRoom(["topic": "before"])
            let path = MatrixClient.path(room)
            let early = try await anna.send("early", to: room, transactionID: "1")
            try await anna.invite(benID, to: room)
            switch outsider {
            case .invited: break
            case .declined: try await ben.leave(room)
            case .left:
                try await ben.join(room)
                try await ben.leave(room)
            case .banned:
                try await ben.join(room)
                try await anna.call("POST", "\(path)/ban", json: ["user_id": .string(benID.rawValue)])
            }
            let late = try await anna.send("late secret", to: room, transactionID: "2")
            try await anna.call("PUT", "\(path)/state/m.room.topic", json: ["topic": "late topic"])
            let position = try await anna.sync().string("next_batch")

            let event = MatrixClient.encoded(early.rawValue)
            for (method, rest, body) in [
                ("PUT", "send/m.room.message/x", ["msgtype": "m.text", "body": "x"]), ("PUT", "state/m.room.topic", ["topic": "x"]),
                ("PUT", "state/m.room.member/\(MatrixClient.encoded(benID.rawValue))", ["membership": "knock"]),
                ("PUT", "typing/\(MatrixClient.encoded(benID.rawValue))", ["typing": true]), ("POST", "receipt/m.read/\(event)", [:]),
                ("POST", "receipt/m.read.private/\(event)", [:]), ("POST", "read_markers", ["m.fully_read": .string(early.rawValue)]),
                ("PUT", "redact/\(event)/y", [:]), ("POST", "invite", ["user_id": "@anna:test.example"]),
            ] as [(String, String, JSONObject)] {
                let response = try await ben.request(method, "\(path)/\(rest)", json: body)
                #expect(response.status == 403 || response.status == 404, "\(method) \(rest): \(response.status) \(response.text)")
            }
            let seenByAnna = try await anna.sync(since: position)
            #expect(seenByAnna.object("rooms")?.object("join") == nil, "\(seenByAnna)")

            let readable: Bool = outsider == .left || outsider == .banned
            for rest in ["messages?dir=b&limit=50", "state", "members", "state/m.room.topic"] {
                let response = try await ben.request("GET", "\(path)/\(rest)")
                #expect(response.status == (readable ? 200 : 403), "\(rest): \(response.status) \(response.text)")
                #expect(!response.text.contains("late"), "\(rest): \(response.text)")
            }
            if readable { #expect(try await ben.request("GET", "\(path)/messages?dir=b&limit=50").text.contains("early")) }
            for rest in ["event", "context"] {
                let response = try await ben.request("GET", "\(path)/\(rest)/\(MatrixClient.encoded(late.rawValue))")
                #expect(response.status == 403 || response.status == 404, "\(rest): \(response.status)")
            }
            #expect(try await ben.request("GET", "\(path)/joined_members").status == 403)
            if outsider != .invited { #expect(try await ben.request("POST", "\(path)/join", json: [:]).status == 403) }
        }
    }
}
