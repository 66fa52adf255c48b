import MatrixCore
import Storage
import Synchronization

/// Empty files that somebody has put into a chat.
///
/// Windows and macOS make each file empty first and write it then. Nobody wants an empty message, so until the content comes,
/// the file is there only for the one who made it, for a while and in memory.
final class ChatPlaceholders: Sendable {
    struct Key: Hashable, Sendable {
        let user: UserID
        let room: RoomID
        let name: String
    }

    struct Placeholder: Sendable {
        let name: String
        /// Without a byte.
        let content: StoredContent
        let contentType: String?
        let timestamp: Int64
        fileprivate let endsAtMilliseconds: Int64
    }

    static let lifetimeMilliseconds: Int64 = 300_000
    static let maxPlaceholders = 512

    private let clock: MonotonicClock
    private let waiting = Mutex<[Key: Placeholder]>([:])

    init(clock: MonotonicClock = .system) { self.clock = clock }

    /// - Parameter timestamp: of now, milliseconds since 1970.
    func add(_ content: StoredContent, contentType: String?, at key: Key, timestamp: Int64) -> Placeholder {
        let now = clock.nowMilliseconds
        let placeholder = Placeholder(
            name: key.name, content: content, contentType: contentType, timestamp: timestamp, endsAtMilliseconds: now + Self.lifetimeMilliseconds)
        waiting.withLock { waiting in
            waiting = waiting.filter { $0.value.endsAtMilliseconds > now }
            if waiting.count >= Self.maxPlaceholders, waiting[key] == nil,
                let oldest = waiting.min(by: { $0.value.endsAtMilliseconds < $1.value.endsAtMilliseconds })?.key
            {
                waiting[oldest] = nil
            }
            waiting[key] = placeholder
        }
        return placeholder
    }

    subscript(key: Key) -> Placeholder? {
        let now = clock.nowMilliseconds
        return waiting.withLock { $0[key] }.flatMap { $0.endsAtMilliseconds > now ? $0 : nil }
    }

    /// By name.
    func all(of user: UserID, in room: RoomID) -> [Placeholder] {
        let now = clock.nowMilliseconds
        return waiting.withLock { waiting in
            waiting.filter { $0.key.user == user && $0.key.room == room && $0.value.endsAtMilliseconds > now }.map(\.value)
        }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Whether it was there.
    @discardableResult
    func remove(_ key: Key) -> Bool { waiting.withLock { $0.removeValue(forKey: key) } != nil }
}
