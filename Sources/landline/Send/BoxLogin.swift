import Homeserver
import LAN
import MatrixCore

/// Finds the box and gets into it: by what is remembered, else by asking once.
struct BoxLogin {
    /// `nil` to look for it.
    let server: String?
    let environment: Environment

    private static let searchTimeoutMilliseconds = 5_000

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// A client that is logged in, and whose it is.
    func client() async throws -> (client: BoxClient, userID: String) {
        var known = try KnownBoxes(environment)
        let user = environment["LANDLINE_USER"]
        if let session = try await remembered(known, user) {
            let client = BoxClient(url: server ?? session.url, accessToken: session.accessToken)
            do {
                _ = try await client.call(.get, "/_matrix/client/v3/account/whoami")
                try known.remember(
                    KnownBoxes.Session(
                        url: client.url, serverName: session.serverName, userID: session.userID, accessToken: session.accessToken))
                return (client, session.userID)
            } catch let failure as BoxClient.Failure where failure.status == 401 {
                // Logged out elsewhere.
                try known.forget(session)
            } catch let failure as BoxClient.Failure where failure.status == nil && server == nil {
                throw Failure(
                    description: "\(failure.description) If it has another address now, give that with --server; landline discover finds it.")
            }
        }
        let url = try server ?? discover()
        return try await logIn(BoxClient(url: url), user, &known)
    }

    private func remembered(_ known: KnownBoxes, _ user: String?) async throws -> KnownBoxes.Session? {
        let ofUser = known.sessions.filter { session in user.map { session.userID == $0 || session.userID.hasPrefix("@\($0):") } ?? true }
        guard let server else { return ofUser.first }
        let url = BoxClient(url: server).url
        if let same = ofUser.first(where: { $0.url == url }) { return same }
        guard !ofUser.isEmpty else { return nil }
        // The same box under another address.
        let name = try await BoxClient(url: server).call(.get, "/_landline/v1/box").string("server_name")
        return ofUser.first { $0.serverName == name }
    }

    private func discover() throws -> String {
        let boxes = try Browser.discover(timeoutMilliseconds: Self.searchTimeoutMilliseconds)
        guard let first = boxes.first else {
            throw Failure(description: "No Landline was found on this network. Give its address with --server, such as http://192.168.1.5:8008")
        }
        guard boxes.count == 1 else {
            let list = boxes.map { "\(Terminal.printable($0.serviceName)) (\($0.url))" }.joined(separator: ", ")
            throw Failure(description: "There are several boxes on this network: \(list). Choose one with --server.")
        }
        return first.url
    }

    private func logIn(_ client: BoxClient, _ user: String?, _ known: inout KnownBoxes) async throws -> (client: BoxClient, userID: String) {
        guard let name = user ?? Question.ask("Your name on the box at \(client.url):"),
            let password = environment["LANDLINE_PASSWORD"] ?? Question.ask("Password (it is not shown while you type):", isSecret: true)
        else {
            throw Failure(description: "Nobody is logged in from here. Run this once on a terminal, or set LANDLINE_USER and LANDLINE_PASSWORD.")
        }
        let answer = try await client.call(
            .post, "/_matrix/client/v3/login",
            [
                "type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(name)], "password": .string(password),
                "initial_device_display_name": .string("landline send on \(Interfaces.hostName())"),
            ])
        guard let token = answer.string("access_token"), let userID = answer.string("user_id"), let colon = userID.firstIndex(of: ":") else {
            throw Failure(description: "\(client.url) is no Matrix server.")
        }
        try known.remember(
            KnownBoxes.Session(
                url: client.url, serverName: String(userID[colon...].dropFirst()), userID: userID, accessToken: token))
        return (BoxClient(url: client.url, accessToken: token), userID)
    }
}
