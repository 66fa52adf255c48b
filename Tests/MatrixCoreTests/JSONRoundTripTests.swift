import MatrixCore
import Testing

/// Random values with a seed that a failure prints.
struct JSONRoundTripTests {
    @Test func whatIsWrittenIsReadAgain() throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for round in 0..<2000 {
            let value = randomValue(&generator, depth: 0)
            let bytes = value.serialized()
            let parsed = try JSONValue(parsing: bytes)
            guard parsed.serialized() == bytes else {
                Issue.record("seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))")
                return
            }
            let spaced = addWhitespace(to: bytes, &generator)
            guard try JSONValue(parsing: spaced).serialized() == bytes else {
                Issue.record("seed \(seed), round \(round), with white space: \(String(decoding: spaced, as: UTF8.self))")
                return
            }
        }
    }

    @Test func randomBytesNeverCrash() {
        let seed = UInt64.random(in: 1...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let alphabet = [UInt8]("{}[]\",:\\u0d8e-+.1 tfnrulsa\n".utf8) + [0x80, 0xC3, 0xED, 0xFF]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            guard let written = try? JSONValue(parsing: bytes).serialized() else { continue }
            #expect((try? JSONValue(parsing: written).serialized()) == written, "seed \(seed): \(bytes)")
        }
    }

    private func randomValue(_ generator: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0...(depth > 4 ? 4 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64(bitPattern: generator.next()) >> Int64.random(in: 0...63, using: &generator))
        case 3:
            let double = Double(bitPattern: generator.next())
            return .double(double.isFinite ? double : 0.25)
        case 4: return .string(randomString(&generator))
        case 5: return .array((0..<Int.random(in: 0...5, using: &generator)).map { _ in randomValue(&generator, depth: depth + 1) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                object[randomString(&generator)] = randomValue(&generator, depth: depth + 1)
            }
            return .object(object)
        }
    }

    private func randomString(_ generator: inout SeededGenerator) -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...20, using: &generator) {
            let bound: UInt32 = [0x20, 0x80, 0x800, 0x1_0000, 0x11_0000].randomElement(using: &generator) ?? 0x80
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<bound, using: &generator)) { scalars.append(scalar) }
        }
        return String(scalars)
    }

    private func addWhitespace(to bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var spaced: [UInt8] = []
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            let isStructural = !isInString && [UInt8]("{}[],:".utf8).contains(byte)
            func space() {
                guard isStructural, Bool.random(using: &generator) else { return }
                spaced.append([0x20, 0x09, 0x0A, 0x0D].randomElement(using: &generator) ?? 0x20)
            }
            space()
            spaced.append(byte)
            space()
            if byte == UInt8(ascii: "\""), !isEscaped { isInString.toggle() }
            isEscaped = isInString && !isEscaped && byte == UInt8(ascii: "\\")
        }
        return spaced
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
