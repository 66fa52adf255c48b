import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Filters, push rules and account data below HTTP: caches, bounds, and what syncs get.
struct AccountSettingsTests {
    private let room = RoomID(trusted: "!room:box.test")

    // MARK: Filters

    @Test func aFilterKeepsItsID() async throws {
        try await HomeFixture.with { fixture in
            let filters = fixture.home.filters
            let (ann, ben) = (try await fixture.person("ann").userID, try await fixture.person("ben").userID)
            let id = try await filters.create(["room": ["timeline": ["limit": 5]], "event_format": "client"], of: ann)
            #expect(try await filters.create(["event_format": "client", "room": ["timeline": ["limit": 5]]], of: ann) == id)
            #expect(try await filters.create(["room": ["timeline": ["limit": 6]]], of: ann) != id)
            #expect(try await filters.create(["event_format": "client", "room": ["timeline": ["limit": 5]]], of: ben) != id)

            for _ in 0..<2 { #expect(try await filters.filter(id, of: ann).room.timeline.limit == 5) }
            await expect(.notFound) { _ = try await filters.filter(id, of: ben) }
            await expect(.notFound) { _ = try await filters.definition(id, of: ben) }
        }
    }

    @Test func aFilterMayStandInTheRequest() async throws {
        try await HomeFixture.with { fixture in
            let filters = fixture.home.filters
            let ann = try await fixture.person("ann").userID
            #expect(try await filters.filter(#"{"room":{"timeline":{"limit":3}}}"#, of: ann).room.timeline.limit == 3)
            await expect(.badJSON) { _ = try await filters.filter(#"{"room":3}"#, of: ann) }
            await expect(.notJSON) { _ = try await filters.filter("{", of: ann) }
            await expect(.invalidParameter) { _ = try await filters.filter("x", of: ann) }
            let types = (0..<900).map { "\"type\(String(repeating: "x", count: 60))\($0)\"" }.joined(separator: ",")
            await expect(.tooLarge) { _ = try await filters.filter(#"{"presence":{"types":[\#(types)]}}"#, of: ann) }
        }
    }

    @Test func theOldestFilterMakesRoom() async throws {
        try await HomeFixture.with { fixture in
            let filters = fixture.home.filters
            let (ann, ben) = (try await fixture.person("ann").userID, try await fixture.person("ben").userID)
            let bens = try await filters.create(["room": ["timeline": ["limit": 1]]], of: ben)
            var ids: [String] = []
            for limit in 0...Filters.maxFiltersOfUser {
                ids.append(try await filters.create(["room": ["timeline": ["limit": .integer(Int64(limit))]]], of: ann))
            }
            await expect(.notFound) { _ = try await filters.definition(ids[0], of: ann) }
            for id in [ids[1], ids[Filters.maxFiltersOfUser]] { _ = try await filters.definition(id, of: ann) }
            _ = try await filters.definition(bens, of: ben)
        }
    }

    // MARK: Push rules

    @Test func changedRulesAreUsedAtOnceAndKept() async throws {
        try await HomeFixture.with { fixture in
            let ann = try await fixture.person("ann").userID
            #expect(try await fixture.home.pushRules.rules(of: ann).rules(.room).isEmpty)
            try await fixture.home.pushRules.put(.room, room.rawValue, of: ann, body: ["actions": []], before: nil, after: nil)
            #expect(try await fixture.home.pushRules.rules(of: ann).rules(.room).map(\.ruleID) == [room.rawValue])
            try await fixture.home.pushRules.setEnabled(.override, ".m.rule.suppress_edits", of: ann, false)
            try await fixture.restart()
            let rules = try await fixture.home.pushRules.rules(of: ann)
            #expect(rules.rules(.room).map(\.ruleID) == [room.rawValue])
            #expect(try !rules.rule(.override, ".m.rule.suppress_edits").enabled)
        }
    }

    @Test func aChangeThatFailsChangesNothing() async throws {
        try await HomeFixture.with { fixture in
            let ann = try await fixture.person("ann").userID
            let settings = fixture.home.pushRules
            await expect(.notFound) { try await settings.setEnabled(.room, "!other", of: ann, false) }
            #expect(try await fixture.home.database.read { try $0.accountData(of: ann) }.isEmpty)
        }
    }

    /// A writer sees rules that are not on disk yet, and must not cache them.
    @Test func whatIsTakenBackIsNotRemembered() async throws {
        try await HomeFixture.with { fixture in
            let ann = try await fixture.person("ann").userID
            let settings = fixture.home.pushRules
            var changed = PushRuleset(userID: ann)
            try changed.put(.room, room.rawValue, body: ["actions": []])
            let content = PushRuleSettings.content(changed)
            struct Failure: Error {}
            await #expect(throws: Failure.self) {
                try await fixture.home.database.write { transaction in
                    try transaction.setAccountData("m.push_rules", of: ann, room: nil, to: content, at: transaction.nextPosition())
                    #expect(try settings.rules(of: ann, in: transaction).rules(.room).count == 1)
                    throw Failure()
                }
            }
            #expect(try await settings.rules(of: ann).rules(.room).isEmpty)
        }
    }

    // MARK: Account data

    @Test func eachChangeTakesAPlaceInTheStream() async throws {
        try await HomeFixture.with { fixture in
            let (ann, ben) = (try await fixture.person("ann").userID, try await fixture.person("ben").userID)
            let home = fixture.home
            let start = try await home.database.write { $0.lastPosition }
            try await home.accountData.set("a", of: ann, room: nil, to: ["n": 1])
            try await home.accountData.set("a", of: ann, room: room, to: ["n": 2])
            try await home.accountData.set("a", of: ben, room: nil, to: ["n": 3])
            let middle = try await home.database.write { $0.lastPosition }
            try await home.accountData.set("a", of: ann, room: nil, to: ["n": 1])

            func changes(_ start: Position, _ end: Position) async throws -> [String] {
                try await home.database.read { transaction in
                    try home.accountData.changes(of: ann, after: start, upTo: end, in: transaction).map { record in
                        "\(record.roomID?.rawValue ?? "") \(String(decoding: record.content, as: UTF8.self))"
                    }
                }
            }
            let end = Position(.max)
            // A value that is set again moves to its new place, even if it is the same.
            #expect(try await changes(start, middle) == ["!room:box.test {\"n\":2}"])
            #expect(try await changes(middle, end) == [" {\"n\":1}"])
            #expect(try await changes(start, end).count == 2)
            #expect(try await changes(end, end).isEmpty)
        }
    }

    @Test func aFirstSyncHasThePushRules() async throws {
        try await HomeFixture.with { fixture in
            let ann = try await fixture.person("ann").userID
            let home = fixture.home
            func types() async throws -> [String] {
                try await home.database.read { try home.accountData.all(of: ann, in: $0) }.map(\.type)
            }
            #expect(try await types() == ["m.push_rules"])
            try await home.accountData.set("a", of: ann, room: nil, to: [:])
            try await home.pushRules.setEnabled(.override, ".m.rule.reaction", of: ann, false)
            #expect(try await types() == ["a", "m.push_rules"])
        }
    }

    @Test func accountDataHasBounds() async throws {
        try await HomeFixture.with { fixture in
            let ann = try await fixture.person("ann").userID
            let data = fixture.home.accountData
            try await fixture.home.database.write { transaction in
                for number in 0..<AccountData.maxCountOfUser {
                    try transaction.setAccountData("t\(number)", of: ann, room: nil, to: Array("{}".utf8), at: transaction.nextPosition())
                }
            }
            await expect(.tooLarge) { try await data.set("one more", of: ann, room: nil, to: [:]) }
            try await data.set("t5", of: ann, room: nil, to: ["changed": true])
        }
    }
}
