import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Device keys and one-time keys.
struct EncryptionKeysTests {
    @Test func oneTimeKeysAreHandedOutOldestFirstAndOnce() async throws {
        try await HomeFixture.with { fixture in
            let (alice, _) = try await (fixture.person("alice"), fixture.person("bob"))
            let counts = try await fixture.uploadOneTimeKeys(["C"], of: alice)
            #expect(counts.object("one_time_key_counts")?.integer("signed_curve25519") == 1)
            try await fixture.uploadOneTimeKeys(["A"], of: alice)
            try await fixture.uploadOneTimeKeys(["B"], of: alice)
            var claimed: [String] = []
            for _ in 0..<4 { claimed += try await fixture.claim(from: alice) }
            #expect(claimed == ["signed_curve25519:C", "signed_curve25519:A", "signed_curve25519:B"])
            // An upload whose answer was lost is repeated, after somebody has claimed the key.
            try await fixture.uploadOneTimeKeys(["A"], of: alice)
            #expect(try await fixture.claim(from: alice).isEmpty)
            #expect(try await fixture.claim(from: alice, algorithm: "other").isEmpty)
        }
    }

    @Test(arguments: 0..<4) func manyClaimsAtOnceGiveEachKeyToOne(round: Int) async throws {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        let keyCounts = (0..<3).map { _ in Int.random(in: 0...40, using: &random) }
        let claimers = Int.random(in: 20...60, using: &random)
        let restartsBetween = Bool.random(using: &random)
        try await HomeFixture.with { fixture in
            let user = try await fixture.person("alice").userID
            var devices: [Session] = []
            for count in keyCounts {
                let device = try await fixture.device(of: user)
                if count > 0 { try await fixture.uploadOneTimeKeys((0..<count).map { "K\($0)" }, of: device) }
                devices.append(device)
            }
            let sessions = devices
            var claims: [[String]] = Array(repeating: [], count: sessions.count)
            for half in 0..<2 {
                let count = half == 0 ? claimers / 2 : claimers - claimers / 2
                try await withThrowingTaskGroup(of: (Int, [String]).self) { group in
                    for index in sessions.indices {
                        for _ in 0..<count { group.addTask { (index, try await fixture.claim(from: sessions[index])) } }
                    }
                    for try await (index, keys) in group { claims[index] += keys }
                }
                if half == 0, restartsBetween { try await fixture.restart() }
            }
            for (index, count) in keyCounts.enumerated() {
                #expect(Set(claims[index]).count == claims[index].count, "a key was given to two")
                #expect(claims[index].count == min(count, claimers))
                let left = try await fixture.home.deviceKeys.counts(of: sessions[index]).oneTimeKeys["signed_curve25519"]
                #expect(left ?? 0 == max(0, count - claimers))
            }
        }
    }

