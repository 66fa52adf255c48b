import MatrixCore
import Testing

struct RegularExpressionTests {
    @Test(arguments: [
        ("@_irc_.*", "@_irc_bob:box", true), ("@_irc_.*", "@irc_bob:box", false), ("@_irc_", "@_irc_bob:box", true),
        ("@irc_.*:box\\.local$", "@irc_a:box.local", true), ("@irc_.*:box\\.local$", "@irc_a:boxxlocal", false),
        ("@irc_.*:box\\.local$", "@irc_a:box.local.evil", false), ("irc", "@irc", false), (".*irc", "@irc", true), ("^@a$", "@a", true),
        ("^@a$", "@ab", false), ("", "anything", true), ("", "", true), ("a+", "", false), ("a+b", "aaab", true), ("a?b", "b", true),
        ("a?b", "ab", true), ("a??b", "ab", true), ("a*?b", "aab", true), ("a{2}b", "aab", true), ("a{2}b", "ab", false), ("a{2,}b$", "aaaab", true),
        ("a{1,2}b$", "aaab", false), ("a{0}b", "b", true), ("a{", "a{", true), ("a{x}", "a{x}", true), ("a{,2}", "a{,2}", true),
        ("(a|b|cd)e$", "cde", true), ("(a|b|cd)e$", "ade", false), ("(?:ab)+$", "ababab", true), ("(?:ab)+$", "ababa", false), ("()a", "a", true),
        ("(|a)b", "b", true), ("(a*)*b", "aab", true), ("(a*)+$", "", true), ("[abc]x", "bx", true), ("[^abc]x", "bx", false),
        ("[^abc]x", "dx", true),
        ("[a-c0-9_]+$", "a9_b", true), ("[a-c]", "d", false), ("[]a]", "]", true), ("[^]a]", "]", false), ("[a-]", "-", true), ("[-a]", "-", true),
        ("[\\]x]", "]", true), ("[\\w-]+$", "a-b_9", true), ("[[:alpha:][:digit:]]+$", "aZ9", true), ("[[:alpha:]]", "9", false), ("[[]", "[", true),
        ("\\d\\D\\w\\W\\s\\S", "1ab- x", true), ("a\\.b", "axb", false), ("a.b", "a\nb", false), ("日.*", "日本", true), ("[あ-ん]+$", "ひらがな", true),
        ("a\\b", "a b", true), ("a\\b", "ab", false), ("a\\Bb", "ab", true), ("\\Aa\\z", "a", true), ("x*y|z", "z", true), ("a|", "", true),
        ("\\$\\^\\(\\)\\[\\]\\{\\}\\*\\+\\?\\|\\\\", "$^()[]{}*+?|\\", true),
    ])
    func beginning(pattern: String, text: String, matches: Bool) throws {
        #expect(try RegularExpression(pattern).matchesStart(of: text) == matches)
    }

    @Test(arguments: [
        "(", ")", "a)", "[", "[a", "[z-a]", "[[:nothing:]]", "*", "a|+", "\\", "(?=a)", "(?!a)", "(?<=a)", "(?i)a", "(a)\\1", "\\p{L}", "a++",
        "a{2,1}", "a{1001}", "((a{1000}){1000}){1000}", String(repeating: "(", count: 100), String(repeating: "a", count: 2_000), "[\\W]",
    ])
    func refused(pattern: String) {
        #expect(throws: RegularExpression.SyntaxError.self) { try RegularExpression(pattern) }
    }

    /// These take a backtracking matcher longer than the box will live.
    @Test(.timeLimit(.minutes(1)), arguments: ["(a*)*$", "(a|a)*$", "(a|aa)+$", "(.*)*(.*)*(.*)*$", "(a{0,30}){0,30}$"])
    func nothingExplodes(pattern: String) throws {
        let expression = try RegularExpression(pattern)
        #expect(!expression.matchesStart(of: String(repeating: "a", count: 254) + "\n!") || pattern.hasPrefix("(.*"))
    }
}
