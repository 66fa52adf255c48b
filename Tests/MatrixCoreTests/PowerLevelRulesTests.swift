import MatrixCore
import Testing

/// Rule 9 of versions 10 and 11, rule 10 of version 12. Carol has level 50 and changes the levels.
struct PowerLevelRulesTests {
    private let bob = RoomFixture.bob
    private let carol = RoomFixture.carol
    private static let base: JSONObject = [
        "users": ["@carol:box.local": 50, "@bob:box.local": 40, "@equal:box.local": 50, "@above:box.local": 60],
        "events": ["low": 10, "equal": 50, "high": 60, "m.room.power_levels": 50], "notifications": ["room": 50, "high": 60],
        "users_default": 0, "events_default": 0, "state_default": 50, "ban": 50, "kick": 50, "redact": 60, "invite": 0,
    ]

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let path: [String]
        let value: JSONValue?
        let isAllowed: Bool

        init(_ description: String, _ path: [String], _ value: JSONValue?, _ isAllowed: Bool) {
            testDescription = description
            self.path = path
            self.value = value
            self.isAllowed = isAllowed
        }
    }

    static let cases: [Case] = [
        Case("no change", ["ban"], 50, true),
        Case("single level: lower", ["ban"], 10, true),
        Case("single level: raise to own", ["invite"], 50, true),
        Case("single level: raise above own", ["invite"], 51, false),
        Case("single level: current above own", ["redact"], 50, false),
        Case("single level: remove", ["kick"], nil, true),
        Case("single level: remove what is above own", ["redact"], nil, false),
        Case("users_default above own", ["users_default"], 51, false),
        Case("events_default", ["events_default"], 50, true),
        Case("state_default above own", ["state_default"], 51, false),
        Case("event: change", ["events", "low"], 50, true),
        Case("event: change to above own", ["events", "low"], 51, false),
        Case("event: equal to own", ["events", "equal"], 0, true),
        Case("event: current above own", ["events", "high"], 50, false),
        Case("event: remove", ["events", "equal"], nil, true),
        Case("event: remove what is above own", ["events", "high"], nil, false),
        Case("event: add", ["events", "new"], 50, true),
        Case("event: add above own", ["events", "new"], 51, false),
        Case("notification: change", ["notifications", "room"], 0, true),
        Case("notification: raise above own", ["notifications", "room"], 51, false),
        Case("notification: current above own", ["notifications", "high"], 0, false),
        Case("notification: add above own", ["notifications", "new"], 51, false),
        Case("user: lower one below", ["users", "@bob:box.local"], 0, true),
        Case("user: raise one below to own", ["users", "@bob:box.local"], 50, true),
        Case("user: raise above own", ["users", "@bob:box.local"], 51, false),
        Case("user: one of the same level", ["users", "@equal:box.local"], 40, false),
        Case("user: remove one of the same level", ["users", "@equal:box.local"], nil, false),
        Case("user: one above", ["users", "@above:box.local"], 0, false),
        Case("user: remove one below", ["users", "@bob:box.local"], nil, true),
        Case("user: add", ["users", "@new:box.local"], 50, true),
        Case("user: add above own", ["users", "@new:box.local"], 51, false),
        Case("own level: lower", ["users", "@carol:box.local"], 10, true),
        Case("own level: remove", ["users", "@carol:box.local"], nil, true),
        Case("own level: raise", ["users", "@carol:box.local"], 51, false),
    ]

    @Test(arguments: cases)
    func change(_ example: Case) throws {
        for version in RoomVersion.allCases {
            let room = room(version, levels: Self.base)
            let verdict = try room.verdict("m.room.power_levels", "", changed(example.path, example.value), by: carol)
            #expect(verdict == (example.isAllowed ? nil : .forbidden), "\(version)")
        }
    }

    /// Whether or not there are levels already, and whoever sends it.
    @Test(
        arguments: [
            (["ban"], "50"), (["ban"], .double(50)), (["ban"], .null), (["invite"], [:]), (["users_default"], "0"), (["events"], []), (["events"], 1),
            (["events", "x"], "1"), (["notifications"], "x"), (["notifications", "room"], "50"), (["users"], []),
            (["users", "@bob:box.local"], "100"),
            (["users", "@bob:box.local"], .null), (["users", "bob"], 0), (["users", "#bob:box.local"], 0),
        ] as [([String], JSONValue)])
    func malformed(path: [String], value: JSONValue) throws {
        for version in RoomVersion.allCases {
            var withLevels = room(version, levels: Self.base)
            #expect(try withLevels.verdict("m.room.power_levels", "", changed(path, value), by: carol) == .badJSON)
            withLevels.remove("m.room.power_levels")
            #expect(try withLevels.verdict("m.room.power_levels", "", changed(path, value), by: RoomFixture.alice) == .badJSON)
        }
    }

    @Test(arguments: RoomVersion.allCases)
    func firstLevelsAreFree(version: RoomVersion) throws {
        let room = RoomFixture(version)
        let content: JSONObject = ["users": [bob: 1000], "ban": 500, "events": ["m.room.name": 200]]
        #expect(try room.verdict("m.room.power_levels", "", content, by: RoomFixture.alice) == nil)
    }

    @Test func creatorsOfVersion12HaveNoLevel() throws {
        for version in RoomVersion.allCases {
            var room = RoomFixture(version, createContent: ["additional_creators": [.string(bob)]])
            let expected: MatrixError.Code? = version == .v12 ? .badJSON : nil
            #expect(try room.verdict("m.room.power_levels", "", ["users": [RoomFixture.alice: 100]], by: RoomFixture.alice) == expected)
            #expect(try room.verdict("m.room.power_levels", "", ["users": [bob: 100]], by: RoomFixture.alice) == expected)
            #expect(try room.verdict("m.room.power_levels", "", ["users": [carol: 100]], by: RoomFixture.alice) == nil)
            room.setLevels([carol: 100])
            #expect(try room.verdict("m.room.power_levels", "", ["users": [RoomFixture.alice: 100, carol: 100]], by: RoomFixture.alice) == expected)
        }
    }

    @Test func creatorOfVersion12MayChangeAnything() throws {
        var room = RoomFixture(.v12)
        room.setLevels([carol: 9_000_000_000], ["ban": 9_000_000_000])
        #expect(try room.verdict("m.room.power_levels", "", ["users": [bob: 9_007_199_254_740_991]], by: RoomFixture.alice) == nil)
    }

    private func room(_ version: RoomVersion, levels: JSONObject) -> RoomFixture {
        var room = RoomFixture(version)
        room.setMembership(carol, "join")
        room.set("m.room.power_levels", "", levels)
        return room
    }

    private func changed(_ path: [String], _ value: JSONValue?) -> JSONObject {
        var content = Self.base
        if path.count == 1 {
            content[path[0]] = value
        } else {
            var nested = content.object(path[0]) ?? [:]
            nested[path[1]] = value
            content[path[0]] = .object(nested)
        }
        return content
    }
}