    @Test func aKeyMustNotChange() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            try await fixture.uploadOneTimeKeys(["A"], of: alice)
            try await fixture.uploadOneTimeKeys(["A"], of: alice)
            let signedAnew: JSONObject = ["signed_curve25519:A": ["key": "key A", "signatures": ["@alice:box.test": ["ed25519:X": "new"]]]]
            _ = try await fixture.home.deviceKeys.upload(["one_time_keys": .object(signedAnew)], session: alice)
            await expect(.invalidParameter) {
                _ = try await fixture.home.deviceKeys.upload(
                    ["one_time_keys": ["signed_curve25519:A": ["key": "other"], "signed_curve25519:B": ["key": "new"]]], session: alice)
            }
            // Nothing of a refused upload is kept.
            #expect(try await fixture.home.deviceKeys.counts(of: alice).oneTimeKeys == ["signed_curve25519": 1])
        }
    }

    @Test(arguments: [
        #"{"device_keys": {"user_id": "@bob:box.test", "device_id": "DEVICE1"}}"#,
        #"{"device_keys": {"user_id": "@alice:box.test", "device_id": "OTHER"}}"#,
        #"{"one_time_keys": {"nocolon": "key"}}"#, #"{"one_time_keys": {":id": "key"}}"#,
        #"{"fallback_keys": {"a:1": "x", "a:2": "y"}}"#,
    ])
    func wrongUploadsAreRefused(body: String) async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            await expect(.invalidParameter) { _ = try await fixture.home.deviceKeys.upload(JSONObject(parsing: Array(body.utf8)), session: alice) }
            #expect(try await fixture.query(alice.userID, by: alice).object("device_keys")?.object("@alice:box.test")?.isEmpty == true)
        }
    }

    @Test func thereIsABoundOnKeys() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            try await fixture.uploadOneTimeKeys((0..<DeviceKeys.maxOneTimeKeysOfDevice).map { "K\($0)" }, of: alice)
            await expect(.tooLarge) { try await fixture.uploadOneTimeKeys(["one more"], of: alice) }
            await expect(.tooLarge) {
                let long = String(repeating: "x", count: DeviceKeys.maxKeyBytes)
                _ = try await fixture.home.deviceKeys.upload(["one_time_keys": ["a:1": .string(long)]], session: alice)
            }
        }
    }

    @Test func aFallbackKeyIsGivenWhenNothingElseIsLeft() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let fallback: JSONObject = ["fallback_keys": ["signed_curve25519:F": ["key": "f", "fallback": true]]]
            _ = try await fixture.home.deviceKeys.upload(fallback, session: alice)
            try await fixture.uploadOneTimeKeys(["A"], of: alice)
            var client = SyncClient(alice)
            var answer = try await client.sync(fixture)
            #expect((answer.oneTimeKeyCount, answer.unusedFallbackKeys) == (1, ["signed_curve25519"]))
            #expect(try await fixture.claim(from: alice) == ["signed_curve25519:A"])
            // Without keys the device is woken, and told.
            answer = try await client.sync(fixture, timeout: .seconds(10))
            #expect((answer.oneTimeKeyCount, answer.unusedFallbackKeys) == (0, ["signed_curve25519"]))
            #expect(try await fixture.claim(from: alice) == ["signed_curve25519:F"])
            #expect(try await fixture.claim(from: alice) == ["signed_curve25519:F"])
            answer = try await client.sync(fixture, timeout: .seconds(10))
            #expect((answer.oneTimeKeyCount, answer.unusedFallbackKeys) == (0, []))
            // The same one again is used already, a new one is not.
            _ = try await fixture.home.deviceKeys.upload(fallback, session: alice)
            #expect(try await client.sync(fixture).unusedFallbackKeys == [])
            _ = try await fixture.home.deviceKeys.upload(["fallback_keys": ["signed_curve25519:G": ["key": "g"]]], session: alice)
            #expect(try await client.sync(fixture).unusedFallbackKeys == ["signed_curve25519"])
            #expect(try await fixture.claim(from: alice) == ["signed_curve25519:G"])
        }
    }

    @Test func publishedKeysAreFound() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let device = TestDevice(alice)
            try await fixture.publish(device)
            try await fixture.home.devices.rename(alice.deviceID, to: "Telephone", session: alice)
            let answer = try await fixture.home.deviceKeys.query(
                ["device_keys": ["@alice:box.test": [], "@nobody:box.test": [], "@far:elsewhere.test": []]], by: bob.userID)
            var keys = device.keys
            keys["unsigned"] = ["device_display_name": "Telephone"]
            #expect(answer.object("device_keys")?.object("@alice:box.test")?.object("DEVICE1") == keys)
            #expect(answer.object("device_keys")?.object("@nobody:box.test") == [:])
            #expect(answer.object("failures")?.members.map(\.key) == ["elsewhere.test"])
            // By device.
            let other = try await fixture.home.deviceKeys.query(["device_keys": ["@alice:box.test": ["OTHER"]]], by: bob.userID)
            #expect(other.object("device_keys")?.object("@alice:box.test") == [:])
        }
    }

    @Test func aDeviceTakesItsKeysWithIt() async throws {
        try await HomeFixture.with { fixture in
            let alice = try await fixture.person("alice")
            let phone = try await fixture.device(of: alice.userID)
            let bob = try await fixture.person("bob")
            _ = try await fixture.room(by: alice, members: [bob])
            try await fixture.publish(TestDevice(phone))
            try await fixture.uploadOneTimeKeys(["A"], of: phone)
            try await fixture.tell(alice.userID, devices: ["*"], "hello", by: bob)
            var client = SyncClient(bob)
            try await client.sync(fixture)
            try await fixture.home.sessions.logOut(phone)
            #expect(try await client.sync(fixture).changedDeviceLists == ["@alice:box.test"])
            #expect(try await fixture.query(alice.userID, by: bob).object("device_keys")?.object("@alice:box.test") == [:])
            #expect(try await fixture.claim(from: phone).isEmpty)
            for table in ["device_keys", "one_time_keys", "fallback_keys"] {
                let rows = try await fixture.home.database.read { try $0.connection.first("SELECT count(*) FROM \(table)") { $0.int(0) } }
                #expect(rows == 0, "\(table)")
            }
            // The other device's copy is still there, and only that.
            let waiting = try await fixture.home.database.read { try $0.connection.first("SELECT count(*) FROM to_device_messages") { $0.int(0) } }
            #expect(waiting == 1)
            // A request that was under way when its device ended.
            await expect(.unknownToken) { try await fixture.uploadOneTimeKeys(["B"], of: phone) }
        }
    }
}
