import Glibc
import Logging
import MatrixCore
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Homeserver

/// A box in a directory of its own, which goes with it: no home room, no rate limits, accounts without passwords.
final class HomeFixture: Sendable {
    static let serverName = "box.test"

    let directory: String
    let clock: SteppedClock
    /// Where the box's own requests go.
    let network = ScriptedHTTPClient()
    private let current: Mutex<Homeserver?>
    private let hasHomeRoom: Bool

    init(clock: SteppedClock = SteppedClock(), hasHomeRoom: Bool = false) async throws {
        var template = Array("/tmp/landline-home-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw StorageError(.other, "no temporary directory") }
        directory = String(cString: path)
        self.clock = clock
        self.hasHomeRoom = hasHomeRoom
        current = Mutex(nil)
        try await open()
    }

    /// Closes the box, and removes its directory when the test is over.
    static func with(
        clock: SteppedClock = SteppedClock(), hasHomeRoom: Bool = false, _ body: @Sendable (HomeFixture) async throws -> Void
    ) async throws {
        let fixture = try await HomeFixture(clock: clock, hasHomeRoom: hasHomeRoom)
        do {
            try await body(fixture)
        } catch {
            await fixture.close()
            fixture.removeDirectory()
            throw error
        }
        await fixture.close()
        fixture.removeDirectory()
    }

    var home: Homeserver {
        guard let home = current.withLock({ $0 }) else { preconditionFailure("the box is closed") }
        return home
    }

    func close() async {
        let home = current.withLock { current in
            defer { current = nil }
            return current
        }
        await home?.close()
    }

    /// Stops the box and starts it again on the same data.
    func restart() async throws {
        await close()
        try await open()
    }

    /// After `close`.
    func open() async throws {
        let configuration = HomeserverConfiguration(
            dataDirectory: directory, serverName: Self.serverName, registration: .open, hasHomeRoom: hasHomeRoom, hasRateLimits: false)
        let clock = clock
        let home = try await Homeserver(
            configuration: configuration, http: network, clock: Clock { clock.nowMilliseconds },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await home.start()
        current.withLock { $0 = home }
    }

    private func removeDirectory() { Self.remove(directory) }

    private static func remove(_ directory: String) {
        guard let entries = opendir(directory) else { return }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if name == "." || name == ".." { continue }
            if entry.pointee.d_type == UInt8(DT_DIR) { remove(directory + "/" + name) } else { unlink(directory + "/" + name) }
        }
        closedir(entries)
        rmdir(directory)
    }

    // MARK: People

    /// A new account with one device, logged in.
    func person(_ name: String, isAdministrator: Bool = false) async throws -> Session {
        let user = UserID(localpart: name, server: Self.serverName)
        _ = try await home.database.write {
            try $0.insertAccount(user, passwordHash: nil, isAdministrator: isAdministrator, timestamp: 0)
        }
        return try await device(of: user, isAdministrator: isAdministrator)
    }

    func people(_ names: String...) async throws -> [Session] {
        var people: [Session] = []
        for name in names { people.append(try await person(name)) }
        return people
    }

    /// One more device of an account.
    func device(of user: UserID, isAdministrator: Bool = false) async throws -> Session {
        try await home.database.write { transaction in
            let id = DeviceID(trusted: "DEVICE\(try transaction.deviceCount(of: user) + 1)")
            let key = try transaction.insertDevice(id, of: user, displayName: nil)
            return Session(userID: user, deviceID: id, deviceKey: key, isAdministrator: isAdministrator)
        }
    }

    // MARK: What tests do all the time

    func room(
        by creator: Session, preset: RoomPreset = .publicChat, version: RoomVersion = .v11, members: [Session] = [], visibility: String? = nil
    ) async throws -> RoomID {
        var creation = RoomCreation()
        creation.preset = preset.rawValue
        creation.version = version.rawValue
        if let visibility {
            creation.initialState = [("m.room.history_visibility", "", ["history_visibility": .string(visibility)])]
        }
        let room = try await home.rooms.create(creation, by: creator.userID)
        for member in members {
            if preset != .publicChat { try await home.membership.invite(member.userID, to: room, by: creator.userID, reason: nil) }
            _ = try await home.membership.join(.id(room), as: member.userID)
        }
        return room
    }

    @discardableResult
    func say(_ text: String, in room: RoomID, by session: Session, transactionID: String? = nil) async throws -> EventID {
        try await home.timeline.send(
            type: "m.room.message", content: ["msgtype": "m.text", "body": .string(text)], to: room,
            transactionID: transactionID ?? "t\(nextTransaction.add(1, ordering: .relaxed).newValue)", session: session)
    }

    @discardableResult
    func setState(_ type: String, _ stateKey: String = "", _ content: JSONObject, in room: RoomID, by session: Session) async throws -> EventID {
        try await home.timeline.setState(type: type, stateKey: stateKey, content: content, in: room, session: session)
    }

    func redact(_ event: EventID, in room: RoomID, by session: Session, reason: String? = nil) async throws -> EventID {
        try await home.timeline.redact(
            event, in: room, reason: reason, transactionID: "r\(nextTransaction.add(1, ordering: .relaxed).newValue)", session: session)
    }

    func join(_ room: RoomID, _ session: Session) async throws { _ = try await home.membership.join(.id(room), as: session.userID) }

    func invite(_ guest: Session, to room: RoomID, by host: Session) async throws {
        try await home.membership.invite(guest.userID, to: room, by: host.userID, reason: nil)
    }

    func leave(_ room: RoomID, _ session: Session) async throws { try await home.membership.leave(room, as: session.userID, reason: nil) }

    /// The room's state by the database, as content by type and state key.
    func state(of room: RoomID) async throws -> [StateKey: JSONObject] {
        let events = try await home.database.read { transaction in
            guard let record = try transaction.room(room) else { return [TimelineEvent]() }
            return try transaction.state(of: record.key, at: Position(.max))
        }
        return try Dictionary(uniqueKeysWithValues: events.map { (StateKey($0.type, $0.stateKey ?? ""), try JSONObject(parsing: $0.content)) })
    }

    /// Every event of a room, oldest first, whoever may see it.
    func wholeTimeline(of room: RoomID) async throws -> [TimelineEvent] {
        try await home.database.read { transaction in
            guard let record = try transaction.room(room) else { return [] }
            return try transaction.timeline(of: record.key, after: .zero, upTo: Position(.max), limit: .max, direction: .forwards).slice.events
        }
    }

    func membership(of session: Session, in room: RoomID) async throws -> String? {
        try await home.database.read { transaction in
            guard let record = try transaction.room(room) else { return nil }
            return try transaction.membership(of: session.userID, in: record.key)?.membership
        }
    }

    private let nextTransaction = Atomic<Int>(0)
}

struct StateKey: Hashable, CustomStringConvertible {
    let type: String
    let key: String

