public import MatrixCore
import Storage

/// The keys that devices publish, and the one-time keys that others claim.
///
/// spec: client-server-api/#key-management-api
public final class DeviceKeys: Sendable {
    static let maxOneTimeKeysOfDevice = 500
    static let maxFallbackKeysOfDevice = 8
    static let maxRememberedClaims = 500
    static let maxKeyBytes = 4 << 10
    static let maxDeviceKeysBytes = 16 << 10
    static let maxQueriedUsers = 2_000
    static let maxClaims = 2_000
    static let maxCachedDevices = 2_048

    private let database: Database
    private let feed: ChangeFeed
    private let lists: DeviceLists
    private let serverName: String
    private let knownCounts = CommittedCache<Int64, KeyCounts>(capacity: maxCachedDevices)

    init(database: Database, feed: ChangeFeed, lists: DeviceLists, serverName: String) {
        self.database = database
        self.feed = feed
        self.lists = lists
        self.serverName = serverName
    }

    // MARK: Upload

    /// spec: client-server-api/#post_matrixclientv3keysupload
    public func upload(_ body: JSONObject, session: Session) async throws -> JSONObject {
        let upload = try KeyUpload(body, session: session)
        let device = session.deviceKey
        try session.requireDevice()
        guard !upload.isEmpty else { return Self.json(try await counts(of: session).oneTimeKeys) }
        let counts = try await database.write { [self] transaction in
            guard try transaction.device(session.deviceID, of: session.userID)?.key == device else { throw Self.loggedOut }
            if let keys = upload.deviceKeys, try transaction.deviceKeys(of: device) != keys {
                try transaction.setDeviceKeys(keys, of: device)
                try lists.changed(of: session.userID, in: transaction)
            }
            for key in upload.oneTimeKeys { try Self.add(key, device: device, in: transaction) }
            for key in upload.fallbackKeys {
                // The same key again, as after an answer that was lost, is not a fresh one.
                guard try transaction.fallbackKey(algorithm: key.algorithm, device: device) != key.claimable else { continue }
                try transaction.setFallbackKey(key.claimable, algorithm: key.algorithm, device: device)
            }
            let counts = try transaction.keyCounts(of: device)
            guard counts.oneTimeKeys.values.reduce(0, +) <= Self.maxOneTimeKeysOfDevice else {
                throw MatrixError(.tooLarge, "A device may have at most \(Self.maxOneTimeKeysOfDevice) one-time keys.")
            }
            guard try transaction.fallbackKeyCount(of: device) <= Self.maxFallbackKeysOfDevice else {
                throw MatrixError(.tooLarge, "A device may have fallback keys of at most \(Self.maxFallbackKeysOfDevice) algorithms.")
            }
            knownCounts.set(counts, for: device, after: transaction)
            return counts
        }
        return Self.json(counts.oneTimeKeys)
    }

    private static func add(_ key: KeyUpload.Key, device: Int64, in transaction: WriteTransaction) throws {
        if let known = try transaction.oneTimeKey(key.claimable.keyID, algorithm: key.algorithm, device: device) {
            if key.isSame(as: known.key) { return }
            // The number of a claimed key is free for another one.
            guard known.isClaimed else {
                throw MatrixError(.invalidParameter, "There is another one-time key \(key.algorithm):\(key.claimable.keyID) already.")
            }
        }
        try transaction.insertOneTimeKey(key.claimable, algorithm: key.algorithm, device: device)
    }

    private static func json(_ counts: [String: Int]) -> JSONObject {
        ["one_time_key_counts": .object(OneTimeKeyCounts.json(counts))]
    }

    // MARK: Query

    /// spec: client-server-api/#post_matrixclientv3keysquery
    public func query(_ body: JSONObject, by viewer: UserID) async throws -> JSONObject {
        guard let asked = try body.optionalObject("device_keys") else { throw MatrixError(.missingParameter, "device_keys is missing.") }
        guard asked.count <= Self.maxQueriedUsers else {
            throw MatrixError(.tooLarge, "At most \(Self.maxQueriedUsers) users can be asked for at once.")
        }
        var users: [(user: UserID, devices: Set<String>)] = []
        var failures: JSONObject = [:]
        for member in asked.members {
            guard let user = UserID(member.key) else { throw MatrixError(.invalidParameter, "device_keys lists user IDs.") }
            guard let devices = member.value.arrayValue?.compactMap(\.stringValue), devices.count == member.value.arrayValue?.count else {
                throw MatrixError(.badJSON, "device_keys has a list of device IDs for each user.")
            }
            if user.serverName == serverName { users.append((user, Set(devices))) } else { failures[user.serverName] = Self.unreachable }
        }
        let asking = users
        var answer = try await database.read { transaction in
            var found = PublishedKeys(viewer: viewer)
            for (user, devices) in asking { try found.add(user, devices: devices, in: transaction) }
            return found.json
        }
        answer["failures"] = .object(failures)
        return answer
    }

