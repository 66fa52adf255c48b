import MatrixCore
import Storage
import Testing

@Suite struct RoomTablesTests {
    private static let (alice, bob) = (StoredRoom.alice, StoredRoom.bob)

    @Test func membershipsFollowTheEvents() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        let invited = try await room.member(Self.bob, "invite")
        let joined = try await room.member(Self.bob, "join")
        let renamed = try await room.member(Self.bob, "join")
        let left = try await room.member(Self.bob, "leave")
        let back = try await room.member(Self.bob, "join")
        try await temporary.database.read { read in
            let record = try #require(try read.membership(of: Self.bob, in: room.room))
            #expect(record.membership == "join" && record.position == back && record.roomID == room.record.id)
            for (end, membership, position) in [
                (invited, "invite", invited), (joined, "join", joined), (renamed, "join", renamed), (left, "leave", left),
            ] {
                let then = try read.memberships(of: Self.bob, at: end)
                #expect(then.map(\.membership) == [membership] && then.map(\.position) == [position])
            }
            #expect(try read.memberships(of: Self.bob, at: Position(invited.value - 1)).isEmpty)
            // A change of profile begins no new stay.
            #expect(try read.joinPosition(of: Self.bob, in: room.room, upTo: renamed) == joined)
            #expect(try read.joinPosition(of: Self.bob, in: room.room, upTo: Position(.max)) == back)
            #expect(try read.joinPosition(of: Self.alice, in: room.room, upTo: Position(.max)) == .zero)
            #expect(try read.users(in: room.room, membership: "join") == [Self.bob])
            #expect(try read.memberCount(of: room.room, membership: "leave") == 0)
        }
    }

    @Test func forgottenUntilJoined() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        func isForgotten() async throws -> Bool? { try await temporary.database.read { try $0.membership(of: Self.bob, in: room.room)?.isForgotten } }
        #expect(try await isForgotten() == nil)
        try await room.member(Self.bob, "leave")
        #expect(try await isForgotten() == false)
        try await temporary.database.write { try $0.forget(room: room.room, user: Self.bob) }
        #expect(try await isForgotten() == true)
        try await room.member(Self.bob, "invite")
        #expect(try await isForgotten() == true)
        try await room.member(Self.bob, "join")
        #expect(try await isForgotten() == false)
    }

    @Test func heroesAreTheFirstOthers() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        let users = (0..<8).map { UserID(trusted: "@u\($0):box.test") }
        for (index, user) in users.enumerated() { try await room.member(user, index == 2 ? "invite" : index == 3 ? "leave" : "join") }
        func heroes() async throws -> [UserID] { try await temporary.database.read { try $0.heroes(of: room.room, for: users[0]) } }
        #expect(try await heroes() == [users[1], users[2], users[4], users[5], users[6]])
        for user in users.dropFirst() { try await room.member(user, "leave") }
        #expect(try await heroes() == Array(users[1...5]))
    }

    @Test func roomsInCommon() async throws {
        let temporary = try TemporaryDatabase()
        let rooms = [try await StoredRoom(temporary.database), try await StoredRoom(temporary.database, id: "!two:box.test")]
        try await rooms[0].member(Self.alice, "join")
        try await rooms[1].member(Self.bob, "join")
        try await rooms[0].member(Self.bob, "invite")
        func share() async throws -> [Bool] {
            try await temporary.database.read { read in
                let shares = [try read.shareRoom(Self.alice, Self.bob), try read.shareRoom(Self.bob, Self.alice)]
                #expect(try read.usersSharingRooms(with: Self.alice) == (shares[0] ? [Self.bob] : []))
                return shares
            }
        }
        #expect(try await share() == [false, false])
        try await rooms[0].member(Self.bob, "join")
        try await rooms[1].member(Self.alice, "join")
        #expect(try await share() == [true, true])
        try await rooms[0].member(Self.bob, "ban")
        try await rooms[1].member(Self.alice, "leave")
        #expect(try await share() == [false, false])
    }

    @Test func aliasesAndTheList() async throws {
        let temporary = try TemporaryDatabase()
        let room = try await StoredRoom(temporary.database)
        let alias = try #require(RoomAlias("#a:box.test"))
        try await temporary.database.write { write in
            try write.insertAlias(alias, room: room.room, creator: Self.alice)
            try write.setListed(true, room: room.room)
        }
        let entry = try await temporary.database.read { try $0.roomKey(of: alias) }
        #expect(entry?.key == room.room && entry?.creator == Self.alice)
        #expect(try await temporary.database.read { try $0.aliases(of: room.room) } == [alias])
        #expect(try await temporary.database.read { try $0.listedRooms() }.map(\.id) == [room.record.id])
        await #expect(throws: StorageError.self) {
            try await temporary.database.write { try $0.insertAlias(alias, room: room.room, creator: Self.bob) }
        }
        try await temporary.database.write { write in
            try write.deleteAlias(alias)
            try write.setListed(false, room: room.room)
        }
        #expect(try await temporary.database.read { try $0.roomKey(of: alias) } == nil)
        #expect(try await temporary.database.read { try $0.listedRooms().isEmpty })
    }
}
