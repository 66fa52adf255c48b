import HTTPTypes
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI
@testable import Homeserver

/// What no client should send, to every row of the route table: it is refused as the specification says, soon, and nothing is changed.
struct BadInputTests {
    // MARK: The table

    /// A body that a route takes. Every one of its members is then sent with other types, too.
    private struct Row {
        var body: JSONObject
        /// Members that may be of any type, because the server only keeps them, or passes them on.
        var anything: Set<String> = []
        /// Whether the whole body is content that the server only keeps.
        var isContent = false
    }

    private static let client = "/_matrix/client/v3"
    private static let rooms = "/_matrix/client/v3/rooms/{roomId}"
    private static let withReason: JSONObject = ["user_id": "@ben:test.example", "reason": "because"]
    private static let proof: JSONValue = ["type": "m.login.password", "session": "x"]
    private static let backup: JSONObject = [
        "first_message_index": 1, "forwarded_count": 0, "is_verified": false, "session_data": ["ciphertext": "x"],
    ]
    private static let backupOfRoom: JSONObject = ["sessions": ["s": .object(backup)]]

    /// A new route that takes a body needs a row here.
    private static let rows: [String: Row] = [
        "POST \(client)/login": Row(
            body: [
                "type": "m.login.password", "identifier": ["type": "m.id.user", "user": "anna"], "password": "wrong", "device_id": "D",
                "initial_device_display_name": "x",
            ]),
        "POST \(client)/logout": Row(body: [:]), "POST \(client)/logout/all": Row(body: [:]),
        "POST \(client)/register": Row(
            body: [
                "username": "zoe", "password": "a long enough pass phrase", "auth": ["type": "m.login.nothing"], "device_id": "D",
                "inhibit_login": true,
            ]),
        "POST \(client)/account/password": Row(body: ["new_password": "a new pass phrase", "logout_devices": true, "auth": proof]),
        "POST \(client)/account/deactivate": Row(body: ["erase": true, "auth": proof]),
        "PUT \(client)/devices/{deviceId}": Row(body: ["display_name": "x"]),
        "DELETE \(client)/devices/{deviceId}": Row(body: ["auth": proof]),
        "POST \(client)/delete_devices": Row(body: ["devices": ["D"], "auth": proof]),
        "PUT \(client)/user/{userId}/account_data/{type}": Row(body: ["a": "b"], isContent: true),
        "PUT \(client)/user/{userId}/rooms/{roomId}/account_data/{type}": Row(body: ["a": "b"], isContent: true),
        "PUT \(client)/user/{userId}/rooms/{roomId}/tags/{tag}": Row(body: ["order": 1], isContent: true),
        "PUT \(client)/profile/{userId}/{keyName}": Row(body: ["displayname": "Anna"]),
        "POST \(client)/user/{userId}/filter": Row(
            body: [
                "event_fields": ["type"], "event_format": "client", "presence": ["types": ["x"]], "account_data": ["limit": 1],
                "room": ["timeline": ["limit": 1]],
            ]),
        "PUT \(client)/pushrules/global/{kind}/{ruleId}": Row(
            body: ["actions": ["notify"], "pattern": "x", "conditions": []], anything: ["conditions"]),
        "PUT \(client)/pushrules": Row(body: [:]), "PUT \(client)/pushrules/{scope}": Row(body: [:]),
        "PUT \(client)/pushrules/{scope}/{kind}": Row(body: [:]), "PUT \(client)/pushrules/{scope}/{kind}/{ruleId}": Row(body: [:]),
        "PUT \(client)/pushrules/{scope}/{kind}/{ruleId}/{attribute}": Row(body: [:]),
        "PUT \(client)/pushrules/global/{kind}/{ruleId}/enabled": Row(body: ["enabled": true]),
        "PUT \(client)/pushrules/global/{kind}/{ruleId}/actions": Row(body: ["actions": ["notify"]]),
        "POST \(client)/user_directory/search": Row(body: ["search_term": "x", "limit": 1]),
        "POST \(client)/search": Row(body: ["search_categories": ["room_events": ["search_term": "x", "filter": ["limit": 1]]]]),
        "POST \(client)/createRoom": Row(
            body: [
                "preset": "private_chat", "visibility": "private", "name": "x", "topic": "x", "room_alias_name": "alias", "room_version": "11",
                "creation_content": ["a": "b"], "initial_state": [["type": "x", "content": [:]]], "power_level_content_override": ["ban": 1],
                "invite": ["@ben:test.example"], "is_direct": true,
            ]),
        "POST \(rooms)/report": Row(body: ["reason": "x"]),
        "POST \(rooms)/report/{eventId}": Row(body: ["reason": "x", "score": -1], anything: ["score"]),
        "POST \(client)/users/{userId}/report": Row(body: ["reason": "x"]),
        "POST \(client)/refresh": Row(body: ["refresh_token": "x"]),
        "POST \(client)/user/{userId}/openid/request_token": Row(body: [:]),
        "PUT /_matrix/client/v1/admin/lock/{userId}": Row(body: ["locked": false]),
        "PUT /_matrix/client/v1/admin/suspend/{userId}": Row(body: ["suspended": false]),
        "PUT /_matrix/client/unstable/uk.tcpip.msc4133/profile/{userId}/{keyName}": Row(body: ["displayname": "Anna"]),
        "POST \(rooms)/upgrade": Row(body: ["new_version": "11"]),
        "POST \(client)/join/{roomIdOrAlias}": Row(body: ["reason": "x"]), "POST \(client)/knock/{roomIdOrAlias}": Row(body: ["reason": "x"]),
        "POST \(rooms)/join": Row(body: ["reason": "x"]), "POST \(rooms)/leave": Row(body: ["reason": "x"]), "POST \(rooms)/forget": Row(body: [:]),
        "POST \(rooms)/invite": Row(body: withReason), "POST \(rooms)/kick": Row(body: withReason), "POST \(rooms)/ban": Row(body: withReason),
        "POST \(rooms)/unban": Row(body: withReason),
        "PUT \(rooms)/send/{eventType}/{txnId}": Row(body: ["body": "x"], isContent: true),
        "POST \(rooms)/send/{eventType}": Row(body: ["body": "x"], isContent: true),
        "PUT \(rooms)/redact/{eventId}/{txnId}": Row(body: ["reason": "x"]),
        "PUT \(rooms)/state/{eventType}": Row(body: ["topic": "x"], isContent: true),
        "PUT \(rooms)/state/{eventType}/{stateKey}": Row(body: ["topic": "x"], isContent: true),
        "POST \(rooms)/receipt/{receiptType}/{eventId}": Row(body: ["thread_id": "main"]),
        "POST \(rooms)/read_markers": Row(body: ["m.fully_read": "$x", "m.read": "$x", "m.read.private": "$x"]),
        "PUT \(rooms)/typing/{userId}": Row(body: ["typing": true, "timeout": 1_000]),
        "PUT \(client)/presence/{userId}/status": Row(body: ["presence": "online", "status_msg": "x"]),
        "PUT \(client)/directory/room/{roomAlias}": Row(body: ["room_id": "!x"]),
        "PUT \(client)/directory/list/room/{roomId}": Row(body: ["visibility": "public"]),
        "POST \(client)/publicRooms": Row(
            body: ["limit": 1, "since": "1", "filter": ["generic_search_term": "x", "room_types": []], "include_all_networks": false],
            anything: ["include_all_networks"]),
        "PUT \(client)/sendToDevice/{eventType}/{txnId}": Row(body: ["messages": ["@ben:test.example": ["*": ["a": "b"]]]]),
        "POST \(client)/keys/upload": Row(body: ["device_keys": ["user_id": "x"], "one_time_keys": ["a:b": "c"], "fallback_keys": ["a:b": "c"]]),
        "POST \(client)/keys/query": Row(body: ["device_keys": ["@ben:test.example": []], "timeout": 1], anything: ["timeout"]),
        "POST \(client)/keys/claim": Row(
            body: ["one_time_keys": ["@ben:test.example": ["D": "signed_curve25519"]], "timeout": 1], anything: ["timeout"]),
        "POST \(client)/keys/device_signing/upload": Row(body: ["master_key": ["user_id": "x"], "auth": proof]),
        "POST /_matrix/client/unstable/keys/device_signing/upload": Row(body: ["master_key": ["user_id": "x"], "auth": proof]),
        "POST \(client)/keys/signatures/upload": Row(body: ["@ben:test.example": ["D": ["user_id": "x"]]], anything: ["@ben:test.example"]),
        "POST /_matrix/client/unstable/keys/signatures/upload": Row(
            body: ["@ben:test.example": ["D": ["user_id": "x"]]], anything: ["@ben:test.example"]),
        "POST \(client)/room_keys/version": Row(
            body: ["algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": ["public_key": "x"]], anything: ["auth_data"]),
        "PUT \(client)/room_keys/version/{version}": Row(
            body: ["algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": ["public_key": "x"], "version": "1"], anything: ["auth_data"]),
        "PUT \(client)/room_keys/keys": Row(body: ["rooms": ["!r": .object(backupOfRoom)]]),
        "PUT \(client)/room_keys/keys/{roomId}": Row(body: backupOfRoom),
        "PUT \(client)/room_keys/keys/{roomId}/{sessionId}": Row(body: backup),
        "POST \(client)/pushers/set": Row(body: ["kind": .null, "app_id": "x", "pushkey": "x"], anything: ["kind", "app_id", "pushkey"]),
        "POST /_matrix/push/v1/notify": Row(body: ["notification": ["devices": [["app_id": "x", "pushkey": "http://127.0.0.1:9/x"]]]]),
        "POST /_matrix/client/unstable/org.matrix.simplified_msc3575/sync": Row(
            body: [
                "conn_id": "x", "lists": ["all": ["ranges": [[0, 1]], "timeline_limit": 1, "required_state": [["m.room.name", ""]]]],
                "room_subscriptions": [:], "extensions": ["e2ee": ["enabled": true], "to_device": ["enabled": true, "limit": 1]],
            ]),
        "POST /_matrix/client/v4/sync": Row(
            body: [
                "conn_id": "x", "lists": ["all": ["range": [0, 1], "timeline_limit": 1, "required_state": ["include": [["type": "m.room.name"]]]]],
                "room_subscriptions": [:], "extensions": ["e2ee": ["enabled": true], "to_device": ["enabled": true, "limit": 1]],
            ]),
        "POST /_matrix/client/v1/appservice/{appserviceId}/ping": Row(body: ["transaction_id": "x"]),
        "PUT /_matrix/client/v3/directory/list/appservice/{networkId}/{roomId}": Row(body: ["visibility": "public"]),
        "POST /_landline/v1/tickets": Row(body: ["path": "/Shared"]),
        "POST /_landline/v1/app_passwords": Row(body: ["name": "x"]),
        "POST /_landline/v1/files/bin/{id}/restore": Row(body: [:]),
        "POST /_landline/v1/my_devices": Row(body: [:]),
        "POST /_landline/v1/shares": Row(
            body: ["path": "/Shared", "expires_seconds": 60, "pin": "1234", "upload": false, "max_bytes": 1]),
        "POST /_landline/v1/invites": Row(body: ["uses": 1, "expires_in": 60], anything: ["expires_in"]),
    ]

