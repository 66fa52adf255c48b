import MatrixCore
import Storage
import Testing

struct AccountTablesTests {
    private let ann = UserID(trusted: "@ann:box.test")
    private let ben = UserID(trusted: "@ben:box.test")

    private func json(_ text: String) -> [UInt8] { Array("\"\(text)\"".utf8) }

    @Test func aUserIDIsGivenOutOnce() async throws {
        let temporary = try TemporaryDatabase()
        #expect(try await !temporary.database.read { try $0.hasAnyAccount() })
        let (first, second) = try await temporary.database.write { transaction in
            (
                try transaction.insertAccount(ann, passwordHash: "one", isAdministrator: true, timestamp: 5),
                try transaction.insertAccount(ann, passwordHash: "two", isAdministrator: false, timestamp: 6)
            )
        }
        #expect(first && !second)
        let account = try await temporary.database.read { try $0.account(of: ann) }
        #expect(account?.passwordHash == "one")
        #expect(account?.isAdministrator == true)
        #expect(account?.createdTimestamp == 5)

        try await temporary.database.write { try $0.markDeactivated(ann) }
        let ended = try await temporary.database.read { try $0.account(of: ann) }
        // Who knows the password is told that the account is closed.
        #expect(ended?.passwordHash != nil)
        #expect(ended?.isDeactivated == true)
        #expect(ended?.isAdministrator == false)
        #expect(try await !temporary.database.write { try $0.insertAccount(ann, passwordHash: "x", isAdministrator: false, timestamp: 7) })
        #expect(try await temporary.database.read { try $0.hasAnyAccount() && $0.accountExists(ann) })
    }

