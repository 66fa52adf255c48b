/// A property of a file or folder that a client has set, and that means nothing to the box.
public struct StoredProperty: Sendable {
    /// Empty for a name in no namespace.
    public let namespace: String
    public let name: String
    public let value: String
}

extension ReadTransaction {
    public func hasFileProperties() throws -> Bool { try connection.exists("SELECT 1 FROM file_properties") }

    public func properties(ofFile id: Int64) throws -> [StoredProperty] {
        try connection.all("SELECT namespace, name, value FROM file_properties WHERE file_id = ?", id) { row in
            StoredProperty(namespace: row.text(0), name: row.text(1), value: row.text(2))
        }
    }
}

extension WriteTransaction {
    public func setProperty(_ namespace: String, _ name: String, value: String, ofFile id: Int64) throws {
        try connection.run(
            "INSERT INTO file_properties (file_id, namespace, name, value) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            id, namespace, name, value)
    }

    public func deleteProperty(_ namespace: String, _ name: String, ofFile id: Int64) throws {
        try connection.run("DELETE FROM file_properties WHERE file_id = ? AND namespace = ? AND name = ?", id, namespace, name)
    }
}
