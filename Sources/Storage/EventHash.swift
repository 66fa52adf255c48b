import Cryptography
import MatrixCore

extension EventID {
    /// The 32 bytes of the reference hash, as the database keeps an event ID. `nil` for an ID that no event of ours can have.
    var referenceHash: [UInt8]? {
        guard rawValue.utf8.count == 44, let bytes = Base64.decode(utf8: rawValue.utf8.dropFirst()), bytes.count == 32 else { return nil }
        let canonical = EventID(referenceHash: bytes)
        return canonical.rawValue.utf8.elementsEqual(rawValue.utf8) ? bytes : nil
    }

    init(referenceHash: [UInt8]) { self.init(trusted: "$" + Base64.encodeURLSafe(referenceHash)) }
}
