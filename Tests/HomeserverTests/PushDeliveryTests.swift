import MatrixCore
import Storage
import TestSupport
import Testing

@testable import Homeserver

struct PushDeliveryTests {
    private static let url = "http://192.168.1.9/_matrix/push/v1/notify"

    /// Two people in a room, of whom the second has a pusher.
    private struct Household {
        let fixture: HomeFixture
        let anna: Session
        let bela: Session
        let room: RoomID

        init(_ fixture: HomeFixture, preset: RoomPreset = .publicChat, format: String? = nil) async throws {
            self.fixture = fixture
            anna = try await fixture.person("anna")
            bela = try await fixture.person("bela")
            room = try await fixture.room(by: anna, preset: preset, members: [bela])
            fixture.network.answer { _ in OutgoingResponse(status: 200, body: Array("{}".utf8)) }
            try await setPusher(format: format)
        }

        func setPusher(_ pushkey: String = "key", format: String? = nil, of session: Session? = nil) async throws {
            var data: JSONObject = ["url": .string(PushDeliveryTests.url), "custom": "x"]
            if let format { data["format"] = .string(format) }
            try await fixture.home.pushers.set(
                [
                    "kind": "http", "app_id": "app", "pushkey": .string(pushkey), "app_display_name": "App", "device_display_name": "Phone",
                    "lang": "en", "data": .object(data),
                ], session: session ?? bela)
        }

        /// What the gateway was told of events, when it has been told that much.
        func notifications(_ count: Int) async throws -> [JSONObject] {
            try await fixture.network.requests.first(count) { try Self.notification($0)["event_id"] != nil }.map(Self.notification)
        }

        /// What it was told of nothing but counts.
        func badges(_ count: Int) async throws -> [JSONObject] {
            try await fixture.network.requests.first(count) { try Self.notification($0)["event_id"] == nil }.map(Self.notification)
        }

        private static func notification(_ request: OutgoingRequest) throws -> JSONObject {
            try JSONObject(parsing: request.body ?? []).object("notification") ?? [:]
        }

        func texts(_ count: Int) async throws -> [String?] {
            try await notifications(count).map { $0.object("content")?.string("body") }
        }
    }

