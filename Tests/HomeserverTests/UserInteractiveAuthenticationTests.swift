import MatrixCore
import Storage
import Testing

@testable import Homeserver

struct UserInteractiveAuthenticationTests {
    private static let operation = "POST /register"

    private func request(
        _ auth: JSONObject? = nil, body: JSONObject = ["username": "ann"], operation: String = operation, address: String? = nil
    ) -> InteractiveRequest {
        var body = body
        if let auth { body["auth"] = .object(auth) }
        return InteractiveRequest(operation: operation, body: body, address: address)
    }

    /// What a client is asked for next.
    private func challenge(
        _ fixture: AccountFixture, _ request: InteractiveRequest, as user: UserID? = nil,
        flows: [[UserInteractiveAuthentication.Stage]] = [[.dummy]], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> MatrixError {
        let error = await matrixError(
            { _ = try await fixture.authentication.authenticate(request, as: user, flows: flows) }, sourceLocation: sourceLocation)
        return try #require(error, sourceLocation: sourceLocation)
    }

    private func session(_ error: MatrixError, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        try #require(error.details.string("session"), sourceLocation: sourceLocation)
    }

    private func completed(_ error: MatrixError) -> [String] { (error.details.array("completed") ?? []).compactMap(\.stringValue) }

    @Test func withoutProofAClientIsToldWhatToProve() async throws {
        try await AccountFixture.with { fixture in
            let error = try await challenge(fixture, request(), flows: [[.registrationToken, .dummy], [.password]])
            #expect(error.status == 401)
            #expect(error.code == nil)
            #expect(error.details["flows"] == [["stages": ["m.login.registration_token", "m.login.dummy"]], ["stages": ["m.login.password"]]])
            #expect(error.details["params"] == [:])
            #expect(error.details["completed"] == [])
            #expect(try await session(error) != session(challenge(fixture, request())))
        }
    }

    @Test func aProofMayComeAtOnce() async throws {
        try await AccountFixture.with { fixture in
            let proof = try await fixture.authentication.authenticate(request(["type": "m.login.dummy"]), flows: [[.dummy]])
            #expect(proof.body == ["username": "ann"])
            #expect(proof.registrationToken == nil)
        }
    }

    @Test func stagesAreGoneThroughInOrder() async throws {
        try await AccountFixture.with { fixture in
            let token = try await fixture.invites.create(uses: 1, lifetimeSeconds: nil, by: nil).token
            let flows: [[UserInteractiveAuthentication.Stage]] = [[.registrationToken, .dummy]]
            let id = try session(try await challenge(fixture, request(), flows: flows))
            func auth(_ stage: String, _ more: JSONObject = [:]) -> JSONObject {
                var auth = more
                auth["type"] = .string(stage)
                auth["session"] = .string(id)
                return auth
            }

            let tooEarly = try await challenge(fixture, request(auth("m.login.dummy")), flows: flows)
            #expect(tooEarly.code?.name == "M_UNRECOGNIZED")
            #expect(tooEarly.status == 401)
            #expect(completed(tooEarly).isEmpty)

            let wrong = try await challenge(fixture, request(auth("m.login.registration_token", ["token": "NO"])), flows: flows)
            #expect(wrong.code?.name == "M_FORBIDDEN")
            #expect(wrong.status == 401)
            #expect(try session(wrong) == id)
            #expect(completed(wrong).isEmpty)

            let right = auth("m.login.registration_token", ["token": .string(token)])
            for _ in 0..<2 {
                let half = try await challenge(fixture, request(right), flows: flows)
                #expect(half.code == nil)
                #expect(completed(half) == ["m.login.registration_token"])
            }
            let proof = try await fixture.authentication.authenticate(request(auth("m.login.dummy")), flows: flows)
            #expect(proof.registrationToken == token)

            // Until the operation was carried out it may be tried again, afterwards not.
            _ = try await fixture.authentication.authenticate(request(["session": .string(id)]), flows: flows)
            fixture.authentication.end(proof)
            let over = try await challenge(fixture, request(["session": .string(id)]), flows: flows)
            #expect(completed(over).isEmpty)
            #expect(try session(over) != id)
        }
    }

    @Test func theParametersMayComeOnceOnly() async throws {
        try await AccountFixture.with { fixture in
            let id = try session(try await challenge(fixture, request(body: ["username": "ann", "password": "x"])))
            let alone = request(["session": .string(id), "type": "m.login.dummy"], body: [:])
            #expect(fixture.authentication.parameters(of: alone) == ["username": "ann", "password": "x"])
            let proof = try await fixture.authentication.authenticate(alone, flows: [[.dummy]])
            #expect(proof.body == ["username": "ann", "password": "x"])

            // Those of the request itself are newer.
            let again = request(["session": .string(id)], body: ["username": "ben"])
            #expect(try await fixture.authentication.authenticate(again, flows: [[.dummy]]).body == ["username": "ben"])
            // And nobody reads them through another operation.
            let foreign = request(["session": .string(id)], body: [:], operation: "POST /delete_devices")
            #expect(fixture.authentication.parameters(of: foreign) == [:])
        }
    }

    @Test func longParametersAreNotKept() async throws {
        try await AccountFixture.with { fixture in
            let long = String(repeating: "a", count: UserInteractiveAuthentication.maxKeptBodyBytes)
            let id = try session(try await challenge(fixture, request(body: ["username": .string(long)])))
            #expect(fixture.authentication.parameters(of: request(["session": .string(id)], body: [:])) == [:])
        }
    }

    @Test func aSessionIsForOneOperationOfOneUser() async throws {
        try await AccountFixture.with { fixture in
            let (ann, _) = try await fixture.account("ann", password: "apple")
            let (ben, _) = try await fixture.account("ben", password: "pear")
            let id = try session(try await challenge(fixture, request(operation: "DELETE /devices/A"), as: ann, flows: [[.password]]))
            func auth(_ name: String, _ password: String) -> JSONObject {
                [
                    "session": .string(id), "type": "m.login.password", "identifier": ["type": "m.id.user", "user": .string(name)],
                    "password": .string(password),
                ]
            }
            let otherDevice = try await challenge(
                fixture, request(auth("ann", "apple"), operation: "DELETE /devices/B"), as: ann, flows: [[.password]])
            #expect(otherDevice.code == .forbidden)
            let otherUser = try await challenge(
                fixture, request(auth("ben", "pear"), operation: "DELETE /devices/A"), as: ben, flows: [[.password]])
            #expect(otherUser.code == .forbidden)
            let otherName = try await challenge(
                fixture, request(auth("ben", "pear"), operation: "DELETE /devices/A"), as: ann, flows: [[.password]])
            #expect(otherName.code == .forbidden)
            let wrong = try await challenge(
                fixture, request(auth("ann", "pear"), operation: "DELETE /devices/A"), as: ann, flows: [[.password]])
            #expect(wrong.status == 401)
            #expect(wrong.code?.name == "M_FORBIDDEN")
            for name in ["ann", "Ann", "@ann:box.test"] {
                _ = try await fixture.authentication.authenticate(
                    request(auth(name, "apple"), operation: "DELETE /devices/A"), as: ann, flows: [[.password]])
            }
        }
    }

    @Test func aSessionLivesFiveMinutesFromItsLastUse() async throws {
        try await AccountFixture.with { fixture in
            let id = try session(try await challenge(fixture, request()))
            for _ in 0..<3 {
                fixture.time.pass(milliseconds: UserInteractiveAuthentication.lifetimeMilliseconds - 1)
                #expect(try session(await challenge(fixture, request(["session": .string(id)]))) == id)
            }
            // The time of day has no say.
            fixture.home.clock.jump(milliseconds: 1_000_000_000_000)
            #expect(try session(await challenge(fixture, request(["session": .string(id)]))) == id)
            fixture.time.pass(milliseconds: UserInteractiveAuthentication.lifetimeMilliseconds)
            #expect(try session(await challenge(fixture, request(["session": .string(id)]))) != id)
        }
    }

    @Test func whoseSessionIsGoneGoesOnWithANewOne() async throws {
        try await AccountFixture.with { fixture in
            // As after a restart of the box.
            let proof = try await fixture.authentication.authenticate(
                request(["session": "from-before", "type": "m.login.dummy"]), flows: [[.dummy]])
            #expect(proof.sessionID != "from-before")
        }
    }

    @Test func theOldestSessionMakesRoom() async throws {
        try await AccountFixture.with { fixture in
            func begin() async throws -> String {
                fixture.time.pass(milliseconds: 1)
                return try session(await challenge(fixture, request()))
            }
            let first = try await begin()
            let second = try await begin()
            for _ in 2..<UserInteractiveAuthentication.maxSessions { _ = try await begin() }
            #expect(try session(await challenge(fixture, request(["session": .string(second)]))) == second)
            _ = try await begin()
            #expect(try session(await challenge(fixture, request(["session": .string(second)]))) == second)
            #expect(try session(await challenge(fixture, request(["session": .string(first)]))) != first)
        }
    }

    @Test func whatIsAskedForMayHaveChanged() async throws {
        try await AccountFixture.with { fixture in
            // Somebody else became the owner between the two requests.
            let id = try session(try await challenge(fixture, request(), flows: [[.dummy]]))
            let error = try await challenge(
                fixture, request(["session": .string(id), "type": "m.login.dummy"]), flows: [[.registrationToken]])
            #expect(error.details["flows"] == [["stages": ["m.login.registration_token"]]])
            #expect(completed(error).isEmpty)
        }
    }

    @Test func aStageThatDoesNotHoldIsTriedAgain() async throws {
        try await AccountFixture.with { fixture in
            let token = try await fixture.invites.create(uses: 1, lifetimeSeconds: nil, by: nil).token
            let proof = try await fixture.authentication.authenticate(
                request(["type": "m.login.registration_token", "token": .string(token)]), flows: [[.registrationToken]])
            let error = fixture.authentication.refusal(proof, Invites.notValid)
            #expect(error.status == 401)
            #expect(error.code?.name == "M_FORBIDDEN")
            #expect(try session(error) == proof.sessionID)
            #expect(completed(error).isEmpty)
            let again = try await challenge(fixture, request(["session": .string(proof.sessionID)]), flows: [[.registrationToken]])
            #expect(completed(again).isEmpty)
        }
    }

    @Test func theFallbackPageCompletesItsStage() async throws {
        try await AccountFixture.with { fixture in
            let token = try await fixture.invites.create(uses: 1, lifetimeSeconds: nil, by: nil).token
            let authentication = fixture.authentication
            let id = try session(try await challenge(fixture, request(), flows: [[.registrationToken]]))
            #expect(try await !authentication.submitRegistrationToken("NO", session: id, address: nil))
            #expect(try await !authentication.submitRegistrationToken(token, session: "unknown", address: nil))
            let dummy = try session(try await challenge(fixture, request(), flows: [[.dummy]]))
            #expect(try await !authentication.submitRegistrationToken(token, session: dummy, address: nil))

            #expect(try await authentication.submitRegistrationToken(token, session: id, address: nil))
            let proof = try await authentication.authenticate(request(["session": .string(id)], body: [:]), flows: [[.registrationToken]])
            #expect(proof.registrationToken == token)
            #expect(proof.body == ["username": "ann"])
        }
    }

    @Test func guessingInvitationsAndPasswordsIsSlowedDown() async throws {
        try await AccountFixture.with(hasRateLimits: true) { fixture in
            let token = try await fixture.invites.create(uses: nil, lifetimeSeconds: nil, by: nil).token
            func guess(_ token: String) async -> MatrixError.Code? {
                do {
                    _ = try await fixture.authentication.authenticate(
                        request(["type": "m.login.registration_token", "token": .string(token)], address: "192.168.1.5"),
                        flows: [[.registrationToken]])
                    return nil
                } catch let error as MatrixError {
                    return error.code
                } catch {
                    return .internalError
                }
            }
            // Right ones cost nothing.
            for _ in 0..<50 { #expect(await guess(token) == nil) }
            for number in 0..<30 { #expect(await guess("NO\(number)")?.name == "M_FORBIDDEN") }
            #expect(await guess("NO") == .limitExceeded)
            #expect(await guess(token) == .limitExceeded)
            fixture.time.pass(seconds: 10)
            #expect(await guess(token) == nil)
        }
    }
}
