/// A QR code symbol (ISO/IEC 18004), made to carry an address: byte mode, versions 1 to 10, error correction level M,
/// or L where M would not fit.
public struct QRCode: Sendable, Equatable {
    /// How much damage a reader can repair: about 7 % of the symbol at L, 15 % at M.
    enum ErrorCorrection: Sendable {
        case low, medium
    }

    /// The text is too long for version 10.
    public struct TooLong: Error, Equatable, CustomStringConvertible {
        public var description: String { "The text is too long for a QR code: at most \(QRCode.maxTextBytes) bytes fit." }
    }

    public static let maxTextBytes = 271

    /// The number of modules on each side, without the quiet zone.
    public var size: Int { matrix.size }

    let version: Int
    let errorCorrection: ErrorCorrection
    let mask: Int
    private let matrix: QRMatrix

    public init(_ text: String) throws(TooLong) {
        try self.init(bytes: Array(text.utf8))
    }

    init(bytes: [UInt8]) throws(TooLong) {
        guard let layout = QRLayout.smallest(forBytes: bytes.count) else { throw TooLong() }
        let codewords = layout.codewords(for: bytes)
        var blank = QRMatrix(version: layout.version)
        blank.drawFunctionPatterns()
        blank.drawCodewords(codewords)

        // The standard asks for the mask whose result is easiest to read, by its own count of what confuses readers.
        var best: (matrix: QRMatrix, mask: Int, penalty: Int)?
        for mask in 0..<8 {
            var candidate = blank
            candidate.apply(mask: mask)
            candidate.drawFormat(errorCorrection: layout.errorCorrection, mask: mask)
            let penalty = candidate.penalty
            if best.map({ penalty < $0.penalty }) ?? true {
                best = (candidate, mask, penalty)
            }
        }
        version = layout.version
        errorCorrection = layout.errorCorrection
        mask = best?.mask ?? 0
        matrix = best?.matrix ?? blank
    }

    /// Whether the module is dark. Outside of the symbol everything is light.
    public func isDark(row: Int, column: Int) -> Bool {
        guard (0..<size).contains(row), (0..<size).contains(column) else { return false }
        return matrix.isDark(row, column)
    }
}
