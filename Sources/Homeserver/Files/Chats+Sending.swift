import Cryptography
import MatrixCore
import Storage

/// A file that is put into a room's folder is sent to the room, as the one who put it.
extension Chats {
    func prepareToStore(_ path: FilePath, byteCount: Int64?, by user: UserID) async throws -> FileNode? {
        try writer.moderation.requireNotSuspended(user)
        return try await database.read { transaction in
            try present(at: destination(of: path, by: user, in: transaction), for: user, transaction)
        }
    }

    func store(
        _ kept: KeptContent, at path: FilePath, _ description: FileDescription, if precondition: FilePrecondition, by user: UserID
    ) async throws -> (node: FileNode, isNew: Bool) {
        guard kept.byteCount > 0 else { return try await hold(kept, at: path, description, if: precondition, by: user) }
        try await waitForTurn(user)
        let size = try await imageSize(of: kept)
        let media = StoredMedia(
            mediaID: Media.newID(), hash: kept.hash, byteCount: kept.byteCount,
            contentType: FileTypes.contentType(of: path.name ?? "", given: description.contentType), fileName: path.name, userID: user,
            createdTimestamp: clock.nowMilliseconds)
        return try await database.write { transaction in
            let target = try destination(of: path, by: user, in: transaction)
            let existing = try present(at: target, for: user, transaction)
            try precondition.check(existing)
            let key = ChatPlaceholders.Key(user: user, room: target.folder.room.id, name: target.name)
            transaction.afterCommit { [placeholders] in placeholders.remove(key) }
            // Behind an empty file there may be what was sent before: Windows writes that in two steps too.
            if let sent = try file(named: target.name, in: target.folder, for: user, transaction), sent.hash == kept.hash {
                return (Self.node(sent, in: target.folder, may: try ChatAbilities(of: user, in: target.folder.chat, transaction)), false)
            }
            try quotas.check(adding: media.byteCount, by: user, for: .file, in: transaction)
            try transaction.record(kept)
            try transaction.insertMedia(media)
            let content = message(target.name, media, size)
            let event = try writer.append(EventDraft(type: "m.room.message", sender: user, content: content), to: target.folder.room, in: transaction)
            guard let file = try transaction.roomFile(at: event.position, in: target.folder.room.key) else { throw MatrixError.fileNotFound }
            return (Self.node(file, in: target.folder, may: try ChatAbilities(of: user, in: target.folder.chat, transaction)), existing == nil)
        }
    }

    func makeFolder(_ path: FilePath, by user: UserID) async throws -> FileNode {
        throw MatrixError.notHere("Chats have no folders of their own.")
    }

    /// Redacts the message that brought the file.
    func delete(_ path: FilePath, by user: UserID) async throws {
        switch try await database.read({ try find(path, for: user, in: $0) }) {
        case .placeholder(let placeholder, let folder):
            placeholders.remove(ChatPlaceholders.Key(user: user, room: folder.room.id, name: placeholder.name))
        case .file(let file, let folder):
            try await waitForTurn(user)
            try await timeline.redact(file.eventID, in: folder.room.id, reason: nil, by: user)
        case .room: throw MatrixError.notHere("A chat is not deleted with its folder. Leave it in your chat program.")
        case .root: throw MatrixError.notHere("This folder stays where it is.")
        case nil: throw MatrixError.fileNotFound
        }
    }

    // MARK: Where it goes

    private struct Target {
        let folder: ChatFolder
        let name: String
    }

    /// Throws where nothing can be put.
    private func destination(of path: FilePath, by user: UserID, in transaction: ReadTransaction) throws -> Target {
        guard let first = path.components.first, var name = path.name else { throw MatrixError.isFolder }
        let folder = try ChatFolder.find(first, of: user, in: transaction)
        guard path.components.count > 1 else {
            throw folder == nil ? MatrixError.notHere("Here are only your chats. Put the file into one of them.") : .isFolder
        }
        guard let folder, path.components.count == 2 else { throw MatrixError.parentMissing }
        guard !TemporaryNames.contains(name) else {
            throw MatrixError.notHere("\(name) is a name for what programs keep for themselves. It is not sent to a chat.")
        }
        guard !folder.chat.isEncrypted else {
            throw MatrixError.notHere("This chat is encrypted, and the box has no keys. Send the file with your chat program.")
        }
        guard try ChatAbilities(of: user, in: folder.chat, transaction).canSend else {
            throw MatrixError.notHere("You may not send anything to this chat.")
        }
        if name.hasPrefix("$"), let file = try file(named: name, in: folder, for: user, transaction) { name = file.name }
        return Target(folder: folder, name: name)
    }

    private func present(at target: Target, for user: UserID, _ transaction: ReadTransaction) throws -> FileNode? {
        if let placeholder = placeholders[ChatPlaceholders.Key(user: user, room: target.folder.room.id, name: target.name)] {
            return Self.node(placeholder, in: target.folder, of: user)
        }
        return try file(named: target.name, in: target.folder, for: user, transaction).map { file in
            Self.node(file, in: target.folder, may: try ChatAbilities(of: user, in: target.folder.chat, transaction))
        }
    }

    // MARK: What is sent

    private func hold(
        _ kept: KeptContent, at path: FilePath, _ description: FileDescription, if precondition: FilePrecondition, by user: UserID
    ) async throws -> (node: FileNode, isNew: Bool) {
        let (target, existing) = try await database.read { transaction in
            let target = try destination(of: path, by: user, in: transaction)
            return (target, try present(at: target, for: user, transaction))
        }
        try precondition.check(existing)
        let placeholder = placeholders.add(
            kept.content, contentType: FileTypes.contentType(of: target.name, given: description.contentType),
            at: ChatPlaceholders.Key(user: user, room: target.folder.room.id, name: target.name), timestamp: clock.nowMilliseconds)
        return (Self.node(placeholder, in: target.folder, of: user), existing == nil)
    }

    /// spec: client-server-api/#mroommessage-msgtypes
    private func message(_ name: String, _ media: StoredMedia, _ size: ImageSize?) -> JSONObject {
        let contentType = media.contentType ?? FileTypes.unknown
        var info: JSONObject = ["mimetype": .string(contentType), "size": .integer(media.byteCount)]
        if let size {
            info["w"] = .integer(Int64(size.width))
            info["h"] = .integer(Int64(size.height))
        }
        return [
            "msgtype": .string(FileTypes.messageType(of: contentType)), "body": .string(name), "filename": .string(name),
            "url": .string("mxc://\(serverName)/\(media.mediaID)"), "info": .object(info),
        ]
    }

    private func imageSize(of kept: KeptContent) async throws -> ImageSize? {
        guard let file = try await blobs.open(kept.content) else { return nil }
        let count = Int(min(file.byteCount, Int64(ImageSize.maxHeaderBytes)))
        return try await file.read(at: 0, count: count) { fill in
            var bytes = [UInt8](repeating: 0, count: count)
            try bytes.withUnsafeMutableBytes { try fill($0) }
            return ImageSize(header: bytes)
        }
    }

    /// Many files at once are sent as fast as messages may be, not refused: programs that copy files give up too easily.
    private func waitForTurn(_ user: UserID) async throws {
        for attempt in 1... {
            do {
                return try limiter.take(.sending(user))
            } catch {
                guard attempt < Self.maxWaits, let milliseconds = error.details.integer("retry_after_ms") else { throw error }
                try await Task.sleep(for: .milliseconds(milliseconds))
            }
        }
    }

    private static let maxWaits = 200
}
