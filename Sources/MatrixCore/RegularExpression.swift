/// A regular expression of the kind that registration files of application services use.
///
/// All partial matches advance together (Thompson's construction), so the time is proportional to the text's length times the
/// pattern's, and no pattern can make it explode. What only a backtracking matcher can do (looking ahead, back references) is refused.
///
/// spec: application-service-api/#registration
public struct RegularExpression: Sendable {
    public static let maxPatternBytes = 1_024
    static let maxInstructions = 4_096

    public struct SyntaxError: Error, Sendable, Hashable {
        public let message: String
    }

    public let pattern: String
    private let program: [Instruction]

    enum Assertion: Sendable, Hashable {
        case start, end, wordBoundary, noWordBoundary
    }

    private enum Instruction: Sendable {
        case one(ScalarSet)
        case split(Int, Int)
        case jump(Int)
        case assert(Assertion)
        case match
    }

    public init(_ pattern: String) throws(SyntaxError) {
        guard pattern.utf8.count <= Self.maxPatternBytes else {
            throw SyntaxError(message: "it has more than \(Self.maxPatternBytes) bytes")
        }
        var parser = RegularExpressionParser(pattern)
        var program: [Instruction] = []
        try Self.compile(parser.parse(), into: &program)
        program.append(.match)
        self.pattern = pattern
        self.program = program
    }

    // MARK: Compile

    private static func compile(_ node: RegularExpressionNode, into program: inout [Instruction]) throws(SyntaxError) {
        guard program.count < maxInstructions else { throw SyntaxError(message: "it repeats too much") }
        switch node {
        case .one(let set): program.append(.one(set))
        case .assertion(let assertion): program.append(.assert(assertion))
        case .sequence(let nodes):
            for node in nodes { try compile(node, into: &program) }
        case .choice(let first, let second):
            let split = program.count
            program.append(.match)
            try compile(first, into: &program)
            let jump = program.count
            program.append(.match)
            program[split] = .split(split + 1, program.count)
            try compile(second, into: &program)
            program[jump] = .jump(program.count)
        case .repeated(let node, let minimum, let maximum):
            for _ in 0..<minimum { try compile(node, into: &program) }
            guard let maximum else {
                let split = program.count
                program.append(.match)
                try compile(node, into: &program)
                program.append(.jump(split))
                program[split] = .split(split + 1, program.count)
                return
            }
            var splits: [Int] = []
            for _ in minimum..<maximum {
                splits.append(program.count)
                program.append(.match)
                try compile(node, into: &program)
            }
            for split in splits { program[split] = .split(split + 1, program.count) }
        }
    }

    // MARK: Match

    /// Whether the text begins with something that the pattern matches. To the end of the text only with `$`, as in Synapse,
    /// for which these files are written.
    public func matchesStart(of text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var current = Threads(count: program.count)
        var next = Threads(count: program.count)
        if follow(0, &current, scalars, at: 0) { return true }
        for (index, scalar) in scalars.enumerated() {
            next.removeAll()
            for thread in current.instructions {
                guard case .one(let set) = program[thread], set.contains(scalar) else { continue }
                if follow(thread + 1, &next, scalars, at: index + 1) { return true }
            }
            if next.instructions.isEmpty { return false }
            swap(&current, &next)
        }
        return false
    }

    /// Adds what can be reached from an instruction without reading. Returns whether that is a match.
    private func follow(_ start: Int, _ threads: inout Threads, _ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        var waiting = [start]
        while let instruction = waiting.popLast() {
            guard threads.visit(instruction) else { continue }
            switch program[instruction] {
            case .match: return true
            case .one: threads.instructions.append(instruction)
            case .jump(let target): waiting.append(target)
            case .split(let first, let second): waiting += [second, first]
            case .assert(let assertion): if Self.holds(assertion, scalars, at: index) { waiting.append(instruction + 1) }
            }
        }
        return false
    }

    private static func holds(_ assertion: Assertion, _ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        switch assertion {
        case .start: return index == 0
        case .end: return index == scalars.count
        case .wordBoundary, .noWordBoundary:
            let before = index > 0 && ScalarSet.word.contains(scalars[index - 1])
            let after = index < scalars.count && ScalarSet.word.contains(scalars[index])
            return (before != after) == (assertion == .wordBoundary)
        }
    }

    /// Instructions that are reached, each once.
    private struct Threads {
        var instructions: [Int] = []
        private var isVisited: [Bool]

        init(count: Int) { isVisited = [Bool](repeating: false, count: count) }

        mutating func visit(_ instruction: Int) -> Bool {
            guard !isVisited[instruction] else { return false }
            isVisited[instruction] = true
            return true
        }

        mutating func removeAll() {
            instructions.removeAll(keepingCapacity: true)
            for index in isVisited.indices { isVisited[index] = false }
        }
    }
}

/// Some characters, or all but some.
struct ScalarSet: Sendable, Hashable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar.value) } != isNegated }

    mutating func insert(_ scalar: Unicode.Scalar) { ranges.append(scalar.value...scalar.value) }

    init(_ ranges: ClosedRange<Unicode.Scalar>..., isNegated: Bool = false) {
        self.ranges = ranges.map { $0.lowerBound.value...$0.upperBound.value }
        self.isNegated = isNegated
    }

    static let any = ScalarSet("\n"..."\n", isNegated: true)
    static let digit = ScalarSet("0"..."9")
    static let word = ScalarSet("0"..."9", "A"..."Z", "a"..."z", "_"..."_")
    static let space = ScalarSet("\t"..."\r", " "..." ")

    var negated: ScalarSet {
        var set = self
        set.isNegated.toggle()
        return set
    }

    /// The classes of POSIX, by their names.
    static let named: [String: ScalarSet] = [
        "alpha": ScalarSet("A"..."Z", "a"..."z"), "digit": digit, "alnum": ScalarSet("0"..."9", "A"..."Z", "a"..."z"),
        "upper": ScalarSet("A"..."Z"), "lower": ScalarSet("a"..."z"), "space": space, "blank": ScalarSet(" "..." ", "\t"..."\t"),
        "punct": ScalarSet("!"..."/", ":"..."@", "["..."`", "{"..."~"), "xdigit": ScalarSet("0"..."9", "A"..."F", "a"..."f"), "word": word,
    ]
}
