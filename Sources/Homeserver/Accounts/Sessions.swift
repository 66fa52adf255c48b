import Cryptography
public import MatrixCore
import Storage
import Synchronization

/// Who is logged in, and where.
///
/// A token is known by its SHA-256 only. Sessions that are in use stay in memory, so that a request costs no disk access.
public final class Sessions: Sendable {
    static let maxCachedSessions = 1_024
    static let maxTokenBytes = 256
    static let maxDevicesOfUser = 300
    static let maxDisplayNameBytes = 256
    /// How old the stored "last seen" of a device may be.
    static let sightingIntervalMilliseconds: Int64 = 10 * 60 * 1_000

    private struct Entry {
        let session: Session
        var sightedAtMilliseconds: Int64?
    }

    private struct State {
        var entries = BoundedCache<[UInt8], Entry>(capacity: maxCachedSessions)
        /// Counts what made cached sessions invalid: a session read before must not be cached after.
        var epoch = 0
        /// By device key; not stored yet.
        var sightings: [Int64: Sighting] = [:]
    }

    /// When and from where a device was seen last.
    struct Sighting: Sendable {
        let timestamp: Int64
        let address: String?
    }

    private let database: Database
    private let clock: Clock
    private let monotonicClock: MonotonicClock
    private let deviceBegins: DeviceBeginning
    private let deviceEnds: DeviceEnd
    private let allEnd: AllEnd
    private let state = Mutex(State())

    /// What else has to go with a device, which is still there when it is called.
    typealias DeviceEnd = @Sendable (DeviceRecord, UserID, WriteTransaction) throws -> Void
    /// What else happens when a user has a new device.
    typealias DeviceBeginning = @Sendable (UserID, WriteTransaction) throws -> Void
    /// What else ends where all devices of a user do.
    typealias AllEnd = @Sendable (UserID, WriteTransaction) throws -> Void

    init(
        database: Database, clock: Clock, monotonicClock: MonotonicClock = .system, deviceBegins: @escaping DeviceBeginning = { _, _ in },
        deviceEnds: @escaping DeviceEnd = { _, _, _ in }, allEnd: @escaping AllEnd = { _, _ in }
    ) {
        self.database = database
        self.clock = clock
        self.monotonicClock = monotonicClock
        self.deviceBegins = deviceBegins
        self.deviceEnds = deviceEnds
        self.allEnd = allEnd
    }

    // MARK: Use

    /// Whose token this is. Throws `unknownToken`.
    public func session(for accessToken: String, address: String? = nil) async throws -> Session {
        guard accessToken.utf8.count <= Self.maxTokenBytes else { throw Self.unknownToken }
        let hash = Self.hash(accessToken)
        let now = monotonicClock.nowMilliseconds
        let (cached, epoch) = state.withLock { (sight(&$0, hash, address, now), $0.epoch) }
        if let cached { return cached }
        guard let owner = try await database.read({ try $0.owner(ofTokenHash: hash) }) else { throw Self.unknownToken }
        let session = Session(
            userID: owner.userID, deviceID: owner.deviceID, deviceKey: owner.deviceKey, isAdministrator: owner.isAdministrator, isGuest: owner.isGuest
        )
        state.withLock { state in
            guard state.epoch == epoch else { return }
            state.entries[hash] = Entry(session: session)
            _ = sight(&state, hash, address, now)
        }
        return session
    }

    /// The cached session. Notes that its device was seen, unless that was noted a short while ago.
    private func sight(_ state: inout State, _ hash: [UInt8], _ address: String?, _ now: Int64) -> Session? {
        guard var entry = state.entries[hash] else { return nil }
        if entry.sightedAtMilliseconds.map({ now - $0 >= Self.sightingIntervalMilliseconds }) ?? true {
            entry.sightedAtMilliseconds = now
            state.entries[hash] = entry
            if state.sightings.count < Self.maxCachedSessions || state.sightings[entry.session.deviceKey] != nil {
                state.sightings[entry.session.deviceKey] = Sighting(timestamp: clock.nowMilliseconds, address: address)
            }
        }
        return entry.session
    }

