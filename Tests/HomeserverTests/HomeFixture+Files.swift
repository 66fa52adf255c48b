import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Files of chats, from both sides.
extension HomeFixture {
    @discardableResult
    func put(_ path: String, _ bytes: [UInt8], type: String? = nil, by session: Session) async throws -> (node: FileNode, isNew: Bool) {
        var pieces = [bytes]
        return try await home.files.put(
            FilePath(path), FileDescription(contentType: type, byteCount: Int64(bytes.count)), by: FileCaller(session.userID)
        ) {
            guard let piece = pieces.popLast() else { return nil }
            return { @Sendable take in try piece.withUnsafeBytes { try take($0) } }
        }
    }

    func read(_ path: String, by session: Session) async throws -> [UInt8] {
        let (_, file) = try await home.files.open(FilePath(path), for: FileCaller(session.userID))
        let count = Int(file.byteCount)
        return try await file.read(at: 0, count: count) { fill in
            var bytes = [UInt8](repeating: 0, count: count)
            try bytes.withUnsafeMutableBytes { try fill($0) }
            return bytes
        }
    }

    func node(_ path: String, for session: Session) async throws -> FileNode {
        try await home.files.node(at: FilePath(path), for: FileCaller(session.userID))
    }

    func delete(_ path: String, by session: Session) async throws { try await home.files.delete(FilePath(path), by: FileCaller(session.userID)) }

    /// All pages of a folder.
    func list(_ path: String, order: String? = nil, isDescending: Bool = false, limit: Int = 500, for session: Session) async throws -> [FileNode] {
        var (nodes, token): ([FileNode], String?) = ([], nil)
        repeat {
            let page = try await home.files.list(
                FilePath(path), FileListing(order: order, isDescending: isDescending, from: token, limit: limit), for: FileCaller(session.userID))
            nodes += page.nodes
            token = page.next
        } while token != nil
        return nodes
    }

    func names(_ path: String, order: String? = nil, isDescending: Bool = false, for session: Session) async throws -> [String] {
        try await list(path, order: order, isDescending: isDescending, for: session).map(\.name)
    }

    func upload(_ bytes: [UInt8], by session: Session) async throws -> String {
        var pieces = [bytes]
        return try await home.media.upload(
            Media.Description(contentType: nil, fileName: nil, byteCount: Int64(bytes.count)), by: session.userID
        ) {
            guard let piece = pieces.popLast() else { return nil }
            return { @Sendable take in try piece.withUnsafeBytes { try take($0) } }
        }
    }

    /// As a chat program does it.
    @discardableResult
    func sendFile(
        _ name: String, _ bytes: [UInt8] = [1], type: String = "m.file", to room: RoomID, by session: Session, adding more: JSONObject = [:]
    ) async throws -> EventID {
        var content: JSONObject = [
            "msgtype": .string(type), "body": .string(name), "url": .string(try await upload(bytes, by: session)),
        ]
        for member in more.members { content[member.key] = member.value }
        return try await home.timeline.send(type: "m.room.message", content: content, to: room, transactionID: nil, session: session)
    }
}
