import MatrixCore
import Storage

/// A property of a file or folder that a WebDAV client has set, and that means nothing to the box.
public struct DeadProperty: Sendable, Equatable {
    /// Empty for a name in no namespace.
    public let namespace: String
    public let name: String
    /// The whole element, which means the same wherever it is put.
    public let xml: String

    public init(namespace: String, name: String, xml: String) {
        self.namespace = namespace
        self.name = name
        self.xml = xml
    }

    public enum Change: Sendable, Equatable {
        case set(DeadProperty)
        case remove(namespace: String, name: String)
    }
}

/// What WebDAV clients note about files.
extension Files {
    static let maxPropertiesOfFile = 64
    static let maxPropertyBytesOfFile = 32 << 10

    /// By the ID of the node; those without any are left out.
    public func properties(of nodes: [FileNode]) async throws -> [String: [DeadProperty]] {
        try await database.read { transaction in
            // Most households have none at all, and so thousands of look-ups are saved.
            guard try transaction.hasFileProperties() else { return [:] }
            var found: [String: [DeadProperty]] = [:]
            for node in nodes {
                guard let key = node.propertyKey else { continue }
                let properties = try transaction.properties(ofFile: key)
                if !properties.isEmpty {
                    found[node.id] = properties.map { DeadProperty(namespace: $0.namespace, name: $0.name, xml: $0.value) }
                }
            }
            return found
        }
    }

    /// Makes all changes, or none.
    ///
    /// - Parameter modified: when the file was changed last, milliseconds since 1970.
    public func change(_ changes: [DeadProperty.Change], modified: Int64?, of path: FilePath, by caller: FileCaller) async throws {
        try locks.requireUnlocked(path, by: caller)
        let node = try await node(at: path, for: caller)
        guard node.abilities.contains(.write) else { throw MatrixError(.forbidden, "You cannot change this.") }
        if !changes.isEmpty {
            guard let key = node.propertyKey else { throw MatrixError(.forbidden, "Nothing can be noted about this.") }
            try await database.write { transaction in
                guard try transaction.file(key) != nil else { throw MatrixError.fileNotFound }
                for change in changes {
                    switch change {
                    case .set(let property): try transaction.setProperty(property.namespace, property.name, value: property.xml, ofFile: key)
                    case .remove(let namespace, let name): try transaction.deleteProperty(namespace, name, ofFile: key)
                    }
                }
                let properties = try transaction.properties(ofFile: key)
                guard properties.count <= Self.maxPropertiesOfFile,
                    properties.reduce(0, { $0 + $1.value.utf8.count }) <= Self.maxPropertyBytesOfFile
                else { throw MatrixError(Self.tooManyProperties, "There is no room for more properties of this file.") }
            }
        }
        if let modified { try await setModified(modified, of: path, by: caller) }
    }

    private static let tooManyProperties = MatrixError.Code("LANDLINE_FULL", status: 507)
}