    init(_ type: String, _ key: String = "") {
        self.type = type
        self.key = key
    }

    var description: String { "\(type)|\(key)" }
}

/// A time of day that a test sets.
final class SteppedClock: Sendable {
    private let time: Mutex<Int64>

    init(_ milliseconds: Int64 = 1_700_000_000_000) { time = Mutex(milliseconds) }

    /// Goes on a millisecond with each look.
    var nowMilliseconds: Int64 {
        time.withLock { time in
            time += 1
            return time
        }
    }

    func jump(milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}

/// The error that `body` throws, which has to be one of the specification's.
func matrixError(_ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) async -> MatrixError? {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
        return nil
    } catch let error as MatrixError {
        return error
    } catch {
        Issue.record("\(error) is no error of the specification", sourceLocation: sourceLocation)
        return nil
    }
}

/// Expects an error with this code.
func expect(_ code: MatrixError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void) async {
    let error = await matrixError(body, sourceLocation: sourceLocation)
    #expect(error?.code?.name == code.name && error?.code?.status == code.status, "\(String(describing: error))", sourceLocation: sourceLocation)
}

/// Random numbers that a seed repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// A new seed, or the one in the environment variable `LANDLINE_TEST_SEED`.
    init() {
        let given = getenv("LANDLINE_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
        self.init(seed: given ?? UInt64.random(in: 0..<1_000_000))
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
