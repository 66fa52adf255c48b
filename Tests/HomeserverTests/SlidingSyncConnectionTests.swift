import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Connections of sliding sync: how they begin and end, and what they are allowed to take.
@Suite struct SlidingSyncConnectionTests {
    @Test func aRestartEndsThemCleanly() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            var client = SlidingClient(alice)
            try await client.sync(fixture)
            try await fixture.restart()
            await expect(.unknownPosition) { _ = try await client.ask(fixture, timeoutMilliseconds: 30_000) }
            client.position = nil
            #expect(try await client.sync(fixture).room(room)?.bool("initial") == true)
        }
    }

    @Test(arguments: ["", "s1", "s1~", "s1~0.1", "s1~zz.1", "s99999~1.1", "~", "s-1~1.1", String(repeating: "9", count: 5_000)])
    func anUnknownPosition(text: String) async throws {
        try await HomeFixture.with { fixture in
            var client = SlidingClient(try await fixture.person("alice"))
            try await client.sync(fixture)
            client.position = text
            await expect(.unknownPosition) { _ = try await client.ask(fixture) }
        }
    }

    @Test func aPositionIsGoodForItsDeviceAndConnectionAlone() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let other = try await fixture.device(of: alice.userID)
            var client = SlidingClient(alice)
            try await client.sync(fixture)
            for session in [other, bob] {
                var thief = SlidingClient(session)
                try await thief.sync(fixture)
                thief.position = client.position
                await expect(.unknownPosition) { _ = try await thief.ask(fixture) }
            }
            var second = client
            second.connectionID = "another"
            await expect(.unknownPosition) { _ = try await second.ask(fixture) }
            #expect(try await client.sync(fixture).isEmpty)
        }
    }

    @Test func aNewConnectionReplacesTheOldOneOfItsName() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            var old = SlidingClient(alice)
            try await old.sync(fixture)
            var new = SlidingClient(alice)
            try await new.sync(fixture)
            await expect(.unknownPosition) { _ = try await old.ask(fixture) }
            #expect(try await new.sync(fixture).isEmpty)
            #expect(fixture.home.slidingSync.connections.extent.count == 1)
        }
    }

    @Test func aDeviceHasAFewConnectionsAtMost() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            var clients: [SlidingClient] = []
            for index in 0...SlidingConnections.maxConnectionsOfDevice {
                var client = SlidingClient(alice, connectionID: "\(index)")
                try await client.sync(fixture)
                clients.append(client)
            }
            #expect(fixture.home.slidingSync.connections.extent.count == SlidingConnections.maxConnectionsOfDevice)
            await expect(.unknownPosition) { _ = try await clients[0].ask(fixture) }
            for client in clients.dropFirst() { #expect(try await client.ask(fixture).isEmpty) }
        }
    }

    @Test func whatWasUsedLongestAgoGoesFirst() throws {
        let connections = SlidingConnections()
        var change = ConnectionChange(from: ConnectionState(), interest: SlidingSyncRequest.Interest())
        // Each of a sixteenth of what all may take.
        let count = SlidingConnections.maxBytes / 16 / SentRoom.approximateBytes
        for key in 0..<count {
            change.rooms[Int64(key)] = SentRoom(kind: .joined, upTo: .zero, stateIndex: 0, eventCount: 1)
        }
        var tokens: [String] = []
        for device in 0..<20 {
            tokens.append(connections.answer(try connections.open(device: Int64(device), id: "", position: nil), with: change))
            if device == 10 { _ = try connections.open(device: 0, id: "", position: tokens[0]) }
        }
        #expect(connections.extent.bytes <= SlidingConnections.maxBytes)
        #expect(connections.extent.count == 15)
        #expect(throws: MatrixError.self) { try connections.open(device: 1, id: "", position: tokens[1]) }
        for device in [0, 19] { _ = try connections.open(device: Int64(device), id: "", position: tokens[device]) }
        connections.deviceEnds(0)
        #expect(connections.extent.count == 14)
        #expect(throws: MatrixError.self) { try connections.open(device: 0, id: "", position: tokens[0]) }
        for device in 1..<20 { connections.deviceEnds(Int64(device)) }
        #expect(connections.extent.bytes == 0)
    }

    @Test func manyAnswersToOnePositionTakeNoMoreRoom() throws {
        let connections = SlidingConnections()
        let change = ConnectionChange(from: ConnectionState(), interest: SlidingSyncRequest.Interest())
        let first = connections.answer(try connections.open(device: 1, id: "", position: nil), with: change)
        var sizes: Set<Int> = []
        var last = ""
        for index in 0..<50 {
            last = connections.answer(try connections.open(device: 1, id: "", position: first), with: change)
            if index > 5 { sizes.insert(connections.extent.bytes) }
        }
        #expect(sizes.count == 1)
        _ = try connections.open(device: 1, id: "", position: last)
    }

    @Test func requiredStatesThatNobodyUsesAreForgotten() {
        var state = ConnectionState()
        for index in 0..<500 {
            var change = ConnectionChange(from: state, interest: SlidingSyncRequest.Interest())
            let element = RequiredState.Element(type: "type\(index)", stateKey: "")
            let stateIndex = change.index(of: RequiredStateSet([RequiredState(include: [element])]))
            change.rooms[Int64(index % 3)] = SentRoom(kind: .joined, upTo: .zero, stateIndex: stateIndex, eventCount: 1)
            state.apply(change)
            let kept = state.rooms[Int64(index % 3)].map { state.requiredStates[Int($0.stateIndex)] }
            #expect(kept?.matches("type\(index)", "") == true)
        }
        #expect(state.requiredStates.count <= ConnectionState.maxRequiredStates + 1)
    }

    @Test func membersAreForgottenWhereTheyAreTooMany() {
        var state = ConnectionState()
        for room in 0..<30 {
            var change = ConnectionChange(from: state, interest: SlidingSyncRequest.Interest())
            var sent = SentRoom(kind: .joined, upTo: .zero, stateIndex: 0, eventCount: 1)
            sent.members = Set((0..<1_000).map { UserID(trusted: "@\($0)_\(room):x") })
            change.rooms[Int64(room)] = sent
            state.apply(change)
            #expect(state.memberCount <= ConnectionState.maxMembers)
            #expect(state.memberCount == state.rooms.values.reduce(0) { $0 + $1.members.count })
        }
    }

    @Test func loggingOutEndsAWaitingRequest() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            var client = SlidingClient(alice)
            try await client.sync(fixture)
            let waiting = client
            let asking = Task { try await waiting.ask(fixture, timeoutMilliseconds: 90_000) }
            try await LongPollTests.untilWaiting(fixture, [alice])
            try await fixture.home.sessions.logOut(alice)
            await expect(.unknownToken) { _ = try await asking.value }
            #expect(fixture.home.slidingSync.connections.extent.count == 0)
        }
    }

    // MARK: Bad input

    @Test(arguments: [
        (#"{"lists":[]}"#, "M_BAD_JSON"), (#"{"lists":{"a":1}}"#, "M_BAD_JSON"), (#"{"lists":{"a":{}}}"#, "M_MISSING_PARAM"),
        (#"{"lists":{"a":{"timeline_limit":"1"}}}"#, "M_BAD_JSON"), (#"{"lists":{"a":{"timeline_limit":-1}}}"#, "M_INVALID_PARAM"),
        (#"{"lists":{"a":{"timeline_limit":1,"ranges":[[0]]}}}"#, "M_BAD_JSON"),
        (#"{"lists":{"a":{"timeline_limit":1,"ranges":[["0","1"]]}}}"#, "M_BAD_JSON"),
        (#"{"lists":{"a":{"timeline_limit":1,"ranges":[[-1,5]]}}}"#, "M_INVALID_PARAM"),
        (#"{"lists":{"a":{"timeline_limit":1,"ranges":[[5,1]]}}}"#, "M_INVALID_PARAM"),
        (#"{"lists":{"a":{"timeline_limit":1,"required_state":[["a"]]}}}"#, "M_BAD_JSON"),
        (#"{"lists":{"a":{"timeline_limit":1,"required_state":{"a":"b"}}}}"#, "M_BAD_JSON"),
        (#"{"lists":{"a":{"timeline_limit":1,"filters":{"is_dm":"yes"}}}}"#, "M_BAD_JSON"),
        (#"{"lists":{"a":{"timeline_limit":1,"filters":{"room_types":[1]}}}}"#, "M_BAD_JSON"),
        (#"{"lists":{"a":{"timeline_limit":1,"filters":{"tags":{}}}}}"#, "M_BAD_JSON"),
        (#"{"room_subscriptions":{"nonsense":{"timeline_limit":1}}}"#, "M_INVALID_PARAM"),
        (#"{"room_subscriptions":{"!a:b":1}}"#, "M_BAD_JSON"), (#"{"conn_id":7}"#, "M_BAD_JSON"),
        (#"{"extensions":{"to_device":true}}"#, "M_BAD_JSON"), (#"{"extensions":{"to_device":{"enabled":1}}}"#, "M_BAD_JSON"),
        (#"{"extensions":{"to_device":{"enabled":true,"since":1}}}"#, "M_BAD_JSON"),
        (#"{"extensions":{"to_device":{"enabled":true,"limit":0}}}"#, "M_INVALID_PARAM"),
        (#"{"extensions":{"typing":{"enabled":true,"lists":"a"}}}"#, "M_BAD_JSON"),
    ])
    func badRequests(json: String, code: String) throws {
        let session = Session(userID: UserID(trusted: "@a:b"), deviceID: DeviceID(trusted: "D"), deviceKey: 1, isAdministrator: false)
        let body = try JSONObject(parsing: Array(json.utf8))
        let error = #expect(throws: MatrixError.self) { try SlidingSyncRequest(body, query: { _ in nil }, dialect: .field, session: session) }
        #expect(error?.code?.name == code && error?.status == 400)
    }

    @Test(arguments: [
        (#"{"timeout":-1}"#, "M_INVALID_PARAM"), (#"{"timeout":"1"}"#, "M_BAD_JSON"), (#"{"pos":1}"#, "M_BAD_JSON"),
        (#"{"set_presence":"sleeping"}"#, "M_INVALID_PARAM"), (#"{"lists":{"a":{"timeline_limit":1,"range":[1]}}}"#, "M_BAD_JSON"),
        (#"{"lists":{"a":{"timeline_limit":1,"range":[2,1]}}}"#, "M_INVALID_PARAM"),
        (#"{"lists":{"a":{"timeline_limit":1,"required_state":[]}}}"#, "M_BAD_JSON"),
        (#"{"lists":{"a":{"timeline_limit":1,"required_state":{"include":["a"]}}}}"#, "M_BAD_JSON"),
        (#"{"lists":{"a":{"timeline_limit":1,"required_state":{"include":[{"type":1}]}}}}"#, "M_BAD_JSON"),
    ])
    func badRequestsOfTheAcceptedDialect(json: String, code: String) throws {
        let session = Session(userID: UserID(trusted: "@a:b"), deviceID: DeviceID(trusted: "D"), deviceKey: 1, isAdministrator: false)
        let body = try JSONObject(parsing: Array(json.utf8))
        let error = #expect(throws: MatrixError.self) { try SlidingSyncRequest(body, query: { _ in nil }, dialect: .accepted, session: session) }
        #expect(error?.code?.name == code && error?.status == 400)
    }

    @Test func tooMuchIsRefused() throws {
        let session = Session(userID: UserID(trusted: "@a:b"), deviceID: DeviceID(trusted: "D"), deviceKey: 1, isAdministrator: false)
        func refused(_ body: JSONObject, _ dialect: SlidingSyncDialect = .field, sourceLocation: SourceLocation = #_sourceLocation) {
            let error = #expect(throws: MatrixError.self, sourceLocation: sourceLocation) {
                try SlidingSyncRequest(body, query: { _ in nil }, dialect: dialect, session: session)
            }
            #expect(error?.code?.name == "M_INVALID_PARAM", sourceLocation: sourceLocation)
        }
        let list: JSONValue = ["timeline_limit": 1]
        refused(["lists": .object(JSONObject((0...100).map { ("\($0)", list) }))])
        refused(["lists": [String(repeating: "a", count: 65): list]])
        refused(["conn_id": .string(String(repeating: "a", count: 256))])
        refused(["room_subscriptions": .object(JSONObject((0...1_000).map { ("!\($0):x", list) }))])
        refused(["room_subscriptions": .object(JSONObject((0...100).map { ("!\($0):x", list) }))], .accepted)
        refused(["lists": ["a": ["timeline_limit": 1, "ranges": .array((0...100).map { [.integer(Int64($0)), .integer(Int64($0))] })]]])
        refused(["lists": ["a": ["timeline_limit": 1, "required_state": .array((0...200).map { [.string("\($0)"), ""] })]]])
        refused(["lists": ["a": ["timeline_limit": 1, "filters": ["tags": .array((0...100).map { .string("\($0)") })]]]])
    }

    @Test func hugeRangesAndLimitsAreCutDown() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let room = try await fixture.room(by: alice)
            for index in 0..<110 { try await fixture.say("\(index)", in: room, by: alice) }
            var client = SlidingClient(alice, range: 0...Int(JSONValue.maxCanonicalInteger), timelineLimit: 1_000_000)
            let answer = try await client.sync(fixture)
            #expect(answer.events(room).count == SlidingSyncRequest.maxTimelineEvents)
            #expect(answer.room(room)?.bool("limited") == true)
            #expect(try await client.sync(fixture).isEmpty)
        }
    }
}
