import Cryptography
import MatrixCore
import Testing

// spec: appendices/#cryptographic-test-vectors
struct SigningTests {
    private let key: Ed25519PrivateKey

    init() throws {
        let seed = try #require(Base64.decode("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1"))
        key = try #require(Ed25519PrivateKey(seed: seed))
    }

    @Test(
        arguments: [
            ([:], "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"),
            (["one": 1, "two": "Two"], "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw"),
        ] as [(JSONObject, String)])
    func signedJSON(object: JSONObject, signature: String) {
        let signed = Signing.sign(object, name: "domain", keyID: "ed25519:1", key: key)
        #expect(signed["signatures"] == ["domain": ["ed25519:1": .string(signature)]])
        #expect(Signing.verify(signed, name: "domain", keys: ["ed25519:1": key.publicKey]))
    }

    @Test func minimalEvent() throws {
        let event: JSONObject = [
            "room_id": "!x:domain", "sender": "@a:domain", "origin": "domain", "origin_server_ts": 1_000_000, "signatures": [:], "hashes": [:],
            "type": "X", "content": [:], "prev_events": [], "auth_events": [], "depth": 3, "unsigned": ["age_ts": 1_000_000],
        ]
        let signed = EventHash.hashAndSign(event, version: .v10, name: "domain", keyID: "ed25519:1", key: key)
        #expect(signed["hashes"] == ["sha256": "5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos"])
        #expect(
            signed["signatures"] == [
                "domain": ["ed25519:1": "KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg"]
            ])
        #expect(signed["unsigned"] == ["age_ts": 1_000_000])
    }

    @Test func eventWithRedactableContent() throws {
        let event: JSONObject = [
            "content": ["body": "Here is the message content"], "event_id": "$0:domain", "origin": "domain", "origin_server_ts": 1_000_000,
            "type": "m.room.message", "room_id": "!r:domain", "sender": "@u:domain", "signatures": [:], "unsigned": ["age_ts": 1_000_000],
        ]
        let signed = EventHash.hashAndSign(event, version: .v10, name: "domain", keyID: "ed25519:1", key: key)
        #expect(signed["hashes"] == ["sha256": "onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g"])
        #expect(
            signed["signatures"] == [
                "domain": ["ed25519:1": "Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA"]
            ])
        // The signature holds for the redacted event too.
        let keys = ["ed25519:1": key.publicKey]
        #expect(EventHash.verifySignature(signed, version: .v10, name: "domain", keys: keys))
        #expect(EventHash.verifySignature(Redaction.redacted(signed, version: .v10), version: .v10, name: "domain", keys: keys))
    }

    @Test func onlyTheRightNameAndKeyVerify() {
        var signed = Signing.sign(["name": "example.org"], name: "a", keyID: "ed25519:1", key: key)
        let other = Ed25519PrivateKey()
        signed = Signing.sign(signed, name: "b", keyID: "ed25519:2", key: other)
        signed = Signing.sign(signed, name: "a", keyID: "ed25519:2", key: other)
        signed["unsigned"] = ["age": 1]
        #expect(Signing.verify(signed, name: "a", keys: ["ed25519:1": key.publicKey]))
        #expect(Signing.verify(signed, name: "a", keys: ["ed25519:1": key.publicKey, "ed25519:2": other.publicKey]))
        #expect(Signing.verify(signed, name: "b", keys: ["ed25519:2": other.publicKey]))
        #expect(!Signing.verify(signed, name: "a", keys: ["ed25519:1": other.publicKey]))
        #expect(!Signing.verify(signed, name: "a", keys: ["ed25519:3": key.publicKey]))
        #expect(!Signing.verify(signed, name: "c", keys: ["ed25519:1": key.publicKey]))
        signed["name"] = "example.com"
        #expect(!Signing.verify(signed, name: "a", keys: ["ed25519:1": key.publicKey]))
    }
}
