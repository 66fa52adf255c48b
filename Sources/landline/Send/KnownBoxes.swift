import Glibc
import MatrixCore

/// Where somebody is logged in from this machine: `$XDG_CONFIG_HOME/landline/session.json`, for nobody else to read.
struct KnownBoxes {
    struct Session {
        let url: String
        let serverName: String
        let userID: String
        let accessToken: String
    }

    /// The one used last comes first.
    private(set) var sessions: [Session] = []
    private let directory: String

    private static let maxSessions = 20
    private static let maxFileBytes = 1 << 20

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(_ environment: Environment = .process) throws {
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") {
            directory = base + "/landline"
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            directory = home + "/.config/landline"
        } else {
            throw Failure(description: "Set HOME, so that the session can be remembered.")
        }
        guard let file = fopen(path, "r") else { return }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: Self.maxFileBytes)
        let count = fread(&bytes, 1, bytes.count, file)
        // A file that is not understood is written anew.
        let object = try? JSONObject(parsing: bytes[..<count])
        sessions = (object?.array("sessions") ?? []).compactMap(\.objectValue).compactMap { entry in
            guard let url = entry.string("url"), let serverName = entry.string("server_name"), let userID = entry.string("user_id"),
                let accessToken = entry.string("access_token")
            else { return nil }
            return Session(url: url, serverName: serverName, userID: userID, accessToken: accessToken)
        }
    }

    private var path: String { directory + "/session.json" }

    /// Puts it first, and another one of the same user of the same box away.
    mutating func remember(_ session: Session) throws {
        sessions.removeAll { $0.serverName == session.serverName }
        sessions.insert(session, at: 0)
        sessions = Array(sessions.prefix(Self.maxSessions))
        try save()
    }

    mutating func forget(_ session: Session) throws {
        sessions.removeAll { $0.accessToken == session.accessToken }
        try save()
    }

    private func save() throws {
        let entries: [JSONValue] = sessions.map { session in
            [
                "url": .string(session.url), "server_name": .string(session.serverName), "user_id": .string(session.userID),
                "access_token": .string(session.accessToken),
            ]
        }
        let bytes = (["sessions": .array(entries)] as JSONObject).serialized()
        makeDirectories()
        // Never readable by others, not even for a moment, and never half written.
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw notWritten }
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard close(descriptor) == 0, written == bytes.count, rename(temporary, path) == 0 else { throw notWritten }
    }

    private func makeDirectories() {
        var partial = ""
        for component in directory.split(separator: "/") {
            partial += "/" + component
            mkdir(partial, 0o700)
        }
    }

    private var notWritten: Failure { Failure(description: "\(path) cannot be written: \(String(cString: strerror(errno))).") }
}
