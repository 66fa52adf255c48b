import Cryptography
public import MatrixCore
import Synchronization

/// Addresses with which a browser fetches a file by itself, as for `<video src>` or a saved file: it cannot send an access token there.
///
/// They live in memory, for some hours after they were used last, and end with the session that made them.
public final class Tickets: Sendable {
    public enum Target: Sendable, Hashable {
        case file(FilePath)
        case media(serverName: String, mediaID: String)
        /// All of these in one zip file.
        case archive([FilePath])
    }

    public struct Ticket: Sendable {
        public let userID: UserID
        public let target: Target
        fileprivate let deviceKey: Int64
        fileprivate var deadline: Int64
    }

    static let lifetimeMilliseconds: Int64 = 6 * 3_600 * 1_000
    static let maxTicketsOfUser = 500
    static let maxTickets = 5_000
    static let maxPathsOfArchive = 500
    /// Of all paths of one ticket together, or of what else is asked for.
    static let maxTargetBytes = 64 << 10

    public static let lifetimeSeconds = lifetimeMilliseconds / 1_000

    private let moderation: Moderation
    private let clock: MonotonicClock
    private let tickets = Mutex<[String: Ticket]>([:])

    init(moderation: Moderation, clock: MonotonicClock = .system) {
        self.moderation = moderation
        self.clock = clock
    }

    /// - Parameter target: is not looked at before it is fetched.
    public func issue(_ target: Target, for session: Session) throws(MatrixError) -> String {
        guard Self.isBounded(target) else { throw MatrixError(.tooLarge, "That is too much for one download.") }
        let token = SecureRandom.token(bytes: 18)
        let now = clock.nowMilliseconds
        let ticket = Ticket(
            userID: session.userID, target: target, deviceKey: session.deviceKey, deadline: now + Self.lifetimeMilliseconds)
        tickets.withLock { tickets in
            if tickets.count >= Self.maxTickets { tickets = tickets.filter { $0.value.deadline > now } }
            // Whoever needs one that had to go asks for another.
            let own = tickets.filter { $0.value.userID == session.userID }
            if own.count >= Self.maxTicketsOfUser, let oldest = own.min(by: { $0.value.deadline < $1.value.deadline }) {
                tickets[oldest.key] = nil
            } else if tickets.count >= Self.maxTickets, let oldest = tickets.min(by: { $0.value.deadline < $1.value.deadline }) {
                tickets[oldest.key] = nil
            }
            tickets[token] = ticket
        }
        return token
    }

    /// Throws `notFound` for a ticket that is over.
    public func use(_ token: String) throws(MatrixError) -> Ticket {
        let now = clock.nowMilliseconds
        let ticket = tickets.withLock { tickets -> Ticket? in
            guard let ticket = tickets[token] else { return nil }
            guard ticket.deadline > now else {
                tickets[token] = nil
                return nil
            }
            tickets[token]?.deadline = now + Self.lifetimeMilliseconds
            return ticket
        }
        guard let ticket else { throw MatrixError(.notFound, "This address is not good any more. Open the file again.") }
        try moderation.requireUnlocked(ticket.userID)
        return ticket
    }

    func deviceEnds(_ key: Int64) { tickets.withLock { tickets in tickets = tickets.filter { $0.value.deviceKey != key } } }

    private static func isBounded(_ target: Target) -> Bool {
        switch target {
        case .file(let path): path.description.utf8.count <= maxTargetBytes
        case .media(let serverName, let mediaID): serverName.utf8.count + mediaID.utf8.count <= 512
        case .archive(let paths):
            (1...maxPathsOfArchive).contains(paths.count) && paths.reduce(0) { $0 + $1.description.utf8.count } <= maxTargetBytes
        }
    }
}
