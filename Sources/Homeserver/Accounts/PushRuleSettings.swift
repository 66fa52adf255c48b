public import MatrixCore
import Storage
import Synchronization

/// The push rules of each user, which decide what they are notified of.
///
/// They are stored as account data of the type `m.push_rules`, and so reach the user's clients.
public final class PushRuleSettings: Sendable {
    static let type = "m.push_rules"
    static let maxCachedUsers = 256

    /// Most users never change a rule: for them nothing is stored, and next to nothing cached.
    private enum Rules: Sendable {
        case predefined
        case changed(PushRuleset)

        func ruleset(of user: UserID) -> PushRuleset {
            switch self {
            case .predefined: PushRuleset(userID: user)
            case .changed(let rules): rules
            }
        }
    }

    private struct State {
        var rules = BoundedCache<UserID, Rules>(capacity: maxCachedUsers)
        /// Counts the changes: rules read before one must not be cached after it.
        var epoch = 0
    }

    private let database: Database
    private let feed: ChangeFeed
    private let state = Mutex(State())

    init(database: Database, feed: ChangeFeed) {
        self.database = database
        self.feed = feed
    }

    // MARK: Reading

    public func rules(of user: UserID) async throws -> PushRuleset {
        if let cached = state.withLock({ $0.rules[user] }) { return cached.ruleset(of: user) }
        return try await database.read { [self] in try rules(of: user, in: $0) }
    }

    /// The same inside of a transaction, from memory where possible.
    func rules(of user: UserID, in transaction: ReadTransaction) throws -> PushRuleset {
        try cachedRules(of: user, in: transaction).ruleset(of: user)
    }

    /// The rules of a user who has changed some; `nil` for the predefined ones.
    func changedRules(of user: UserID, in transaction: ReadTransaction) throws -> PushRuleset? {
        guard case .changed(let rules) = try cachedRules(of: user, in: transaction) else { return nil }
        return rules
    }

    private func cachedRules(of user: UserID, in transaction: ReadTransaction) throws -> Rules {
        let (cached, epoch) = state.withLock { ($0.rules[user], $0.epoch) }
        if let cached { return cached }
        let rules = try Self.stored(user, transaction)
        let keep: @Sendable () -> Void = { [self] in
            state.withLock { state in
                if state.epoch == epoch { state.rules[user] = rules }
            }
        }
        // A writer may see what is not yet committed, and perhaps never will be.
        if let writing = transaction as? WriteTransaction { writing.afterCommit(keep) } else { keep() }
        return rules
    }

    /// The account data of the type `m.push_rules`, as JSON.
    func accountDataContent(of user: UserID) async throws -> [UInt8] { Self.content(try await rules(of: user)) }

    static func content(_ rules: PushRuleset) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(["global": .object(rules.json)])
        return writer.bytes
    }

    // MARK: Changing

    /// spec: client-server-api/#put_matrixclientv3pushrulesglobalkindruleid
    public func put(
        _ kind: PushRuleKind, _ ruleID: String, of user: UserID, body: JSONObject, before: String?, after: String?
    ) async throws {
        try await change(of: user) { try $0.put(kind, ruleID, body: body, before: before, after: after) }
    }

    public func delete(_ kind: PushRuleKind, _ ruleID: String, of user: UserID) async throws {
        try await change(of: user) { try $0.delete(kind, ruleID) }
    }

    public func setEnabled(_ kind: PushRuleKind, _ ruleID: String, of user: UserID, _ enabled: Bool) async throws {
        try await change(of: user) { try $0.setEnabled(kind, ruleID, enabled) }
    }

    public func setActions(_ kind: PushRuleKind, _ ruleID: String, of user: UserID, _ actions: JSONValue?) async throws {
        try await change(of: user) { try $0.setActions(kind, ruleID, actions) }
    }

    /// Drops what is cached of an account that ended.
    func forget(_ user: UserID) {
        state.withLock { state in
            state.epoch += 1
            state.rules[user] = nil
        }
    }

    private func change(of user: UserID, _ edit: @escaping @Sendable (inout PushRuleset) throws -> Void) async throws {
        try await database.write { [self] in try change(of: user, in: $0, edit) }
    }

    func change(of user: UserID, in transaction: WriteTransaction, _ edit: (inout PushRuleset) throws -> Void) throws {
        var rules = try Self.stored(user, transaction).ruleset(of: user)
        try edit(&rules)
        let position = transaction.nextPosition()
        try transaction.setAccountData(Self.type, of: user, room: nil, to: Self.content(rules), at: position)
        transaction.record(.accountData(user, room: nil, type: Self.type), at: position, in: feed)
        let changed = rules
        transaction.afterCommit { [self] in
            state.withLock { state in
                state.epoch += 1
                state.rules[user] = .changed(changed)
            }
        }
    }

    private static func stored(_ user: UserID, _ transaction: ReadTransaction) throws -> Rules {
        guard let content = try transaction.accountData(type, of: user, room: nil), let global = try JSONObject(parsing: content).object("global")
        else { return .predefined }
        return .changed(PushRuleset(userID: user, json: global))
    }
}
