import MatrixCore
import TestSupport
import Testing

@testable import HTTPAPI

/// Syncs that wait are the server's main load: they end when they should.
struct WaitingRequestTests {
    private func parkedSync(_ server: TestServer, _ client: MatrixClient) async throws -> RawConnection {
        let since = try await client.sync().string("next_batch") ?? ""
        let connection = try RawConnection(port: server.port)
        try await connection.send(
            "GET /_matrix/client/v3/sync?timeout=120000&since=\(since) HTTP/1.1\r\nHost: a\r\n"
                + "Authorization: Bearer \(client.accessToken ?? "")\r\n\r\n"
        )
        try await until { server.requestsInProgress == 1 }
        return connection
    }

    private func until(_ condition: () -> Bool) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(20)
        while !condition() {
            try #require(clock.now < deadline)
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func stoppingAnswersAWaitingSync() async throws {
        let server = try await TestServer()
        let anna = try await server.register("anna")
        let connection = try await parkedSync(server, anna)
        let started = ContinuousClock().now
        async let stopped: Void = server.stop()
        let answer = try await connection.receiveAll()
        await stopped
        // The sync itself would have waited for two minutes; a busy machine takes its time.
        #expect(ContinuousClock().now - started < .seconds(60))
        #expect(answer.isEmpty || answer.contains("next_batch"))
    }

    @Test func aClientThatLeavesEndsItsSync() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            var connection: RawConnection? = try await parkedSync(server, anna)
            #expect(connection != nil)
            connection = nil
            // Long before its two minutes are over.
            try await until { server.requestsInProgress == 0 }
        }
    }

    @Test func aDeviceThatIsLoggedOutLearnsItFromItsWaitingSync() async throws {
        try await TestServer.run { server in
            let anna = try await server.register("anna")
            let phone = try await server.client.loggedIn("anna")
            let connection = try await parkedSync(server, phone)
            _ = try await anna.call("POST", "/_matrix/client/v3/logout/all", json: [:])
            #expect(try await connection.receive(until: "M_UNKNOWN_TOKEN").contains(" 401 "))
        }
    }

    @Test func aStoppedServerTakesNoConnections() async throws {
        let server = try await TestServer()
        let connection = try RawConnection(port: server.port)
        try await connection.send("GET /_matrix/client/versions HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await connection.receive(until: "v1.12").contains("200 OK"))
        await server.stop()
        #expect(try await connection.receiveAll() == "")
        #expect(throws: RawConnection.Failure.self) { try RawConnection(port: server.port) }
    }
}
