public import MatrixCore

/// What somebody reported.
public enum ReportSubject: Sendable, Hashable {
    case event(EventID, room: RoomID, sender: UserID)
    case room(RoomID)
    case user(UserID)
}

public struct ReportRecord: Sendable {
    public let id: Int64
    public let reporter: UserID
    public let roomID: RoomID?
    public let eventID: EventID?
    /// The reported user, or the sender of the reported event.
    public let userID: UserID?
    public let reason: String
    public let createdTimestamp: Int64
}

extension ReadTransaction {
    /// Newest first.
    ///
    /// - Parameter before: only reports with a smaller ID.
    public func reports(before: Int64?, limit: Int) throws -> [ReportRecord] {
        try connection.all(
            """
            SELECT report_id, reporter, room_id, event_id, reported_user, reason, created_ts FROM reports
            WHERE report_id < ? ORDER BY report_id DESC LIMIT ?
            """, before ?? Int64.max, limit
        ) { row in
            ReportRecord(
                id: row.int(0), reporter: row.userID(1), roomID: row.optionalText(2).map { RoomID(trusted: $0) },
                eventID: row.optionalText(3).map { EventID(trusted: $0) }, userID: row.optionalText(4).map { UserID(trusted: $0) },
                reason: row.text(5), createdTimestamp: row.int(6))
        }
    }
}

extension WriteTransaction {
    /// Keeps a report, and drops the oldest ones beyond the bounds: first those of the same reporter.
    public func insertReport(
        _ subject: ReportSubject, by reporter: UserID, reason: String, timestamp: Int64, maxOfReporter: Int, maxCount: Int
    ) throws {
        let (room, event, user): (RoomID?, EventID?, UserID?) =
            switch subject {
            case .event(let event, let room, let sender): (room, event, sender)
            case .room(let room): (room, nil, nil)
            case .user(let user): (nil, nil, user)
            }
        try connection.run(
            "INSERT INTO reports (reporter, room_id, event_id, reported_user, reason, created_ts) VALUES (?, ?, ?, ?, ?, ?)",
            reporter, room, event, user, reason, timestamp)
        try connection.run(
            """
            DELETE FROM reports WHERE report_id IN (
                SELECT report_id FROM reports WHERE reporter = ? ORDER BY report_id DESC LIMIT -1 OFFSET ?)
            """, reporter, maxOfReporter)
        try connection.run(
            "DELETE FROM reports WHERE report_id IN (SELECT report_id FROM reports ORDER BY report_id DESC LIMIT -1 OFFSET ?)", maxCount)
    }

    /// `false` if there is no such report.
    public func deleteReport(_ id: Int64) throws -> Bool {
        try connection.run("DELETE FROM reports WHERE report_id = ?", id) > 0
    }
}
