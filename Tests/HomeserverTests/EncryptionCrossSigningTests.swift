import Cryptography
import MatrixCore
import Storage
import Testing

@testable import Homeserver

struct EncryptionCrossSigningTests {
    private static let password = "a long enough pass phrase"

    @Test func firstKeysNeedNoPasswordOthersDo() async throws {
        try await HomeFixture.with { fixture in
            let (alice, identity) = try await Self.personWithPassword(fixture)
            try await Self.upload(identity.upload, by: alice, fixture)
            // Once more after an answer that was lost, whole and in part.
            try await Self.upload(identity.upload, by: alice, fixture)
            var part = identity.upload
            part["self_signing_key"] = nil
            part["user_signing_key"] = nil
            try await Self.upload(part, by: alice, fixture)
            #expect(try await Self.keys(of: alice, by: alice, fixture) == ["master_keys", "self_signing_keys", "user_signing_keys"])

            let other = TestIdentity(alice.userID)
            let refusal = await matrixError { try await Self.upload(other.upload, by: alice, fixture) }
            #expect(refusal?.status == 401)
            let session = try #require(refusal?.details.string("session"))
            #expect(try await Self.masterKey(of: alice, fixture) == TestIdentity.name(identity.master))
            var body = other.upload
            body["auth"] = [
                "type": "m.login.password", "session": .string(session), "password": "wrong",
                "identifier": ["type": "m.id.user", "user": .string(alice.userID.rawValue)],
            ]
            #expect(await matrixError { try await Self.upload(body, by: alice, fixture) }?.status == 401)
            #expect(try await Self.masterKey(of: alice, fixture) == TestIdentity.name(identity.master))
            body["auth"] = [
                "type": "m.login.password", "session": .string(session), "password": .string(Self.password),
                "identifier": ["type": "m.id.user", "user": .string(alice.userID.rawValue)],
            ]
            try await Self.upload(body, by: alice, fixture)
            #expect(try await Self.masterKey(of: alice, fixture) == TestIdentity.name(other.master))
            // One single other key is a replacement too.
            let third = TestIdentity(alice.userID)
            let single: JSONObject = ["self_signing_key": .object(third.key(third.selfSigning, usage: "self_signing", signedBy: other.master))]
            #expect(await matrixError { try await Self.upload(single, by: alice, fixture) }?.status == 401)
        }
    }

