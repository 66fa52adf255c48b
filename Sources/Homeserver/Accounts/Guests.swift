import Cryptography
import MatrixCore
import Storage

/// Accounts without a password, for people who only look in. A box has few of them: when it is full, whoever has not come for longest makes room.
///
/// spec: client-server-api/#guest-access
public struct Guests: Sendable {
    let database: Database
    let sessions: Sessions
    let limiter: RateLimiter
    let clock: Clock
    let serverName: String
    /// Guests may come where anybody may make an account.
    let areWelcome: Bool
    let deactivate: @Sendable (UserID) async throws -> Void

    public static let maxGuests = 100
    /// A guest who was seen within this time does not make room for another.
    static let usedMilliseconds: Int64 = 24 * 3_600 * 1_000
    /// Accounts of other people cannot have such names, since those of guests who are gone would be free to take.
    static let localpartPrefix = "guest-"

    /// Everything that the client says is ignored, but the name of the device.
    ///
    /// spec: client-server-api/#post_matrixclientv3register
    public func register(deviceName: String?, address: String?) async throws -> AccountAccess {
        guard areWelcome else { throw MatrixError(.forbidden, "This box has no guest accounts.") }
        if let address { try limiter.take(.registrationsFromAddress(address)) }
        try await makeRoom()
        return try await database.write { transaction in
            guard try transaction.guestCount() < Self.maxGuests else { throw Self.full }
            let user = try newGuest(in: transaction)
            var name = JSONWriter()
            name.string(user.localpart)
            try transaction.setProfileField("displayname", of: user, to: name.bytes)
            let login = try sessions.begin(for: user, deviceID: nil, displayName: deviceName, in: transaction)
            return AccountAccess(userID: user, deviceID: login.deviceID, accessToken: login.accessToken)
        }
    }

    private func newGuest(in transaction: WriteTransaction) throws -> UserID {
        while true {
            let suffix = SecureRandom.string(length: 8, alphabet: "abcdefghjkmnpqrstuvwxyz23456789")
            let user = UserID(localpart: Self.localpartPrefix + suffix, server: serverName)
            if try transaction.insertGuest(user, timestamp: clock.nowMilliseconds) { return user }
        }
    }

    private func makeRoom() async throws {
        let guests = try await database.read { try $0.guestCount() < Self.maxGuests ? [] : $0.guests() }
        guard !guests.isEmpty else { return }
        guard let unused = guests.first(where: { !sessions.isInUse($0, withinMilliseconds: Self.usedMilliseconds) }) else { throw Self.full }
        try await deactivate(unused)
        try await database.write { try $0.deleteGuest(unused) }
    }

    private static let full = MatrixError(
        MatrixError.Code("M_RESOURCE_LIMIT_EXCEEDED", status: 403), "This box has as many guests as it takes.")
}