    @Test func theDirectoryShowsWhoIsActive() async throws {
        let temporary = try TemporaryDatabase()
        try await temporary.database.write { transaction in
            for user in [ben, ann] { _ = try transaction.insertAccount(user, passwordHash: nil, isAdministrator: false, timestamp: 0) }
            _ = try transaction.insertAccount(UserID(trusted: "@gone:box.test"), passwordHash: nil, isAdministrator: false, timestamp: 0)
            try transaction.markDeactivated(UserID(trusted: "@gone:box.test"))
            try transaction.setProfileField("displayname", of: ann, to: json("Ann"))
            try transaction.setProfileField("avatar_url", of: ann, to: json("mxc://box.test/a"))
            try transaction.setProfileField("displayname", of: ben, to: Array("17".utf8))
        }
        let found = try await temporary.database.read { transaction in
            var found: [DirectoryEntry] = []
            try transaction.forEachDirectoryEntry { entry in
                found.append(entry)
                return true
            }
            return found
        }
        #expect(
            found == [
                DirectoryEntry(userID: ann, displayName: "Ann", avatarURL: "mxc://box.test/a"),
                DirectoryEntry(userID: ben, displayName: nil, avatarURL: nil),
            ])
    }

    @Test func aDeviceTakesItsTokensWithIt() async throws {
        let temporary = try TemporaryDatabase()
        let (first, second) = try await temporary.database.write { transaction in
            for user in [ann, ben] { _ = try transaction.insertAccount(user, passwordHash: nil, isAdministrator: user == ann, timestamp: 0) }
            let first = try transaction.insertDevice(DeviceID(trusted: "PHONE"), of: ann, displayName: "Phone")
            let second = try transaction.insertDevice(DeviceID(trusted: "PHONE"), of: ben, displayName: nil)
            try transaction.insertToken(hash: [1], device: first)
            try transaction.insertToken(hash: [2], device: first)
            try transaction.insertToken(hash: [3], device: second)
            return (first, second)
        }
        let owner = try await temporary.database.read { try $0.owner(ofTokenHash: [2]) }
        #expect(owner?.userID == ann)
        #expect(owner?.deviceKey == first)
        #expect(owner?.isAdministrator == true)
        #expect(try await temporary.database.read { try $0.device(DeviceID(trusted: "PHONE"), of: ann)?.displayName } == "Phone")

        try await temporary.database.write { try $0.deleteDevice(first) }
        #expect(try await temporary.database.read { try $0.owner(ofTokenHash: [1]) == nil && $0.owner(ofTokenHash: [2]) == nil })
        #expect(try await temporary.database.read { try $0.owner(ofTokenHash: [3])?.deviceKey } == second)

        // Should tokens outlive a deactivation, they open nothing.
        try await temporary.database.write { try $0.markDeactivated(ben) }
        #expect(try await temporary.database.read { try $0.owner(ofTokenHash: [3]) == nil })
    }

    @Test func whereADeviceWasSeenIsNotForgottenForNothing() async throws {
        let temporary = try TemporaryDatabase()
        let device = try await temporary.database.write { transaction in
            let key = try transaction.insertDevice(DeviceID(trusted: "PHONE"), of: ann, displayName: nil)
            try transaction.setLastSeen(timestamp: 5, address: "192.168.1.5", ofDevice: key)
            try transaction.setLastSeen(timestamp: 6, address: nil, ofDevice: key)
            return try transaction.devices(of: ann).first
        }
        #expect(device?.lastSeenTimestamp == 6)
        #expect(device?.lastSeenAddress == "192.168.1.5")
    }

    @Test func registrationTokensAreUsedUp() async throws {
        let temporary = try TemporaryDatabase()
        let uses = try await temporary.database.write { transaction in
            for (token, allowed) in [("TWO", Int64?(2)), ("MANY", nil)] {
                try transaction.insertRegistrationToken(
                    RegistrationToken(token: token, usesAllowed: allowed, expiresTimestamp: 9, createdBy: ann, createdTimestamp: 1))
            }
            return try (0..<4).map { _ in (try transaction.useRegistrationToken("TWO"), try transaction.useRegistrationToken("MANY")) }
        }
        #expect(uses.map(\.0) == [true, true, false, false])
        #expect(uses.map(\.1) == [true, true, true, true])
        let tokens = try await temporary.database.read { try $0.registrationTokens() }
        #expect(tokens.map { "\($0.token) \($0.uses) \($0.isUsedUp)" } == ["MANY 4 false", "TWO 2 true"])
        #expect(tokens.first?.createdBy == ann)
        #expect(tokens.first?.expiresTimestamp == 9)
        #expect(try await !temporary.database.write { try $0.useRegistrationToken("NONE") })
        #expect(try await temporary.database.write { try $0.deleteRegistrationToken("TWO") })
        #expect(try await !temporary.database.write { try $0.deleteRegistrationToken("TWO") })
    }

    @Test func accountDataIsReadByRoomAndByPosition() async throws {
        let temporary = try TemporaryDatabase()
        let room = RoomID(trusted: "!r:box.test")
        let positions = try await temporary.database.write { transaction in
            try [(RoomID?.none, "a"), (room, "a"), (nil, "b"), (nil, "a")].map { room, type in
                let position = transaction.nextPosition()
                try transaction.setAccountData(type, of: ann, room: room, to: Array("{\"at\":\(position)}".utf8), at: position)
                return position
            }
        }
        func records(after start: Position, upTo end: Position) async throws -> [String] {
            try await temporary.database.read { transaction in
                try transaction.accountData(of: ann, after: start, upTo: end).map { "\($0.roomID?.rawValue ?? "-") \($0.type) \($0.position)" }
            }
        }
        let everything = ["!r:box.test a \(positions[1])", "- b \(positions[2])", "- a \(positions[3])"]
        #expect(try await records(after: .zero, upTo: positions[3]) == everything)
        #expect(try await records(after: positions[1], upTo: positions[2]) == [everything[1]])
        #expect(try await records(after: positions[3], upTo: Position(.max)).isEmpty)
        #expect(try await temporary.database.read { try $0.accountData(of: ann) }.map(\.position) == Array(positions.dropFirst()))
        #expect(try await temporary.database.read { try $0.accountDataCount(of: ann) } == 3)
        #expect(try await temporary.database.read { try $0.accountData("a", of: ann, room: nil) } == Array("{\"at\":\(positions[3])}".utf8))
        #expect(try await temporary.database.read { try $0.accountData("a", of: ben, room: nil) } == nil)
    }

    @Test func filtersAreEachUsersOwn() async throws {
        let temporary = try TemporaryDatabase()
        let (first, again, other, definition) = try await temporary.database.write { transaction in
            let first = try transaction.insertFilter([1], of: ann, maxCount: 2)
            let again = try transaction.insertFilter([1], of: ann, maxCount: 2)
            let other = try transaction.insertFilter([1], of: ben, maxCount: 2)
            for byte: UInt8 in 2...3 { _ = try transaction.insertFilter([byte], of: ann, maxCount: 2) }
            return (first, again, other, try transaction.filter(first, of: ann))
        }
        #expect(first == again)
        #expect(first != other)
        #expect(definition == nil)
        #expect(try await temporary.database.read { try $0.filter(other, of: ben) } == [1])
        #expect(try await temporary.database.read { try $0.filter(other, of: ann) } == nil)
    }
}