    @Test func aMessageIsPushed() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            try await fixture.setState("m.room.name", "", ["name": "Kitchen"], in: household.room, by: household.anna)
            let event = try await fixture.say("soup", in: household.room, by: household.anna)
            let request = try #require(try await fixture.network.requests.first(1).first)
            #expect(request.method == .post)
            #expect(request.url == HTTPURL(Self.url))
            let notification = try await household.notifications(1)[0]
            #expect(notification.string("event_id") == event.rawValue)
            #expect(notification.string("room_id") == household.room.rawValue)
            #expect(notification.string("type") == "m.room.message")
            #expect(notification.string("sender") == household.anna.userID.rawValue)
            #expect(notification.string("room_name") == "Kitchen")
            #expect(notification.object("content")?.string("body") == "soup")
            #expect(notification.object("counts") == ["unread": 1])
            let device = try #require(notification.array("devices")?.first?.objectValue)
            #expect(device.string("app_id") == "app")
            #expect(device.string("pushkey") == "key")
            #expect(device.object("data") == ["custom": "x"])
            #expect(device.integer("pushkey_ts") == fixture.clock.nowMilliseconds / 1_000)
            #expect(device.object("tweaks") != nil)
        }
    }

    @Test func anIDAloneTellsNothingElse() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture, format: "event_id_only")
            try await fixture.say("soup", in: household.room, by: household.anna)
            let notification = try await household.notifications(1)[0]
            #expect(Set(notification.keys) == ["event_id", "room_id", "counts", "devices", "prio"])
            #expect(notification.array("devices")?.first?.objectValue?.object("data") == ["custom": "x", "format": "event_id_only"])
        }
    }

    @Test func pushesKeepTheirOrderAndAreTriedAgain() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            fixture.network.answer { _ in OutgoingResponse(status: 500) }
            for text in ["1", "2", "3"] { try await fixture.say(text, in: household.room, by: household.anna) }
            _ = try await fixture.network.requests.first(1)
            fixture.network.answer { _ in OutgoingResponse(status: 200, body: Array("{}".utf8)) }
            let failed = fixture.network.requests.all.count
            #expect(try await household.texts(failed + 3).suffix(3) == ["1", "2", "3"])
            #expect(try await household.texts(1).first == "1")
        }
    }

    @Test func aRestartLosesNothingAndRepeatsNothing() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            try await fixture.say("before", in: household.room, by: household.anna)
            _ = try await fixture.network.requests.first(1)
            fixture.network.answer { _ in OutgoingResponse(status: 503) }
            try await fixture.say("during", in: household.room, by: household.anna)
            _ = try await fixture.network.requests.first(2)
            await fixture.close()
            let count = fixture.network.requests.all.count
            fixture.network.answer { _ in OutgoingResponse(status: 200, body: Array("{}".utf8)) }
            try await fixture.open()
            try await fixture.say("after", in: household.room, by: household.anna)
            #expect(try await household.texts(count + 2).suffix(2) == ["during", "after"])
        }
    }

    @Test func aRejectedPusherIsRemoved() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            try await household.setPusher("other")
            fixture.network.answer { request in
                let isFirst = String(decoding: request.body ?? [], as: UTF8.self).contains(#""pushkey":"key""#)
                return OutgoingResponse(status: 200, body: Array((isFirst ? #"{"rejected":["key"]}"# : #"{"rejected":["x"]}"#).utf8))
            }
            try await fixture.say("1", in: household.room, by: household.anna)
            _ = try await fixture.network.requests.first(2)
            try await fixture.say("2", in: household.room, by: household.anna)
            let keys = try await household.notifications(3).compactMap { $0.array("devices")?.first?.objectValue?.string("pushkey") }
            #expect(keys.sorted() == ["key", "other", "other"])
            #expect(try await fixture.home.pushers.list(of: household.bela.userID).compactMap { $0.string("pushkey") } == ["other"])
        }
    }

    @Test func whatIsReadOrOwnOrMutedIsNotPushed() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            let muted = try await fixture.room(by: household.anna, members: [household.bela])
            try await fixture.home.pushRules.put(
                .override, "mute", of: household.bela.userID,
                body: [
                    "actions": [], "conditions": [["kind": "event_match", "key": "room_id", "pattern": .string(muted.rawValue)]],
                ], before: nil, after: nil)
            try await fixture.say("own", in: household.room, by: household.bela)
            try await fixture.say("muted", in: muted, by: household.anna)
            try await fixture.say("news", in: household.room, by: household.anna)
            #expect(try await household.texts(1) == ["news"])
            // The gateway is away while this one is read.
            fixture.network.answer { _ in OutgoingResponse(status: 502) }
            let read = try await fixture.say("read", in: household.room, by: household.anna)
            _ = try await household.notifications(2)
            try await fixture.home.receipts.set("m.read", to: read, threadID: nil, in: household.room, by: household.bela.userID)
            let accepted = Awaited<String?>()
            fixture.network.answer { request in
                let notification = (try? JSONObject(parsing: request.body ?? []))?.object("notification")
                if notification?["event_id"] != nil { accepted.append(notification?.object("content")?.string("body")) }
                return OutgoingResponse(status: 200, body: Array("{}".utf8))
            }
            try await fixture.say("more", in: household.room, by: household.anna)
            #expect(try await accepted.first(1) == ["more"])
        }
    }

    @Test func readingClearsTheBadge() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            try await fixture.say("1", in: household.room, by: household.anna)
            let event = try await fixture.say("2", in: household.room, by: household.anna)
            #expect(try await household.notifications(2).map { $0.object("counts")?.integer("unread") }.last == 2)
            try await fixture.home.receipts.set("m.read", to: event, threadID: nil, in: household.room, by: household.bela.userID)
            let badge = try #require(try await household.badges(1).last)
            #expect(badge.object("counts") == ["unread": 0])
            #expect(Set(badge.keys) == ["counts", "devices"])
            #expect(badge.array("devices")?.first?.objectValue?["tweaks"] == nil)
        }
    }

    /// A gateway is asked for nothing where nothing has changed.
    @Test func aCountThatIsKnownIsNotSentAgain() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            try await fixture.say("own", in: household.room, by: household.bela)
            try await fixture.say("own again", in: household.room, by: household.bela)
            try await fixture.say("news", in: household.room, by: household.anna)
            #expect(try await household.texts(1) == ["news"])
            #expect(fixture.network.requests.all.count == 1)
        }
    }

    @Test func anInviteIsPushedToWhomItIsFor() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            let other = try await fixture.room(by: household.anna, preset: .privateChat)
            try await fixture.home.membership.invite(household.bela.userID, to: other, by: household.anna.userID, reason: nil)
            let notification = try await household.notifications(1)[0]
            #expect(notification.string("type") == "m.room.member")
            #expect(notification.bool("user_is_target") == true)
            #expect(notification.string("membership") == "invite")
            #expect(notification.string("room_id") == other.rawValue)
        }
    }

    /// Somebody who comes later is not told of what was said before.
    @Test func whatWasBeforeTheJoinIsNotPushed() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            let other = try await fixture.room(by: household.anna, members: [])
            let cilla = try await fixture.person("cilla")
            _ = try await fixture.home.membership.join(.id(other), as: cilla.userID)
            for number in 0..<3 { try await fixture.say("old \(number)", in: other, by: household.anna) }
            _ = try await fixture.home.membership.join(.id(other), as: household.bela.userID)
            try await fixture.say("new", in: other, by: household.anna)
            #expect(try await household.texts(1) == ["new"])
        }
    }

    @Test func anEncryptedMessageIsUrgent() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            _ = try await fixture.home.timeline.send(
                type: "m.room.encrypted", content: ["algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AAAA"], to: household.room,
                transactionID: "e", session: household.anna)
            let notification = try await household.notifications(1)[0]
            #expect(notification.string("type") == "m.room.encrypted")
            #expect(notification.string("prio") == "high")
            #expect(notification.object("content")?.string("ciphertext") == "AAAA")
        }
    }

    @Test func aHighlightHasItsTweak() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            _ = try await fixture.home.timeline.send(
                type: "m.room.message",
                content: ["msgtype": "m.text", "body": "you", "m.mentions": ["user_ids": [.string(household.bela.userID.rawValue)]]],
                to: household.room, transactionID: "h", session: household.anna)
            let device = try #require(try await household.notifications(1)[0].array("devices")?.first?.objectValue)
            #expect(device.object("tweaks")?.bool("highlight") == true)
        }
    }

    @Test func nothingIsPushedAfterTheDeviceIsGone() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            let tablet = try await fixture.device(of: household.bela.userID)
            try await household.setPusher("tablet", of: tablet)
            try await fixture.home.sessions.logOut(household.bela)
            try await fixture.say("1", in: household.room, by: household.anna)
            try await fixture.say("2", in: household.room, by: household.anna)
            let keys = try await household.notifications(2).compactMap { $0.array("devices")?.first?.objectValue?.string("pushkey") }
            #expect(keys == ["tablet", "tablet"])
        }
    }

    /// More than that are skipped, the oldest first, so that a gateway that comes back is not flooded.
    @Test func aLongAbsenceLeavesTheNewest() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            fixture.network.answer { _ in OutgoingResponse(status: 500) }
            let count = PushDelivery.maxPendingNotifications + 5
            for number in 0..<count { try await fixture.say("\(number)", in: household.room, by: household.anna) }
            await fixture.close()
            let failed = fixture.network.requests.all.count
            fixture.network.answer { _ in OutgoingResponse(status: 200, body: Array("{}".utf8)) }
            try await fixture.open()
            let texts = try await household.texts(failed + PushDelivery.maxPendingNotifications).dropFirst(failed).compactMap { $0 }
            #expect(texts == (5..<count).map { "\($0)" })
        }
    }

    @Test func withoutPushersNothingIsKept() async throws {
        try await HomeFixture.with { fixture in
            let household = try await Household(fixture)
            try await fixture.home.pushers.set(["kind": .null, "app_id": "app", "pushkey": "key"], session: household.bela)
            try await fixture.say("1", in: household.room, by: household.anna)
            try await fixture.restart()
            #expect(fixture.network.requests.all.isEmpty)
        }
    }
}
