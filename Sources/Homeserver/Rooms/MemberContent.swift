import MatrixCore
import Storage

/// The content of `m.room.member` events, with the member's profile.
struct MemberContent: Sendable {
    func content(_ membership: String, of user: UserID, reason: String? = nil, in transaction: ReadTransaction) throws -> JSONObject {
        var content: JSONObject = ["membership": .string(membership)]
        let profile = try transaction.profileNames(of: user)
        if let name = profile.displayName { content["displayname"] = .string(name) }
        if let avatar = profile.avatarURL, !avatar.isEmpty { content["avatar_url"] = .string(avatar) }
        if let reason { content["reason"] = .string(reason) }
        return content
    }
}
