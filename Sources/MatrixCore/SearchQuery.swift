/// What a user types into a search field, as an expression for the index that `SearchText` fills.
///
/// Every word has to occur, and may go on: `meet` finds `meeting`. What stands between quotation marks is found as it stands.
public struct SearchQuery: Sendable, Hashable {
    /// Phrases in the syntax of SQLite's FTS5 (sqlite.org/fts5.html#full_text_query_syntax), all of which have to match.
    public let phrases: [String]
    /// What clients should highlight: the words as they were typed.
    public let highlights: [String]

    public static let maxTermBytes = 1_024
    public static let maxPhrases = 32

    public init(_ term: String) throws(MatrixError) {
        guard term.utf8.count <= Self.maxTermBytes else {
            throw MatrixError(.invalidParameter, "The search term is longer than \(Self.maxTermBytes) bytes.")
        }
        var phrases: [String] = []
        var highlights: [String] = []
        for (index, part) in term.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
            // Between the first and the second mark, the third and the fourth, …
            let isQuoted = index % 2 == 1
            let chunks = isQuoted ? [part] : part.split(whereSeparator: \.isWhitespace)
            for chunk in chunks {
                guard let phrase = Self.phrase(chunk, isExact: isQuoted) else { continue }
                phrases.append(phrase)
                highlights += Self.words(of: chunk).filter { !highlights.contains($0) }
            }
        }
        guard phrases.count <= Self.maxPhrases else {
            throw MatrixError(.invalidParameter, "The search term has more than \(Self.maxPhrases) words.")
        }
        self.phrases = phrases
        self.highlights = highlights
    }

    /// `nil` where there is nothing that an index could hold.
    private static func phrase(_ chunk: Substring, isExact: Bool) -> String? {
        let pieces = SearchText.pieces(of: chunk)
        guard let last = pieces.lastIndex(where: { $0.scalars.contains(where: isWordScalar) }) else { return nil }
        var text = ""
        for (index, piece) in pieces[...last].enumerated() { SearchText.append(piece, isLast: index == last, to: &text) }
        // A lone character begins a pair; a lone letter of other scripts would find nearly everything.
        let letters = pieces[last].scalars.filter(isWordScalar).count
        let isOpen = pieces[last].isPaired ? letters == 1 : !isExact && (letters > 1 || last > 0)
        return "\"\(text)\"" + (isOpen ? "*" : "")
    }

    private static func words(of chunk: Substring) -> [String] {
        chunk.unicodeScalars.split { !isWordScalar($0) && !isMark($0) }.map { String(Substring($0)) }
    }

    private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber, .otherNumber,
            .privateUse:
            true
        default: false
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark: true
        default: false
        }
    }
}
