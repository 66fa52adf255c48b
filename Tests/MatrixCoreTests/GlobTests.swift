import MatrixCore
import Testing

struct GlobTests {
    @Test(arguments: [
        ("", "", true), ("", "a", false), ("a", "a", true), ("a", "A", false), ("a", "ab", false), ("*", "", true), ("*", "anything", true),
        ("?", "", false), ("?", "日", true), ("?", "ab", false), ("a*", "a", true), ("a*", "ba", false), ("*a", "bca", true), ("*a", "bcad", false),
        ("m.room.*", "m.room.message", true), ("m.room.*", "m.roomXmessage", false), ("a*b*c", "a--b--b--c", true), ("a*b*c", "a--c--b", false),
        ("a?c", "abc", true), ("a?c", "ac", false), ("**", "x", true), ("a**b", "ab", true), ("*?*", "", false), ("*?*", "x", true),
        ("[a]", "[a]", true), ("[a]", "a", false), ("a.c", "abc", false), ("a\\*", "a\\x", true), ("*aab", "aaaaab", true), ("é*", "été", true),
    ])
    func whole(pattern: String, text: String, matches: Bool) {
        #expect(Glob(pattern).matches(text) == matches)
    }

    @Test(arguments: [
        ("ABC", "abc", true), ("lunc?*", "LUNCH plans", true), ("straße", "STRASSE", false), ("ÉTÉ*", "étés", true), ("я", "Я", true),
        ("a", "é", false),
    ])
    func ignoringCase(pattern: String, text: String, matches: Bool) {
        #expect(Glob(pattern, ignoresCase: true).matches(text) == matches)
    }

    @Test func wildcardsCanBeLimited() {
        #expect(Glob("m.?*", wildcards: .star).matches("m.?x"))
        #expect(!Glob("m.?*", wildcards: .star).matches("m.ax"))
        #expect(Glob("*?", wildcards: .none).matches("*?"))
        #expect(!Glob("*?", wildcards: .none).matches("ab"))
    }

    // The first ones are the specification's own.
    @Test(arguments: [
        ("ex*ple", "An example event.", true), ("ex*ple", "exple", true), ("ex*ple", "An exciting triple-whammy", true),
        ("ex*ple", "examples", false),
        ("cake", "I like cake", true), ("cake", "I like cakes", false), ("cake", "cheesecake", false), ("cake", "CAKE!", true),
        ("cake", "(cake)", true),
        ("cake", "cake_", false), ("cake", "cake2", false), ("cake", "", false), ("cake", "ca", false), ("cake", "cheesecake cake", true),
        ("a b", "x a b y", true), ("午餐", "我们的午餐时间", true), ("?ake", "a bake", true), ("?ake", "ake", false), (":)", "fun:)", true), ("*", "", true),
        ("über", "das ist über", true), ("aa", "a aa", true), ("a*", "b", false), ("c?t", "cat cot", true),
    ])
    func words(pattern: String, text: String, matches: Bool) {
        #expect(Glob(pattern, ignoresCase: true).matchesWords(in: text) == matches)
    }

    @Test func patternsLongerThanOneMachineWord() {
        for length in [62, 63, 64, 65, 127, 128, 129, 300] {
            let text = (0..<length).map { String(UnicodeScalar(UInt8(ascii: "a") + UInt8($0 % 26))) }.joined()
            let questions = String(text.enumerated().map { $0.offset % 3 == 0 ? "?" : $0.element })
            for pattern in [questions, "*" + text, text + "*", text.prefix(length / 2) + "*" + text.suffix(length - length / 2)] {
                let glob = Glob(pattern)
                #expect(glob.matches(text), "\(length)")
                #expect(!glob.matches(String(text.dropLast()) + "!") || pattern.hasSuffix("?"), "\(length)")
                #expect(!glob.matches(String(text.dropLast())), "\(length)")
                #expect(glob.matchesWords(in: "xx " + text + ".") == true, "\(length)")
                #expect(!glob.matchesWords(in: "xx " + text.dropLast()), "\(length)")
            }
        }
    }

    @Test func agreesWithTheDefinition() {
        let seed = UInt64.random(in: 1...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let pattern = String((0..<Int.random(in: 0...7, using: &generator)).map { _ in "ab*?".randomElement(using: &generator) ?? "a" })
            let text = String((0..<Int.random(in: 0...9, using: &generator)).map { _ in "ab".randomElement(using: &generator) ?? "a" })
            #expect(Glob(pattern).matches(text) == naive(pattern[...], text[...]), "seed \(seed): \(pattern) on \(text)")
        }
    }

    @Test func hostilePatternsTakeLinearTime() {
        let clock = ContinuousClock()
        let glob = Glob(String(repeating: "*a", count: 100) + "b")
        let words = Glob(String(repeating: "a*", count: 100) + "b", ignoresCase: true)
        let text = String(repeating: "a", count: 60_000)
        let duration = clock.measure {
            #expect(!glob.matches(text))
            #expect(!words.matchesWords(in: text))
        }
        // Backtracking would take longer than the universe is old; a debug build needs a fraction of a second.
        #expect(duration < .seconds(20))
    }

    @Test func patternsBeyondTheLimitMatchNothing() {
        let pattern = String(repeating: "a", count: Glob.maxPatternBytes + 1)
        #expect(!Glob(pattern).matches(pattern))
        #expect(!Glob(pattern).matchesWords(in: pattern))
    }

    private func naive(_ pattern: Substring, _ text: Substring) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" { return naive(pattern.dropFirst(), text) || (!text.isEmpty && naive(pattern, text.dropFirst())) }
        guard let character = text.first, first == "?" || first == character else { return false }
        return naive(pattern.dropFirst(), text.dropFirst())
    }
}
