/// The `key=value` pairs of a service's TXT record (RFC 6763, section 6).
struct TextRecord: Sendable, Equatable {
    /// Tells our boxes from other things that announce the same service type.
    static let productKey = "product"
    static let productName = "landline"
    static let versionKey = "version"
    static let serverNameKey = "server_name"
    static let pathKey = "path"

    /// One length byte stands before each string (RFC 1035, section 3.3).
    static let maxEntryBytes = 255
    /// RFC 6763 advises records under 1300 bytes; whoever sends more than this many entries is not one of our boxes.
    static let maxEntries = 32

    /// Each at most `maxEntryBytes` long, in the order of announcement.
    private(set) var entries: [String]

    /// Leaves out a pair that does not fit: without a key the service is still found, with a cut value it would lie.
    init(_ pairs: [(key: String, value: String)]) {
        entries = pairs.map { "\($0.key)=\($0.value)" }.filter { $0.utf8.count <= Self.maxEntryBytes }
    }

    /// Reads what another machine announced.
    init(entries: [String]) {
        self.entries = Array(entries.prefix(Self.maxEntries))
    }

    /// The value of the first entry with this key; keys are compared without regard to ASCII case (RFC 6763, section 6.4).
    subscript(key: String) -> String? {
        for entry in entries {
            guard let separator = entry.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let found = entry.utf8[..<separator]
            if found.elementsEqual(key.utf8, by: { Self.lowercased($0) == Self.lowercased($1) }) {
                return String(entry[entry.index(after: separator)...])
            }
        }
        return nil
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}
