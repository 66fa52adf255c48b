/// The bit-parallel automaton behind `Glob`.
///
/// Bit i of the state says: the first i elements of the pattern fit what was read. An element is a character or `?`.
/// A `*` before element i lets bit i stay whatever is read.
struct GlobAutomaton: Sendable {
    private let elementCount: Int
    private let wordCount: Int
    /// Bits that stay.
    private let loops: [UInt64]
    /// Bits that any character moves on.
    private let any: [UInt64]
    /// Bits that one character moves on: `wordCount` words for each of `alphabet`, `?` included.
    private let moves: [UInt64]
    private let alphabet: [UInt32]

    init(_ pattern: [Unicode.Scalar], wildcards: Glob.Wildcards) {
        var elements: [UInt32?] = []
        var stars: [Int] = []
        for scalar in pattern {
            switch scalar {
            case "*" where wildcards != .none: stars.append(elements.count)
            case "?" where wildcards == .all: elements.append(nil)
            default: elements.append(scalar.value)
            }
        }
        let words = elements.count / 64 + 1
        let letters = Array(Set(elements.compactMap { $0 })).sorted()
        var loops = [UInt64](repeating: 0, count: words)
        for state in stars { loops[state / 64] |= 1 << UInt64(state % 64) }
        var any = [UInt64](repeating: 0, count: words)
        for (state, element) in elements.enumerated() where element == nil { any[state / 64] |= 1 << UInt64(state % 64) }
        var moves: [UInt64] = []
        for letter in letters {
            var mask = any
            for (state, element) in elements.enumerated() where element == letter { mask[state / 64] |= 1 << UInt64(state % 64) }
            moves += mask
        }
        elementCount = elements.count
        wordCount = words
        self.loops = loops
        self.any = any
        self.moves = moves
        alphabet = letters
    }

    func matches(_ text: String.UnicodeScalarView) -> Bool {
        var state = [UInt64](repeating: 0, count: wordCount)
        state[0] = 1
        for scalar in text {
            guard advance(&state, reading: scalar) else { return false }
        }
        return accepts(state)
    }

    func matchesWords(in text: String.UnicodeScalarView) -> Bool {
        var state = [UInt64](repeating: 0, count: wordCount)
        var isBoundary = true
        for scalar in text {
            let isWord = Self.isWordCharacter(scalar)
            // Before this character: the start, or the character on either side is no part of a word.
            if isBoundary || !isWord {
                state[0] |= 1
                if accepts(state) { return true }
            }
            _ = advance(&state, reading: scalar)
            isBoundary = !isWord
        }
        state[0] |= 1
        return accepts(state)
    }

    /// Whether anything can still match.
    private func advance(_ state: inout [UInt64], reading scalar: Unicode.Scalar) -> Bool {
        let letter = letterIndex(of: scalar.value)
        var carry: UInt64 = 0
        var remaining: UInt64 = 0
        for word in 0..<wordCount {
            let moving = state[word] & (letter.map { moves[$0 * wordCount + word] } ?? any[word])
            let next = moving << 1 | carry | state[word] & loops[word]
            carry = moving >> 63
            state[word] = next
            remaining |= next
        }
        return remaining != 0
    }

    private func accepts(_ state: [UInt64]) -> Bool {
        state[elementCount / 64] & 1 << UInt64(elementCount % 64) != 0
    }

    private func letterIndex(of value: UInt32) -> Int? {
        var low = 0
        var high = alphabet.count
        while low < high {
            let middle = (low + high) / 2
            if alphabet[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < alphabet.count && alphabet[low] == value ? low : nil
    }

    private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "A"..."Z", "a"..."z", "0"..."9", "_": true
        default: false
        }
    }
}