    /// These take no JSON: files, forms of a browser, and what the box does not have.
    private static func takesJSON(_ route: Route) -> Bool {
        (route.method == .post || route.method == .put || rows[route.name] != nil) && !route.path.hasPrefix("/_matrix/media/")
            && !route.path.hasPrefix("/_synapse/") && !route.path.hasPrefix("/_landline/v1/uploads") && !route.path.hasPrefix("/dav")
            && !route.path.hasPrefix("/s/")
            && !route.path.contains("/fallback/web") && !route.path.contains("3pid") && !route.path.hasSuffix("/requestToken")
    }

    @Test func everyRouteWithABodyHasARow() {
        let names = Set(Routes.all.map(\.name))
        #expect(Set(Self.rows.keys).subtracting(names).isEmpty, "rows without a route")
        let missing = Routes.all.filter { Self.takesJSON($0) && Self.rows[$0.name] == nil }.map(\.name)
        #expect(missing.isEmpty, "routes without a row")
    }

    // MARK: A box to try it on

    /// Anna owns a room that Ben is in, and everything that the routes' paths can name is hers.
    private struct Scene {
        let server: TestServer
        let anna: MatrixClient
        let values: [String: String]

        init(_ server: TestServer) async throws {
            self.server = server
            anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let room = try await anna.createRoom(["invite": ["@ben:test.example"]])
            try await ben.join(room)
            let event = try await anna.send("hello", to: room, transactionID: "1")
            try await anna.call("PUT", "/_matrix/client/v3/pushrules/global/content/x", json: ["actions": ["notify"], "pattern": "x"])
            values = [
                "roomId": room.rawValue, "roomIdOrAlias": room.rawValue, "roomAlias": "#new:test.example", "eventId": event.rawValue,
                "userId": anna.userID?.rawValue ?? "", "deviceId": anna.deviceID?.rawValue ?? "", "keyName": "displayname", "type": "org.example.x",
                "tag": "u.x", "kind": "content", "ruleId": "x", "eventType": "org.example.x", "stateKey": "", "receiptType": "m.read", "txnId": "t",
                "serverName": "test.example", "filterId": "1", "version": "1", "sessionId": "s", "stage": "m.login.dummy", "protocol": "irc",
            ]
        }

