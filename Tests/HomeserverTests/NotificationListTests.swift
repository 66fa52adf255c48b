import MatrixCore
import Storage
import Testing

@testable import Homeserver

struct NotificationListTests {
    private func page(
        _ fixture: HomeFixture, _ session: Session, before: Position? = nil, limit: Int = 100, highlightsOnly: Bool = false
    ) async throws -> NotificationList.Page {
        try await fixture.home.notificationList.page(of: session.userID, before: before, limit: limit, highlightsOnly: highlightsOnly)
    }

    private func body(_ item: NotificationList.Item) throws -> String? { try JSONObject(parsing: item.event.content).string("body") }

    @Test func pagesLeadThroughAllRoomsNewestFirst() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "bela")
            let rooms = [try await fixture.room(by: people[0], members: [people[1]]), try await fixture.room(by: people[0], members: [people[1]])]
            var expected: [String] = []
            for number in 0..<9 {
                try await fixture.say("\(number)", in: rooms[number % 2], by: people[0])
                try await fixture.say("own", in: rooms[number % 2], by: people[1])
                expected.insert("\(number)", at: 0)
            }
            var found: [String?] = []
            var start: Position?
            var pageCount = 0
            repeat {
                let page = try await page(fixture, people[1], before: start, limit: 4)
                found += try page.items.map(body)
                start = page.next
                pageCount += 1
            } while start != nil
            #expect(found == expected)
            #expect(pageCount == 3)
            #expect(try await page(fixture, people[0]).items.allSatisfy { $0.event.sender == people[1].userID })
        }
    }

    @Test func whatIsReadIsSaidExactly() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "bela")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            var events: [EventID] = []
            for number in 0..<4 { events.append(try await fixture.say("\(number)", in: room, by: people[0])) }
            #expect(try await page(fixture, people[1]).items.map(\.isRead) == [false, false, false, false])
            try await fixture.home.receipts.set("m.read", to: events[1], threadID: nil, in: room, by: people[1].userID)
            #expect(try await page(fixture, people[1]).items.map(\.isRead) == [false, false, true, true])
        }
    }

    @Test func onlyHighlights() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "bela")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            try await fixture.say("plain", in: room, by: people[0])
            let event = try await fixture.home.timeline.send(
                type: "m.room.message",
                content: ["msgtype": "m.text", "body": "you", "m.mentions": ["user_ids": [.string(people[1].userID.rawValue)]]], to: room,
                transactionID: "h", session: people[0])
            let highlights = try await page(fixture, people[1], highlightsOnly: true).items
            #expect(highlights.map(\.event.eventID) == [event])
            #expect(highlights.first?.actions.contains { $0.objectValue?.string("set_tweak") == "highlight" } == true)
            #expect(try await page(fixture, people[1]).items.count == 2)
        }
    }

    @Test func nothingFromBeforeAStayOrAfterIt() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "bela", "cilla")
            let room = try await fixture.room(by: people[0], members: [people[2]])
            try await fixture.say("before", in: room, by: people[0])
            _ = try await fixture.home.membership.join(.id(room), as: people[1].userID)
            let event = try await fixture.say("now", in: room, by: people[0])
            #expect(try await page(fixture, people[1]).items.map(body) == ["now"])
            _ = try await fixture.home.timeline.redact(event, in: room, reason: nil, transactionID: "r", session: people[0])
            #expect(try await page(fixture, people[1]).items.isEmpty)
            try await fixture.say("later", in: room, by: people[0])
            try await fixture.home.membership.leave(room, as: people[1].userID, reason: nil)
            #expect(try await page(fixture, people[1]).items.isEmpty)
        }
    }
}
