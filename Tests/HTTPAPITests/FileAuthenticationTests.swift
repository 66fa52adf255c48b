import Cryptography
import Homeserver
import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Who gets to the files, and who does not.
struct FileAuthenticationTests {
    @Test func nobodyGetsInWithoutAPassword() async throws {
        try await TestServer.withDrive { server, anna, drive in
            _ = try await drive.request("PUT", "Private/a", body: "secret")
            let ben = try await server.drive(try await server.register("ben"))
            let credentials = try #require(Base64.decode(String(drive.authorization?.dropFirst(6) ?? "")))
            let password = String(decoding: credentials, as: UTF8.self).dropFirst("anna:".count)
            let wrong: [String?] = [
                nil, "Basic", "Basic !",
                "Basic " + Base64.encodePadded(Array("anna".utf8)), DriveClient.basic("anna", ""), DriveClient.basic("anna", "x"),
                DriveClient.basic("ben", String(password)), DriveClient.basic("", String(password)),
                DriveClient.basic("@anna:other", String(password)),
                // The password of the account itself is for people, not for programs that keep it.
                DriveClient.basic("anna", "a long enough pass phrase"), DriveClient.basic("anna", anna.accessToken ?? ""), "Digest x",
            ]
            for authorization in wrong {
                let answer = try await DriveClient(port: server.port, authorization: authorization).request("GET", "Private/a")
                #expect(answer.status == 401 && !answer.text.contains("secret"), "\(authorization ?? "nothing")")
                #expect(answer.headers["www-authenticate"] == "Basic realm=\"Landline\", charset=\"UTF-8\"", "\(authorization ?? "nothing")")
            }
            #expect(try await ben.request("GET", "Private/a").status == 404)
            for name in ["anna", "Anna", "@anna:test.example"] {
                let authorization = DriveClient.basic(name, password.uppercased())
                let answer = try await DriveClient(port: server.port, authorization: authorization).request("GET", "Private/a")
                #expect(answer.text == "secret", "\(name)")
            }
            // Our own page logs in by itself, without the browser's box.
            let token = DriveClient(port: server.port, authorization: "Bearer \(anna.accessToken ?? "")")
            #expect(try await token.request("GET", "Private/a").text == "secret")
            let expired = try await DriveClient(port: server.port, authorization: "Bearer x").request("GET", "Private/a")
            #expect(expired.status == 401 && expired.headers["www-authenticate"] == nil)
        }
    }

    @Test func anAppPasswordOpensNothingElse() async throws {
        try await TestServer.withDrive { _, _, drive in
            for target in ["/_matrix/client/v3/account/whoami", "/_landline/v1/files/list", "/_landline/v1/app_passwords", "/_landline/v1/invites"] {
                let answer = try await drive.send("GET", target)
                #expect(answer.status == 401, "\(target)")
            }
        }
    }

