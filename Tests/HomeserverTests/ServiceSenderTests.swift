import Glibc
import Logging
import MatrixCore
import Storage
import TestSupport
import Testing

@testable import Homeserver

/// What application services are told, and what they are asked.
struct ServiceSenderTests {
    private static let file = """
        id: irc
        url: http://bridge.test:9000/irc/
        as_token: as-secret
        hs_token: hs-secret
        sender_localpart: irc-bot
        namespaces:
          users: [{exclusive: true, regex: '@irc_.*'}]
          aliases: [{exclusive: true, regex: '#irc_.*'}]
          rooms: []
        protocols: [irc]
        """

    /// A box with one service, whose requests the test answers.
    private func run(_ text: String = file, _ body: @Sendable (HomeFixture) async throws -> Void) async throws {
        try await HomeFixture.with { fixture in
            mkdir(fixture.directory + "/appservices", 0o700)
            let file = try #require(fopen(fixture.directory + "/appservices/irc.yaml", "w"))
            fputs(text, file)
            fclose(file)
            try await fixture.restart()
            try await body(fixture)
        }
    }

    private func ghost(_ name: String, _ fixture: HomeFixture) async throws -> Session {
        let services = fixture.home.applicationServices
        let user = UserID(localpart: name, server: HomeFixture.serverName)
        _ = try await services.register(["username": .string(name), "inhibit_login": true], token: "as-secret")
        return try await services.session(of: #require(services.service(withToken: "as-secret")), actingAs: user.rawValue, device: nil)
    }

    private struct Transaction {
        let id: String
        let body: JSONObject
        let bytes: [UInt8]

        init(_ request: OutgoingRequest) throws {
            id = String(request.url.path.split(separator: "/").last ?? "")
            bytes = request.body ?? []
            body = try JSONObject(parsing: bytes)
        }

        var bodies: [String] { (body.array("events") ?? []).compactMap { $0.objectValue?.object("content")?.string("body") } }
    }

    private func transactions(_ requests: [OutgoingRequest]) throws -> [Transaction] {
        try requests.filter { $0.url.path.contains("/transactions/") }.map { try Transaction($0) }
    }

    /// All transactions that came, when `text` is in one of them.
    private func wait(for text: String, _ fixture: HomeFixture) async throws -> [Transaction] {
        var count = 1
        while true {
            let requests = try await fixture.network.requests.first(count)
            let all = try transactions(requests)
            if all.contains(where: { $0.bodies.contains(text) }) { return all }
            count = requests.count + 1
        }
    }

    @Test func onlyWhatConcernsTheServiceIsSent() async throws {
        try await run { fixture in
            fixture.network.answer { _ throws(OutgoingHTTPError) in OutgoingResponse(status: 200, body: Array("{}".utf8)) }
            let alice = try await fixture.person("alice")
            let bridged = try await fixture.room(by: alice)
            let aliased = try await fixture.room(by: alice)
            let own = try await fixture.room(by: alice)
            try await fixture.home.applicationServices.start()
            let ghost = try await ghost("irc_ben", fixture)
            let service = try #require(ghost.applicationService)
            try await fixture.say("before the ghost", in: bridged, by: alice)
            _ = try await fixture.home.membership.join(.id(bridged), as: ghost.userID)
            try await fixture.say("with the ghost", in: bridged, by: alice)
            try await fixture.say("private", in: own, by: alice)
            try await fixture.home.directory.add(
                RoomAlias(localpart: "irc_room", server: HomeFixture.serverName), for: aliased, by: service.sender, service: service)
            try await fixture.say("in the room with the address", in: aliased, by: alice)
            try await fixture.home.membership.leave(bridged, as: ghost.userID, reason: nil)
            try await fixture.say("after the ghost", in: bridged, by: alice)
            try await fixture.home.membership.invite(ghost.userID, to: own, by: alice.userID, reason: nil)
            try await fixture.say("the ghost is invited only", in: own, by: alice)
            try await fixture.say("end", in: aliased, by: alice)
            let all = try await wait(for: "end", fixture)
            #expect(all.flatMap(\.bodies) == ["with the ghost", "in the room with the address", "end"])
            let members = all.flatMap { $0.body.array("events") ?? [] }.compactMap(\.objectValue).filter { $0.string("type") == "m.room.member" }
            #expect(members.map { $0.object("content")?.string("membership") } == ["join", "leave", "invite"])
            #expect(members.allSatisfy { $0.string("state_key") == ghost.userID.rawValue && $0.string("room_id") != nil })
            let ids = all.map(\.id)
            #expect(ids == ids.sorted { (Int64($0) ?? 0) < (Int64($1) ?? 0) } && Set(ids).count == ids.count)
            let request = try #require(fixture.network.requests.all.first { $0.url.path.contains("transactions") })
            #expect(request.url.authority == "bridge.test:9000" && request.url.path.hasPrefix("/irc/_matrix/app/v1/transactions/"))
            #expect(request.headers.contains { $0.name == "Authorization" && $0.value == "Bearer hs-secret" } && request.method == .put)
        }
    }

    /// The same transaction goes out again until it is taken, also after a restart; what came meanwhile follows, in order and once.
    @Test func nothingIsLostAndNothingChangesOnTheWay() async throws {
        try await run { fixture in
            let alice = try await fixture.person("alice")
            let ghost = try await ghost("irc_ben", fixture)
            let room = try await fixture.room(by: alice, members: [ghost])
            try await fixture.home.applicationServices.start()
            try await fixture.say("first", in: room, by: alice)
            let lost = try #require(try await wait(for: "first", fixture).last)
            for number in 0..<250 { try await fixture.say("\(number)", in: room, by: alice) }
            try await fixture.restart()
            let count = fixture.network.requests.all.count
            fixture.network.answer { _ throws(OutgoingHTTPError) in OutgoingResponse(status: 200) }
            try await fixture.home.applicationServices.start()
            try await fixture.say("last", in: room, by: alice)
            let all = Array(try await wait(for: "last", fixture).suffix(fixture.network.requests.all.count - count))
            #expect(all.first?.id == lost.id && all.first?.bytes == lost.bytes)
            #expect(all.flatMap(\.bodies) == ["first"] + (0..<250).map { "\($0)" } + ["last"])
            #expect(all.allSatisfy { $0.body.array("events")?.count ?? 0 <= ServiceEvents.maxEvents } && all.count >= 4)
            // What was acknowledged does not come again.
            try await fixture.restart()
            let told = fixture.network.requests.all.count
            try await fixture.home.applicationServices.start()
            try await fixture.say("new", in: room, by: alice)
            _ = try await wait(for: "new", fixture)
            #expect(try fixture.network.requests.all[told...].flatMap { try Transaction($0).bodies } == ["new"])
        }
    }

    /// A service that comes back is told at once, without waiting for the next attempt.
    @Test func aServiceThatKnocksIsTriedAgain() async throws {
        try await run { fixture in
            let alice = try await fixture.person("alice")
            let ghost = try await ghost("irc_ben", fixture)
            let room = try await fixture.room(by: alice, members: [ghost])
            let service = try #require(ghost.applicationService)
            let connection = try #require(fixture.home.applicationServices.connections[service])
            let home = fixture.home
            let sender = ServiceSender(
                connection, database: home.database, feed: home.sync.feed, typing: home.typing, presence: home.presence,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, firstRetry: .seconds(3_600))
            let start = home.sync.feed.position
            let task = Task { await sender.run(from: start) }
            try await fixture.say("hello", in: room, by: alice)
            let first = try #require(try await wait(for: "hello", fixture).first)
            fixture.network.answer { _ throws(OutgoingHTTPError) in OutgoingResponse(status: 200) }
            let knocking = Task {
                while !Task.isCancelled {
                    sender.serviceIsThere()
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
            let second = try Transaction(try await fixture.network.requests.first(2)[1])
            knocking.cancel()
            #expect(second.id == first.id && second.bytes == first.bytes)
            task.cancel()
            await task.value
        }
    }

    @Test func servicesFromBeforeTheSpecificationAreAskedAtTheirPaths() async throws {
        try await run { fixture in
            fixture.network.answer { request throws(OutgoingHTTPError) in
                OutgoingResponse(status: request.url.path.contains("_matrix") ? 404 : 200)
            }
            let alice = try await fixture.person("alice")
            let ghost = try await ghost("irc_ben", fixture)
            let room = try await fixture.room(by: alice, members: [ghost])
            try await fixture.home.applicationServices.start()
            try await fixture.say("one", in: room, by: alice)
            let all = try await fixture.network.requests.first(2)
            #expect(all[0].url.path.hasPrefix("/irc/_matrix/app/v1/transactions/") && all[1].url.path.hasPrefix("/irc/transactions/"))
            #expect(all[0].body == all[1].body)
        }
    }

    // MARK: Questions

    @Test func whoIsNotThereIsAskedFor() async throws {
        try await run { fixture in
            let services = fixture.home.applicationServices
            fixture.network.answer { request throws(OutgoingHTTPError) in
                guard request.url.path.hasSuffix("%40irc_new%3Abox.test") else { return OutgoingResponse(status: 404) }
                do {
                    _ = try await services.register(["username": "irc_new", "inhibit_login": true], token: "as-secret")
                } catch {
                    return OutgoingResponse(status: 500)
                }
                return OutgoingResponse(status: 200)
            }
            let alice = try await fixture.person("alice")
            @Sendable func user(_ name: String) -> UserID { UserID(localpart: name, server: HomeFixture.serverName) }
            // Those that are there, or are nobody's, cost no question.
            try await services.provide(alice.userID)
            try await services.provide(user("nobody"))
            #expect(fixture.network.requests.all.isEmpty)
            try await services.provide(user("irc_new"))
            #expect(try await fixture.home.database.read { try $0.accountExists(user("irc_new")) })
            try await services.provide(user("irc_none"))
            try await services.provide(RoomAlias(localpart: "irc_none", server: HomeFixture.serverName))
            #expect(fixture.network.requests.all.last?.url.path.contains("rooms/%23irc_none%3Abox.test") == true)
            fixture.network.answer { _ throws(OutgoingHTTPError) in throw .timedOut }
            await expect(MatrixError.Code("M_UNKNOWN", status: 408)) { try await services.provide(user("irc_other")) }
        }
    }

    @Test func ping() async throws {
        try await run { fixture in
            let services = fixture.home.applicationServices
            let session = try await services.session(of: #require(services.service(withToken: "as-secret")), actingAs: nil, device: nil)
            let alice = try await fixture.person("alice")
            await expect(.forbidden) { _ = try await services.ping("irc", transactionID: nil, session: alice) }
            await expect(.forbidden) { _ = try await services.ping("other", transactionID: nil, session: session) }
            await expect(MatrixError.Code("M_CONNECTION_FAILED", status: 502)) {
                _ = try await services.ping("irc", transactionID: nil, session: session)
            }
            fixture.network.answer { _ throws(OutgoingHTTPError) in throw .timedOut }
            await expect(MatrixError.Code("M_CONNECTION_TIMEOUT", status: 504)) {
                _ = try await services.ping("irc", transactionID: nil, session: session)
            }
            fixture.network.answer { _ throws(OutgoingHTTPError) in OutgoingResponse(status: 403, body: Array("no".utf8)) }
            let refused = await matrixError { _ = try await services.ping("irc", transactionID: nil, session: session) }
            #expect(refused?.code?.name == "M_BAD_STATUS" && refused?.details == ["status": 403, "body": "no"])
            fixture.network.answer { _ throws(OutgoingHTTPError) in OutgoingResponse(status: 200) }
            #expect(try await services.ping("irc", transactionID: "meow", session: session) >= 0)
            #expect(try Transaction(#require(fixture.network.requests.all.last)).body == ["transaction_id": "meow"])
        }
    }

    @Test func pingWithoutAnAddress() async throws {
        try await run(Self.file.replacing("http://bridge.test:9000/irc/", with: "null")) { fixture in
            let services = fixture.home.applicationServices
            let session = try await services.session(of: #require(services.service(withToken: "as-secret")), actingAs: nil, device: nil)
            await expect(MatrixError.Code("M_URL_NOT_SET", status: 400)) { _ = try await services.ping("irc", transactionID: nil, session: session) }
        }
    }

    @Test func otherNetworksAreDescribedAndSearched() async throws {
        try await run { fixture in
            let networks = fixture.home.applicationServices.networks
            // Who does not answer has nothing.
            #expect(await networks.protocols().isEmpty)
            await expect(.notFound) { _ = try await networks.protocolDescription("irc") }
            fixture.network.answer { request throws(OutgoingHTTPError) in
                switch request.url.target {
                case "/irc/_matrix/app/v1/thirdparty/protocol/irc":
                    OutgoingResponse(
                        status: 200, body: Array(#"{"icon": "x", "instances": [{"network_id": "libera", "desc": "L"}, {"desc": "M"}]}"#.utf8))
                case "/irc/_matrix/app/v1/thirdparty/user/irc?nick=a%20b":
                    OutgoingResponse(status: 200, body: Array(#"[{"protocol": "irc", "userid": "@irc_a:box.test", "fields": {}}, 7]"#.utf8))
                case "/irc/_matrix/app/v1/thirdparty/location?alias=%23a%3Ab": OutgoingResponse(status: 200, body: Array("[]".utf8))
                default: OutgoingResponse(status: 404)
                }
            }
            let description = try await networks.protocolDescription("irc")
            #expect(description.array("instances")?.first?.objectValue?.string("instance_id") == "irc|libera")
            #expect(description.array("instances")?.last == ["desc": "M"])
            #expect(await networks.protocols() == ["irc": .object(description)])
            #expect(await networks.lookUp(.user, in: "irc", fields: [("nick", "a b")]).count == 1)
            #expect(await networks.lookUp(.location, of: "#a:b").isEmpty)
            #expect(await networks.lookUp(.user, in: "xmpp", fields: []).isEmpty)
        }
    }
}
