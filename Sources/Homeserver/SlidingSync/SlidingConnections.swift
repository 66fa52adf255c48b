import MatrixCore
import Storage
import Synchronization

/// The connections of all devices. In memory only: after a restart, or when one was dropped for want of room, the client is told
/// `M_UNKNOWN_POS` and begins anew.
///
/// A connection remembers what the client has for certain, and what the last few responses told that it may have: only the next
/// request shows whether a response arrived. So a request that is repeated is answered again from the same place.
final class SlidingConnections: Sendable {
    /// A connection as one request found it.
    struct Opened: Sendable {
        let device: Int64
        let id: String
        /// `nil` for a connection that begins with this request.
        fileprivate let token: Token?
        let state: ConnectionState
    }

    /// `s<position>~<connection>.<response>`. The part before the tilde is a token for `/messages`.
    fileprivate struct Token: Hashable {
        let connection: UInt64
        let response: UInt32

        init(connection: UInt64, response: UInt32) {
            self.connection = connection
            self.response = response
        }

        init?(_ text: String) {
            guard text.utf8.count <= 80, let tilde = text.utf8.firstIndex(of: UInt8(ascii: "~")) else { return nil }
            let parts = text[text.utf8.index(after: tilde)...].utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard parts.count == 2, let connection = UInt64(Substring(parts[0]), radix: 16), let response = UInt32(Substring(parts[1])) else {
                return nil
            }
            self.init(connection: connection, response: response)
        }

        func text(_ position: Position) -> String { "\(StreamToken(position))~\(String(connection, radix: 16)).\(response)" }
    }

    private struct Connection {
        let number: UInt64
        /// The response that the client has.
        var response: UInt32
        var state: ConnectionState
        /// Responses that were given since. One of them may have arrived.
        var given: [(response: UInt32, change: ConnectionChange)] = []
        var nextResponse: UInt32
        var lastUse: UInt64
        var bytes = 0

        mutating func measure() { bytes = state.approximateBytes + given.reduce(0) { $0 + $1.change.approximateBytes } }
    }

    private struct Place: Hashable {
        let device: Int64
        let id: String
    }

    private struct State {
        var connections: [Place: Connection] = [:]
        var bytes = 0
        var uses: UInt64 = 0
        /// Begins anywhere, so that a token of before a restart fits no connection.
        var nextNumber = UInt64.random(in: 0...(.max >> 1))
    }

    private let state = Mutex(State())

    /// An app needs two, and a third where a second process of it looks for notifications.
    static let maxConnectionsOfDevice = 8
    static let maxConnections = 1_024
    static let maxBytes = 32 << 20
    private static let maxGivenResponses = 3

    private static let unknownPosition = MatrixError(.unknownPosition, "This connection is not known any more. Begin a new one, without pos.")

    /// Finds the connection, and takes what the client says it has as its state. Throws `unknownPosition`.
    func open(device: Int64, id: String, position text: String?) throws(MatrixError) -> Opened {
        guard let text else { return Opened(device: device, id: id, token: nil, state: ConnectionState()) }
        guard let token = Token(text) else { throw Self.unknownPosition }
        let found = state.withLock { state -> ConnectionState? in
            let place = Place(device: device, id: id)
            guard state.connections[place]?.number == token.connection else { return nil }
            state.uses += 1
            let uses = state.uses
            return Self.update(place, in: &state) { connection in
                connection.lastUse = uses
                guard connection.response != token.response else { return connection.state }
                guard let arrived = connection.given.first(where: { $0.response == token.response }) else { return nil }
                connection.state.apply(arrived.change)
                connection.response = token.response
                connection.given = []
                return connection.state
            }
        }
        guard let found else { throw Self.unknownPosition }
        return Opened(device: device, id: id, token: token, state: found)
    }

    /// Notes what a response tells. Gives the token that goes with it.
    func answer(_ opened: Opened, with change: ConnectionChange) -> String {
        state.withLock { state in
            state.uses += 1
            let uses = state.uses
            let place = Place(device: opened.device, id: opened.id)
            guard let token = opened.token else {
                let number = state.nextNumber
                state.nextNumber += 1
                var connection = Connection(number: number, response: 1, state: opened.state, nextResponse: 2, lastUse: uses)
                connection.state.apply(change)
                connection.measure()
                state.bytes += connection.bytes - (state.connections.updateValue(connection, forKey: place)?.bytes ?? 0)
                Self.makeRoom(for: place, in: &state)
                return Token(connection: number, response: 1).text(change.position)
            }
            // The client has gone on meanwhile, and looks at this answer no more.
            guard let known = state.connections[place], known.number == token.connection, known.response == token.response else {
                return Token(connection: token.connection, response: 0).text(change.position)
            }
            let response = Self.update(place, in: &state) { connection in
                let response = connection.nextResponse
                connection.nextResponse += 1
                connection.given.append((response, change))
                if connection.given.count > Self.maxGivenResponses { connection.given.removeFirst() }
                return response
            }
            Self.makeRoom(for: place, in: &state)
            return Token(connection: token.connection, response: response ?? 0).text(change.position)
        }
    }

    /// A device that is logged out has no connections.
    func deviceEnds(_ device: Int64) {
        state.withLock { state in
            for place in state.connections.keys.filter({ $0.device == device }) { Self.remove(place, from: &state) }
        }
    }

    /// How many connections are known, and of roughly how many bytes.
    var extent: (count: Int, bytes: Int) { state.withLock { ($0.connections.count, $0.bytes) } }

    // MARK: Bounds

    private static func update<Result>(_ place: Place, in state: inout State, _ body: (inout Connection) -> Result?) -> Result? {
        guard let index = state.connections.index(forKey: place) else { return nil }
        let before = state.connections.values[index].bytes
        let result = body(&state.connections.values[index])
        state.connections.values[index].measure()
        state.bytes += state.connections.values[index].bytes - before
        return result
    }

    private static func remove(_ place: Place, from state: inout State) {
        if let removed = state.connections.removeValue(forKey: place) { state.bytes -= removed.bytes }
    }

    /// Drops what was not used for the longest time.
    private static func makeRoom(for newest: Place, in state: inout State) {
        func dropOldest(where isCandidate: (Place) -> Bool) -> Bool {
            let candidates = state.connections.filter { $0.key != newest && isCandidate($0.key) }
            guard let oldest = candidates.min(by: { $0.value.lastUse < $1.value.lastUse })?.key else { return false }
            remove(oldest, from: &state)
            return true
        }
        while state.connections.keys.lazy.filter({ $0.device == newest.device }).count > maxConnectionsOfDevice {
            guard dropOldest(where: { $0.device == newest.device }) else { break }
        }
        while state.connections.count > maxConnections || state.bytes > maxBytes {
            guard dropOldest(where: { _ in true }) else { break }
        }
    }
}
