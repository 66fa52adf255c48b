import MatrixCore
import Storage

/// Which events concern an application service: those in its rooms, and by, about or before its users.
///
/// Who was in a room is asked for the time of the event, so that it makes no difference how late the service is told.
///
/// spec: application-service-api/#registration
final class ServiceInterest {
    private let service: ApplicationService
    private let transaction: ReadTransaction
    private var rooms: [RoomID: Room] = [:]

    private enum Room {
        case whole
        /// Its users who are or were there, those who are there now first.
        case users([(user: UserID, membership: String, position: Position)])
    }

    init(of service: ApplicationService, in transaction: ReadTransaction) {
        self.service = service
        self.transaction = transaction
    }

    func includes(_ event: TimelineEvent) throws -> Bool {
        if service.includes(event.sender) { return true }
        if event.type == "m.room.member", let target = event.stateKey, service.includes(UserID(trusted: target)) { return true }
        switch try room(event.roomID) {
        case .whole: return true
        case .users(let users):
            return try users.contains { user, membership, position in
                if position <= event.position { return membership == "join" }
                return try transaction.membership(of: user, in: event.roomID, at: event.position) == "join"
            }
        }
    }

    /// Whether everything that happens in the room concerns the service, whoever is there.
    func includesWhole(_ room: RoomID) throws -> Bool {
        if case .whole = try self.room(room) { true } else { false }
    }

    private func room(_ id: RoomID) throws -> Room {
        if let known = rooms[id] { return known }
        let room: Room
        if try service.includes(id) || (service.watchesAliases && transaction.aliases(of: id).contains(where: service.includes)) {
            room = .whole
        } else {
            let users = try transaction.memberships(in: id).filter { service.includes($0.user) }
            room = .users(users.filter { $0.membership == "join" } + users.filter { $0.membership != "join" })
        }
        rooms[id] = room
        return room
    }
}

/// The next events for a service.
struct ServiceEvents: Sendable {
    var events: [TimelineEvent] = []
    /// Nothing before this concerns the service but `events`.
    var scannedTo: Position

    static let maxEvents = 100
    static let maxBytes = 1 << 20
    static let maxScanned = 1_000

    /// Looks at the timeline from `start`: as far as fits into one transaction, and no further than `end`.
    init(for service: ApplicationService, after start: Position, upTo end: Position, in transaction: ReadTransaction) throws {
        let interest = ServiceInterest(of: service, in: transaction)
        var found: [TimelineEvent] = []
        var bytes = 0
        var scanned = 0
        var last = start
        var isCut = false
        try transaction.forEachEvent(after: start, upTo: end) { event in
            guard scanned < Self.maxScanned, found.count < Self.maxEvents else {
                isCut = true
                return false
            }
            if try interest.includes(event) {
                bytes += event.content.count + (event.previousContent?.count ?? 0) + 1_024
                guard found.isEmpty || bytes <= Self.maxBytes else {
                    isCut = true
                    return false
                }
                found.append(event)
            }
            scanned += 1
            last = event.position
            return true
        }
        events = found
        scannedTo = isCut ? last : end
    }

    /// The body of a transaction.
    ///
    /// spec: application-service-api/#put_matrixappv1transactionstxnid
    static func body(of events: [TimelineEvent]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("events")
        EventFormat.ofServices.write(events, to: &writer)
        writer.endObject()
        return writer.bytes
    }
}
