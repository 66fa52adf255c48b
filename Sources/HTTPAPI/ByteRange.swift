/// The `Range` header with one range of bytes (RFC 9110, section 14).
enum ByteRange: Equatable {
    /// No range, or one that this server need not understand: everything is sent.
    case whole
    case part(Range<Int64>)
    case unsatisfiable

    init(_ header: String?, byteCount: Int64) {
        let unit = "bytes="
        guard let header, header.lowercased().hasPrefix(unit) else {
            self = .whole
            return
        }
        let bounds = header.dropFirst(unit.count).split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = Self.number(bounds[0]), let last = Self.number(bounds[1]) else {
            self = .whole
            return
        }
        switch (first, last) {
        case (nil, nil):
            self = .whole
        case (nil, let suffixLength?):
            self = suffixLength > 0 && byteCount > 0 ? .part(max(0, byteCount - suffixLength)..<byteCount) : .unsatisfiable
        case (let first?, let last):
            guard last.map({ first <= $0 }) ?? true else {
                self = .whole
                return
            }
            self = first < byteCount ? .part(first..<min(last ?? .max, byteCount - 1) + 1) : .unsatisfiable
        }
    }

    /// `nil` for what is no number, `.some(nil)` for nothing at all.
    private static func number(_ text: Substring) -> Int64?? {
        if text.isEmpty { return .some(nil) }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        // A number that is too large lies behind the end all the same.
        return .some(Int64(text) ?? .max)
    }
}
