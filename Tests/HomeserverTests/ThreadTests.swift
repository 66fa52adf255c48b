import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#threading
@Suite struct ThreadTests {
    private static func threads(
        _ fixture: HomeFixture, _ room: RoomID, _ session: Session, isParticipated: Bool = false, limit: Int = 50
    ) async throws -> [EventID] {
        var found: [EventID] = []
        var token: StreamToken?
        repeat {
            let page = try await fixture.home.history.threads(
                of: room, for: session.userID, isParticipated: isParticipated, from: token, limit: limit)
            #expect(page.events.count <= limit)
            found += page.events.map(\.eventID)
            token = page.next
        } while token != nil
        return found
    }

    @Test func theSummaryOfAThread() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: alice, members: [bob, carol])
            let root = try await fixture.say("root", in: room, by: alice)
            func summary(_ session: Session) async throws -> JSONObject? {
                try await fixture.bundled(with: root, in: room, for: session).object("m.thread")
            }
            #expect(try await summary(alice) == nil)
            let first = try await fixture.relate("m.thread", to: root, in: room, by: bob)
            let second = try await fixture.relate("m.thread", to: root, in: room, by: bob)
            let edit = try await fixture.edit(second, to: "better", in: room, by: bob)
            let thread = try #require(try await summary(alice))
            #expect(thread.integer("count") == 2, "an edit is none of the thread's events")
            #expect(thread.bool("current_user_participated") == true, "the root is hers")
            let latest = try #require(thread.object("latest_event"))
            #expect(latest.string("event_id") == second.rawValue && latest.string("room_id") == room.rawValue)
            #expect(latest.object("unsigned")?.object("m.relations")?.object("m.replace")?.string("event_id") == edit.rawValue)
            #expect(try await summary(bob)?.bool("current_user_participated") == true)
            #expect(try await summary(carol)?.bool("current_user_participated") == false)
            // Redacted events are not in it, and without any there is no thread.
            _ = try await fixture.redact(second, in: room, by: bob)
            #expect(try await summary(carol)?.integer("count") == 1)
            #expect(try await summary(carol)?.object("latest_event")?.string("event_id") == first.rawValue)
            _ = try await fixture.redact(first, in: room, by: bob)
            #expect(try await summary(carol) == nil)
            #expect(try await Self.threads(fixture, room, carol) == [])
            // A redacted root still has its thread.
            _ = try await fixture.relate("m.thread", to: root, in: room, by: carol)
            _ = try await fixture.redact(root, in: room, by: alice)
            #expect(try await summary(carol)?.integer("count") == 1)
            #expect(try await Self.threads(fixture, room, carol) == [root])
        }
    }

    @Test func threadsDoNotStartInThreads() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            let root = try await fixture.say("root", in: room, by: alice)
            let reply = try await fixture.relate("m.thread", to: root, in: room, by: alice)
            let reaction = try await fixture.react("x", to: root, in: room, by: alice)
            let edit = try await fixture.edit(root, to: "x", in: room, by: alice)
            let before = try await fixture.wholeTimeline(of: room).count
            for parent in [reply, reaction, edit] {
                await expect(.unknown) { _ = try await fixture.relate("m.thread", to: parent, in: room, by: alice) }
            }
            #expect(try await fixture.wholeTimeline(of: room).count == before)
            // A reply, which has no relation type, can be the start of one.
            let answer = try await fixture.home.timeline.send(
                type: "m.room.message", content: ["body": "x", "m.relates_to": ["m.in_reply_to": ["event_id": .string(root.rawValue)]]], to: room,
                transactionID: "answer", session: alice)
            _ = try await fixture.relate("m.thread", to: answer, in: room, by: alice)
            #expect(try await Self.threads(fixture, room, alice) == [answer, root])
        }
    }

    @Test func theListOfThreads() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            var roots: [EventID] = []
            for index in 0..<30 {
                let root = try await fixture.say("\(index)", in: room, by: index.isMultiple(of: 3) ? bob : alice)
                _ = try await fixture.relate("m.thread", to: root, in: room, by: alice)
                if index.isMultiple(of: 5) { _ = try await fixture.relate("m.thread", to: root, in: room, by: bob) }
                roots.append(root)
            }
            for limit in [1, 7, 50] { #expect(try await Self.threads(fixture, room, bob, limit: limit) == roots.reversed()) }
            let ofBob = roots.indices.filter { $0.isMultiple(of: 3) || $0.isMultiple(of: 5) }.reversed().map { roots[$0] }
            for limit in [1, 4, 50] { #expect(try await Self.threads(fixture, room, bob, isParticipated: true, limit: limit) == ofBob) }
            // A new event brings its thread to the top; an edit does not, and a redaction brings it back.
            let reply = try await fixture.relate("m.thread", to: roots[4], in: room, by: alice)
            #expect(try await Self.threads(fixture, room, bob).first == roots[4])
            let other = try await fixture.relate("m.thread", to: roots[9], in: room, by: alice)
            _ = try await fixture.edit(reply, to: "x", in: room, by: alice)
            #expect(try await Self.threads(fixture, room, bob).first == roots[9])
            _ = try await fixture.redact(other, in: room, by: alice)
            #expect(try await Self.threads(fixture, room, bob) == [roots[4]] + roots.reversed().filter { $0 != roots[4] })
            // Other rooms have other threads.
            let elsewhere = try await fixture.room(by: alice, members: [bob])
            #expect(try await Self.threads(fixture, elsewhere, bob) == [])
        }
    }

    // MARK: Receipts

    @Test func receiptsInThreads() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob])
            let root = try await fixture.say("root", in: room, by: alice)
            let ofRoot = try await fixture.react("x", to: root, in: room, by: alice)
            let reply = try await fixture.relate("m.thread", to: root, in: room, by: alice)
            let edit = try await fixture.edit(reply, to: "x", in: room, by: alice)
            let ofEdit = try await fixture.relate("m.reference", to: edit, in: room, by: alice)
            let plain = try await fixture.say("plain", in: room, by: alice)
            let elsewhere = try await fixture.room(by: alice, members: [bob])
            let foreign = try await fixture.say("foreign", in: elsewhere, by: alice)
            func set(_ event: EventID, _ thread: String?) async throws {
                try await fixture.home.receipts.set("m.read", to: event, threadID: thread, in: room, by: bob.userID)
            }
            for event in [reply, edit, ofEdit] {
                await expect(.invalidParameter) { try await set(event, "main") }
                await expect(.invalidParameter) { try await set(event, plain.rawValue) }
                try await set(event, root.rawValue)
            }
            for event in [root, ofRoot, plain] { try await set(event, "main") }
            // Where the thread is shown, its first event is too.
            for event in [root, ofRoot] { try await set(event, root.rawValue) }
            for thread in [root.rawValue, reply.rawValue, foreign.rawValue, "$unknown", "Main", "x"] {
                await expect(.invalidParameter) { try await set(plain, thread) }
            }
            var client = SyncClient(bob)
            try await client.sync(fixture)
            #expect(
                client.rooms[room]?.receipts == ["\(bob.userID) m.read \(root)": ofEdit.rawValue, "\(bob.userID) m.read main": plain.rawValue])
            // Unthreaded ones stand beside them, at the same event too.
            try await set(plain, nil)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.receipts["\(bob.userID) m.read -"] == plain.rawValue)
            // A redacted event is in no thread.
            _ = try await fixture.redact(reply, in: room, by: alice)
            await expect(.invalidParameter) { try await set(edit, root.rawValue) }
        }
    }

    // MARK: Unread counts

    @Test func countsByThread() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob) = (people[0], people[1])
            let room = try await fixture.room(by: alice, members: [bob, people[2]])
            var threaded = try SyncClient(
                try await fixture.device(of: bob.userID), filter: #"{"room":{"timeline":{"unread_thread_notifications":true}}}"#)
            var plain = SyncClient(bob)
            func check(
                main: Int, _ threads: [EventID: UnreadCounts], sourceLocation: SourceLocation = #_sourceLocation
            ) async throws {
                var fresh = try SyncClient(
                    try await fixture.device(of: bob.userID), filter: #"{"room":{"timeline":{"unread_thread_notifications":true}}}"#)
                let answer = try await threaded.sync(fixture)
                try await plain.sync(fixture)
                try await fresh.sync(fixture)
                for client in [threaded, fresh] {
                    #expect(client.rooms[room]?.unread?.notifications == main, sourceLocation: sourceLocation)
                    #expect(client.rooms[room]?.threadUnread == threads, sourceLocation: sourceLocation)
                }
                let total = threads.values.reduce(main) { $0 + $1.notifications }
                #expect(plain.rooms[room]?.unread?.notifications == total, sourceLocation: sourceLocation)
                if threads.isEmpty { #expect(answer.joined(room)?["unread_thread_notifications"] == nil, sourceLocation: sourceLocation) }
            }
            try await check(main: 0, [:])
            let one = try await fixture.say("1", in: room, by: alice)
            let two = try await fixture.say("2", in: room, by: alice)
            let reply = try await fixture.relate("m.thread", to: one, in: room, by: alice)
            _ = try await fixture.relate(
                "m.thread", to: one, in: room, by: alice,
                ["msgtype": "m.text", "body": "x", "m.mentions": ["user_ids": [.string(bob.userID.rawValue)]]])
            let other = try await fixture.relate("m.thread", to: two, in: room, by: alice)
            try await check(main: 2, [one: UnreadCounts(notifications: 2, highlights: 1), two: UnreadCounts(notifications: 1)])
            let receipts = fixture.home.receipts
            try await receipts.set("m.read", to: two, threadID: "main", in: room, by: bob.userID)
            try await check(main: 0, [one: UnreadCounts(notifications: 2, highlights: 1), two: UnreadCounts(notifications: 1)])
            try await receipts.set("m.read.private", to: reply, threadID: one.rawValue, in: room, by: bob.userID)
            try await check(main: 0, [one: UnreadCounts(notifications: 1, highlights: 1), two: UnreadCounts(notifications: 1)])
            // An unthreaded receipt reads everything before it.
            try await receipts.set("m.read", to: reply, threadID: nil, in: room, by: bob.userID)
            try await check(main: 0, [one: UnreadCounts(notifications: 1, highlights: 1), two: UnreadCounts(notifications: 1)])
            try await receipts.set("m.read", to: other, threadID: nil, in: room, by: bob.userID)
            try await check(main: 0, [:])
            // Who writes in a thread has read it, and nothing else.
            try await fixture.say("3", in: room, by: alice)
            _ = try await fixture.relate("m.thread", to: one, in: room, by: alice)
            let last = try await fixture.relate("m.thread", to: two, in: room, by: alice)
            try await check(main: 1, [one: UnreadCounts(notifications: 1), two: UnreadCounts(notifications: 1)])
            _ = try await fixture.relate("m.thread", to: one, in: room, by: bob)
            try await check(main: 1, [two: UnreadCounts(notifications: 1)])
            try await fixture.say("mine", in: room, by: bob)
            try await check(main: 0, [two: UnreadCounts(notifications: 1)])
            _ = try await fixture.redact(last, in: room, by: alice)
            try await check(main: 0, [:])
        }
    }

    @Test func theOldNameOfTheFilter() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            let root = try await fixture.say("root", in: room, by: people[0])
            _ = try await fixture.relate("m.thread", to: root, in: room, by: people[0])
            let name = "org.matrix.msc3773.unread_thread_notifications"
            let client = SyncClient(people[1], filter: try Filter(["room": ["timeline": [name: true]]]))
            let answer = try await client.ask(fixture)
            #expect(answer.joined(room)?.object(name)?.object(root.rawValue)?.integer("notification_count") == 1)
            #expect(answer.joined(room)?.unread == UnreadCounts(notifications: 1))
        }
    }

    @Test func countsOfVeryManyThreadsAreRight() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob")
            let room = try await fixture.room(by: people[0], members: [people[1]])
            var client = try SyncClient(people[1], filter: #"{"room":{"timeline":{"unread_thread_notifications":true}}}"#)
            try await client.sync(fixture)
            var roots: [EventID] = []
            let count = Notifications.maxKnownThreads + 5
            for index in 0..<count { roots.append(try await fixture.say("\(index)", in: room, by: people[0])) }
            for root in roots {
                _ = try await fixture.home.timeline.send(
                    type: "m.room.message",
                    content: ["msgtype": "m.text", "body": "x", "m.relates_to": ["rel_type": "m.thread", "event_id": .string(root.rawValue)]],
                    to: room, transactionID: "x\(root)", session: people[0])
                try await client.sync(fixture)
            }
            #expect(client.rooms[room]?.threadUnread.count == count)
            #expect(client.rooms[room]?.unread?.notifications == count)
            #expect(fixture.home.sync.notifications.knownCounts(of: people[1].userID, in: room) == nil, "too many to be kept")
            try await fixture.home.receipts.set(
                "m.read", to: try #require(try await fixture.wholeTimeline(of: room).last).eventID, threadID: nil, in: room, by: people[1].userID)
            try await client.sync(fixture)
            #expect(client.rooms[room]?.threadUnread == [:])
        }
    }
}
