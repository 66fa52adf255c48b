/// The versions of a room's rules that this server keeps rooms in.
///
/// spec: rooms/
public enum RoomVersion: String, Sendable, CaseIterable {
    case v10 = "10"
    case v11 = "11"
    case v12 = "12"

    /// What a room is made with when nobody asks for a version. Not every client can read the room IDs of version 12.
    public static let defaultVersion = RoomVersion.v11

    /// The room ID is the hash of the create event, which is thus no member of `auth_events` and has no `room_id`.
    public var roomIDIsHash: Bool { self == .v12 }

    /// Creators stand above every power level and must not appear in `m.room.power_levels`.
    public var creatorsHavePrivilege: Bool { self == .v12 }

    /// `m.room.redaction` names its target in `content`, not beside it.
    public var redactsInContent: Bool { self != .v10 }

    /// The redaction rules of version 11: all of a create event's content stays, and `invite` in power levels.
    public var updatedRedactionRules: Bool { self != .v10 }

    /// The create event names its sender a second time, as `creator`.
    public var creatorInContent: Bool { self == .v10 }

    /// Join rules `restricted` (since version 8) and `knock_restricted` (since version 10).
    public var restrictedJoins: Bool { true }
    public var knockRestricted: Bool { true }
}
