public import MatrixCore

/// What tests ask for most.
extension MatrixClient {
    /// Makes an account on a server where registration is open.
    public func registered(_ name: String, password: String = "a long enough pass phrase") async throws -> MatrixClient {
        let body: JSONObject = ["username": .string(name), "password": .string(password), "auth": ["type": "m.login.dummy"]]
        return loggedIn(try await call("POST", "/_matrix/client/v3/register", json: body))
    }

    /// One more device of an account.
    public func loggedIn(_ name: String, password: String = "a long enough pass phrase") async throws -> MatrixClient {
        let body: JSONObject = [
            "type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(name)], "password": .string(password),
        ]
        return loggedIn(try await call("POST", "/_matrix/client/v3/login", json: body))
    }

    /// Makes a guest account.
    public func asGuest() async throws -> MatrixClient {
        loggedIn(try await call("POST", "/_matrix/client/v3/register", query: [("kind", "guest")], json: [:]))
    }

    private func loggedIn(_ answer: JSONObject) -> MatrixClient {
        var client = self
        client.accessToken = answer.string("access_token")
        client.userID = answer.string("user_id").flatMap(UserID.init)
        client.deviceID = answer.string("device_id").flatMap(DeviceID.init)
        return client
    }

    public func createRoom(_ options: JSONObject = [:]) async throws -> RoomID {
        RoomID(trusted: try await call("POST", "/_matrix/client/v3/createRoom", json: options).string("room_id") ?? "")
    }

    public func invite(_ user: UserID, to room: RoomID) async throws {
        try await call("POST", "\(Self.path(room))/invite", json: ["user_id": .string(user.rawValue)])
    }

    public func join(_ room: RoomID) async throws {
        try await call("POST", "\(Self.path(room))/join", json: [:])
    }

    public func leave(_ room: RoomID) async throws {
        try await call("POST", "\(Self.path(room))/leave", json: [:])
    }

    @discardableResult
    public func send(_ text: String, to room: RoomID, transactionID: String) async throws -> EventID {
        let answer = try await call(
            "PUT", "\(Self.path(room))/send/m.room.message/\(Self.encoded(transactionID))", json: ["msgtype": "m.text", "body": .string(text)])
        return EventID(trusted: answer.string("event_id") ?? "")
    }

    public func sync(since: String? = nil, timeoutMilliseconds: Int = 0, filter: JSONObject? = nil) async throws -> JSONObject {
        var query = [("timeout", String(timeoutMilliseconds))]
        if let since { query.append(("since", since)) }
        if let filter {
            var writer = JSONWriter()
            writer.object(filter)
            query.append(("filter", String(decoding: writer.bytes, as: UTF8.self)))
        }
        return try await call("GET", "/_matrix/client/v3/sync", query: query)
    }

    /// `/_matrix/client/v3/rooms/{roomId}`
    public static func path(_ room: RoomID) -> String { "/_matrix/client/v3/rooms/\(encoded(room.rawValue))" }
}
