import MatrixCore
import Testing

struct PowerLevelsTests {
    private let alice = UserID(trusted: RoomFixture.alice)
    private let bob = UserID(trusted: RoomFixture.bob)
    private let carol = UserID(trusted: RoomFixture.carol)

    @Test(arguments: RoomVersion.allCases)
    func defaultsWithoutTheEvent(version: RoomVersion) {
        let room = RoomFixture(version, createContent: ["additional_creators": [.string(RoomFixture.bob)]])
        let levels = PowerLevels(create: room.event("m.room.create"), powerLevels: nil, version: version)
        #expect(levels.level(of: alice) == (version == .v12 ? PowerLevels.creatorLevel : 100))
        #expect(levels.level(of: bob) == (version == .v12 ? PowerLevels.creatorLevel : 0))
        #expect(levels.level(of: carol) == 0)
        expectDefaults(levels)
    }

    @Test(arguments: RoomVersion.allCases)
    func defaultsOfAnEmptyEvent(version: RoomVersion) {
        let room = RoomFixture(version)
        let levels = PowerLevels(create: room.event("m.room.create"), content: [:], version: version)
        #expect(levels.level(of: alice) == (version == .v12 ? PowerLevels.creatorLevel : 0))
        expectDefaults(levels)
    }

    @Test func everythingStated() {
        let levels = PowerLevels(
            create: nil,
            content: [
                "users": [RoomFixture.alice: 90, RoomFixture.bob: -1], "users_default": 5, "events_default": 6, "state_default": 7,
                "invite": 8, "kick": 9, "ban": 10, "redact": 11, "events": ["m.a": 12], "notifications": ["room": 13, "other": 14],
            ], version: .v11)
        #expect(levels.level(of: alice) == 90)
        #expect(levels.level(of: bob) == -1)
        #expect(levels.level(of: carol) == 5)
        #expect(levels.required(forEvent: "m.a", isState: true) == 12)
        #expect(levels.required(forEvent: "m.a", isState: false) == 12)
        #expect(levels.required(forEvent: "m.b", isState: false) == 6)
        #expect(levels.required(forEvent: "m.b", isState: true) == 7)
        #expect([levels.invite, levels.kick, levels.ban, levels.redact] == [8, 9, 10, 11])
        #expect(levels.required(forNotification: "room") == 13)
        #expect(levels.required(forNotification: "other") == 14)
        #expect(levels.required(forNotification: "unknown") == 50)
        #expect(levels.canSend("m.a", isState: false, user: alice))
        #expect(!levels.canSend("m.a", isState: false, user: carol))
    }

    @Test func stringsAreNoLevels() {
        let levels = PowerLevels(
            create: nil, content: ["users": [RoomFixture.alice: "100"], "ban": "0", "events": ["m.a": .double(1)]], version: .v10)
        #expect(levels.level(of: alice) == 0)
        #expect(levels.ban == 50)
        #expect(levels.required(forEvent: "m.a", isState: false) == 0)
    }

    @Test func creatorOfVersion10IsTheOneInTheContent() {
        let create = RoomFixture(.v10).event("m.room.create", "", ["creator": .string(RoomFixture.bob)], sender: RoomFixture.alice)
        let levels = PowerLevels(create: create, powerLevels: nil, version: .v10)
        #expect(levels.level(of: bob) == 100)
        #expect(levels.level(of: alice) == 0)
    }

    private func expectDefaults(_ levels: PowerLevels) {
        #expect(levels.usersDefault == 0)
        #expect([levels.invite, levels.kick, levels.ban, levels.redact] == [0, 50, 50, 50])
        #expect(levels.required(forEvent: "m.room.message", isState: false) == 0)
        #expect(levels.required(forEvent: "m.room.name", isState: true) == 50)
        #expect(levels.required(forNotification: "room") == 50)
    }
}

extension RoomFixture {
    func event(_ type: String) -> Event? { state[Key(type: type, stateKey: "")] }
}
