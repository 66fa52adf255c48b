import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Messages to devices: each comes until it is acknowledged, and not after.
struct EncryptionToDeviceTests {
    @Test func aMessageComesUntilItIsAcknowledged() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            var client = SyncClient(bob)
            try await client.sync(fixture)
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "one", by: alice)
            // The answer is lost, twice, once with the box itself.
            #expect(try await client.ask(fixture).toDeviceTexts == ["one"])
            #expect(try await client.ask(fixture).toDeviceTexts == ["one"])
            try await fixture.restart()
            #expect(try await client.ask(fixture).toDeviceTexts == ["one"])
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "two", by: alice)
            let answer = try await client.sync(fixture)
            #expect(answer.toDeviceTexts == ["one", "two"])
            #expect(try await Self.waiting(fixture) == 2, "nothing is deleted before the device comes back")
            #expect(try await client.sync(fixture).toDeviceTexts == [])
            #expect(try await Self.waiting(fixture) == 0)
            // A device that starts anew gets what was not acknowledged.
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "three", by: alice)
            client.since = nil
            #expect(try await client.sync(fixture).toDeviceTexts == ["three"])
            try await fixture.restart()
            #expect(try await client.sync(fixture).toDeviceTexts == [])
        }
    }

    @Test func manyMessagesComeInOrderAndParts() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let room = try await fixture.room(by: alice, members: [bob])
            var client = SyncClient(bob)
            try await client.sync(fixture)
            let count = ToDevice.maxMessagesOfSync * 2 + 10
            for number in 0..<count { try await fixture.tell(bob.userID, devices: ["DEVICE1"], "\(number)", by: alice) }
            let event = try await fixture.say("beside them", in: room, by: alice)
            var texts: [String] = []
            var events: [String] = []
            for _ in 0..<3 {
                // With a timeout: what waits is told at once.
                let answer = try await client.sync(fixture, timeout: .seconds(30))
                #expect(StreamToken(answer.nextBatch.description) == answer.nextBatch)
                texts += answer.toDeviceTexts
                events += answer.joined(room)?.eventIDs("timeline") ?? []
            }
            #expect(texts == (0..<count).map(String.init))
            #expect(events == [event.rawValue])
            #expect(try await client.sync(fixture).toDeviceTexts.isEmpty)
            #expect(try await Self.waiting(fixture) == 0)
        }
    }

    @Test func aRequestIsCarriedOutOnce() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let tablet = try await fixture.device(of: alice.userID)
            let bob = try await fixture.person("bob")
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "first", by: alice, transactionID: "t")
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "again", by: alice, transactionID: "t")
            try await fixture.restart()
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "and again", by: alice, transactionID: "t")
            // Other names: of another device, for another type.
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "other device", by: tablet, transactionID: "t")
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "other type", by: alice, transactionID: "t", type: "m.other")
            #expect(try await SyncClient(bob).ask(fixture).toDeviceTexts == ["first", "other device", "other type"])
        }
    }

    @Test func aStarReachesAllDevicesOfOneUser() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let phone = try await fixture.device(of: bob.userID)
            try await fixture.tell(bob.userID, devices: ["*"], "all", by: alice)
            try await fixture.tell(bob.userID, devices: ["DEVICE2", "UNKNOWN"], "phone", by: alice)
            try await fixture.tell(UserID(trusted: "@nobody:box.test"), devices: ["*"], "nobody", by: alice)
            try await fixture.tell(UserID(trusted: "@far:elsewhere.test"), devices: ["*"], "far", by: alice)
            #expect(try await SyncClient(bob).ask(fixture).toDeviceTexts == ["all"])
            #expect(try await SyncClient(phone).ask(fixture).toDeviceTexts == ["all", "phone"])
            #expect(try await SyncClient(alice).ask(fixture).toDeviceTexts == [])
        }
    }

    /// The waiting sync of a device ends with its message; that of another device of the same user goes on.
    @Test func aMessageWakesItsDevice() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let phone = try await fixture.device(of: bob.userID)
            var client = SyncClient(bob)
            var other = SyncClient(phone)
            try await client.sync(fixture)
            try await other.sync(fixture)
            let (waiting, idle) = (client, other)
            async let woken = waiting.ask(fixture, timeout: .seconds(60))
            async let quiet = idle.ask(fixture, timeout: .milliseconds(300))
            try await fixture.tell(bob.userID, devices: ["DEVICE1"], "wake up", by: alice)
            #expect(try await woken.toDeviceTexts == ["wake up"])
            let silence = try await quiet
            #expect(silence.toDeviceTexts.isEmpty && silence.isEmpty)
        }
    }

    /// Against a simple model: what each device has to get next.
    @Test(arguments: 0..<4) func nothingIsLostOrRepeated(round: Int) async throws {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        let generator = random
        try await HomeFixture.with { fixture in
            var random = generator
            let sender = try await fixture.person("alice")
            let user = try await fixture.person("bob").userID
            var clients: [SyncClient] = []
            for _ in 0..<3 { clients.append(SyncClient(try await fixture.device(of: user))) }
            var unread: [[String]] = [[], [], []]
            for step in 0..<120 {
                let index = Int.random(in: 0..<3, using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4:
                    try await fixture.tell(user, devices: [clients[index].session.deviceID.rawValue], "\(step)", by: sender)
                    unread[index].append("\(step)")
                case 4:
                    try await fixture.tell(user, devices: ["*"], "\(step)", by: sender)
                    for each in 0..<3 { unread[each].append("\(step)") }
                case 5 where step % 20 == 0: try await fixture.restart()
                case 5, 6:
                    // An answer that never arrives.
                    #expect(try await clients[index].ask(fixture).toDeviceTexts == unread[index], "step \(step)")
                default:
                    #expect(try await clients[index].sync(fixture).toDeviceTexts == unread[index], "step \(step)")
                    unread[index] = []
                }
            }
        }
        _ = random.next()
    }

    @Test func aFullQueueTakesNothingMore() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let phone = try await fixture.device(of: bob.userID)
            try await fixture.home.database.write { transaction in
                for _ in 0..<ToDevice.maxQueuedMessages {
                    let queue = try transaction.toDeviceQueue(of: phone.deviceKey)
                    try transaction.insertToDeviceMessage(Array("{}".utf8), device: phone.deviceKey, behind: queue, at: transaction.nextPosition())
                }
            }
            await expect(.limitExceeded) { try await fixture.tell(bob.userID, devices: ["DEVICE2"], "too many", by: alice) }
            // The refused request is not taken for one that was carried out.
            await expect(.limitExceeded) { try await fixture.tell(bob.userID, devices: ["DEVICE2"], "too many", by: alice) }
            // It does not keep others from theirs.
            try await fixture.tell(bob.userID, devices: ["*"], "for all", by: alice)
            #expect(try await SyncClient(bob).ask(fixture).toDeviceTexts == ["for all"])
            #expect(try await Self.waiting(fixture) == ToDevice.maxQueuedMessages + 1)
        }
    }

    @Test func wrongRequestsAreRefused() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            func send(_ body: String, transactionID: String = "t") async throws {
                try await fixture.home.toDevice.send(
                    type: "m.test", messages: JSONObject(parsing: Array(body.utf8)), transactionID: transactionID, session: alice)
            }
            await expect(.invalidParameter) { try await send(#"{"alice": {"*": {}}}"#) }
            await expect(.badJSON) { try await send(#"{"@alice:box.test": []}"#) }
            await expect(.badJSON) { try await send(#"{"@alice:box.test": {"*": "text"}}"#) }
            await expect(.invalidParameter) { try await send("{}", transactionID: String(repeating: "t", count: 256)) }
            let long = String(repeating: "x", count: ToDevice.maxMessageBytes)
            await expect(.tooLarge) { try await send(#"{"@alice:box.test": {"*": {"text": "\#(long)"}}}"#) }
            #expect(try await SyncClient(alice).ask(fixture).toDeviceTexts.isEmpty)
        }
    }

    @Test func tokensFromNowhereAreRefused() async throws {
        #expect(StreamToken("s5_6") == nil)
        #expect(StreamToken("s5_") == nil)
        #expect(StreamToken("s5_-1") == nil)
        #expect(StreamToken("s5_3_1") == nil)
        #expect(StreamToken("s5_3")?.description == "s5_3")
        #expect(StreamToken("s5")?.description == "s5")
    }

    private static func waiting(_ fixture: HomeFixture) async throws -> Int {
        try await fixture.home.database.read { try $0.connection.first("SELECT count(*) FROM to_device_messages") { Int($0.int(0)) } ?? 0 }
    }
}
