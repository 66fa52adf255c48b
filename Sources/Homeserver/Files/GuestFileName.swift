import MatrixCore

/// The name of a file that a stranger sends.
enum GuestFileName {
    private static let maxBytes = 200
    /// What Windows cannot have in a name.
    private static let forbidden = "<>:\"|?*".unicodeScalars

    /// Made one that a file can have anywhere. The name is taken without the folders that may stand before it.
    static func safe(_ name: String) -> String {
        let last = name.split { $0 == "/" || $0 == "\\" }.last ?? ""
        let shown = last.unicodeScalars.map { scalar -> Character in
            let isUnseen = scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
            return isUnseen || forbidden.contains(scalar) ? "_" : Character(scalar)
        }
        var safe = String(String(shown).drop { $0 == "." || $0 == " " })
        while let character = safe.last, character == "." || character == " " { safe.removeLast() }
        while safe.utf8.count > maxBytes { safe.removeFirst() }
        return safe.isEmpty ? "file" : safe
    }
}
