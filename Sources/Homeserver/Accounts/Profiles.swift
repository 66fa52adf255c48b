public import MatrixCore
import Storage

/// What users show of themselves.
///
/// spec: client-server-api/#profiles
public struct Profiles: Sendable {
    static let maxProfileBytes = 64 << 10
    static let maxKeyBytes = 255
    static let maxDisplayNameBytes = 1_024
    static let maxAvatarURLBytes = 1_024

    let database: Database
    let moderation: Moderation
    let nameChanged: @Sendable (UserID, _ displayName: String?, _ avatarURL: String?) async throws -> Void

    /// - Parameter nameChanged: called after a display name or avatar has changed, so that the user's rooms show it too.
    init(
        database: Database, moderation: Moderation,
        nameChanged: @escaping @Sendable (UserID, _ displayName: String?, _ avatarURL: String?) async throws -> Void
    ) {
        self.database = database
        self.moderation = moderation
        self.nameChanged = nameChanged
    }

    /// The whole profile as JSON.
    public func profile(of user: UserID) async throws -> [UInt8] {
        let fields = try await database.read { transaction in
            guard try transaction.accountExists(user) else { throw Self.unknownUser }
            return try transaction.profile(of: user)
        }
        var writer = JSONWriter()
        writer.beginObject()
        for field in fields {
            writer.key(field.key)
            writer.raw(field.value)
        }
        writer.endObject()
        return writer.bytes
    }

    /// What a user is called and looks like.
    public func names(of user: UserID) async throws -> (displayName: String?, avatarURL: String?) {
        try await database.read { try $0.profileNames(of: user) }
    }

    /// One field, in an object, as JSON.
    public func field(_ key: String, of user: UserID) async throws -> [UInt8] {
        let value = try await database.read { transaction in
            guard try transaction.accountExists(user) else { throw Self.unknownUser }
            return try transaction.profileField(key, of: user)
        }
        // Before fields could be of any name, a profile without these two had an empty answer, and clients still count on it.
        guard value != nil || Self.isName(key) else { throw MatrixError(.notFound, "The profile has no such field.") }
        var writer = JSONWriter()
        writer.beginObject()
        if let value {
            writer.key(key)
            writer.raw(value)
        }
        writer.endObject()
        return writer.bytes
    }

    /// - Parameter body: the request's body, which has the field under its own name.
    public func setField(_ key: String, of user: UserID, body: JSONObject) async throws {
        try Self.checkKey(key)
        guard let value = body[key] else { throw MatrixError(.missingParameter, "\(key) is missing.") }
        try Self.checkValue(value, key: key)
        // Older clients have no other way to take their name or picture away.
        if Self.isName(key), value.isNull || value.stringValue == "" { return try await deleteField(key, of: user) }
        var writer = JSONWriter()
        writer.value(value)
        let json = writer.bytes
        try await change(key, of: user) { transaction in
            let others = try transaction.profile(of: user).filter { $0.key != key }
            // As JSON: each field with its quotation marks, colon and comma, and the braces around all.
            let byteCount = others.reduce(key.utf8.count + json.count + 6) { $0 + $1.key.utf8.count + $1.value.count + 4 }
            guard byteCount <= Self.maxProfileBytes else { throw MatrixError(Self.profileTooLarge, "The profile would have more than 64 KiB.") }
            try transaction.setProfileField(key, of: user, to: json)
        }
    }

    /// A field that does not exist is no error.
    public func deleteField(_ key: String, of user: UserID) async throws {
        try Self.checkKey(key)
        try await change(key, of: user) { try $0.deleteProfileField(key, of: user) }
    }

    private func change(_ key: String, of user: UserID, _ body: @escaping @Sendable (WriteTransaction) throws -> Void) async throws {
        try moderation.requireNotSuspended(user)
        let (before, after) = try await database.write { transaction in
            let before = try transaction.profileField(key, of: user)
            try body(transaction)
            return (before, try transaction.profileField(key, of: user))
        }
        guard Self.isName(key), before != after else { return }
        let names = try await database.read { try $0.profileNames(of: user) }
        try await nameChanged(user, names.displayName, names.avatarURL)
    }

    // MARK: Rules

    private static func isName(_ key: String) -> Bool { key == "displayname" || key == "avatar_url" }

    /// spec: appendices/#common-namespaced-identifier-grammar
    private static func checkKey(_ key: String) throws(MatrixError) {
        guard key.utf8.count <= maxKeyBytes else { throw MatrixError(keyTooLarge, "The name of a profile field has at most \(maxKeyBytes) bytes.") }
        let isValid = key.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard isValid, let first = key.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else {
            throw MatrixError(.invalidParameter, "This is no name of a profile field.")
        }
    }

    private static func checkValue(_ value: JSONValue, key: String) throws(MatrixError) {
        let maxBytes: Int
        switch key {
        case "displayname": maxBytes = maxDisplayNameBytes
        case "avatar_url": maxBytes = maxAvatarURLBytes
        case "m.tz": maxBytes = maxKeyBytes
        default: return
        }
        if value.isNull { return }
        guard let text = value.stringValue else { throw MatrixError(.badJSON, "\(key) must be a string.") }
        guard text.utf8.count <= maxBytes else { throw MatrixError(.invalidParameter, "\(key) has at most \(maxBytes) bytes.") }
    }

    private static let unknownUser = MatrixError(.notFound, "There is no such user.")
    private static let keyTooLarge = MatrixError.Code("M_KEY_TOO_LARGE", status: 400)
    private static let profileTooLarge = MatrixError.Code("M_PROFILE_TOO_LARGE", status: 400)
}
