/// What a regular expression is made of.
indirect enum RegularExpressionNode {
    case one(ScalarSet)
    case assertion(RegularExpression.Assertion)
    case sequence([RegularExpressionNode])
    case choice(RegularExpressionNode, RegularExpressionNode)
    /// No `maximum`: without end.
    case repeated(RegularExpressionNode, minimum: Int, maximum: Int?)
}

/// Reads the syntax that POSIX's extended expressions and Perl's have in common.
struct RegularExpressionParser {
    typealias SyntaxError = RegularExpression.SyntaxError

    private let pattern: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    private static let maxDepth = 32
    private static let maxRepetitions = 1_000

    init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

    mutating func parse() throws(SyntaxError) -> RegularExpressionNode {
        let node = try choice()
        guard index == pattern.count else { throw SyntaxError(message: "it closes a parenthesis that was never opened") }
        return node
    }

    private var next: Unicode.Scalar? { index < pattern.count ? pattern[index] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        index += 1
        return true
    }

    private mutating func choice() throws(SyntaxError) -> RegularExpressionNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else { throw SyntaxError(message: "its parentheses are too deep") }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        var node = branches.removeLast()
        while let branch = branches.popLast() { node = .choice(branch, node) }
        return node
    }

    private mutating func sequence() throws(SyntaxError) -> RegularExpressionNode {
        var nodes: [RegularExpressionNode] = []
        while let scalar = next, scalar != "|", scalar != ")" { nodes.append(try repetition()) }
        return .sequence(nodes)
    }

    private mutating func repetition() throws(SyntaxError) -> RegularExpressionNode {
        var node = try atom()
        while let (minimum, maximum) = try quantifier() {
            // A lazy one matches the same texts.
            _ = take("?")
            if next == "+" { throw SyntaxError(message: "it has a possessive quantifier, which is not understood here") }
            node = .repeated(node, minimum: minimum, maximum: maximum)
        }
        return node
    }

    private mutating func quantifier() throws(SyntaxError) -> (minimum: Int, maximum: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard next == "{" else { return nil }
        let start = index
        index += 1
        let minimum = number()
        var maximum = minimum
        if take(",") { maximum = number() }
        guard let minimum, take("}") else {
            // A brace that says nothing stands for itself.
            index = start
            return nil
        }
        guard minimum <= Self.maxRepetitions, maximum ?? 0 <= Self.maxRepetitions, maximum.map({ $0 >= minimum }) ?? true else {
            throw SyntaxError(message: "it has a repetition that makes no sense or is above \(Self.maxRepetitions)")
        }
        return (minimum, maximum)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar), digits.count < 6 {
            digits.unicodeScalars.append(scalar)
            index += 1
        }
        return Int(digits)
    }

    private mutating func atom() throws(SyntaxError) -> RegularExpressionNode {
        guard let scalar = next else { return .sequence([]) }
        index += 1
        switch scalar {
        case "(": return try group()
        case "[": return .one(try set())
        case ".": return .one(.any)
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case "\\": return try escape()
        case "*", "+", "?": throw SyntaxError(message: "\(scalar) stands where there is nothing to repeat")
        default: return .one(ScalarSet(scalar...scalar))
        }
    }

    private mutating func group() throws(SyntaxError) -> RegularExpressionNode {
        if take("?") {
            guard take(":") else { throw SyntaxError(message: "it looks ahead or behind, or sets flags, with (?…), which is not understood here") }
        }
        let node = try choice()
        guard take(")") else { throw SyntaxError(message: "a parenthesis is not closed") }
        return node
    }

    private mutating func escape() throws(SyntaxError) -> RegularExpressionNode {
        guard let scalar = next else { throw SyntaxError(message: "it ends with a backslash") }
        switch scalar {
        case "b", "B", "A", "z", "Z":
            index += 1
            let assertion: RegularExpression.Assertion =
                switch scalar {
                case "b": .wordBoundary
                case "B": .noWordBoundary
                case "A": .start
                default: .end
                }
            return .assertion(assertion)
        default: return .one(try escapedSet())
        }
    }

    /// After a backslash, inside of brackets or outside.
    private mutating func escapedSet() throws(SyntaxError) -> ScalarSet {
        guard let scalar = next else { throw SyntaxError(message: "it ends with a backslash") }
        index += 1
        switch scalar {
        case "d": return .digit
        case "D": return .digit.negated
        case "w": return .word
        case "W": return .word.negated
        case "s": return .space
        case "S": return .space.negated
        case "n": return ScalarSet("\n"..."\n")
        case "r": return ScalarSet("\r"..."\r")
        case "t": return ScalarSet("\t"..."\t")
        case "0"..."9", "a"..."z", "A"..."Z": throw SyntaxError(message: "\\\(scalar) is not understood here")
        default: return ScalarSet(scalar...scalar)
        }
    }

    /// After an opening bracket.
    private mutating func set() throws(SyntaxError) -> ScalarSet {
        var set = ScalarSet()
        set.isNegated = take("^")
        var isFirst = true
        while let scalar = next, scalar != "]" || isFirst {
            isFirst = false
            let member = try setMember()
            guard next == "-", index + 1 < pattern.count, pattern[index + 1] != "]" else {
                set.ranges += member.ranges
                continue
            }
            index += 1
            let end = try setMember()
            guard let low = member.single, let high = end.single, low <= high else {
                throw SyntaxError(message: "a range in brackets makes no sense")
            }
            set.ranges.append(low...high)
        }
        guard take("]") else { throw SyntaxError(message: "a bracket is not closed") }
        return set
    }

    private mutating func setMember() throws(SyntaxError) -> ScalarSet {
        guard let scalar = next else { throw SyntaxError(message: "a bracket is not closed") }
        index += 1
        if scalar == "\\" {
            let set = try escapedSet()
            guard !set.isNegated else { throw SyntaxError(message: "\\D, \\W and \\S are not understood in brackets") }
            return set
        }
        guard scalar == "[", take(":") else { return ScalarSet(scalar...scalar) }
        var name = ""
        while let scalar = next, scalar != ":" {
            name.unicodeScalars.append(scalar)
            index += 1
        }
        guard let set = ScalarSet.named[name], take(":"), take("]") else { throw SyntaxError(message: "[:\(name):] is not understood here") }
        return set
    }
}

extension ScalarSet {
    /// The only character of the set.
    fileprivate var single: UInt32? {
        guard ranges.count == 1, !isNegated, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