    /// Ends the session and deletes its device.
    ///
    /// spec: client-server-api/#post_matrixclientv3logout
    public func logOut(_ session: Session) async throws {
        try await database.write { [self] transaction in
            guard let device = try transaction.device(session.deviceID, of: session.userID), device.key == session.deviceKey else { return }
            try end(device, of: session.userID, in: transaction)
        }
    }

    /// The same for all sessions of the user.
    public func logOutEverywhere(_ user: UserID) async throws {
        try await database.write { [self] in try endAll(of: user, in: $0) }
    }

    // MARK: In transactions

    /// Logs a device in: a new one, or a known one whose old token then ends.
    ///
    /// spec: client-server-api/#relationship-between-access-tokens-and-devices
    func begin(
        for user: UserID, deviceID: DeviceID?, displayName: String?, in transaction: WriteTransaction
    ) throws -> (deviceID: DeviceID, accessToken: String) {
        let deviceID = deviceID ?? DeviceID(trusted: SecureRandom.string(length: 10, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        let key: Int64
        if let known = try transaction.device(deviceID, of: user) {
            key = known.key
            try transaction.deleteTokens(ofDevice: key)
            forget(device: key, after: transaction)
        } else {
            if try transaction.deviceCount(of: user) >= Self.maxDevicesOfUser, let stale = try transaction.leastRecentlySeenDevice(of: user) {
                try end(stale, of: user, in: transaction)
            }
            key = try transaction.insertDevice(deviceID, of: user, displayName: displayName.map { $0.truncated(toBytes: Self.maxDisplayNameBytes) })
            try deviceBegins(user, transaction)
        }
        let accessToken = SecureRandom.token(bytes: 32)
        try transaction.insertToken(hash: Self.hash(accessToken), device: key)
        try writeSightings(in: transaction)
        return (deviceID, accessToken)
    }

    func end(_ device: DeviceRecord, of user: UserID, in transaction: WriteTransaction) throws {
        try deviceEnds(device, user, transaction)
        try transaction.deleteDevice(device.key)
        forget(device: device.key, after: transaction)
    }

    func endAll(of user: UserID, except keptKey: Int64? = nil, in transaction: WriteTransaction) throws {
        for device in try transaction.devices(of: user) where device.key != keptKey {
            try end(device, of: user, in: transaction)
        }
        try allEnd(user, transaction)
    }

    /// Stores who was seen since the last call. Call it where something is written anyway, as it is not worth a flush of its own.
    func writeSightings(in transaction: WriteTransaction) throws {
        let sightings = state.withLock { state in
            defer { state.sightings = [:] }
            return state.sightings
        }
        for (key, sighting) in sightings {
            try transaction.setLastSeen(timestamp: sighting.timestamp, address: sighting.address, ofDevice: key)
        }
    }

    /// Stores who was seen, at a time when nothing else is written: before the server ends.
    func saveSightings() async throws {
        guard state.withLock({ !$0.sightings.isEmpty }) else { return }
        try await database.write { [self] in try writeSightings(in: $0) }
    }

    /// Whether a token of the user was used within `milliseconds`, as far as is remembered.
    func isInUse(_ user: UserID, withinMilliseconds milliseconds: Int64) -> Bool {
        let now = monotonicClock.nowMilliseconds
        return state.withLock { state in
            state.entries.contains { $0.session.userID == user && ($0.sightedAtMilliseconds.map { now - $0 <= milliseconds } ?? false) }
        }
    }

    /// What is known of a device and not stored yet.
    func sighting(ofDevice key: Int64) -> Sighting? { state.withLock { $0.sightings[key] } }

    private func forget(device key: Int64, after transaction: WriteTransaction) {
        transaction.afterCommit { [self] in
            state.withLock { state in
                state.epoch += 1
                state.sightings[key] = nil
                state.entries.removeAll { $0.session.deviceKey == key }
            }
        }
    }

    private static func hash(_ accessToken: String) -> [UInt8] { Digest.sha256([UInt8](accessToken.utf8)) }

    static let unknownToken = MatrixError(.unknownToken, "You are logged out here. Log in again.", details: ["soft_logout": false])
}
