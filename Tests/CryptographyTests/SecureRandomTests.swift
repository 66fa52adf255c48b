import Cryptography
import Testing

struct SecureRandomTests {
    @Test func lengths() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(33).count == 33)
        #expect(SecureRandom.token(bytes: 32).utf8.count == 43)
        #expect(SecureRandom.string(length: 20, alphabet: "ab").count == 20)
    }

    @Test func tokensDiffer() {
        let tokens = Set((0..<1000).map { _ in SecureRandom.token(bytes: 16) })
        #expect(tokens.count == 1000)
    }

    @Test func everyCharacterOfTheAlphabetAndNoOther() {
        let alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789é"
        let drawn = Set(SecureRandom.string(length: 20_000, alphabet: alphabet))
        #expect(drawn == Set(alphabet))
    }

    @Test func charactersAreEquallyLikely() {
        // Taking the remainder of a byte by 200 would draw the first 56 characters twice as often as the others.
        let alphabet = String(String.UnicodeScalarView((0..<200).compactMap { Unicode.Scalar(0x4E00 + $0) }))
        var counts: [Character: Int] = [:]
        for character in SecureRandom.string(length: 200_000, alphabet: alphabet) { counts[character, default: 0] += 1 }
        #expect(counts.count == 200)
        // 1000 each, with a standard deviation of 32. The bias would give 1562 and 781.
        for count in counts.values { #expect((790...1210).contains(count)) }
    }

    @Test func comparison() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(constantTimeEqual([UInt8](), [UInt8]()))
        #expect(constantTimeEqual("token", "token"))
        // Swift's own equality would take these for the same.
        #expect(!constantTimeEqual("e\u{301}", "é"))
    }
}
