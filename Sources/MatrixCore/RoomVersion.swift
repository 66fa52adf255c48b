/// The versions of a room's rules that this server keeps rooms in.
///
/// spec: rooms/
public enum RoomVersion: String, Sendable, CaseIterable {
    case v6 = "6"
    case v7 = "7"
    case v8 = "8"
    case v9 = "9"
    case v10 = "10"
    case v11 = "11"
    case v12 = "12"

    /// What a room is made with when nobody asks for a version. Not every client can read the room IDs of version 12.
    public static let defaultVersion = RoomVersion.v11

    private var number: Int {
        switch self {
        case .v6: 6
        case .v7: 7
        case .v8: 8
        case .v9: 9
        case .v10: 10
        case .v11: 11
        case .v12: 12
        }
    }

    /// The room ID is the hash of the create event, which is thus no member of `auth_events` and has no `room_id`.
    public var roomIDIsHash: Bool { number >= 12 }

    /// Creators stand above every power level and must not appear in `m.room.power_levels`.
    public var creatorsHavePrivilege: Bool { number >= 12 }

    /// `m.room.redaction` names its target in `content`, not beside it.
    public var redactsInContent: Bool { number >= 11 }

    /// The redaction rules of version 11: all of a create event's content stays, and `invite` in power levels.
    public var updatedRedactionRules: Bool { number >= 11 }

    /// The create event names its sender a second time, as `creator`.
    public var creatorInContent: Bool { number < 11 }

    /// Membership and join rule `knock`.
    public var knocking: Bool { number >= 7 }

    /// Join rules `restricted` and `knock_restricted`.
    public var restrictedJoins: Bool { number >= 8 }
    public var knockRestricted: Bool { number >= 10 }

    /// Redaction keeps who let a member in. Version 8 forgot that, and so made redacted joins invalid.
    public var redactionKeepsAuthoriser: Bool { number >= 9 }
}
