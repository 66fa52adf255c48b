import MatrixCore
import Storage
import Synchronization

/// Which member events each device has, so that lazy loading sends each once.
///
/// An entry counts only when the device has come back with a token at or after the response that carried it;
/// so a response that was lost on the way is made good.
///
/// spec: client-server-api/#lazy-loading-room-members
final class LazyMembers: Sendable {
    private struct Sent {
        var rooms: [RoomID: [UserID: Position]] = [:]
        /// The newest response that carried any.
        var newest = Position.zero

        var count: Int { rooms.values.reduce(0) { $0 + $1.count } }
    }

    private struct State {
        var devices: [Int64: Sent] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    /// Entries of all devices together; beyond it everything is forgotten and sent again, which is allowed.
    static let maxEntries = 50_000

    /// A device comes back with a token: what later responses carried was lost on the way, and must not count when the device is beyond them.
    func resume(device: Int64, since: Position) {
        state.withLock { state in
            guard var sent = state.devices[device], sent.newest > since else { return }
            let before = sent.count
            sent.rooms = sent.rooms.mapValues { $0.filter { $0.value <= since } }
            sent.newest = since
            state.count -= before - sent.count
            state.devices[device] = sent
        }
    }

    /// Those of `users` whose member event the device does not have.
    func missing(_ users: some Collection<UserID>, device: Int64, room: RoomID, since: Position?) -> Set<UserID> {
        guard let since else { return Set(users) }
        return state.withLock { state in
            let sent = state.devices[device]?.rooms[room]
            var missing = Set<UserID>()
            for user in users where sent?[user].map({ $0 > since }) ?? true { missing.insert(user) }
            return missing
        }
    }

    func remember(_ users: [UserID], device: Int64, room: RoomID, sentWith token: Position) {
        guard !users.isEmpty else { return }
        state.withLock { state in
            if state.count + users.count > Self.maxEntries { state = State() }
            var sent = state.devices[device] ?? Sent()
            sent.newest = max(sent.newest, token)
            for user in users {
                if sent.rooms[room, default: [:]].updateValue(token, forKey: user) == nil { state.count += 1 }
            }
            state.devices[device] = sent
        }
    }

    var entryCount: Int { state.withLock { $0.count } }

    /// An initial sync starts from nothing.
    func forget(device: Int64) {
        state.withLock { state in
            guard let sent = state.devices.removeValue(forKey: device) else { return }
            state.count -= sent.count
        }
    }
}
