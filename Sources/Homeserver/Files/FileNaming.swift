/// How a file is called where its name is taken: `photo (2).jpg`.
public enum FileNaming {
    /// The name itself, or with the first number that is free.
    static func free(_ name: String, isFree: (String) throws -> Bool) rethrows -> String {
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
        let suffix = " (\(number))"
        let dot = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : $0 }
        var stem = dot.map { name[..<$0] } ?? name[...]
        let ending = dot.map { name[$0...] } ?? ""
        // An ending that is longer than this is none.
        guard ending.utf8.count <= 32 else { return numbered(String(name.prefix(100)), number) }
        while stem.utf8.count + suffix.utf8.count + ending.utf8.count > FilePath.maxNameBytes { stem = stem.dropLast() }
        return stem + suffix + ending
    }
}
