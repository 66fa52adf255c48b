import Cryptography
public import MatrixCore

/// A file or folder as one user sees it.
public struct FileNode: Sendable {
    /// What the user may do with it.
    public struct Abilities: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Replace the content; put something into the folder.
        public static let write = Abilities(rawValue: 1)
        /// Give it another name or place.
        public static let rename = Abilities(rawValue: 2)
        public static let delete = Abilities(rawValue: 4)
        public static let all: Abilities = [.write, .rename, .delete]
    }

    /// Stays the same while the file is renamed or moved.
    public let id: String
    public let name: String
    public let isFolder: Bool
    /// 0 of a folder.
    public var byteCount: Int64 = 0
    public var contentType: String?
    public var createdTimestamp: Int64 = 0
    public var modifiedTimestamp: Int64 = 0
    /// The SHA-256 of the bytes; `nil` of a folder.
    public var hash: [UInt8]?
    /// Who put it there.
    public var userID: UserID?
    public var mediaID: String?
    public var eventID: EventID?
    public var roomID: RoomID?
    /// A room whose files the box cannot see.
    public var isEncrypted = false
    public var abilities: Abilities = []
    /// The number behind the dead properties of WebDAV; `nil` where none can be kept.
    public var propertyKey: Int64?

    public init(id: String, name: String, isFolder: Bool) {
        self.id = id
        self.name = name
        self.isFolder = isFolder
    }

    /// With its quotes. The same for the same bytes; of a folder, the same for the same folder.
    public var entityTag: String { "\"\(hash.map { Base64.encodeURLSafe($0) } ?? id)\"" }
}

/// Who asks something of the file store.
public struct FileCaller: Sendable {
    public let userID: UserID
    /// Of the WebDAV locks that the caller holds.
    public let lockTokens: Set<String>

    public init(_ userID: UserID, lockTokens: Set<String> = []) {
        self.userID = userID
        self.lockTokens = lockTokens
    }
}

/// What must be true of a file before it is written (RFC 9110, section 13).
public enum FilePrecondition: Sendable {
    case none
    /// `If-None-Match: *`
    case isAbsent
    /// `If-Match: *`
    case exists
    /// `If-Match` with these entity tags, quotes included.
    case matches([String])

    func check(_ node: FileNode?) throws(MatrixError) {
        let isMet =
            switch self {
            case .none: true
            case .isAbsent: node == nil
            case .exists: node != nil
            case .matches(let tags): node.map { tags.contains($0.entityTag) } ?? false
            }
        guard isMet else { throw .fileChanged }
    }
}

/// What a file is to be beside its bytes.
public struct FileDescription: Sendable {
    public var contentType: String?
    /// Announced; `nil` where that is not known before.
    public var byteCount: Int64?
    /// When it was changed last on the device that it comes from, milliseconds since 1970.
    public var modifiedTimestamp: Int64?

    public init(contentType: String? = nil, byteCount: Int64? = nil, modifiedTimestamp: Int64? = nil) {
        self.contentType = contentType
        self.byteCount = byteCount
        self.modifiedTimestamp = modifiedTimestamp
    }
}
