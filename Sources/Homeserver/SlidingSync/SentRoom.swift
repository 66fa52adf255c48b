import MatrixCore
import Storage

/// What one connection has told of one room. Small: there is one for each room that a client has seen.
struct SentRoom: Sendable {
    enum Kind: UInt8, Sendable {
        case joined
        /// An invitation or a knock.
        case stripped
        /// The client knows that the user is out.
        case ended
    }

    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8

        /// The room has changed while no list showed it.
        static let stale = Flags(rawValue: 1)
        static let direct = Flags(rawValue: 2)
        // What the extensions have told of the room as a whole, and of each change since.
        static let accountData = Flags(rawValue: 4)
        static let receipts = Flags(rawValue: 8)
        static let typing = Flags(rawValue: 16)
        static let extensions: Flags = [.accountData, .receipts, .typing]
    }

    var kind: Kind
    /// The client has everything that it asked for up to here.
    var upTo: Position
    /// Which state it asked for, as an index of the connection's.
    var stateIndex: Int32
    /// How many of the newest events it has without a gap; `.max` for all.
    var eventCount: UInt16
    var flags: Flags = []
    /// Whose member events it has, where it loads them lazily.
    var members: Set<UserID> = []

    static let approximateBytes = 80
    static let approximateBytesOfMember = 40

    var approximateBytes: Int { Self.approximateBytes + members.count * Self.approximateBytesOfMember }

    mutating func addEvents(_ count: Int) {
        if eventCount != .max { eventCount = UInt16(min(Int(eventCount) + count, Int(UInt16.max) - 1)) }
    }
}

/// What a connection has told altogether.
struct ConnectionState: Sendable {
    /// Everything up to here was looked at; `nil` before the first response.
    var position: Position?
    var rooms: [Int64: SentRoom] = [:]
    var requiredStates: [RequiredStateSet] = []
    /// Of the request that was answered last.
    var interestHash: Int?
    /// Whether nothing that the lists show was left for the next response.
    var isSettled = false
    var hasGlobalAccountData = false
    private(set) var memberCount = 0

    static let maxMembers = 20_000
    static let maxRequiredStates = 64

    var approximateBytes: Int {
        512 + rooms.count * SentRoom.approximateBytes + memberCount * SentRoom.approximateBytesOfMember
            + requiredStates.reduce(0) { $0 + $1.approximateBytes }
    }

    /// Takes in what a response told, when the client has shown that it has the response.
    mutating func apply(_ change: ConnectionChange) {
        position = change.position
        requiredStates = change.requiredStates
        interestHash = change.interestHash
        isSettled = change.isSettled
        hasGlobalAccountData = change.hasGlobalAccountData
        for (key, room) in change.rooms {
            memberCount += room.members.count - (rooms.updateValue(room, forKey: key)?.members.count ?? 0)
        }
        // Who was forgotten is sent once more, which is allowed.
        if memberCount > Self.maxMembers {
            memberCount = 0
            for key in rooms.keys { rooms[key]?.members = [] }
        }
        if requiredStates.count > Self.maxRequiredStates { forgetUnusedStates() }
    }

    private mutating func forgetUnusedStates() {
        var kept: [Int32: Int32] = [:]
        var states: [RequiredStateSet] = []
        for key in rooms.keys {
            guard let old = rooms[key]?.stateIndex else { continue }
            let new = kept[old] ?? Int32(states.count)
            if kept[old] == nil {
                kept[old] = new
                states.append(requiredStates[Int(old)])
            }
            rooms[key]?.stateIndex = new
        }
        requiredStates = states
    }
}

/// What one response adds to the state of its connection.
struct ConnectionChange: Sendable {
    var position: Position
    var rooms: [Int64: SentRoom] = [:]
    var requiredStates: [RequiredStateSet]
    var interestHash: Int
    var isSettled = true
    var hasGlobalAccountData: Bool

    init(from state: ConnectionState, interest: SlidingSyncRequest.Interest) {
        position = state.position ?? .zero
        requiredStates = state.requiredStates
        interestHash = interest.hashValue
        hasGlobalAccountData = state.hasGlobalAccountData
    }

    var approximateBytes: Int { 256 + rooms.values.reduce(0) { $0 + $1.approximateBytes } }

    mutating func index(of state: RequiredStateSet) -> Int32 {
        if let index = requiredStates.firstIndex(of: state) { return Int32(index) }
        requiredStates.append(state)
        return Int32(requiredStates.count - 1)
    }
}
