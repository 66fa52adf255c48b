import Cryptography
public import MatrixCore
import Synchronization

/// Who writes where for now: the locks of WebDAV, which every other way of writing respects too.
///
/// They live in memory. Each ends by itself, so that a client that is gone locks nothing for long, and a restart ends them all.
///
/// RFC 4918, sections 6 and 7.
public final class FileLocks: Sendable {
    static let maxLocks = 1_024
    static let maxLocksOfUser = 256
    static let maxOwnerBytes = 4 << 10
    static let defaultTimeoutSeconds: Int64 = 5 * 60
    static let maxTimeoutSeconds: Int64 = 60 * 60

    public struct Lock: Sendable {
        /// A URI that nobody can guess.
        public let token: String
        /// The root of the lock.
        public let path: FilePath
        public let userID: UserID
        public let isExclusive: Bool
        /// Whether everything inside is locked as well.
        public let isDeep: Bool
        /// What the client says about who holds the lock: XML.
        public let owner: String
        public fileprivate(set) var timeoutSeconds: Int64
        fileprivate var endsAtMilliseconds: Int64
        fileprivate let place: Place

        public func isHeld(by caller: FileCaller) -> Bool { caller.userID == userID && caller.lockTokens.contains(token) }
    }

    /// A path as all users mean it: everyone's `/Private` is another.
    fileprivate struct Place: Hashable, Sendable {
        let owner: String
        let components: [String]

        init(_ path: FilePath, of user: UserID) {
            owner = path.components.first == "Shared" ? "" : user.rawValue
            components = path.components
        }

        func isInside(_ folder: Place) -> Bool {
            components.count > folder.components.count && owner == folder.owner && components.starts(with: folder.components)
        }

        /// Whether `child` is directly inside.
        func isParent(of child: Place) -> Bool { child.components.count == components.count + 1 && child.isInside(self) }
    }

    private let clock: MonotonicClock
    private let locks = Mutex<[Lock]>([])

    init(clock: MonotonicClock = .system) { self.clock = clock }

    // MARK: Locking

    /// Locks a path. Throws `locked` where another lock is in the way, `LANDLINE_LIMIT` where there are too many.
    public func lock(
        _ path: FilePath, isExclusive: Bool, isDeep: Bool, owner: String, timeoutSeconds: Int64?, by user: UserID
    ) throws(MatrixError) -> Lock {
        guard owner.utf8.count <= Self.maxOwnerBytes else { throw MatrixError(.tooLarge, "The owner of the lock is described too long.") }
        let place = Place(path, of: user)
        let now = clock.nowMilliseconds
        let timeout = Self.granted(timeoutSeconds)
        let lock = Lock(
            token: Self.newToken(), path: path, userID: user, isExclusive: isExclusive, isDeep: isDeep, owner: owner, timeoutSeconds: timeout,
            endsAtMilliseconds: now + timeout * 1_000, place: place)
        let refusal: MatrixError? = locks.withLock { locks in
            locks.removeAll { $0.endsAtMilliseconds <= now }
            let conflict = locks.first { other in
                let meets = Self.covers(other, place) || (isDeep && other.place.isInside(place))
                return meets && (isExclusive || other.isExclusive)
            }
            if let conflict { return Self.locked(conflict) }
            guard locks.count < Self.maxLocks, locks.count(where: { $0.userID == user }) < Self.maxLocksOfUser else {
                return MatrixError(Self.tooMany, "There are too many locks.")
            }
            locks.append(lock)
            return nil
        }
        if let refusal { throw refusal }
        return lock
    }

    /// Lets a lock on the path last longer. `nil` if the caller holds none.
    public func refresh(_ path: FilePath, timeoutSeconds: Int64?, by caller: FileCaller) -> Lock? {
        let place = Place(path, of: caller.userID)
        let now = clock.nowMilliseconds
        let timeout = Self.granted(timeoutSeconds)
        return locks.withLock { locks in
            locks.removeAll { $0.endsAtMilliseconds <= now }
            guard let index = locks.firstIndex(where: { $0.isHeld(by: caller) && Self.covers($0, place) }) else { return nil }
            locks[index].timeoutSeconds = timeout
            locks[index].endsAtMilliseconds = now + timeout * 1_000
            return locks[index]
        }
    }

