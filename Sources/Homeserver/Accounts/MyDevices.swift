public import MatrixCore
import Storage

/// The private room in which people send things to their other devices. Every account has one from its first day.
///
/// Account data names it, and clients show it among the favourites. Who leaves it has none from then on, until they ask for one.
public struct MyDevices: Sendable {
    /// With the home room off, accounts begin empty. Whoever asks still gets one.
    let isEnabled: Bool
    let database: Database
    let rooms: Rooms
    let accountData: AccountData

    static let markerType = "org.landline.my_devices"
    private static let roomName = "My devices"
    private static let topic = "Only you are here. What you send arrives on all your devices."

    /// The user's room, if they are in it.
    public func room(of user: UserID) async throws -> RoomID? {
        try await database.read { try Self.room(of: user, in: $0) }
    }

    /// The user's room, which is made if they have none.
    public func madeRoom(of user: UserID) async throws -> RoomID {
        try await database.write { transaction in try Self.room(of: user, in: transaction) ?? make(for: user, in: transaction) }
    }

    /// For a new account.
    func begin(for user: UserID) async throws {
        guard isEnabled else { return }
        try await makeFirst(for: user)
    }

    /// For accounts from before there was such a room: one after the other, so that nobody's message waits long.
    func makeMissing() async throws {
        guard isEnabled else { return }
        var last = ""
        while let user = try await database.read({ [last] in try $0.person(withoutAccountData: Self.markerType, after: last) }) {
            try Task.checkCancellation()
            last = user.rawValue
            do {
                try await makeFirst(for: user)
            } catch is MatrixError {
                // Somebody suspended, say. They get one when they ask.
            }
        }
    }

    /// Whose room is upgraded has the new one.
    static func moves(from old: RoomID, to new: RoomID, by user: UserID, _ accountData: AccountData, in transaction: WriteTransaction) throws {
        guard try marked(of: user, in: transaction) == old else { return }
        try accountData.set(markerType, of: user, room: nil, to: marker(new), in: transaction)
    }

    private func makeFirst(for user: UserID) async throws {
        try await database.write { transaction in
            guard try transaction.accountData(Self.markerType, of: user, room: nil) == nil,
                let account = try transaction.account(of: user), !account.isDeactivated
            else { return }
            _ = try make(for: user, in: transaction)
        }
    }

    private func make(for user: UserID, in transaction: WriteTransaction) throws -> RoomID {
        var creation = RoomCreation()
        creation.preset = RoomPreset.privateChat.rawValue
        creation.name = Self.roomName
        creation.topic = Self.topic
        let room = try rooms.create(creation, by: user, in: transaction)
        try accountData.set(Self.markerType, of: user, room: nil, to: Self.marker(room.id), in: transaction)
        let tags: JSONObject = ["tags": ["m.favourite": ["order": .double(0.5)]]]
        try accountData.set("m.tag", of: user, room: room.id, to: tags.serialized(), in: transaction)
        return room.id
    }

    private static func room(of user: UserID, in transaction: ReadTransaction) throws -> RoomID? {
        guard let id = try marked(of: user, in: transaction), let room = try transaction.room(id),
            try transaction.membership(of: user, in: room.key)?.membership == "join"
        else { return nil }
        return id
    }

    private static func marked(of user: UserID, in transaction: ReadTransaction) throws -> RoomID? {
        guard let content = try transaction.accountData(markerType, of: user, room: nil) else { return nil }
        return try JSONObject(parsing: content).string("room_id").flatMap { RoomID($0) }
    }

    private static func marker(_ room: RoomID) -> [UInt8] {
        let content: JSONObject = ["room_id": .string(room.rawValue)]
        return content.serialized()
    }
}
