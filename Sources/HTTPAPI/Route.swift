import HTTPTypes

/// One endpoint: who may call it, and the function that answers.
struct Route: Sendable {
    enum Access: Sendable {
        /// No access token is looked at.
        case anyone
        /// A token is checked when there is one.
        case optionalUser
        /// Anybody who is logged in, guests too.
        ///
        /// spec: client-server-api/#guest-access
        case guest
        /// A user with an account.
        case user
        /// A user with an account, whose program may also give its name and an app password.
        case files
        /// A user who administers the box.
        case administrator
        /// An application service, with its own token.
        case applicationService
    }

    /// How large a request body may be.
    enum BodyLimit: Sendable {
        case json
        /// What the owner allows for one file.
        case upload
    }

    typealias Handler = @Sendable (APIRequest) async throws -> Reply

    let method: HTTPRequest.Method
    /// As the specification writes it: `/_matrix/client/v3/rooms/{roomId}/state`. A trailing slash makes no difference.
    /// A last segment `{path...}` stands for all segments that follow, one at least, as they were sent: percent-encoded.
    let path: String
    let access: Access
    let bodyLimit: BodyLimit
    let handler: Handler

    /// The names in braces, in order.
    let parameterNames: [String]

    init(_ method: HTTPRequest.Method, _ path: String, _ access: Access, bodyLimit: BodyLimit = .json, _ handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.access = access
        self.bodyLimit = bodyLimit
        self.handler = handler
        parameterNames = path.split(separator: "/").compactMap(Self.parameterName)
    }

    static func get(_ path: String, _ access: Access, _ handler: @escaping Handler) -> Route { Route(.get, path, access, handler) }
    static func post(_ path: String, _ access: Access, _ handler: @escaping Handler) -> Route { Route(.post, path, access, handler) }
    static func put(_ path: String, _ access: Access, _ handler: @escaping Handler) -> Route { Route(.put, path, access, handler) }
    static func delete(_ path: String, _ access: Access, _ handler: @escaping Handler) -> Route { Route(.delete, path, access, handler) }

    static func parameterName(ofSegment segment: Substring) -> String? {
        guard segment.hasPrefix("{"), segment.hasSuffix("}") else { return nil }
        return String(segment.dropFirst().dropLast(isRest(segment) ? 4 : 1))
    }

    static func isRest(_ segment: Substring) -> Bool { segment.hasPrefix("{") && segment.hasSuffix("...}") }
}