    @Test func aPasswordEndsAtOnce() async throws {
        try await TestServer.withDrive { server, anna, first in
            let second = try await server.drive(anna)
            func works(_ drive: DriveClient) async throws -> Bool { try await drive.request("PROPFIND", "", ["Depth": "0"]).status == 207 }
            for drive in [first, second] { #expect(try await works(drive)) }
            let listed = try await anna.call("GET", "/_landline/v1/app_passwords").array("app_passwords") ?? []
            #expect(listed.count == 2 && listed.allSatisfy { $0.objectValue?.string("name") == "tests" && $0.objectValue?.string("password") == nil })
            let id = listed.first?.objectValue?.string("id") ?? ""
            let ben = try await server.register("ben")
            #expect(try await ben.request("DELETE", "/_landline/v1/app_passwords/\(id)").status == 404)
            #expect(try await ben.call("GET", "/_landline/v1/app_passwords").array("app_passwords")?.isEmpty == true)
            try await anna.call("DELETE", "/_landline/v1/app_passwords/\(id)")
            #expect(try await anna.request("DELETE", "/_landline/v1/app_passwords/\(id)").status == 404)
            #expect(try await !works(first))
            #expect(try await works(second))
            // Whoever changes the password because it is known to others shuts them all out.
            try await anna.call(
                "POST", "/_matrix/client/v3/account/password", json: ["new_password": "another pass phrase", "auth": anna.passwordProof()])
            #expect(try await !works(second))
            let third = try await server.drive(anna)
            #expect(try await works(third))
            try await anna.call("POST", "/_matrix/client/v3/account/deactivate", json: ["auth": anna.passwordProof("another pass phrase")])
            #expect(try await !works(third))
        }
    }

    @Test func lockedAccountsAndGuestsAreKeptOut() async throws {
        try await TestServer.run { server in
            _ = try await server.register("owner")
            let anna = try await server.register("anna")
            let drive = try await server.drive(anna)
            let user = try #require(anna.userID)
            #expect(try await drive.request("PUT", "Private/a", body: "x").status == 201)
            try await server.homeserver.moderation.set(.suspension, true, on: user, by: nil)
            #expect(try await drive.request("PUT", "Private/a", body: "y").status == 403)
            #expect(try await drive.request("GET", "Private/a").text == "x")
            try await server.homeserver.moderation.set(.lock, true, on: user, by: nil)
            #expect(try await drive.request("GET", "Private/a").status == 401)
            try await server.homeserver.moderation.set(.lock, false, on: user, by: nil)
            #expect(try await drive.request("GET", "Private/a").status == 200)
            let guest = try await server.guest()
            let asGuest = DriveClient(port: server.port, authorization: "Bearer \(guest.accessToken ?? "")")
            #expect(try await asGuest.request("PROPFIND", "Shared/", ["Depth": "1"]).status == 403)
        }
    }

    /// A browser adds a password that it remembers to whatever another site's page makes it send.
    @Test func otherSitesChangeNothing() async throws {
        try await TestServer.withDrive { _, anna, drive in
            for headers in [["Origin": "http://evil"], ["Origin": "null"], ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"]] {
                for method in ["PUT", "POST", "DELETE", "MKCOL", "MOVE", "COPY", "PROPPATCH", "LOCK", "UNLOCK"] {
                    let ownOrigin = try await drive.request(method, "Private/a", headers, body: "x")
                    #expect(ownOrigin.status == 403, "\(method) \(headers)")
                }
            }
            let withToken = try await drive.request("PUT", "Private/a", ["Origin": "http://box", "Sec-Fetch-Site": "same-origin"], body: "x")
            #expect(withToken.status == 201)
            var token = drive
            token.authorization = "Bearer \(anna.accessToken ?? "")"
            let foreign = try await token.request("PUT", "Private/a", ["Origin": "http://client"], body: "x")
            #expect(foreign.status == 204)
        }
    }

    @Test func guessesAreSlowedDown() async throws {
        func limited(_ configuration: inout HomeserverConfiguration) { configuration.hasRateLimits = true }
        try await TestServer.run(configure: limited) { server in
            let anna = try await server.register("anna")
            let drive = try await server.drive(anna)
            #expect(try await drive.request("PROPFIND", "", ["Depth": "0"]).status == 207)
            let guess = DriveClient(port: server.port, authorization: DriveClient.basic("anna", "guess"))
            var statuses: Set<Int> = []
            for _ in 0..<40 { statuses.insert(try await guess.request("GET", "Private/").status) }
            #expect(statuses == [401, 429])
            // A password that is in use is not looked up, so it works on.
            #expect(try await drive.request("PROPFIND", "", ["Depth": "0"]).status == 207)
        }
    }

    @Test func thereAreNotTooManyPasswords() async throws {
        try await TestServer.withDrive { _, anna, _ in
            for _ in 1..<50 { try await anna.call("POST", "/_landline/v1/app_passwords", json: ["name": "x"]) }
            #expect(try await anna.request("POST", "/_landline/v1/app_passwords", json: ["name": "x"]).errorCode == "M_LIMIT_EXCEEDED")
            #expect(try await anna.request("POST", "/_landline/v1/app_passwords", json: ["name": ""]).status == 400)
        }
    }
}