    // MARK: Claim

    /// Hands out each one-time key once: the answer is given when it is on disk that the key is gone.
    ///
    /// spec: client-server-api/#post_matrixclientv3keysclaim
    public func claim(_ body: JSONObject) async throws -> JSONObject {
        guard let asked = try body.optionalObject("one_time_keys") else { throw MatrixError(.missingParameter, "one_time_keys is missing.") }
        var claims: [(user: UserID, device: DeviceID, algorithm: String)] = []
        var failures: JSONObject = [:]
        for member in asked.members {
            guard let user = UserID(member.key) else { throw MatrixError(.invalidParameter, "one_time_keys lists user IDs.") }
            guard let devices = member.value.objectValue else { throw MatrixError(.badJSON, "one_time_keys has devices for each user.") }
            if user.serverName != serverName { failures[user.serverName] = Self.unreachable }
            for device in devices.members {
                guard let algorithm = device.value.stringValue else {
                    throw MatrixError(.badJSON, "one_time_keys names an algorithm for each device.")
                }
                guard user.serverName == serverName, let id = DeviceID(device.key) else { continue }
                claims.append((user, id, algorithm))
            }
        }
        guard claims.count <= Self.maxClaims else { throw MatrixError(.tooLarge, "At most \(Self.maxClaims) keys can be claimed at once.") }
        let claiming = claims
        let keys = claims.isEmpty ? [:] : try await database.write { [self] in try claim(claiming, in: $0) }
        return ["one_time_keys": .object(keys), "failures": .object(failures)]
    }

    private func claim(_ claims: [(user: UserID, device: DeviceID, algorithm: String)], in transaction: WriteTransaction) throws -> JSONObject {
        var keys: JSONObject = [:]
        for claim in claims {
            guard let device = try transaction.device(claim.device, of: claim.user)?.key else { continue }
            var claimed = try transaction.claimOneTimeKey(
                algorithm: claim.algorithm, device: device, rememberedCount: Self.maxRememberedClaims)
            var isUrgent = false
            if claimed == nil {
                claimed = try transaction.fallbackKey(algorithm: claim.algorithm, device: device)
                isUrgent = try transaction.markFallbackKeyUsed(algorithm: claim.algorithm, device: device)
            }
            guard let claimed else { continue }
            let counts = try transaction.keyCounts(of: device)
            knownCounts.set(counts, for: device, after: transaction)
            // A device that has keys left need not be woken for it: it sees the count with its next message.
            if isUrgent || counts.oneTimeKeys[claim.algorithm] == nil {
                transaction.record(.keyCounts(claim.user, device: device), at: transaction.nextPosition(), in: feed)
            }
            var devices = keys.object(claim.user.rawValue) ?? [:]
            let key = try JSONValue(parsing: claimed.key)
            devices[claim.device.rawValue] = .object(JSONObject([("\(claim.algorithm):\(claimed.keyID)", key)]))
            keys[claim.user.rawValue] = .object(devices)
        }
        return keys
    }

    // MARK: For sync

    func counts(of session: Session) async throws -> KeyCounts {
        let device = session.deviceKey
        return try await knownCounts.value(for: device, in: database) { try $0.keyCounts(of: device) }
    }

    /// Call it before a device is deleted, which deletes its keys.
    func deviceEnds(_ device: DeviceRecord, of user: UserID, in transaction: WriteTransaction) throws {
        knownCounts.set(nil, for: device.key, after: transaction)
        if try transaction.deviceKeys(of: device.key) != nil { try transaction.deleteSignatures(ofKey: device.deviceID.rawValue, of: user) }
        try lists.changed(of: user, in: transaction)
    }

    /// Call it when there is a new device, or one has another name, which others see with its keys.
    func devicesChanged(of user: UserID, in transaction: WriteTransaction) throws { try lists.changed(of: user, in: transaction) }

    private static let unreachable: JSONValue = ["status": 503, "errcode": "M_UNREACHABLE", "error": "This box talks to no other servers."]
    private static let loggedOut = MatrixError(.unknownToken, "This device has been logged out.", details: ["soft_logout": false])
}

enum OneTimeKeyCounts {
    /// Zero is written out for the one algorithm in use: some clients take a missing count for an unknown one and upload nothing
    /// (element-hq/element-android#3309).
    static func json(_ counts: [String: Int]) -> JSONObject {
        var json: JSONObject = ["signed_curve25519": 0]
        for (algorithm, count) in counts { json[algorithm] = .integer(Int64(count)) }
        return json
    }
}
