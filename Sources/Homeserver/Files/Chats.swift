import MatrixCore
import Storage

/// Every room that a user is in as a folder with the files that were sent there, as far as they may see the messages.
struct Chats: FileVolume {
    let database: Database
    let blobs: BlobStore
    let quotas: Quotas
    let writer: EventWriter
    let timeline: Timeline
    let ignoredUsers: IgnoredUsers
    let limiter: RateLimiter
    let serverName: String
    let clock: Clock
    let placeholders = ChatPlaceholders()

    // MARK: Reading

    func node(at path: FilePath, for user: UserID) async throws -> FileNode {
        try await database.read { transaction in
            switch try find(path, for: user, in: transaction) {
            case .root: Self.root
            case .room(let folder): try Self.node(folder, for: user, in: transaction)
            case .placeholder(let placeholder, let folder): Self.node(placeholder, in: folder, of: user)
            case .file(let file, let folder):
                Self.node(file, in: folder, may: try ChatAbilities(of: user, in: folder.chat, transaction))
            case nil: throw MatrixError.fileNotFound
            }
        }
    }

    func list(_ folder: FilePath, _ listing: FileListing, for user: UserID) async throws -> FilePage {
        try await database.read { transaction in
            switch try find(folder, for: user, in: transaction) {
            case .root: try rooms(listing, for: user, in: transaction)
            case .room(let folder): try files(in: folder, listing, for: user, in: transaction)
            case .file, .placeholder, nil: throw MatrixError.fileNotFound
            }
        }
    }

    func content(of path: FilePath, for user: UserID) async throws -> (node: FileNode, content: StoredContent) {
        try await database.read { transaction in
            switch try find(path, for: user, in: transaction) {
            case .root, .room: throw MatrixError.isFolder
            case .placeholder(let placeholder, let folder): return (Self.node(placeholder, in: folder, of: user), placeholder.content)
            case .file(let file, let folder):
                guard let content = try transaction.content(file.hash) else { throw MatrixError(.notFound, "The contents of this file are lost.") }
                return (Self.node(file, in: folder, may: try ChatAbilities(of: user, in: folder.chat, transaction)), content)
            case nil: throw MatrixError.fileNotFound
            }
        }
    }

    private func rooms(_ listing: FileListing, for user: UserID, in transaction: ReadTransaction) throws -> FilePage {
        func key(_ folder: ChatFolder) -> String {
            switch listing.order {
            case nil: folder.name
            case .name: folder.name.lowercased()
            case .modified: String(folder.modifiedTimestamp)
            case .size: "0"
            }
        }
        func place(_ folder: ChatFolder) -> FileListingPlace { FileListingPlace(isFolder: true, key: key(folder), id: folder.room.key) }
        func precedes(_ one: FileListingPlace, _ other: FileListingPlace) -> Bool {
            let (one, other) = listing.isDescending ? (other, one) : (one, other)
            if one.key == other.key { return one.id < other.id }
            if listing.order == .modified { return Int64(one.key) ?? 0 < Int64(other.key) ?? 0 }
            return one.key.utf8.lexicographicallyPrecedes(other.key.utf8)
        }
        let folders = try ChatFolder.all(of: user, in: transaction).filter { folder in
            listing.after.map { precedes($0, place(folder)) } ?? true
        }.sorted { precedes(place($0), place($1)) }
        return try listing.page(folders, place: place) { try Self.node($0, for: user, in: transaction) }
    }

    private func files(in folder: ChatFolder, _ listing: FileListing, for user: UserID, in transaction: ReadTransaction) throws -> FilePage {
        let access = try RoomAccess(to: folder.room, for: user, upTo: Position(.max), in: transaction)
        let ignored = ignoredUsers.ignored(by: user)
        let files = try transaction.roomFiles(
            in: folder.room.key, order: listing.order, isDescending: listing.isDescending, after: listing.after, limit: listing.limit + 1
        ) { position, sender in !ignored.contains(sender) && access.canRead(messageOf: sender, at: position) }
        let abilities = try ChatAbilities(of: user, in: folder.chat, transaction)
        let page = listing.page(files, place: { FileListingPlace($0, listing.order) }, node: { Self.node($0, in: folder, may: abilities) })
        let empty = placeholders.all(of: user, in: folder.room.id)
        guard !empty.isEmpty else { return page }
        let names = Set(empty.map(\.name))
        // They are few, and come first wherever they belong.
        let first = listing.after == nil ? empty.map { Self.node($0, in: folder, of: user) } : []
        return FilePage(nodes: first + page.nodes.filter { !names.contains($0.name) }, next: page.next)
    }

