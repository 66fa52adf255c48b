public import MatrixCore
import Synchronization

/// Other networks that application services lead to: what they are, and who and what is there.
///
/// spec: client-server-api/#third-party-networks
public final class ThirdPartyNetworks: Sendable {
    public enum Kind: String, Sendable {
        case user, location
    }

    private struct Known {
        let description: JSONObject
        let untilMilliseconds: Int64
    }

    private let connections: [ServiceConnection]
    private let clock: MonotonicClock
    /// Bounded by the number of protocols in the registration files.
    private let known = Mutex<[String: Known]>([:])

    static let lifetimeMilliseconds: Int64 = 60 * 60 * 1_000
    private static let timeoutSeconds = 10
    private static let maxResults = 1_000

    init(_ connections: [ServiceConnection], clock: MonotonicClock = .system) {
        self.connections = connections.filter { !$0.service.registration.protocols.isEmpty }
        self.clock = clock
    }

    // MARK: Protocols

    /// All protocols that can be described now, by name.
    public func protocols() async -> JSONObject {
        var all: JSONObject = [:]
        for name in Set(connections.flatMap(\.service.registration.protocols)).sorted() {
            all[name] = await description(of: name).map { .object($0) }
        }
        return all
    }

    /// Throws `notFound` for one that no service leads to.
    public func protocolDescription(_ name: String) async throws -> JSONObject {
        guard let description = await description(of: name) else { throw MatrixError(.notFound, "This box has no bridge to \(name.prefix(64)).") }
        return description
    }

    /// What the services say together: each has its own instances of the network.
    private func description(of name: String) async -> JSONObject? {
        let now = clock.nowMilliseconds
        if let known = known.withLock({ $0[name] }), known.untilMilliseconds > now { return known.description }
        let answers = await ask(connections(for: name), ["thirdparty", "protocol", name], legacy: ["protocol", name], query: [])
        var description: JSONObject?
        var instances: [JSONValue] = []
        for (service, answer) in answers {
            guard let object = answer.objectValue, let own = object.array("instances") else { continue }
            instances += own.map { Self.named($0, service) }
            if description == nil { description = object }
        }
        description?["instances"] = .array(instances)
        if let description {
            known.withLock { $0[name] = Known(description: description, untilMilliseconds: now + Self.lifetimeMilliseconds) }
        }
        return description
    }

    /// An instance with the name under which the public list of rooms knows it.
    private static func named(_ instance: JSONValue, _ service: ApplicationService) -> JSONValue {
        guard var object = instance.objectValue, let network = object.string("network_id") else { return instance }
        object["instance_id"] = .string(PublicRoomsNetwork.instanceID(service: service.id, network: network))
        return .object(object)
    }

    // MARK: Users and locations

    /// Users or locations of a network.
    public func lookUp(_ kind: Kind, in name: String, fields: [(name: String, value: String)]) async -> [JSONValue] {
        await results(connections(for: name), kind, [name], fields)
    }

    /// What a Matrix user or a room's address stands for in other networks.
    public func lookUp(_ kind: Kind, of identifier: String) async -> [JSONValue] {
        await results(connections, kind, [], [(kind == .user ? "userid" : "alias", identifier)])
    }

    private func results(_ connections: [ServiceConnection], _ kind: Kind, _ path: [String], _ fields: [(name: String, value: String)]) async
        -> [JSONValue]
    {
        let answers = await ask(connections, ["thirdparty", kind.rawValue] + path, legacy: [kind.rawValue] + path, query: fields)
        return Array(answers.flatMap { $0.answer.arrayValue ?? [] }.filter { $0.objectValue?.string("protocol") != nil }.prefix(Self.maxResults))
    }

    private func connections(for name: String) -> [ServiceConnection] { connections.filter { $0.service.registration.protocols.contains(name) } }

    /// Asks all at once. One that does not answer has nothing.
    private func ask(
        _ connections: [ServiceConnection], _ path: [String], legacy: [String], query: [(name: String, value: String)]
    ) async -> [(service: ApplicationService, answer: JSONValue)] {
        await withTaskGroup(of: (Int, JSONValue)?.self) { group in
            for (index, connection) in connections.enumerated() {
                group.addTask {
                    let legacyPath = ["_matrix", "app", "unstable", "thirdparty"] + legacy
                    let response = try? await connection.send(
                        .get, path, query: query, legacyPath: legacyPath, timeoutSeconds: Self.timeoutSeconds)
                    guard let response, response.isSuccess, let answer = try? JSONValue(parsing: response.body) else { return nil }
                    return (index, answer)
                }
            }
            var answers: [(Int, JSONValue)] = []
            for await answer in group { if let answer { answers.append(answer) } }
            return answers.sorted { $0.0 < $1.0 }.map { (connections[$0.0].service, $0.1) }
        }
    }
}
