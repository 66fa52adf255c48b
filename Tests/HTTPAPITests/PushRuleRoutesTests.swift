import HTTPTypes
import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// spec: client-server-api/#push-rules-api
struct PushRuleRoutesTests {
    private static let path = "/_matrix/client/v3/pushrules/global"

    private func ruleIDs(_ client: MatrixClient, _ kind: String) async throws -> [String] {
        (try await client.call("GET", "\(Self.path)/").array(kind) ?? []).compactMap { $0.objectValue?.string("rule_id") }
    }

    @Test func thePredefinedRules() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            #expect(
                try await ruleIDs(anna, "override") == [
                    ".m.rule.master", ".m.rule.suppress_notices", ".m.rule.invite_for_me", ".m.rule.member_event", ".m.rule.is_user_mention",
                    ".m.rule.is_room_mention", ".m.rule.tombstone", ".m.rule.reaction", ".m.rule.room.server_acl", ".m.rule.suppress_edits",
                ])
            #expect(
                try await ruleIDs(anna, "underride") == [
                    ".m.rule.call", ".m.rule.encrypted_room_one_to_one", ".m.rule.room_one_to_one", ".m.rule.message", ".m.rule.encrypted",
                ])
            for kind in ["content", "room", "sender"] { #expect(try await ruleIDs(anna, kind) == [], "\(kind)") }
            let all = try await anna.call("GET", "/_matrix/client/v3/pushrules/")
            #expect(try await all.object("global") == anna.call("GET", "\(Self.path)/"))
            let master = try await anna.call("GET", "\(Self.path)/override/.m.rule.master")
            #expect(master.bool("enabled") == false && master.bool("default") == true && master.array("actions") == [])
            let mention = try await anna.call("GET", "\(Self.path)/override/.m.rule.is_user_mention")
            #expect(mention.array("conditions")?.first?.objectValue?.string("value") == "@anna:test.example")
        }
    }

    @Test func rulesOfOnesOwn() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let ben = try await server.register("ben")
            for (kind, id, body) in [
                ("content", "cake", ["pattern": "cake", "actions": ["notify", ["set_tweak": "highlight"]]]),
                ("room", "!a:test.example", ["actions": ["dont_notify"]]), ("sender", "@ben:test.example", ["actions": []]),
                ("override", "mine", ["conditions": [["kind": "event_match", "key": "type", "pattern": "x"]], "actions": ["notify"]]),
                ("underride", "mine", ["conditions": [], "actions": ["notify"]]),
            ] as [(String, String, JSONObject)] {
                let path = "\(Self.path)/\(kind)/\(MatrixClient.encoded(id))"
                try await anna.call("PUT", path, json: body)
                let rule = try await anna.call("GET", path)
                #expect(rule.string("rule_id") == id && rule.bool("enabled") == true && rule.bool("default") == false)
                #expect(rule.array("actions") == body.array("actions"))
                #expect(rule["pattern"] == body["pattern"] && rule["conditions"] == body["conditions"])

                try await anna.call("PUT", "\(path)/enabled", json: ["enabled": false])
                #expect(try await anna.call("GET", "\(path)/enabled") == ["enabled": false])
                try await anna.call("PUT", "\(path)/actions", json: ["actions": ["notify"]])
                #expect(try await anna.call("GET", "\(path)/actions") == ["actions": ["notify"]])
                #expect(try await ben.request("GET", path).status == 404)
                try await anna.call("DELETE", path)
                #expect(try await anna.request("GET", path).errorCode == "M_NOT_FOUND")
            }
        }
    }

    @Test func rulesHaveAnOrder() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            func put(_ id: String, _ query: [(String, String)] = []) async throws -> MatrixClient.Response {
                try await anna.request("PUT", "\(Self.path)/override/\(id)", query: query, json: ["actions": ["notify"], "conditions": []])
            }
            for (id, query) in [("a", []), ("b", [("after", "a")]), ("c", [("before", "b")]), ("d", [])] as [(String, [(String, String)])] {
                #expect(try await put(id, query).status == 200)
            }
            // The newest comes first, but never before the rule that turns everything off.
            #expect(try await ruleIDs(anna, "override").prefix(6) == [".m.rule.master", "d", "a", "c", "b", ".m.rule.suppress_notices"])
            #expect(try await put("d", [("after", "b")]).status == 200)
            #expect(try await ruleIDs(anna, "override").prefix(5) == [".m.rule.master", "a", "c", "b", "d"])
            for place in ["none", ".m.rule.master", "e"] {
                #expect(try await put("e", [("before", place)]).status / 100 == 4, "\(place)")
                #expect(try await put("e", [("after", place)]).status / 100 == 4, "\(place)")
            }
            #expect(try await !ruleIDs(anna, "override").contains("e"))
        }
    }

    @Test func predefinedRulesAreChangedButNotDeleted() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let path = "\(Self.path)/underride/.m.rule.message"
            try await anna.call("PUT", "\(path)/actions", json: ["actions": []])
            try await anna.call("PUT", "\(path)/enabled", json: ["enabled": false])
            let rule = try await anna.call("GET", path)
            #expect(rule.array("actions") == [] && rule.bool("enabled") == false && rule.bool("default") == true)
            #expect(try await anna.request("DELETE", path).status == 400)
            #expect(try await anna.request("PUT", path, json: ["actions": [], "conditions": []]).status == 400)
        }
    }

    @Test func whatIsRefused() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            for (method, rest, body, status, code) in [
                ("GET", "override/none", nil, 404, "M_NOT_FOUND"), ("DELETE", "override/none", nil, 404, "M_NOT_FOUND"),
                ("GET", "override/none/enabled", nil, 404, "M_NOT_FOUND"), ("GET", "room/none/actions", nil, 404, "M_NOT_FOUND"),
                ("PUT", "override/none/enabled", ["enabled": true], 404, "M_NOT_FOUND"),
                ("PUT", "override/none/actions", ["actions": []], 404, "M_NOT_FOUND"),
                ("GET", "nonsense/none", nil, 400, "M_INVALID_PARAM"), ("PUT", "override/.mine", ["actions": []], 400, "M_INVALID_PARAM"),
                ("PUT", "override/a%2Fb", ["actions": []], 400, "M_INVALID_PARAM"), ("PUT", "override/a", [:], 400, "M_MISSING_PARAM"),
                ("PUT", "content/a", ["actions": []], 400, "M_MISSING_PARAM"), ("PUT", "override/a", ["actions": "notify"], 400, "M_BAD_JSON"),
                ("PUT", "override/a", ["actions": ["nonsense"]], 400, "M_INVALID_PARAM"),
                ("PUT", "override/.m.rule.master/enabled", [:], 400, "M_MISSING_PARAM"),
                ("PUT", "override/.m.rule.master/enabled", ["enabled": "yes"], 400, "M_BAD_JSON"),
            ] as [(String, String, JSONObject?, Int, String)] {
                let path = "\(Self.path)/\(rest)"
                let response = if let body { try await anna.request(method, path, json: body) } else { try await anna.request(method, path) }
                #expect(response.status == status && response.errorCode == code, "\(method) \(rest): \(response.status) \(response.text)")
            }
        }
    }

    @Test func changesAreInTheSync() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            func pushRules(_ sync: JSONObject) -> JSONObject? {
                (sync.object("account_data")?.array("events") ?? []).compactMap(\.objectValue).first { $0.string("type") == "m.push_rules" }?.object(
                    "content")
            }
            let first = try await anna.sync()
            #expect(try await pushRules(first)?.object("global") == anna.call("GET", "\(Self.path)/"))
            let since = try #require(first.string("next_batch"))
            async let waiting = anna.sync(since: since, timeoutMilliseconds: 60_000)
            while server.requestsInProgress == 0 { await Task.yield() }
            try await anna.call("PUT", "\(Self.path)/override/.m.rule.master/enabled", json: ["enabled": true])
            let sync = try await waiting
            #expect(try await pushRules(sync) == anna.call("GET", "/_matrix/client/v3/pushrules/"))
            #expect(pushRules(sync)?.object("global")?.array("override")?.first?.objectValue?.bool("enabled") == true)
            #expect(try await pushRules(anna.sync(since: sync.string("next_batch"))) == nil)
        }
    }
}
