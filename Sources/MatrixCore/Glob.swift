/// Glob-style matching: `*` is any run of characters, `?` exactly one.
///
/// All partial matches advance together, one bit for each, so the time is proportional to the text's length and no
/// pattern can make it explode.
///
/// spec: appendices/#glob-style-matching
public struct Glob: Sendable {
    public enum Wildcards: Sendable {
        /// `*` and `?`
        case all
        /// `*` only, as in the types of a filter.
        case star
        /// None: the pattern is plain text.
        case none
    }

    /// No honest pattern is longer. What is, matches nothing.
    public static let maxPatternBytes = 1024

    private let ignoresCase: Bool
    /// Not `nil` if there is no wildcard: then equality decides.
    private let literal: [UInt8]?
    private let automaton: GlobAutomaton?

    public init(_ pattern: String, ignoresCase: Bool = false, wildcards: Wildcards = .all) {
        self.ignoresCase = ignoresCase
        guard pattern.utf8.count <= Self.maxPatternBytes else {
            literal = nil
            automaton = nil
            return
        }
        let folded = Array(Self.scalars(of: pattern, ignoresCase: ignoresCase))
        automaton = GlobAutomaton(folded, wildcards: wildcards)
        var hasWildcard = false
        if wildcards != .none { hasWildcard = pattern.utf8.contains(UInt8(ascii: "*")) }
        if wildcards == .all { hasWildcard = hasWildcard || pattern.utf8.contains(UInt8(ascii: "?")) }
        literal = hasWildcard ? nil : Self.utf8(of: pattern, ignoresCase: ignoresCase)
    }

    /// Whether the pattern fits the whole text.
    public func matches(_ text: String) -> Bool {
        if let literal {
            if ignoresCase { return Self.isEqualIgnoringCase(text, literal) }
            return text.utf8.elementsEqual(literal)
        }
        guard let automaton else { return false }
        return automaton.matches(Self.scalars(of: text, ignoresCase: ignoresCase))
    }

    /// Whether the pattern fits a part of the text that starts and ends at a word boundary.
    ///
    /// spec: client-server-api/#conditions-1
    public func matchesWords(in text: String) -> Bool {
        guard let automaton else { return false }
        return automaton.matchesWords(in: Self.scalars(of: text, ignoresCase: ignoresCase))
    }

    /// The same for a pattern that ignores case and a text that `fold` made: for many patterns against one text.
    func matchesWords(inFolded text: String) -> Bool {
        automaton?.matchesWords(in: text.unicodeScalars) ?? false
    }

    static func fold(_ text: String) -> String { text.lowercased() }

    private static func isEqualIgnoringCase(_ text: String, _ folded: [UInt8]) -> Bool {
        var index = 0
        for byte in text.utf8 {
            guard byte < 0x80 else { return utf8(of: text, ignoresCase: true) == folded }
            guard index < folded.count, lowercased(byte) == folded[index] else { return false }
            index += 1
        }
        return index == folded.count
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func utf8(of text: String, ignoresCase: Bool) -> [UInt8] {
        Array(ignoresCase ? fold(text).utf8 : text.utf8)
    }

    private static func scalars(of text: String, ignoresCase: Bool) -> String.UnicodeScalarView {
        ignoresCase ? fold(text).unicodeScalars : text.unicodeScalars
    }
}