    @Test func wrongKeysAreRefused() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let identity = TestIdentity(alice.userID)
            let stranger = TestIdentity(alice.userID)
            func refuses(_ code: MatrixError.Code, _ change: (inout JSONObject) -> Void) async {
                var body = identity.upload
                change(&body)
                let changed = body
                await expect(code) { try await Self.upload(changed, by: alice, fixture) }
            }
            await refuses(.missingParameter) { $0["master_key"] = nil }
            await refuses(.missingParameter) { $0 = [:] }
            await refuses(.invalidSignature) { $0["self_signing_key"] = .object(identity.key(identity.selfSigning, usage: "self_signing")) }
            await refuses(.invalidSignature) {
                $0["user_signing_key"] = .object(identity.key(identity.userSigning, usage: "user_signing", signedBy: stranger.master))
            }
            await refuses(.invalidParameter) { $0["master_key"] = .object(identity.key(identity.master, usage: "self_signing")) }
            await refuses(.invalidParameter) {
                $0["master_key"] = .object(TestIdentity(UserID(trusted: "@bob:box.test")).key(identity.master, usage: "master"))
            }
            await refuses(.invalidParameter) { $0["master_key"] = ["user_id": "@alice:box.test", "usage": ["master"], "keys": ["ed25519:a": "b"]] }
            await refuses(.badJSON) { $0["master_key"] = "key" }
            // A key must not be called like a device.
            _ = try await fixture.home.database.write {
                try $0.insertDevice(DeviceID(trusted: TestIdentity.name(identity.master)), of: alice.userID, displayName: nil)
            }
            await refuses(.forbidden) { _ in }
            #expect(try await Self.keys(of: alice, by: alice, fixture).isEmpty)
        }
    }

    @Test func signaturesAreMergedAndShownToWhomTheyConcern() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob, carol) = (people[0], people[1], people[2])
            _ = try await fixture.room(by: alice, members: [bob, carol])
            let device = TestDevice(alice)
            try await fixture.publish(device)
            let (identity, bobs) = (TestIdentity(alice.userID), TestIdentity(bob.userID))
            try await Self.upload(identity.upload, by: alice, fixture)
            try await Self.upload(bobs.upload, by: bob, fixture)
            var (own, others, third) = (SyncClient(alice), SyncClient(bob), SyncClient(carol))
            try await own.sync(fixture)
            try await others.sync(fixture)
            try await third.sync(fixture)

            let masterID = "ed25519:" + TestIdentity.name(identity.master)
            let selfSigningID = "ed25519:" + TestIdentity.name(identity.selfSigning)
            let userSigningID = "ed25519:" + TestIdentity.name(identity.userSigning)
            let signedDevice = Signing.sign(device.keys, name: "@alice:box.test", keyID: selfSigningID, key: identity.selfSigning)
            let signedMaster = device.signed(identity.key(identity.master, usage: "master"))
            let bobsMaster = TestIdentity.name(bobs.master)
            let signedBob = Signing.sign(
                bobs.key(bobs.master, usage: "master"), name: "@alice:box.test", keyID: userSigningID, key: identity.userSigning)
            let failures = try await fixture.home.crossSigning.addSignatures(
                [
                    "@alice:box.test": .object(
                        JSONObject([("DEVICE1", .object(signedDevice)), (String(masterID.dropFirst(8)), .object(signedMaster))])),
                    "@bob:box.test": .object(JSONObject([(bobsMaster, .object(signedBob))])),
                ], by: alice.userID)
            #expect(failures == [:])

            func signers(_ section: String, _ user: String, _ viewer: Session) async throws -> [String] {
                let answer = try await fixture.query(UserID(trusted: user), by: viewer)
                let found = answer.object(section)?.object(user)
                let key = section == "device_keys" ? found?.object("DEVICE1") : found
                return key?.object("signatures")?.members.flatMap { $0.value.objectValue?.members.map(\.key) ?? [] } ?? []
            }
            #expect(try await signers("device_keys", "@alice:box.test", carol).sorted() == ["ed25519:DEVICE1", selfSigningID].sorted())
            #expect(try await signers("master_keys", "@alice:box.test", carol) == ["ed25519:DEVICE1"])
            // Whom Alice has verified is seen by her alone.
            #expect(try await signers("master_keys", "@bob:box.test", alice) == [userSigningID])
            #expect(try await signers("master_keys", "@bob:box.test", bob) == [])
            #expect(try await signers("master_keys", "@bob:box.test", carol) == [])
            #expect(try await own.sync(fixture).changedDeviceLists == ["@alice:box.test", "@bob:box.test"])
            #expect(try await others.sync(fixture).changedDeviceLists == ["@alice:box.test"])
            #expect(try await third.sync(fixture).changedDeviceLists == ["@alice:box.test"])
            #expect(try await Self.keys(of: alice, by: bob, fixture) == ["master_keys", "self_signing_keys"])

            // The same again is no news; after a restart all is still there.
            _ = try await fixture.home.crossSigning.addSignatures(["@alice:box.test": ["DEVICE1": .object(signedDevice)]], by: alice.userID)
            #expect(try await others.sync(fixture).changedDeviceLists == [])
            try await fixture.restart()
            #expect(try await signers("master_keys", "@bob:box.test", alice) == [userSigningID])
        }
    }

    @Test func falseSignaturesFailOneByOne() async throws {
        try await HomeFixture.with { fixture in
            let (alice, bob) = try await (fixture.person("alice"), fixture.person("bob"))
            let device = TestDevice(alice)
            try await fixture.publish(device)
            let (identity, bobs) = (TestIdentity(alice.userID), TestIdentity(bob.userID))
            try await Self.upload(identity.upload, by: alice, fixture)
            try await Self.upload(bobs.upload, by: bob, fixture)
            let selfSigningID = "ed25519:" + TestIdentity.name(identity.selfSigning)
            func code(_ object: JSONObject, _ keyID: String, of owner: Session = alice, by signer: Session = alice) async throws -> String? {
                let body = JSONObject([(owner.userID.rawValue, .object(JSONObject([(keyID, .object(object))])))])
                return try await fixture.home.crossSigning.addSignatures(body, by: signer.userID)
                    .object(owner.userID.rawValue)?.object(keyID)?.string("errcode")
            }
            // Not by the key that it names.
            let forged = Signing.sign(device.keys, name: "@alice:box.test", keyID: selfSigningID, key: Ed25519PrivateKey())
            #expect(try await code(forged, "DEVICE1") == "M_INVALID_SIGNATURE")
            // Not of the key that is published.
            var changed = device.keys
            changed["algorithms"] = []
            let wrong = Signing.sign(changed, name: "@alice:box.test", keyID: selfSigningID, key: identity.selfSigning)
            #expect(try await code(wrong, "DEVICE1") == "M_INVALID_SIGNATURE")
            // By a key that nobody knows, of a key that nobody knows.
            let unknown = Signing.sign(device.keys, name: "@alice:box.test", keyID: "ed25519:unknown", key: identity.selfSigning)
            #expect(try await code(unknown, "DEVICE1") == "M_INVALID_SIGNATURE")
            #expect(try await code(device.keys, "OTHER") == "M_NOT_FOUND")
            // Bob signs Alice's device with his self-signing key, and her master key with that too.
            let bobsSelfSigning = "ed25519:" + TestIdentity.name(bobs.selfSigning)
            let bySelf = Signing.sign(device.keys, name: "@bob:box.test", keyID: bobsSelfSigning, key: bobs.selfSigning)
            #expect(try await code(bySelf, "DEVICE1", by: bob) == "M_INVALID_SIGNATURE")
            let master = identity.key(identity.master, usage: "master")
            let wrongUse = Signing.sign(master, name: "@bob:box.test", keyID: bobsSelfSigning, key: bobs.selfSigning)
            #expect(try await code(wrongUse, TestIdentity.name(identity.master), by: bob) == "M_INVALID_SIGNATURE")
            #expect(
                try await fixture.query(alice.userID, by: bob).object("device_keys")?.object("@alice:box.test")?.object("DEVICE1")?
                    .object("signatures") == device.keys.object("signatures"))
        }
    }

    // MARK: Parts

    private static func personWithPassword(_ fixture: HomeFixture) async throws -> (Session, TestIdentity) {
        let alice = try await fixture.person("alice")
        let hash = try await Passwords().hash(password)
        try await fixture.home.database.write { try $0.setPasswordHash(hash, of: alice.userID) }
        return (alice, TestIdentity(alice.userID))
    }

    private static func upload(_ body: JSONObject, by session: Session, _ fixture: HomeFixture) async throws {
        let request = InteractiveRequest(operation: "POST keys", body: body, address: nil)
        try await fixture.home.crossSigning.upload(request, session: session)
    }

    /// Which kinds of keys a viewer sees.
    private static func keys(of owner: Session, by viewer: Session, _ fixture: HomeFixture) async throws -> [String] {
        let answer = try await fixture.query(owner.userID, by: viewer)
        return ["master_keys", "self_signing_keys", "user_signing_keys"].filter { answer.object($0)?.object(owner.userID.rawValue) != nil }
    }

    private static func masterKey(of owner: Session, _ fixture: HomeFixture) async throws -> String? {
        try await fixture.query(owner.userID, by: owner).object("master_keys")?.object(owner.userID.rawValue)?.object("keys")?
            .members.first?.value.stringValue
    }
}
