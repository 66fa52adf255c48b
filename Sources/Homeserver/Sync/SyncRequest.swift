public import MatrixCore
public import Storage

/// The question of one `/sync`.
///
/// spec: client-server-api/#get_matrixclientv3sync
public struct SyncRequest: Sendable {
    /// Where the state of a room stands in the response.
    public enum StatePlacement: String, Sendable {
        /// `state`: as it was before the timeline.
        case beforeTimeline = "state"
        /// `state_after`: as it is after the timeline.
        case afterTimeline = "state_after"
        /// The same under the name of before the specification had it; matrix-js-sdk asks for this one.
        case afterTimelineUnstable = "org.matrix.msc4222.state_after"

        var isAfterTimeline: Bool { self != .beforeTimeline }
    }

    public let session: Session
    public var since: StreamToken?
    public var filter = Filter()
    public var fullState = false
    public var timeout = Duration.zero
    public var presence = Presence.State.online
    public var statePlacement = StatePlacement.beforeTimeline

    public static let maxTimeoutMilliseconds = 180_000

    public init(session: Session) { self.session = session }
}

/// A position as clients hold it: the end of a sync, or a place between two events of a room's timeline.
public struct StreamToken: Sendable, Hashable, CustomStringConvertible {
    public let position: Position
    /// How far the device has got its to-device messages: behind `position` where more waited than one response takes.
    let toDevicePosition: Position

    public init(_ position: Position) { self.init(position, toDevice: position) }

    init(_ position: Position, toDevice: Position) {
        self.position = position
        toDevicePosition = toDevice
    }

    public init?(_ text: String) {
        guard text.utf8.first == UInt8(ascii: "s") else { return nil }
        if let tilde = text.utf8.firstIndex(of: UInt8(ascii: "~")) {
            // A `pos` of sliding sync, which says nothing of to-device messages. spec: MSC4186
            guard let value = Int64(text[text.utf8.index(after: text.utf8.startIndex)..<tilde]), value >= 0 else { return nil }
            self.init(Position(value), toDevice: .zero)
            return
        }
        let parts = text.dropFirst().utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        let values = parts.compactMap { Int64(Substring($0)) }
        guard values.count == parts.count, values.count <= 2, let value = values.first, let toDevice = values.last, toDevice >= 0, toDevice <= value
        else { return nil }
        self.init(Position(value), toDevice: Position(toDevice))
    }

    public var description: String {
        toDevicePosition == position ? "s\(position.value)" : "s\(position.value)_\(toDevicePosition.value)"
    }
}