    /// Ends a lock. Throws `noSuchLock` if the path has none with this token, `forbidden` if it is somebody else's.
    public func unlock(_ path: FilePath, token: String, by user: UserID) throws(MatrixError) {
        let place = Place(path, of: user)
        let now = clock.nowMilliseconds
        let refusal: MatrixError? = locks.withLock { locks in
            locks.removeAll { $0.endsAtMilliseconds <= now }
            guard let index = locks.firstIndex(where: { $0.token == token && Self.covers($0, place) }) else {
                return MatrixError(Self.noSuchLock, "There is no such lock here.")
            }
            guard locks[index].userID == user else { return MatrixError(.forbidden, "This lock belongs to someone else.") }
            locks.remove(at: index)
            return nil
        }
        if let refusal { throw refusal }
    }

    // MARK: Looking

    /// The locks in force at a path, also those of a folder around it.
    public func locks(at path: FilePath, for user: UserID) -> [Lock] {
        let now = clock.nowMilliseconds
        return locks.withLock { locks in
            guard !locks.isEmpty else { return [] }
            locks.removeAll { $0.endsAtMilliseconds <= now }
            let place = Place(path, of: user)
            return locks.filter { Self.covers($0, place) }
        }
    }

    /// Whether nothing at all is locked: most of the time.
    public var isEmpty: Bool { locks.withLock { $0.isEmpty } }

    // MARK: Respecting

    /// Throws `locked` where the caller may not change what is at `path`.
    ///
    /// - Parameters:
    ///   - isWhole: everything inside goes with it, as in deleting or moving.
    ///   - isMember: the list of the folder around it changes too, as in making, deleting or moving.
    public func requireUnlocked(_ path: FilePath, by caller: FileCaller, isWhole: Bool = false, isMember: Bool = false) throws(MatrixError) {
        let now = clock.nowMilliseconds
        let obstacle: Lock? = locks.withLock { locks in
            guard !locks.isEmpty else { return nil }
            locks.removeAll { $0.endsAtMilliseconds <= now }
            let place = Place(path, of: caller.userID)
            // Of several shared locks, one is enough.
            let covering = locks.filter { Self.covers($0, place) }
            if let first = covering.first, !covering.contains(where: { $0.isHeld(by: caller) }) { return first }
            if isMember {
                let around = locks.filter { !$0.isDeep && $0.place.isParent(of: place) }
                if let first = around.first, !around.contains(where: { $0.isHeld(by: caller) }) { return first }
            }
            guard isWhole else { return nil }
            let inside = locks.filter { $0.place.isInside(place) }
            return inside.first { lock in !inside.contains { $0.place == lock.place && $0.isHeld(by: caller) } }
        }
        if let obstacle { throw Self.locked(obstacle) }
    }

    /// What was at the path is gone, and so are its locks.
    public func removed(_ path: FilePath, by user: UserID) {
        locks.withLock { locks in
            guard !locks.isEmpty else { return }
            let place = Place(path, of: user)
            locks.removeAll { $0.place == place || $0.place.isInside(place) }
        }
    }

    private static func covers(_ lock: Lock, _ place: Place) -> Bool { lock.place == place || (lock.isDeep && place.isInside(lock.place)) }

    private static func granted(_ seconds: Int64?) -> Int64 { min(max(1, seconds ?? defaultTimeoutSeconds), maxTimeoutSeconds) }

    private static func newToken() -> String {
        // RFC 9562, version 4: all but six bits are random.
        var bytes = SecureRandom.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef")
        var text = "opaquelocktoken:"
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    /// In `details`, the path that is locked.
    private static func locked(_ lock: Lock) -> MatrixError {
        MatrixError(.fileLocked, "\(lock.path) is locked by \(lock.userID).", details: ["locked_path": .string(lock.path.description)])
    }

    public static let noSuchLock = MatrixError.Code("LANDLINE_NO_SUCH_LOCK", status: 409)
    private static let tooMany = MatrixError.Code("LANDLINE_TOO_MANY_LOCKS", status: 503)
}
