import Glibc

/// The uploads that a text refers to, wherever in it: `mxc://server/id` as a value of its own, or in the middle of formatted text.
enum MediaReferences {
    /// More than these, which no client makes, do not count.
    static let maxCount = 1_000
    private static let maxIDBytes = 64
    private static let scheme = Array("mxc://".utf8)

    /// The IDs of the uploads to one server, each once.
    ///
    /// - Parameter json: as Landline writes it, with no needless escapes. It is not parsed: most texts refer to nothing.
    static func mediaIDs(in json: ArraySlice<UInt8>, of serverName: @autoclosure () -> String) -> [String] {
        json.withUnsafeBytes { bytes in
            guard var place = next(in: bytes, from: 0) else { return [] }
            let prefix = Array("\(serverName())/".utf8)
            var ids: [String] = []
            while ids.count < maxCount {
                let rest = bytes[place...]
                if rest.starts(with: prefix) {
                    let id = rest.dropFirst(prefix.count).prefix { isIDByte($0) }
                    let text = String(decoding: id, as: UTF8.self)
                    if (1...maxIDBytes).contains(id.count), !ids.contains(text) { ids.append(text) }
                }
                guard let following = next(in: bytes, from: place) else { break }
                place = following
            }
            return ids
        }
    }

    /// Where the text after the next `mxc://` begins. Looks for the x, which is rare.
    private static func next(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var place = start
        while place < bytes.count, let found = memchr(base + place, Int32(UInt8(ascii: "x")), bytes.count - place) {
            let x = UnsafeRawPointer(found) - base
            if x > 0, bytes[(x - 1)...].starts(with: scheme) { return x - 1 + scheme.count }
            place = x + 1
        }
        return nil
    }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
