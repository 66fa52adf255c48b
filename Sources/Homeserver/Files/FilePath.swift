public import MatrixCore

/// A place in the file store as people see it: `/Shared/Photos/beach.jpg`. No component of it ever becomes a path of the disk.
public struct FilePath: Sendable, Hashable, CustomStringConvertible {
    /// Without the root; each is a name that `checked` let through.
    public let components: [String]

    public static let root = FilePath(trusted: [])

    public static let maxDepth = 64
    public static let maxNameBytes = FileNaming.maxBytes

    /// Throws `invalidParameter` for what cannot be a name.
    public init(_ components: [String]) throws(MatrixError) {
        guard components.count <= Self.maxDepth else { throw MatrixError(.invalidParameter, "Folders can be at most \(Self.maxDepth) deep.") }
        var checked: [String] = []
        for component in components { checked.append(try Self.checked(component)) }
        self.components = checked
    }

    /// Of a path in text, `/Shared/Photos/`. Empty components do not count.
    public init(_ text: String) throws(MatrixError) {
        try self.init(text.split(separator: "/").map { String($0) })
    }

    private init(trusted components: [String]) { self.components = components }

    public var isRoot: Bool { components.isEmpty }

    /// `nil` of the root.
    public var name: String? { components.last }

    /// `nil` of the root.
    public var parent: FilePath? { components.isEmpty ? nil : FilePath(trusted: Array(components.dropLast())) }

    public func appending(_ name: String) throws(MatrixError) -> FilePath { try FilePath(components + [name]) }

    /// Whether this is the other path, or below it.
    public func isInside(_ other: FilePath) -> Bool { components.starts(with: other.components) }

    public var description: String { "/" + components.joined(separator: "/") }

    /// The name as it is kept: macOS takes accents apart and others put them together, and both must find the same file.
    public static func checked(_ name: String) throws(MatrixError) -> String {
        guard !name.isEmpty, name != ".", name != "..", !name.unicodeScalars.contains(where: FileNaming.isForbidden) else {
            throw MatrixError(.invalidParameter, "This cannot be the name of a file: it is empty, a dot, or has characters that names cannot have.")
        }
        let composed = FileNaming.composed(name)
        guard composed.utf8.count <= maxNameBytes else {
            throw MatrixError(.invalidParameter, "The name is too long: at most \(maxNameBytes) bytes are taken.")
        }
        return composed
    }
}
