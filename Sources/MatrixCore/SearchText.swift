/// Prepares text for a full-text index whose tokenizer separates words at spaces.
///
/// Chinese, Japanese and Korean are written without spaces between words, or with endings glued to them. Their runs are
/// cut into overlapping pairs, and the last character stands alone: 会议室 gives 会议, 议室 and 室. So a run of two or more
/// is found as a phrase of its pairs, wherever it stands, and a single character as the beginning of a pair.
/// Case and diacritics are the tokenizer's business.
public enum SearchText {
    /// Of longer texts only the beginning is indexed.
    public static let maxIndexedCharacters = 8_192

    /// The text as the index gets it.
    public static func prepared(_ text: String) -> String {
        let beginning = Substring(text.unicodeScalars.prefix(maxIndexedCharacters))
        if beginning.utf8.allSatisfy({ $0 < 0x80 }) { return String(beginning) }
        var output = ""
        for piece in pieces(of: beginning) { append(piece, isLast: false, to: &output) }
        return output
    }

    // MARK: Pieces

    /// A stretch of one kind of writing.
    struct Piece {
        /// Whether it is cut into pairs.
        let isPaired: Bool
        var scalars: String.UnicodeScalarView
    }

    static func pieces(of text: Substring) -> [Piece] {
        var pieces: [Piece] = []
        for scalar in text.unicodeScalars {
            if let last = pieces.last?.scalars.last, let composed = composed(last, scalar) {
                pieces[pieces.count - 1].scalars.removeLast()
                pieces[pieces.count - 1].scalars.append(composed)
                continue
            }
            let scalar = halfWidth(scalar)
            let isPaired = isPaired(scalar)
            if pieces.last?.isPaired == isPaired {
                pieces[pieces.count - 1].scalars.append(scalar)
            } else {
                pieces.append(Piece(isPaired: isPaired, scalars: String.UnicodeScalarView([scalar])))
            }
        }
        return pieces
    }

    /// - Parameter isLast: whether the piece ends a question: then what follows its last character is open.
    static func append(_ piece: Piece, isLast: Bool, to output: inout String) {
        guard piece.isPaired else {
            output.unicodeScalars.append(contentsOf: piece.scalars)
            return
        }
        if !output.isEmpty { output += " " }
        var previous: Unicode.Scalar?
        for scalar in piece.scalars {
            if let previous {
                output.unicodeScalars.append(previous)
                output.unicodeScalars.append(scalar)
                output += " "
            }
            previous = scalar
        }
        if let previous, !isLast || piece.scalars.count == 1 {
            output.unicodeScalars.append(previous)
            if !isLast { output += " " }
        }
    }

    /// Letters of the scripts that are cut into pairs. Their punctuation separates, as all punctuation does.
    private static func isPaired(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x1100: false
        case 0x1100...0x11FF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xD7B0...0xD7FB, 0x3131...0x318E: true  // Hangul
        case 0x3041...0x3096, 0x309D...0x309F, 0x30A1...0x30FA, 0x30FC...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9F: true  // Kana
        case 0x3105...0x312F, 0x31A0...0x31BF: true  // Bopomofo
        case 0x3005...0x3007, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAD9, 0x20000...0x323AF: true  // Han
        default: false
        }
    }

    // MARK: One spelling of each character

    /// The wide forms of ASCII that East Asian input methods write. What would end a phrase in a question becomes a space.
    private static func halfWidth(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0, 0x22, 0xFF02: " "
        case 0xFF01...0xFF5E: Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
        default: scalar
        }
    }

    /// What two scalars are together, for Hangul and Kana: file names of Apple's systems come decomposed.
    private static func composed(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        let (a, b) = (first.value, second.value)
        switch b {
        case 0x1161...0x1175 where (0x1100...0x1112).contains(a): return Unicode.Scalar(0xAC00 + ((a - 0x1100) * 21 + (b - 0x1161)) * 28)
        case 0x11A8...0x11C2 where (0xAC00...0xD7A3).contains(a) && (a - 0xAC00) % 28 == 0: return Unicode.Scalar(a + b - 0x11A7)
        case 0x3099, 0x309A:
            let isKatakana = a >= 0x30A1
            let hiragana = isKatakana ? a - 0x60 : a
            switch hiragana {
            case 0x3046 where b == 0x3099: return Unicode.Scalar(isKatakana ? 0x30F4 : 0x3094)
            case 0x304B...0x3062 where b == 0x3099 && hiragana % 2 == 1: return Unicode.Scalar(a + 1)
            case 0x3064...0x3068 where b == 0x3099 && hiragana % 2 == 0: return Unicode.Scalar(a + 1)
            case 0x306F...0x307B where hiragana % 3 == 0: return Unicode.Scalar(a + b - 0x3098)
            default: return nil
            }
        default: return nil
        }
    }
}
