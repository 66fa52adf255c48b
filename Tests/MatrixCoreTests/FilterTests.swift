import MatrixCore
import Testing

struct FilterTests {
    private let alice = UserID(trusted: "@alice:box.local")
    private let bob = UserID(trusted: "@bob:box.local")
    private let room = RoomID(trusted: "!room:box.local")

    @Test func emptyFilterLetsEverythingThrough() throws {
        for filter in [Filter(), try Filter([:])] {
            #expect(filter.eventFields == nil)
            #expect(filter.eventFormat == .client)
            #expect(filter.presence.matchesEverything && filter.accountData.matchesEverything)
            for part in [filter.room.state, filter.room.timeline, filter.room.ephemeral, filter.room.accountData] {
                #expect(part.matchesEverything)
                #expect(part.limit == nil)
                #expect(!part.lazyLoadMembers && !part.includeRedundantMembers && part.unreadThreadNotifications == nil)
                #expect(part.matches(type: "any", sender: alice, containsURL: true, roomID: room))
            }
            #expect(filter.room.includes(room))
            #expect(!filter.room.includeLeave)
        }
    }

    @Test func everyProperty() throws {
        let filter = try Filter([
            "event_fields": ["type", #"content.m\.relates_to"#], "event_format": "federation", "presence": ["not_types": ["*"]],
            "account_data": ["types": ["m.direct"], "limit": 5],
            "room": [
                "rooms": ["!room:box.local", "!hash"], "not_rooms": ["!hash"], "include_leave": true,
                "timeline": [
                    "limit": 20, "types": ["m.room.*"], "not_types": ["m.room.member"], "senders": ["@alice:box.local"],
                    "not_senders": ["@bob:box.local"],
                    "rooms": ["!room:box.local"], "not_rooms": ["!x"], "contains_url": true, "lazy_load_members": true,
                    "include_redundant_members": true,
                    "unread_thread_notifications": true, "related_by_senders": ["@bob:box.local"], "related_by_rel_types": ["m.thread"],
                ],
                "state": ["lazy_load_members": true], "ephemeral": ["types": []], "account_data": ["not_types": ["m.tag"]],
            ],
        ])
        #expect(filter.eventFields?.map(\.components) == [["type"], ["content", "m.relates_to"]])
        #expect(filter.eventFormat == .federation)
        #expect(filter.presence.matchesNothing)
        #expect(filter.accountData.limit == 5)
        #expect(filter.accountData.matches(type: "m.direct") && !filter.accountData.matches(type: "m.other"))
        #expect(filter.room.includes(room) && !filter.room.includes(RoomID(trusted: "!hash")) && !filter.room.includes(RoomID(trusted: "!other")))
        #expect(filter.room.includeLeave)
        let timeline = filter.room.timeline
        #expect(timeline.limit == 20)
        #expect(timeline.lazyLoadMembers && timeline.includeRedundantMembers && timeline.unreadThreadNotifications == .stable)
        #expect(timeline.relatedBySenders == [bob])
        #expect(timeline.relatedByRelationTypes == ["m.thread"])
        #expect(filter.room.state.lazyLoadMembers)
        #expect(filter.room.ephemeral.events.matchesNothing)
        #expect(!filter.room.accountData.events.matches(type: "m.tag") && filter.room.accountData.events.matches(type: "m.fully_read"))
    }

    @Test(
        arguments: [
            ([:], "m.room.message", true), (["types": ["m.room.message"]], "m.room.message", true),
            (["types": ["m.room.message"]], "m.room.member", false),
            (["types": ["m.room.*"]], "m.room.member", true), (["types": ["m.*.member"]], "m.room.member", true), (["types": ["*"]], "x", true),
            (["types": []], "m.room.message", false), (["not_types": ["m.room.member"]], "m.room.message", true),
            (["not_types": ["m.room.member"]], "m.room.member", false), (["not_types": ["*member"]], "m.room.member", false),
            (["types": ["m.room.*"], "not_types": ["m.room.member"]], "m.room.member", false),
            (["types": ["m.room.?"]], "m.room.x", false), (["types": ["M.ROOM.X"]], "m.room.x", false),
            (["types": ["m.room.name", "m.room.topic"]], "m.room.topic", true),
        ] as [(JSONObject, String, Bool)])
    func types(filter: JSONObject, type: String, matches: Bool) throws {
        #expect(try EventFilter(filter).matches(type: type, sender: alice) == matches)
    }

    @Test(
        arguments: [
            (["senders": ["@alice:box.local"]], true, false), (["senders": []], false, false), (["not_senders": ["@alice:box.local"]], false, true),
            (["senders": ["@alice:box.local", "@bob:box.local"], "not_senders": ["@alice:box.local"]], false, true),
            (["not_senders": []], true, true),
        ] as [(JSONObject, Bool, Bool)])
    func senders(filter: JSONObject, matchesAlice: Bool, matchesBob: Bool) throws {
        #expect(try EventFilter(filter).matches(type: "t", sender: alice) == matchesAlice)
        #expect(try EventFilter(filter).matches(type: "t", sender: bob) == matchesBob)
    }

    @Test func roomsAndURLs() throws {
        let other = RoomID(trusted: "!other")
        let inRoom = try RoomEventFilter(["rooms": ["!room:box.local"], "contains_url": true])
        #expect(inRoom.matches(type: "t", sender: alice, containsURL: true, roomID: room))
        #expect(!inRoom.matches(type: "t", sender: alice, containsURL: false, roomID: room))
        #expect(!inRoom.matches(type: "t", sender: alice, containsURL: true, roomID: other))
        let outside = try RoomEventFilter(["not_rooms": ["!room:box.local"], "rooms": ["!room:box.local", "!other"], "contains_url": false])
        #expect(!outside.matches(type: "t", sender: alice, containsURL: false, roomID: room))
        #expect(outside.matches(type: "t", sender: alice, containsURL: false, roomID: other))
        #expect(!outside.matches(type: "t", sender: alice, containsURL: true, roomID: other))
        let event = Event(
            eventID: EventID(trusted: "$e"), roomID: other, type: "t", stateKey: nil, sender: alice, originServerTimestamp: 0,
            content: ["url": "mxc://a/b"])
        #expect(!outside.matches(event))
    }

    @Test func limitIsBounded() throws {
        #expect(try EventFilter(["limit": 1_000_000_000_000]).limit == EventFilter.maxLimit)
        #expect(try EventFilter(["limit": 1]).limit == 1)
        #expect(try EventFilter(["limit": 0]).limit == 0)
    }

    @Test(
        arguments: [
            ["limit": -1], ["limit": "10"], ["limit": .double(1.5)], ["types": "m.room.message"], ["types": [1]], ["not_types": .null],
            ["senders": ["alice"]],
            ["not_senders": ["#room:box.local"]], ["types": .array(Array(repeating: "t", count: 1001))],
            ["types": [.string(String(repeating: "t", count: 256))]],
        ] as [JSONObject])
    func malformedEventFilters(filter: JSONObject) {
        for whole: JSONObject in [
            ["presence": .object(filter)], ["account_data": .object(filter)], ["room": ["timeline": .object(filter)]],
            ["room": ["state": .object(filter)]],
        ] {
            #expect { try Filter(whole) } throws: { ($0 as? MatrixError)?.code == .badJSON }
        }
    }

    @Test(
        arguments: [
            ["event_fields": "type"], ["event_format": "other"], ["event_format": 1], ["presence": []], ["room": "x"], ["room": ["include_leave": 1]],
            ["room": ["rooms": ["room"]]], ["room": ["not_rooms": ["@alice:box.local"]]], ["room": ["timeline": ["lazy_load_members": "true"]]],
            ["room": ["timeline": ["contains_url": 1]]], ["room": ["timeline": ["rooms": ["#alias:box.local"]]]], ["room": ["ephemeral": 1]],
        ] as [JSONObject])
    func malformedFilters(filter: JSONObject) {
        #expect { try Filter(filter) } throws: { ($0 as? MatrixError)?.code == .badJSON }
    }
}
