import MatrixCore
import Storage

/// Whether a user takes invitations at all: the account data `m.invite_permission_config`.
///
/// spec: client-server-api/#invite-permission
enum InvitePermission {
    private static let type = "m.invite_permission_config"

    static func isBlocked(for user: UserID, in transaction: ReadTransaction) throws -> Bool {
        guard let content = try transaction.accountData(type, of: user, room: nil) else { return false }
        return try JSONObject(parsing: content).string("default_action") == "block"
    }

    /// Throws if the draft invites somebody who does not want to be.
    static func check(_ draft: EventDraft, in transaction: ReadTransaction) throws {
        guard draft.type == "m.room.member", draft.content.string("membership") == "invite", let target = draft.stateKey else { return }
        if try isBlocked(for: UserID(trusted: target), in: transaction) {
            throw MatrixError(inviteBlocked, "\(target) takes no invitations.")
        }
    }

    private static let inviteBlocked = MatrixError.Code("M_INVITE_BLOCKED", status: 403)
}
