import MatrixCore

/// The question of one sliding sync, the same for both dialects.
///
/// spec: MSC4186
public struct SlidingSyncRequest: Sendable {
    public let session: Session
    let dialect: SlidingSyncDialect
    var connectionID = ""
    /// Where the connection stands, as the client gives it back; `nil` begins a new connection.
    var position: String?
    var timeout = Duration.zero
    var presence = Presence.State.online
    /// Comes back in the response, so that a client knows which request it answers.
    var transactionID: String?
    var interest = Interest()

    /// Which rooms, and what of them. While this stays the same, only what changed has to be looked at.
    struct Interest: Sendable, Hashable {
        var lists: [List] = []
        var subscriptions: [RoomID: RoomConfig] = [:]
        var toDevice: ToDeviceExtension?
        var hasEncryption = false
        var accountData: RoomExtension?
        var receipts: RoomExtension?
        var typing: RoomExtension?

        func hash(into hasher: inout Hasher) {
            hasher.combine(lists)
            hasher.combine(subscriptions)
            hasher.combine(hasEncryption)
            hasher.combine(accountData)
            hasher.combine(receipts)
            hasher.combine(typing)
        }
    }

    struct List: Sendable, Hashable {
        let name: String
        /// `nil` for all rooms.
        var ranges: [ClosedRange<Int>]?
        var filters = RoomListFilters()
        var config: RoomConfig

        /// Whether a room that comes to the front of the list pushes no other into its window.
        var beginsAtFront: Bool { ranges.map { $0.isEmpty || $0.count == 1 && $0[0].lowerBound == 0 } ?? true }
    }

    struct ToDeviceExtension: Sendable, Hashable {
        var since: String?
        var limit: Int
    }

    /// An extension that tells of rooms. `nil` stands for all lists, or all subscriptions.
    struct RoomExtension: Sendable, Hashable {
        var lists: Set<String>?
        var rooms: Set<RoomID>?

        var hasAllRooms: Bool { lists == nil && rooms == nil }
    }

    static let maxLists = 100
    static let maxListNameBytes = 64
    static let maxConnectionIDBytes = 255
    static let maxRanges = 100
    static let maxRequiredState = 200
    static let maxFilterElements = 100
    /// What is longer is cut, and the timeline called limited.
    static let maxTimelineEvents = 100
}

/// What of a room a client wants.
struct RoomConfig: Sendable, Hashable {
    var timelineLimit: Int
    var requiredState: RequiredStateSet

    /// What satisfies both.
    func union(_ other: RoomConfig) -> RoomConfig {
        RoomConfig(timelineLimit: max(timelineLimit, other.timelineLimit), requiredState: requiredState.union(other.requiredState))
    }
}

/// Which state of a room one rule asks for.
struct RequiredState: Sendable, Hashable {
    struct Element: Sendable, Hashable {
        /// `nil` matches every type.
        var type: String?
        /// `nil` matches every state key.
        var stateKey: String?

        func matches(_ type: String, _ stateKey: String) -> Bool {
            (self.type.map { $0.utf8.elementsEqual(type.utf8) } ?? true) && (self.stateKey.map { $0.utf8.elementsEqual(stateKey.utf8) } ?? true)
        }
    }

    var include: [Element] = []
    var exclude: [Element] = []
    var hasLazyMembers = false

    func matches(_ type: String, _ stateKey: String) -> Bool {
        // Members that are loaded lazily are in no wildcard, only where they are named.
        let isLazyMember = hasLazyMembers && type == "m.room.member"
        return include.contains { ($0.type != nil && $0.stateKey != nil || !isLazyMember) && $0.matches(type, stateKey) }
            && !exclude.contains { $0.matches(type, stateKey) }
    }
}

/// State that any of several rules asks for.
struct RequiredStateSet: Sendable, Hashable {
    private(set) var rules: [RequiredState]

    init(_ rules: [RequiredState]) { self.rules = rules }

    var hasLazyMembers: Bool { rules.contains(where: \.hasLazyMembers) }

    func matches(_ type: String, _ stateKey: String) -> Bool { rules.contains { $0.matches(type, stateKey) } }

    func union(_ other: RequiredStateSet) -> RequiredStateSet {
        var all = self
        for rule in other.rules where !all.rules.contains(rule) { all.rules.append(rule) }
        return all
    }

    /// Whether it is certain that everything here is in the other one too.
    func isContained(in other: RequiredStateSet) -> Bool {
        rules.allSatisfy { rule in
            other.rules.contains { theirs in
                theirs.exclude.allSatisfy { rule.exclude.contains($0) } && theirs.hasLazyMembers == rule.hasLazyMembers
                    && rule.include.allSatisfy { theirs.include.contains($0) }
            }
        }
    }

    var approximateBytes: Int { rules.reduce(0) { $0 + 64 + ($1.include.count + $1.exclude.count) * 96 } }
}

/// Which of a user's rooms a list shows. What is `nil` does not matter.
struct RoomListFilters: Sendable, Hashable {
    var isDirect: Bool?
    var isEncrypted: Bool?
    var isInvited: Bool?
    var spaces: Set<RoomID>?
    /// `nil` in the set stands for rooms without a type.
    var roomTypes: Set<String?>?
    var notRoomTypes: Set<String?>?
    var nameContains: String?
    var tags: Set<String>?
    var notTags: Set<String>?

    /// Whether something of the room has to be known that is not in every user's list.
    var needsDetails: Bool {
        isEncrypted != nil || roomTypes != nil || notRoomTypes != nil || nameContains != nil || tags != nil || notTags != nil
    }

    var matchesEverything: Bool { self == RoomListFilters() }
}
