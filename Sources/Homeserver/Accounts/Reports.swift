import Logging
public import MatrixCore
import Storage

/// A report as administrators read it.
public struct Report: Sendable {
    public let id: Int64
    /// What dashboards and scripts get.
    public let json: JSONObject

    init(_ record: ReportRecord) {
        id = record.id
        var object: JSONObject = [
            "id": .integer(record.id), "reporter": .string(record.reporter.rawValue), "reason": .string(record.reason),
            "created_ts": .integer(record.createdTimestamp),
        ]
        if let room = record.roomID { object["room_id"] = .string(room.rawValue) }
        if let event = record.eventID { object["event_id"] = .string(event.rawValue) }
        if let user = record.userID { object["user_id"] = .string(user.rawValue) }
        json = object
    }
}

/// What users report to the owner: messages, rooms and people.
///
/// spec: client-server-api/#reporting-content
public struct Reports: Sendable {
    static let maxReasonBytes = 4_096
    static let maxCount = 2_000
    /// One who reports everything must not push out what others reported.
    static let maxOfReporter = 200
    public static let maxPage = 100

    let database: Database
    let feed: ChangeFeed
    let limiter: RateLimiter
    let clock: Clock
    let logger: Logger

    /// Only for those who are in the room and can see the event. Throws `notFound` for all others alike.
    ///
    /// spec: client-server-api/#post_matrixclientv3roomsroomidreporteventid
    public func reportEvent(_ eventID: EventID, in roomID: RoomID, by reporter: UserID, reason: String?) async throws {
        let newest = feed.position
        try await keep(by: reporter, reason: reason) { transaction in
            guard let access = try? RoomAccess(to: roomID, for: reporter, upTo: newest, in: transaction), access.membership == "join",
                let event = try transaction.event(eventID), event.roomID == roomID, access.canSee(event)
            else { throw MatrixError(.notFound, "There is no such event, or you are not in its room.") }
            return .event(eventID, room: roomID, sender: event.sender)
        }
    }

    /// Whoever has heard of a room can report it.
    ///
    /// spec: client-server-api/#post_matrixclientv3roomsroomidreport
    public func reportRoom(_ roomID: RoomID, by reporter: UserID, reason: String) async throws {
        try await keep(by: reporter, reason: reason) { transaction in
            guard try transaction.room(roomID) != nil else { throw MatrixError(.notFound, "There is no such room on this box.") }
            return .room(roomID)
        }
    }

    /// spec: client-server-api/#post_matrixclientv3usersuseridreport
    public func reportUser(_ user: UserID, by reporter: UserID, reason: String) async throws {
        try await keep(by: reporter, reason: reason) { transaction in
            guard try transaction.accountExists(user) else { throw MatrixError(.notFound, "There is no such user on this box.") }
            return .user(user)
        }
    }

    private func keep(
        by reporter: UserID, reason: String?, _ subject: @escaping @Sendable (ReadTransaction) throws -> ReportSubject
    ) async throws {
        let reason = reason ?? ""
        guard reason.utf8.count <= Self.maxReasonBytes else {
            throw MatrixError(.invalidParameter, "A reason has at most \(Self.maxReasonBytes) bytes.")
        }
        try limiter.take(.reporting(reporter))
        let reported = try await database.write { transaction in
            let subject = try subject(transaction)
            try transaction.insertReport(
                subject, by: reporter, reason: reason, timestamp: clock.nowMilliseconds, maxOfReporter: Self.maxOfReporter, maxCount: Self.maxCount)
            return subject
        }
        // The reason stays out of the log: it may quote what was said.
        switch reported {
        case .event(let event, let room, let sender): logger.notice("\(reporter) reports the event \(event) of \(sender) in \(room)")
        case .room(let room): logger.notice("\(reporter) reports the room \(room)")
        case .user(let user): logger.notice("\(reporter) reports the user \(user)")
        }
    }

    // MARK: For administrators

    /// Newest first.
    ///
    /// - Parameter before: only reports with a smaller ID.
    public func list(before: Int64?, limit: Int) async throws -> [Report] {
        try await database.read { try $0.reports(before: before, limit: min(limit, Self.maxPage)) }.map { Report($0) }
    }

    /// Forgets a report that was dealt with. Throws `notFound`.
    public func delete(_ id: Int64) async throws {
        guard try await database.write({ try $0.deleteReport(id) }) else { throw MatrixError(.notFound, "There is no such report.") }
    }
}