    // MARK: Nodes

    private static var root: FileNode { FileNode(id: "chats", name: "", isFolder: true) }

    private static func node(_ folder: ChatFolder, for user: UserID, in transaction: ReadTransaction) throws -> FileNode {
        var node = FileNode(id: folder.room.id.rawValue, name: folder.name, isFolder: true)
        node.roomID = folder.room.id
        node.isEncrypted = folder.chat.isEncrypted
        node.createdTimestamp = folder.chat.joinedTimestamp
        node.modifiedTimestamp = folder.modifiedTimestamp
        if try ChatAbilities(of: user, in: folder.chat, transaction).canSend { node.abilities = .write }
        return node
    }

    static func node(_ file: RoomFileRecord, in folder: ChatFolder, may abilities: ChatAbilities) -> FileNode {
        var node = FileNode(id: file.eventID.rawValue, name: file.name, isFolder: false)
        node.byteCount = file.byteCount
        node.contentType = FileTypes.contentType(of: file.name, given: file.contentType)
        node.createdTimestamp = file.timestamp
        node.modifiedTimestamp = file.timestamp
        node.hash = file.hash
        node.userID = file.sender
        node.mediaID = file.mediaID
        node.eventID = file.eventID
        node.roomID = folder.room.id
        if abilities.canSend { node.abilities.insert(.write) }
        if abilities.canRedact(messageOf: file.sender) { node.abilities.insert(.delete) }
        return node
    }

    static func node(_ placeholder: ChatPlaceholders.Placeholder, in folder: ChatFolder, of user: UserID) -> FileNode {
        var node = FileNode(id: "new \(folder.room.id) \(placeholder.name)", name: placeholder.name, isFolder: false)
        node.contentType = placeholder.contentType
        node.createdTimestamp = placeholder.timestamp
        node.modifiedTimestamp = placeholder.timestamp
        node.hash = placeholder.content.hash
        node.userID = user
        node.roomID = folder.room.id
        node.abilities = [.write, .delete]
        return node
    }

    // MARK: Places

    enum Place {
        case root
        case room(ChatFolder)
        case file(RoomFileRecord, in: ChatFolder)
        case placeholder(ChatPlaceholders.Placeholder, in: ChatFolder)
    }

    /// `nil` for what is not there or not for the user.
    func find(_ path: FilePath, for user: UserID, in transaction: ReadTransaction) throws -> Place? {
        let components = path.components
        guard let first = components.first else { return .root }
        guard components.count <= 2, let folder = try ChatFolder.find(first, of: user, in: transaction) else { return nil }
        guard components.count == 2 else { return .room(folder) }
        let name = components[1]
        if let placeholder = placeholders[ChatPlaceholders.Key(user: user, room: folder.room.id, name: name)] {
            return .placeholder(placeholder, in: folder)
        }
        return try file(named: name, in: folder, for: user, transaction).map { .file($0, in: folder) }
    }

    /// By its name, or as the ID of its message.
    func file(named name: String, in folder: ChatFolder, for user: UserID, _ transaction: ReadTransaction) throws -> RoomFileRecord? {
        let byEvent = try EventID(name).flatMap { try transaction.roomFile($0, in: folder.room.key) }
        guard let file = try byEvent ?? transaction.roomFile(named: name, in: folder.room.key), !ignoredUsers.ignored(by: user).contains(file.sender)
        else { return nil }
        let access = try RoomAccess(to: folder.room, for: user, upTo: Position(.max), in: transaction)
        return access.canRead(messageOf: file.sender, at: file.position) ? file : nil
    }
}

extension ChatFolder {
    /// When the newest file was sent; never before the user came.
    var modifiedTimestamp: Int64 { chat.newestFileTimestamp ?? chat.joinedTimestamp }
}

/// What a member may do with the files of a room.
struct ChatAbilities {
    let canSend: Bool
    private let user: UserID
    private let canRedactOwn: Bool
    private let canRedactAll: Bool

    init(of user: UserID, in chat: ChatRecord, _ transaction: ReadTransaction) throws {
        let levels = try CurrentState(room: chat.room, transaction: transaction).powerLevels
        self.user = user
        canSend = !chat.isEncrypted && levels.canSend("m.room.message", isState: false, user: user)
        canRedactOwn = levels.canSend("m.room.redaction", isState: false, user: user)
        canRedactAll = canRedactOwn && levels.level(of: user) >= levels.redact
    }

    func canRedact(messageOf sender: UserID) -> Bool { canRedactAll || canRedactOwn && sender == user }
}
