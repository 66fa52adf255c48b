// spec: appendices/#canonical-json
extension JSONValue {
    /// The largest magnitude that every JSON implementation represents exactly: 2^53 - 1.
    public static let maxCanonicalInteger: Int64 = (1 << 53) - 1

    /// The shortest encoding, keys in canonical order. It is canonical JSON if `validateCanonical` finds no fault.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// Refuses what an event must not contain: fractions, exponents, and integers beyond ±(2^53 - 1).
    public func validateCanonical() throws(MatrixError) {
        switch self {
        case .null, .bool, .string: break
        case .integer(let number):
            guard (-Self.maxCanonicalInteger...Self.maxCanonicalInteger).contains(number) else {
                throw MatrixError(.badJSON, "The integer \(number) is outside of what an event may contain.")
            }
        case .double(let number): throw MatrixError(.badJSON, "\(number) is not an integer, and an event may contain no other number.")
        case .array(let elements): for element in elements { try element.validateCanonical() }
        case .object(let object): try object.validateCanonical()
        }
    }
}

extension JSONObject {
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.object(self)
        return writer.bytes
    }

    public func validateCanonical() throws(MatrixError) {
        for member in members { try member.value.validateCanonical() }
    }
}
