import MatrixCore
import Storage

/// A room as one of its members sees it among their folders.
struct ChatFolder {
    let chat: ChatRecord
    let name: String

    var room: RoomRecord { chat.room }

    /// Every room that the user is in.
    ///
    /// Of several with the same name, the oldest that still goes on is called so; the others have some of their room ID behind it,
    /// so that a name does not depend on more than it has to. Case does not count: it does not on some devices.
    static func all(of user: UserID, in transaction: ReadTransaction) throws -> [ChatFolder] {
        let chats = try transaction.chats(of: user)
        var taken: Set<String> = []
        func take(_ name: String) -> Bool { taken.insert(name.lowercased()).inserted }
        return try (chats.filter { !$0.isReplaced } + chats.filter(\.isReplaced)).map { chat in
            let name = FileNaming.possible(try RoomName.text(of: chat, for: user, in: transaction), otherwise: "Room")
            if take(name) { return ChatFolder(chat: chat, name: name) }
            let id = chat.room.id.rawValue.dropFirst().prefix { $0 != ":" }
            for length in [4, 8, id.count] {
                let marked = FileNaming.marked(name, FileNaming.possible(String(id.prefix(length)), otherwise: "other"))
                if take(marked) { return ChatFolder(chat: chat, name: marked) }
            }
            // Room IDs of an earlier version can differ in what comes after the colon.
            var number = 2
            while !take(FileNaming.marked(name, String(number))) { number += 1 }
            return ChatFolder(chat: chat, name: FileNaming.marked(name, String(number)))
        }
    }

    /// By its name, or as the room's ID. `nil` if the user is in no such room.
    static func find(_ name: String, of user: UserID, in transaction: ReadTransaction) throws -> ChatFolder? {
        let folders = try all(of: user, in: transaction)
        return folders.first { $0.name == name } ?? folders.first { $0.room.id.rawValue == name }
    }
}
