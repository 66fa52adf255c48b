/// The error correction of QR codes: Reed-Solomon over GF(256) with x^8 + x^4 + x^3 + x^2 + 1 (ISO/IEC 18004, section 7.5).
struct ReedSolomon {
    /// The coefficients of (x - 1)(x - 2)(x - 4)..., highest power first, without the leading 1.
    let generator: [UInt8]

    init(correctionCodewords: Int) {
        // Written with its leading 1 while it grows.
        var polynomial: [UInt8] = [1]
        for power in 0..<correctionCodewords {
            let root = Self.exponentials[power]
            var product = polynomial + [0]
            for (index, coefficient) in polynomial.enumerated() {
                product[index + 1] ^= Self.multiply(coefficient, root)
            }
            polynomial = product
        }
        generator = Array(polynomial.dropFirst())
    }

    /// The error correction codewords: what is left of the data, as a polynomial, divided by the generator.
    func remainder(of data: some Sequence<UInt8>) -> [UInt8] {
        var remainder = [UInt8](repeating: 0, count: generator.count)
        for byte in data {
            let factor = byte ^ remainder[0]
            remainder.removeFirst()
            remainder.append(0)
            for (index, coefficient) in generator.enumerated() {
                remainder[index] ^= Self.multiply(coefficient, factor)
            }
        }
        return remainder
    }

    static func multiply(_ a: UInt8, _ b: UInt8) -> UInt8 {
        guard a != 0, b != 0 else { return 0 }
        return exponentials[(Int(logarithms[Int(a)]) + Int(logarithms[Int(b)])) % 255]
    }

    /// The powers of 2.
    private static let exponentials: [UInt8] = {
        var powers: [UInt8] = []
        var value = 1
        for _ in 0..<255 {
            powers.append(UInt8(value))
            value <<= 1
            if value > 255 { value ^= 0x11D }
        }
        return powers
    }()

    private static let logarithms: [UInt8] = {
        var logarithms = [UInt8](repeating: 0, count: 256)
        for (power, value) in exponentials.enumerated() { logarithms[Int(value)] = UInt8(power) }
        return logarithms
    }()
}
