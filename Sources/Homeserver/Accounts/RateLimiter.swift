public import MatrixCore
import Synchronization

/// Slows down who asks too often: a bucket of tokens for each address and account.
///
/// The limits are for a household: nobody who uses the box notices them.
public final class RateLimiter: Sendable {
    struct Limit: Sendable {
        /// What may come at once.
        let burst: Double
        /// What may come for ever.
        let perSecond: Double

        static let loginFailuresOfAccount = Limit(burst: 10, perSecond: 1.0 / 30)
        static let loginFailuresFromAddress = Limit(burst: 30, perSecond: 1.0 / 10)
        static let appPasswordFailuresFromAddress = Limit(burst: 30, perSecond: 1.0 / 10)
        static let registrationsFromAddress = Limit(burst: 20, perSecond: 1.0 / 30)
        static let pushesFromAddress = Limit(burst: 100, perSecond: 5)
        static let sending = Limit(burst: 200, perSecond: 20)
        static let pinFailuresOfShare = Limit(burst: 10, perSecond: 1.0 / 60)
        static let reporting = Limit(burst: 20, perSecond: 1.0 / 30)
    }

    enum Subject: Hashable, Sendable {
        case loginFailuresOfAccount(UserID)
        case loginFailuresFromAddress(String)
        case appPasswordFailuresFromAddress(String)
        case registrationsFromAddress(String)
        case pushesFromAddress(String)
        case sending(UserID)
        case reporting(UserID)
        case pinFailuresOfShare(String)

        var limit: Limit {
            switch self {
            case .loginFailuresOfAccount: .loginFailuresOfAccount
            case .loginFailuresFromAddress: .loginFailuresFromAddress
            case .appPasswordFailuresFromAddress: .appPasswordFailuresFromAddress
            case .registrationsFromAddress: .registrationsFromAddress
            case .pushesFromAddress: .pushesFromAddress
            case .sending: .sending
            case .reporting: .reporting
            case .pinFailuresOfShare: .pinFailuresOfShare
            }
        }
    }

    private struct Bucket {
        var tokens: Double
        var refilledAtMilliseconds: Int64
    }

    static let maxBuckets = 4_096

    private let isEnabled: Bool
    private let clock: MonotonicClock
    private let buckets = Mutex<BoundedCache<Subject, Bucket>>(BoundedCache(capacity: maxBuckets))

    init(isEnabled: Bool, clock: MonotonicClock = .system) {
        self.isEnabled = isEnabled
        self.clock = clock
    }

    /// For whatever adds something that others get to see: events, receipts, typing.
    public func admitSending(in session: Session) throws(MatrixError) {
        if session.isRateLimited { try take(.sending(session.userID)) }
    }

    /// Takes one token, or tells when there will be one.
    ///
    /// spec: client-server-api/#rate-limiting
    func take(_ subject: Subject) throws(MatrixError) {
        guard isEnabled else { return }
        let limit = subject.limit
        let now = clock.nowMilliseconds
        let waitMilliseconds: Int64? = buckets.withLock { buckets in
            var bucket = Self.refilled(buckets[subject], limit, now)
            defer { buckets[subject] = bucket }
            guard bucket.tokens < 1 else {
                bucket.tokens -= 1
                return nil
            }
            return Int64(((1 - bucket.tokens) / limit.perSecond * 1_000).rounded(.up))
        }
        if let waitMilliseconds {
            throw MatrixError(
                .limitExceeded, "Too many requests. Try again in \((waitMilliseconds + 999) / 1_000) s.",
                details: ["retry_after_ms": .integer(waitMilliseconds)])
        }
    }

    /// Undoes one `take`: what it was for did not happen after all.
    func giveBack(_ subject: Subject) {
        guard isEnabled else { return }
        let now = clock.nowMilliseconds
        buckets.withLock { buckets in
            var bucket = Self.refilled(buckets[subject], subject.limit, now)
            bucket.tokens = min(subject.limit.burst, bucket.tokens + 1)
            buckets[subject] = bucket
        }
    }

    private static func refilled(_ bucket: Bucket?, _ limit: Limit, _ now: Int64) -> Bucket {
        guard let bucket else { return Bucket(tokens: limit.burst, refilledAtMilliseconds: now) }
        let elapsedSeconds = Double(max(0, now - bucket.refilledAtMilliseconds)) / 1_000
        return Bucket(tokens: min(limit.burst, bucket.tokens + elapsedSeconds * limit.perSecond), refilledAtMilliseconds: now)
    }
}
