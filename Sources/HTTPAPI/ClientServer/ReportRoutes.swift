import Homeserver
import MatrixCore

/// spec: client-server-api/#reporting-content
enum ReportRoutes {
    // spec: client-server-api/#post_matrixclientv3roomsroomidreporteventid
    static func event(_ request: APIRequest) async throws -> Reply {
        let reason = try await request.optionalBody().optionalString("reason")
        try await request.homeserver.reports.reportEvent(request.eventID(), in: request.roomID(), by: request.session.userID, reason: reason)
        return .empty
    }

    // spec: client-server-api/#post_matrixclientv3roomsroomidreport
    static func room(_ request: APIRequest) async throws -> Reply {
        let reason = try await request.body().requiredString("reason")
        try await request.homeserver.reports.reportRoom(request.roomID(), by: request.session.userID, reason: reason)
        return .empty
    }

    // spec: client-server-api/#post_matrixclientv3usersuseridreport
    static func user(_ request: APIRequest) async throws -> Reply {
        let reason = try await request.body().requiredString("reason")
        try await request.homeserver.reports.reportUser(request.userID(), by: request.session.userID, reason: reason)
        return .empty
    }

    // MARK: For administrators

    /// `from` is the `next_batch` of an earlier page.
    static func list(_ request: APIRequest) async throws -> Reply {
        let limit = try request.queryInteger("limit", range: 1...Reports.maxPage) ?? Reports.maxPage
        let before = try request.queryInteger("from", range: 0...Int.max).map(Int64.init)
        let reports = try await request.homeserver.reports.list(before: before, limit: limit)
        var body: JSONObject = ["reports": .array(reports.map { .object($0.json) })]
        if reports.count == limit, let last = reports.last { body["next_batch"] = .string(String(last.id)) }
        return .json(body)
    }

    static func delete(_ request: APIRequest) async throws -> Reply {
        guard let id = Int64(request.parameter("reportId")) else { throw MatrixError(.notFound, "There is no such report.") }
        try await request.homeserver.reports.delete(id)
        return .empty
    }
}
