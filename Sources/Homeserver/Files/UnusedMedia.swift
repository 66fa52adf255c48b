import MatrixCore
import Storage
import Synchronization

/// Ends uploads that nothing refers to any more: those of redacted messages at once, all others when nobody has used them for long.
///
/// What encrypted events refer to the box cannot see. So an upload that was sent in the clear and forwarded encrypted goes with the message
/// in the clear; and in the sweep for old uploads the attachments of encrypted rooms look like uploads that were never sent. That is why
/// the sweep is off unless the owner wants it.
final class UnusedMedia: Sendable {
    private let serverName: String
    private let database: Database
    private let blobs: BlobStore
    /// How long an upload that nothing refers to stays after it was last used; 0 for ever.
    private let keptDays: Int
    private let used = Mutex<Set<String>>([])

    private static let maxNotedUses = 4_096
    private static let mediaInOneStep = 200

    init(serverName: String, database: Database, blobs: BlobStore, keptDays: Int) {
        self.serverName = serverName
        self.database = database
        self.blobs = blobs
        self.keptDays = keptDays
    }

    /// Deletes what a redacted event referred to, if nothing else does. Only the sender's own uploads: anybody can refer to anything.
    ///
    /// spec: client-server-api/#redactions says nothing of it; people who remove a picture want it gone.
    func redacted(_ mediaIDs: [String], by sender: UserID, in transaction: WriteTransaction) throws {
        for mediaID in mediaIDs {
            guard try transaction.media(mediaID)?.userID == sender else { continue }
            try deleteIfUnreferred(mediaID, in: transaction)
        }
    }

    private func deleteIfUnreferred(_ mediaID: String, in transaction: WriteTransaction) throws {
        guard try !transaction.isMediaReferredTo(mediaID, uri: uri(mediaID)), let hash = try transaction.deleteMedia(mediaID) else { return }
        try blobs.release(hash, in: transaction)
    }

    private func uri(_ mediaID: String) -> String { "mxc://\(serverName)/\(mediaID)" }

    // MARK: Last use

    /// Notes that somebody reads an upload: once a day, and not worth a flush of its own.
    func noteUse(of media: StoredMedia) async throws {
        guard !media.isUsedToday else { return }
        let isFull = used.withLock { used in
            used.insert(media.mediaID)
            return used.count >= Self.maxNotedUses
        }
        if isFull { try await saveUses() }
    }

    /// Stores what was noted.
    func saveUses() async throws {
        let used = used.withLock { used in
            defer { used = [] }
            return used
        }
        guard !used.isEmpty else { return }
        try await database.write { transaction in
            for mediaID in used { try transaction.setMediaUsed(mediaID) }
        }
    }

    // MARK: The sweep

    /// Deletes uploads that nothing refers to and that nobody has used for longer than `keptDays`, by the box's own count of days.
    func removeOld(today: Int64) async throws {
        try await saveUses()
        guard keptDays > 0 else { return }
        let day = today - Int64(keptDays)
        var place: String? = ""
        while let after = place {
            let (media, next) = try await database.read { [self] transaction in
                let page = try transaction.unusedMedia(since: day, after: after, limit: Self.mediaInOneStep)
                // Here, where nobody waits for it, since it looks through all profiles and account data.
                return (try page.media.filter { try !transaction.isMediaReferredTo($0, uri: uri($0)) }, page.next)
            }
            for mediaID in media {
                try await database.write { [self] transaction in
                    guard try transaction.isMediaUnused(mediaID, since: day), !used.withLock({ $0.contains(mediaID) }) else { return }
                    try deleteIfUnreferred(mediaID, in: transaction)
                }
            }
            place = next
        }
    }
}
