public import MatrixCore
import Storage

/// What the box asks application services: whether they are there, and whether they have a user or a room that nobody has made yet.
extension ApplicationServices {
    /// How often a service is asked that does not answer.
    private static let maxAttempts = 3
    private static let queryTimeoutSeconds = 15

    // MARK: Ping

    /// Asks the service whether it can be reached. Returns how long that took, in milliseconds.
    ///
    /// spec: application-service-api/#post_matrixclientv1appserviceappserviceidping
    public func ping(_ id: String, transactionID: String?, session: Session) async throws -> Int64 {
        guard let service = session.applicationService, service.id == id else {
            throw MatrixError(.forbidden, "This is not the token of the application service \(id.prefix(maxIdentifierBytes)).")
        }
        guard let connection = connections[service] else { throw MatrixError(Self.urlNotSet, "The registration file has no url.") }
        var body: JSONObject = [:]
        if let transactionID { body["transaction_id"] = .string(transactionID) }
        let start = MonotonicClock.system.nowMilliseconds
        let response: OutgoingResponse
        do {
            response = try await connection.send(.post, ["ping"], body: body.serialized())
        } catch .timedOut {
            throw MatrixError(Self.connectionTimeout, "The application service did not answer in time.")
        } catch {
            throw MatrixError(Self.connectionFailed, "The application service cannot be reached: \(error)")
        }
        guard response.isSuccess else {
            let text = String(decoding: response.body.prefix(4_096), as: UTF8.self)
            throw MatrixError(
                Self.badStatus, "The application service answers with status \(response.status).",
                details: ["status": .integer(Int64(response.status)), "body": .string(text)])
        }
        senders[service]?.serviceIsThere()
        return MonotonicClock.system.nowMilliseconds - start
    }

    private static let urlNotSet = MatrixError.Code("M_URL_NOT_SET", status: 400)
    private static let badStatus = MatrixError.Code("M_BAD_STATUS", status: 502)
    private static let connectionFailed = MatrixError.Code("M_CONNECTION_FAILED", status: 502)
    private static let connectionTimeout = MatrixError.Code("M_CONNECTION_TIMEOUT", status: 504)

    // MARK: Users and rooms on demand

    /// Lets the service make a user that is about to be invited and is not there yet.
    ///
    /// spec: application-service-api/#get_matrixappv1usersuserid
    public func provide(_ user: UserID) async throws {
        guard !isEmpty, let connection = firstConnection(where: { $0.includes(user) }) else { return }
        guard try await !database.read({ try $0.accountExists(user) }) else { return }
        try await ask(connection, ["users", user.rawValue])
    }

    public func provide(_ users: [UserID]) async throws {
        guard !isEmpty else { return }
        for user in users.prefix(Rooms.maxInvitees) { try await provide(user) }
    }

    /// Lets the service make a room that is asked for by its address and is not there yet.
    ///
    /// spec: application-service-api/#get_matrixappv1roomsroomalias
    public func provide(_ alias: RoomAlias) async throws {
        guard !isEmpty, let connection = firstConnection(where: { $0.includes(alias) }) else { return }
        guard try await database.read({ try $0.roomKey(of: alias) }) == nil else { return }
        try await ask(connection, ["rooms", alias.rawValue])
    }

    public func provide(_ target: RoomTarget) async throws {
        if case .alias(let alias) = target { try await provide(alias) }
    }

    private func firstConnection(where includes: (ApplicationService) -> Bool) -> ServiceConnection? {
        namespaces.services.lazy.filter(includes).compactMap { self.connections[$0] }.first
    }

    /// Returns when the service has made what it is asked for, or has none.
    private func ask(_ connection: ServiceConnection, _ path: [String]) async throws {
        for attempt in 1...Self.maxAttempts {
            // Whatever it answers: what is there now decides.
            if (try? await connection.send(.get, path, legacyPath: path, timeoutSeconds: Self.queryTimeoutSeconds)) != nil { return }
            try Task.checkCancellation()
            if attempt < Self.maxAttempts { try await Task.sleep(for: .milliseconds(200 * attempt)) }
        }
        throw MatrixError(Self.noAnswer, "The application service \(connection.service.id), which would have this, does not answer.")
    }

    private static let noAnswer = MatrixError.Code("M_UNKNOWN", status: 408)
}
