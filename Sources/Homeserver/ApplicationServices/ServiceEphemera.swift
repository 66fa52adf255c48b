import MatrixCore
import Storage

/// What is told to an application service and not kept: typing, receipts, presence.
///
/// spec: application-service-api/#pushing-ephemeral-data
struct ServiceEphemera {
    let service: ApplicationService
    let typing: Typing
    let presence: Presence

    static let maxEvents = 500

    /// The body of a transaction, and its ID; `nil` if there is nothing to tell. Of what has changed twice, only the newest is told.
    func transaction(of changes: [Change], in transaction: ReadTransaction) throws -> (id: Position, body: [UInt8])? {
        let interest = ServiceInterest(of: service, in: transaction)
        var last: Position?
        var typingRooms: [RoomID] = []
        var present: [UserID] = []
        var receipts: [RoomID: [Receipt]] = [:]
        for change in changes.suffix(Self.maxEvents) {
            switch change.kind {
            case .typing(let room, let audience):
                guard try concerns(room, audience, interest) else { continue }
                if !typingRooms.contains(room) { typingRooms.append(room) }
            case .presence(let user, let audience):
                guard service.includes(user) || audience.users.contains(where: service.includes) else { continue }
                if !present.contains(user) { present.append(user) }
            case .receipt(let receipt, let audience):
                if receipt.type == "m.read.private" {
                    guard service.includes(receipt.userID) else { continue }
                } else {
                    guard try concerns(receipt.roomID, audience, interest) else { continue }
                }
                receipts[receipt.roomID, default: []].removeAll {
                    $0.userID == receipt.userID && $0.type == receipt.type && $0.threadID == receipt.threadID
                }
                receipts[receipt.roomID, default: []].append(receipt)
            default: continue
            }
            last = change.position
        }
        guard let last else { return nil }
        var events = JSONWriter()
        events.beginArray()
        for room in typingRooms {
            let typists = typing.typists(in: room).map { JSONValue.string($0.rawValue) }
            events.object(["type": "m.typing", "room_id": .string(room.rawValue), "content": ["user_ids": .array(typists)]])
        }
        for room in receipts.keys.sorted() {
            for content in SyncResponseWriter.contents(of: receipts[room] ?? []) {
                events.object(["type": "m.receipt", "room_id": .string(room.rawValue), "content": .object(content)])
            }
        }
        for user in present { presence.write(user, to: &events) }
        events.endArray()
        return (last, body(events.bytes))
    }

    private func concerns(_ room: RoomID, _ audience: Audience, _ interest: ServiceInterest) throws -> Bool {
        if audience.users.contains(where: service.includes) { return true }
        return try interest.includesWhole(room)
    }

    private func body(_ events: [UInt8]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        if service.registration.usesUnstableEphemeral {
            writer.key("de.sorunome.msc2409.ephemeral")
            writer.raw(events)
        }
        writer.key("ephemeral")
        writer.raw(events)
        writer.key("events")
        writer.beginArray()
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
