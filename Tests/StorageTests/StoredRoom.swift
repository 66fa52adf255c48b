import Cryptography
import MatrixCore
import Storage

/// Puts events into a room as the server does, but by no rules.
struct StoredRoom {
    let database: Database
    let record: RoomRecord
    private let key = Ed25519PrivateKey()

    static let version = RoomVersion.v11
    static let alice = UserID(trusted: "@alice:box.test")
    static let bob = UserID(trusted: "@bob:box.test")

    init(_ database: Database, id: String = "!room:box.test") async throws {
        self.database = database
        record = try await database.write { try $0.insertRoom(RoomID(trusted: id), version: Self.version) }
    }

    var room: Int64 { record.key }

    @discardableResult
    func add(
        _ type: String = "m.room.message", stateKey: String? = nil, sender: UserID = alice, _ content: JSONObject = [:], notifies: Int = 0,
        transaction: EventTransaction? = nil
    ) async throws -> (id: EventID, position: Position) {
        let (record, key) = (record, key)
        return try await database.write { write in
            let previous = try write.latestEvent(in: record.key)
            let proposal = EventProposal(
                roomID: record.id, type: type, stateKey: stateKey, sender: sender, originServerTimestamp: 1, content: content,
                prevEvents: previous.map { [$0.id] } ?? [], authEvents: [], depth: (previous?.depth ?? 0) + 1)
            let pdu = try PDU.build(proposal, version: Self.version, signingName: "box.test", keyID: "ed25519:1", key: key)
            let position = write.nextPosition()
            try write.insertEvent(pdu, room: record.key, at: position, notifies: notifies, transaction: transaction)
            return (pdu.event.eventID, position)
        }
    }

    @discardableResult
    func member(_ user: UserID, _ membership: String) async throws -> Position {
        try await add("m.room.member", stateKey: user.rawValue, sender: user, ["membership": .string(membership)]).position
    }

    func redact(_ position: Position, by redaction: Position) async throws {
        try await database.write { write in
            guard let event = try write.event(at: position), let pdu = try write.pdu(of: event, version: Self.version) else { return }
            let object = try JSONObject(parsing: pdu.canonicalBytes)
            _ = try write.redactEvent(PDU(Redaction.redacted(object, version: Self.version), version: Self.version), at: position, by: redaction)
        }
    }
}
