import Cryptography
import Testing

struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func sha256OfKnownText(text: String, digest: String) {
        #expect(Digest.hexadecimal(Digest.sha256([UInt8](text.utf8))) == digest)
    }

    @Test func streamGivesTheSameAsTheWhole() {
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        var stream = SHA256Digest()
        var rest = bytes[...]
        var size = 1
        while !rest.isEmpty {
            stream.update(rest.prefix(size))
            rest = rest.dropFirst(size)
            size = size * 3 % 70_001
        }
        let digest = stream.finalize()
        #expect(Digest.hexadecimal(digest) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        #expect(digest == Digest.sha256(bytes))
    }

    @Test func copyOfAStreamIsIndependent() {
        var first = SHA256Digest()
        first.update([UInt8]("ab".utf8))
        var second = first
        second.update([UInt8]("c".utf8))
        #expect(second.finalize() == Digest.sha256([UInt8]("abc".utf8)))
        #expect(first.finalize() == Digest.sha256([UInt8]("ab".utf8)))
    }

    @Test func streamStartsAnewAfterFinalize() {
        var stream = SHA256Digest()
        stream.update([1, 2, 3])
        _ = stream.finalize()
        stream.update([UInt8]("abc".utf8))
        #expect(stream.finalize() == Digest.sha256([UInt8]("abc".utf8)))
    }

    // RFC 4231 test case 2 and RFC 2202 test case 2.
    @Test func hmac() {
        let key = [UInt8]("Jefe".utf8)
        let message = [UInt8]("what do ya want for nothing?".utf8)
        #expect(Digest.hexadecimal(Digest.hmacSHA256(key: key, message)) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(Digest.hexadecimal(Digest.hmacSHA1(key: key, message)) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
    }
}