        func raw() throws -> RawClient { try RawClient(server, accessToken: anna.accessToken) }

        /// What every change that anybody can see moves.
        var position: String { StreamToken(server.homeserver.sync.feed.position).description }

        /// The request is refused and has changed nothing, or is answered otherwise if that is allowed too.
        func check(
            _ what: @autoclosure () -> String, mayBeAccepted: Bool = false, in allowed: ClosedRange<Int> = 400...499,
            _ request: () async throws -> RawClient.Answer
        ) async {
            let before = position
            let clock = ContinuousClock()
            do {
                let start = clock.now
                let answer = try await request()
                let duration = clock.now - start
                #expect(duration < .seconds(60), "\(what()): took \(duration)")
                if mayBeAccepted, (200..<300).contains(answer.status) { return }
                #expect(allowed.contains(answer.status) && answer.isRefusal, "\(what()): \(answer.status) \(answer.text.prefix(200))")
                #expect(position == before, "\(what()): \(answer.status), but something has changed")
            } catch {
                Issue.record("\(what()): no answer: \(error)")
            }
        }
    }

    private static func bytes(_ object: JSONObject) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(object)
        return writer.bytes
    }

    // MARK: Bodies

    /// Bodies that no endpoint takes, whatever it is about.
    private static let wrongBodies: [(name: String, bytes: [UInt8])] = [
        ("an array", Array("[]".utf8)), ("a string", Array("\"x\"".utf8)), ("a number", Array("1".utf8)), ("null", Array("null".utf8)),
        ("no JSON", Array("{\"a\":".utf8)), ("a form", Array("a=b&c=d".utf8)), ("two values", Array("{}{}".utf8)),
        ("invalid UTF-8", Array("{\"a\":\"".utf8) + [0xC3, 0x28, 0xFF] + Array("\"}".utf8)), ("an overlong NUL", [0x7B, 0xC0, 0x80, 0x7D]),
        ("a lone surrogate", Array(#"{"a":"\ud800"}"#.utf8)), ("a raw NUL", Array("{\"a\":\"".utf8) + [0] + Array("\"}".utf8)),
        ("a key twice", Array(#"{"a":1,"a":2}"#.utf8)), ("deep arrays", Array("{\"a\":".utf8) + Array(repeating: UInt8(ascii: "["), count: 100_000)),
        (
            "deep objects",
            Array(String(repeating: "{\"a\":", count: 5_000).utf8) + Array("1".utf8) + Array(repeating: UInt8(ascii: "}"), count: 5_000)
        ),
        ("not a number", Array(#"{"a":NaN}"#.utf8)), ("a BOM alone", [0xEF, 0xBB, 0xBF]), ("spaces", Array("   ".utf8)),
        ("UTF-16", [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]), ("too much", Array(repeating: UInt8(ascii: " "), count: Limits.maxJSONBodyBytes + 1)),
    ]

    @Test func bodiesThatAreNoJSONObject() async throws {
        try await TestServer.run { server in
            let scene = try await Scene(server)
            let raw = try scene.raw()
            for route in Routes.all where Self.takesJSON(route) {
                for body in Self.wrongBodies {
                    // Who logs out is logged out, whatever is said with it.
                    let mayBeAccepted = route.path.contains("/logout") || route.path.hasSuffix("/forget")
                    if mayBeAccepted { continue }
                    await scene.check("\(route.name) with \(body.name)") { try await raw.request(route, scene.values, body: body.bytes) }
                }
            }
            // All of it on one connection, which still works.
            #expect(try await raw.request("GET", "/_matrix/client/v3/account/whoami").status == 200)
        }
    }

    private static let wrongValues: [JSONValue] = [true, 7, .double(1.5), "text", ["text"], [7], ["a": "b"]]

    /// A value of no type that a client could have meant.
    private static func wrongValues(for value: JSONValue) -> [JSONValue] {
        wrongValues.filter { wrong in
            switch (value, wrong) {
            case (.bool, .bool), (.integer, .integer), (.string, .string), (.array, .array), (.object, .object), (.null, _): false
            default: true
            }
        }
    }

    @Test func membersOfTheWrongType() async throws {
        try await TestServer.run { server in
            let scene = try await Scene(server)
            let raw = try scene.raw()
            for (name, row) in Self.rows.sorted(by: { $0.key < $1.key }) where !row.isContent {
                guard let route = Routes.all.first(where: { $0.name == name }) else { continue }
                for member in row.body.members where !row.anything.contains(member.key) {
                    for wrong in Self.wrongValues(for: member.value) {
                        var body = row.body
                        body[member.key] = wrong
                        await scene.check("\(name) with \(member.key) = \(wrong)", in: 400...403) {
                            try await raw.request(route, scene.values, body: Self.bytes(body))
                        }
                    }
                }
            }
        }
    }

    /// Everything that can be wrong further inside, or is only too large: an answer, and no error of the server's own.
    @Test func strangeValuesInside() async throws {
        try await TestServer.run { server in
            let scene = try await Scene(server)
            var raw = try scene.raw()
            let strange: [JSONValue] = [
                .null, .integer(.max), .integer(.min), -1, .double(1e300), .double(-0.5), "", "\u{0}", .string(String(repeating: "x", count: 70_000)),
                "$", "!", "@:", "#", "@ben:test.example", "*", [], [:], [[[[]]]], ["": ""], [.null],
            ]
            for (name, row) in Self.rows.sorted(by: { $0.key < $1.key }) where !name.contains("/logout") {
                guard let route = Routes.all.first(where: { $0.name == name }) else { continue }
                for path in Self.paths(in: .object(row.body)) {
                    for value in strange {
                        let body = Self.replacing(path[...], in: .object(row.body), by: value).objectValue ?? [:]
                        await scene.check("\(name) with \(path) = \("\(value)".prefix(60))", mayBeAccepted: true, in: 400...413) {
                            try await raw.request(route, scene.values, body: Self.bytes(body))
                        }
                    }
                }
                // Some of it may have been a good reason to log out, or to leave.
                if try await raw.request("GET", "/_matrix/client/v3/account/whoami").status != 200 {
                    raw.accessToken = try await server.client.loggedIn("anna").accessToken
                }
            }
        }
    }

    /// Where values are in a value: keys of objects and the first element of arrays.
    private static func paths(in value: JSONValue) -> [[String]] {
        switch value {
        case .object(let object): object.members.flatMap { member in [[member.key]] + paths(in: member.value).map { [member.key] + $0 } }
        case .array(let elements): elements.first.map { first in [["0"]] + paths(in: first).map { ["0"] + $0 } } ?? []
        default: []
        }
    }

    private static func replacing(_ path: ArraySlice<String>, in value: JSONValue, by new: JSONValue) -> JSONValue {
        guard let key = path.first else { return new }
        switch value {
        case .object(var object):
            object[key] = object[key].map { replacing(path.dropFirst(), in: $0, by: new) }
            return .object(object)
        case .array(let elements): return .array([elements.first.map { replacing(path.dropFirst(), in: $0, by: new) } ?? new] + elements.dropFirst())
        default: return new
        }
    }

    // MARK: Paths

    @Test func pathsThatNameNothing() async throws {
        try await TestServer.run { server in
            let scene = try await Scene(server)
            let raw = try scene.raw()
            let tricks = [
                String(repeating: "x", count: 300), "!" + String(repeating: "x", count: 5_000), "%00", "a%00b", "!a%00b", "@a%00:test.example", "%2F",
                "..%2F..%2Fetc%2Fpasswd", "%252F", "%2e%2e", ".", "%20", "%0D%0AX:%20y", "%F0%9F%98%80", "%E2%80%AE", "-1", "99999999999999999999",
                "$", "!",
                "@:", "%25", "{roomId}", "'%20OR%201=1--", "%E4%BC%9A",
            ]
            let malformed = ["%", "%ZZ", "%C3%28", "%FF", "x%", "%0"]
            for route in Routes.all
            where route.method != .options && !route.path.contains("/logout")
                && !route.path.hasPrefix("/_matrix/client/v3/account/deactivate") && !route.path.hasPrefix("/dav")
            {
                let body = route.method == .get ? nil : Self.rows[route.name].map { Self.bytes($0.body) } ?? Array("{}".utf8)
                for name in route.parameterNames {
                    func target(_ text: String) -> String {
                        var values = scene.values
                        values[name] = "PLACE"
                        return route.filled(values).replacing("PLACE", with: text)
                    }
                    for trick in tricks {
                        await scene.check("\(route.name) with \(name) = \(trick.prefix(40))", mayBeAccepted: true, in: 400...414) {
                            try await raw.request(route.method.rawValue, target(trick), body: body)
                        }
                    }
                    for trick in malformed {
                        await scene.check("\(route.name) with \(name) = \(trick)") {
                            try await raw.request(route.method.rawValue, target(trick), body: body)
                        }
                    }
                }
            }
        }
    }

    // MARK: Queries and tokens

    @Test func queriesThatMakeNoSense() async throws {
        try await TestServer.run { server in
            let scene = try await Scene(server)
            let raw = try scene.raw()
            let values = [
                "", "x", "-1", "99999999999999999999", "s99999999999", "s9223372036854775808", "s1_2_3", "%00", "%FF", "[]", "{",
                "%7B%22types%22%3A1%7D",
                "%7B%22room%22%3A%7B%22rooms%22%3A%5B%22x%22%5D%7D%7D", String(repeating: "x", count: 10_000),
            ]
            let names = [
                "since", "from", "to", "at", "limit", "dir", "filter", "timeout", "full_state", "set_presence", "membership", "version", "width",
            ]
            for route in Routes.all where route.method == .get {
                // It waits for news if it is not told otherwise.
                let patience = route.path.hasSuffix("/events") ? "&timeout=0" : ""
                for name in names where patience.isEmpty || name != "timeout" {
                    // What a sync is told to wait is not wrong.
                    for value in values where !(name == "timeout" && value.hasPrefix("9")) {
                        await scene.check("\(route.name)?\(name)=\(value.prefix(40))", mayBeAccepted: true, in: 400...414) {
                            try await raw.request("GET", "\(route.filled(scene.values))?\(name)=\(value)\(patience)")
                        }
                    }
                }
            }
        }
    }

    /// A token holds a position and no rights: somebody else's, or one of the future, shows nothing that is not shown without it.
    @Test func tokensOfOthersAndOfTheFuture() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            let room = try await anna.createRoom()
            try await anna.send("annas secret", to: room, transactionID: "1")
            let page = try await anna.call("GET", "\(MatrixClient.path(room))/messages", query: [("dir", "b"), ("limit", "1")])
            let search = try await anna.call(
                "POST", "/_matrix/client/v3/search",
                json: ["search_categories": ["room_events": ["search_term": "secret", "groupings": ["group_by": [["key": "room_id"]]]]]])
            #expect(search.object("search_categories")?.object("room_events")?.integer("count") == 1)
            let since = try await anna.sync().string("next_batch") ?? ""
            for token in [page.string("end") ?? "", since, "s1", "s99999999999", "s0"] {
                let synced = try await ben.request("GET", "/_matrix/client/v3/sync", query: [("since", token), ("timeout", "0")])
                #expect(synced.status < 500 && !synced.text.contains("secret") && !synced.text.contains(room.rawValue), "\(token)")
                for name in ["from", "to"] {
                    let messages = try await ben.request("GET", "\(MatrixClient.path(room))/messages", query: [("dir", "b"), (name, token)])
                    #expect(messages.status == 403, "\(token)")
                }
            }
            let found = try await ben.request(
                "POST", "/_matrix/client/v3/search", query: [("next_batch", "OTIyMzM3MjAzNjg1NDc3NTgwNyAw")],
                json: ["search_categories": ["room_events": ["search_term": "secret"]]])
            #expect(found.status == 200 && !found.text.contains("annas"))
            // What comes after a token of the future is not lost.
            let future = try await anna.request("GET", "/_matrix/client/v3/sync", query: [("since", "s99999999999"), ("timeout", "0")])
            if future.status == 200 {
                try await anna.send("later", to: room, transactionID: "2")
                let next = try await anna.sync(since: future.json.string("next_batch"))
                #expect("\(next)".contains("later"), "\(future.text.prefix(200))")
            }
        }
    }

    @Test func filtersThatMatchNothing() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let room = try await anna.createRoom()
            for index in 0..<30 { try await anna.send("m\(index)", to: room, transactionID: "\(index)") }
            for filter in [
                ["types": []], ["senders": []], ["not_types": ["*"]], ["rooms": []], ["not_rooms": [.string(room.rawValue)]], ["types": ["x.*"]],
                ["senders": ["@nobody:test.example"]], ["contains_url": true],
            ] as [JSONObject] {
                let text = String(decoding: Self.bytes(filter), as: UTF8.self)
                let page = try await anna.request("GET", "\(MatrixClient.path(room))/messages", query: [("dir", "b"), ("filter", text)])
                #expect(page.status == 200 && page.json.array("chunk")?.isEmpty == true, "\(text): \(page.text.prefix(200))")
                let synced = try await anna.sync(filter: ["room": ["timeline": .object(filter)]])
                let timeline = synced.object("rooms")?.object("join")?.object(room.rawValue)?.object("timeline")?.array("events") ?? []
                #expect(timeline.isEmpty, "\(text)")
            }
        }
    }
}
