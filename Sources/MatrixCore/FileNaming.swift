@_spi(_Unicode) import Swift

/// How files are called: `photo (2).jpg` where the name is taken, and something possible where it could be no name.
public enum FileNaming {
    public static let maxBytes = 255

    /// The name itself, or with the first number that is free.
    public static func free(_ name: String, isFree: (String) throws -> Bool) rethrows -> String {
        if try isFree(name) { return name }
        // Numbers are tried in growing steps first, so that a thousand files of one name do not cost a million look-ups.
        var taken = 1
        var step = 1
        while try !isFree(numbered(name, taken + step)) {
            taken += step
            step *= 2
        }
        var free = taken + step
        while free - taken > 1 {
            let middle = (taken + free) / 2
            if try isFree(numbered(name, middle)) { free = middle } else { taken = middle }
        }
        return numbered(name, free)
    }

    /// Shortened where the number would make it too long.
    public static func numbered(_ name: String, _ number: Int) -> String {
        let (stem, ending) = parts(name)
        return fitting(stem, " (\(number))\(ending)")
    }

    /// A folder's name with something behind it that tells it from others.
    public static func marked(_ name: String, _ mark: String) -> String { fitting(name[...], " (\(mark))") }

    /// What somebody called something, as a name that a file can have.
    public static func possible(_ text: String, otherwise: String) -> String {
        // A message can be long; more than this of it never becomes part of a name.
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(4 * maxBytes) { scalars.append(isForbidden(scalar) ? "_" : scalar) }
        if text.unicodeScalars.count > scalars.count { scalars.append(contentsOf: parts(text).ending.unicodeScalars.map { isForbidden($0) ? "_" : $0 }) }
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        let name = composed(String(scalars))
        guard !name.isEmpty, name != ".", name != ".." else { return otherwise }
        let (stem, ending) = parts(name)
        return fitting(stem, ending)
    }

    /// macOS takes accents apart and others put them together, and both must find the same file.
    public static func composed(_ name: String) -> String {
        // Swift's own comparison is by this form already; SQLite compares bytes.
        if name.utf8.allSatisfy({ $0 < 0x80 }) { return name }
        var composed = ""
        for scalar in name._nfc { composed.unicodeScalars.append(scalar) }
        return composed
    }

    public static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "/" || scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    private static let maxEndingBytes = 32

    private static func parts(_ name: String) -> (stem: Substring, ending: Substring) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex, name[dot...].utf8.count <= maxEndingBytes else { return (name[...], "") }
        return (name[..<dot], name[dot...])
    }

    private static func fitting(_ stem: Substring, _ rest: some StringProtocol) -> String {
        var left = maxBytes - rest.utf8.count
        var shortened = ""
        for scalar in stem.unicodeScalars {
            left -= UTF8.width(scalar)
            if left < 0 { break }
            shortened.unicodeScalars.append(scalar)
        }
        return shortened + rest
    }
}
