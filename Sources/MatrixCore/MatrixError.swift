/// An error of the Matrix specification: a code for programs, a sentence for people.
///
/// It travels unchanged from where a rule is broken to the one file of `HTTPAPI` that makes a response of it.
///
/// spec: client-server-api/#standard-error-response
public struct MatrixError: Error, Sendable, Hashable {
    /// An `errcode` and the HTTP status that goes with it.
    public struct Code: Sendable, Hashable {
        public let name: String
        public let status: Int

        public init(_ name: String, status: Int) {
            self.name = name
            self.status = status
        }
    }

    /// `nil` only for the first response of user-interactive authentication, which has no `errcode`.
    public var code: Code?
    public var message: String
    /// Further members of the response body, such as `retry_after_ms`.
    public var details: JSONObject

    public init(_ code: Code, _ message: String, details: JSONObject = [:]) {
        self.code = code
        self.message = message
        self.details = details
    }

    private init(details: JSONObject) {
        code = nil
        message = ""
        self.details = details
    }

    /// spec: client-server-api/#user-interactive-api-in-the-rest-api
    public static func authenticationRequired(_ body: JSONObject) -> MatrixError { MatrixError(details: body) }

    public var status: Int { code?.status ?? 401 }
}

extension MatrixError.Code {
    public static let forbidden = Self("M_FORBIDDEN", status: 403)
    public static let unknownToken = Self("M_UNKNOWN_TOKEN", status: 401)
    public static let missingToken = Self("M_MISSING_TOKEN", status: 401)
    public static let userLocked = Self("M_USER_LOCKED", status: 401)
    public static let badJSON = Self("M_BAD_JSON", status: 400)
    public static let notJSON = Self("M_NOT_JSON", status: 400)
    public static let notFound = Self("M_NOT_FOUND", status: 404)
    public static let limitExceeded = Self("M_LIMIT_EXCEEDED", status: 429)
    public static let unrecognized = Self("M_UNRECOGNIZED", status: 404)
    public static let methodNotAllowed = Self("M_UNRECOGNIZED", status: 405)
    public static let unknown = Self("M_UNKNOWN", status: 400)
    public static let internalError = Self("M_UNKNOWN", status: 500)
    public static let badGateway = Self("M_UNKNOWN", status: 502)
    public static let storageFull = Self("M_UNKNOWN", status: 507)
    public static let userDeactivated = Self("M_USER_DEACTIVATED", status: 403)
    public static let userInUse = Self("M_USER_IN_USE", status: 400)
    public static let invalidUsername = Self("M_INVALID_USERNAME", status: 400)
    public static let weakPassword = Self("M_WEAK_PASSWORD", status: 400)
    public static let exclusive = Self("M_EXCLUSIVE", status: 400)
    public static let roomInUse = Self("M_ROOM_IN_USE", status: 400)
    public static let invalidRoomState = Self("M_INVALID_ROOM_STATE", status: 400)
    public static let unsupportedRoomVersion = Self("M_UNSUPPORTED_ROOM_VERSION", status: 400)
    public static let incompatibleRoomVersion = Self("M_INCOMPATIBLE_ROOM_VERSION", status: 400)
    public static let badState = Self("M_BAD_STATE", status: 400)
    public static let badAlias = Self("M_BAD_ALIAS", status: 400)
    public static let guestAccessForbidden = Self("M_GUEST_ACCESS_FORBIDDEN", status: 403)
    public static let missingParameter = Self("M_MISSING_PARAM", status: 400)
    public static let invalidParameter = Self("M_INVALID_PARAM", status: 400)
    public static let tooLarge = Self("M_TOO_LARGE", status: 413)
    public static let duplicateAnnotation = Self("M_DUPLICATE_ANNOTATION", status: 400)
    public static let cannotLeaveServerNoticeRoom = Self("M_CANNOT_LEAVE_SERVER_NOTICE_ROOM", status: 403)
    public static let notYetUploaded = Self("M_NOT_YET_UPLOADED", status: 504)
    public static let cannotOverwriteMedia = Self("M_CANNOT_OVERWRITE_MEDIA", status: 409)
    public static let threepidDenied = Self("M_THREEPID_DENIED", status: 403)
    public static let threepidNotFound = Self("M_THREEPID_NOT_FOUND", status: 400)
    public static let unknownPosition = Self("M_UNKNOWN_POS", status: 400)
    public static let invalidSignature = Self("M_INVALID_SIGNATURE", status: 400)
    public static let wrongRoomKeysVersion = Self("M_WRONG_ROOM_KEYS_VERSION", status: 403)
}
