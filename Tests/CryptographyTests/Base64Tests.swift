import Cryptography
import Testing

struct Base64Tests {
    // spec: appendices/#unpadded-base64
    @Test(arguments: [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy")])
    func examplesOfTheSpecification(plain: String, encoded: String) {
        let bytes = [UInt8](plain.utf8)
        #expect(Base64.encode(bytes) == encoded)
        #expect(Base64.encodeURLSafe(bytes) == encoded)
        #expect(Base64.decode(encoded) == bytes)
        let padding = String(repeating: "=", count: (4 - encoded.utf8.count % 4) % 4)
        #expect(Base64.decode(encoded + padding) == bytes)
    }

    @Test func bothAlphabets() {
        let bytes: [UInt8] = [0xFB, 0xEF, 0xFF, 0x3E]
        #expect(Base64.encode(bytes) == "++//Pg")
        #expect(Base64.encodeURLSafe(bytes) == "--__Pg")
        #expect(Base64.decode("++//Pg") == bytes)
        #expect(Base64.decode("--__Pg==") == bytes)
    }

    @Test(arguments: ["A", "AAAAA", "A===", "AA=A", "AA===", "=", "Zg=", "Z g", "Zg\n", "Zg*", "é", "AAA=="])
    func refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func everyLengthAndByteComesBack() {
        for count in 0..<300 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.decode(Base64.encodeURLSafe(bytes)) == bytes)
        }
    }
}
