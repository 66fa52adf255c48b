/// In which order a folder is listed. Folders always come first.
public enum FileOrder: String, Sendable, CaseIterable {
    case name, modified, size

    fileprivate var column: String {
        switch self {
        case .name: "name COLLATE NOCASE"
        case .modified: "modified_ts"
        case .size: "size"
        }
    }
}

/// Where in a listing a page ends: the sort key of its last entry.
public struct FileListingPlace: Sendable, Hashable {
    public let isFolder: Bool
    /// A name, or a number in decimal digits.
    public let key: String
    public let id: Int64

    public init(isFolder: Bool, key: String, id: Int64) {
        self.isFolder = isFolder
        self.key = key
        self.id = id
    }

    public init(_ file: FileRecord, _ order: FileOrder) {
        let key =
            switch order {
            case .name: file.name
            case .modified: String(file.modifiedTimestamp)
            case .size: String(file.byteCount)
            }
        self.init(isFolder: file.isFolder, key: key, id: file.id)
    }
}

extension ReadTransaction {
    /// A page of what is in a folder, as a person looks at it.
    public func files(
        in folder: Int64, order: FileOrder, isDescending: Bool, after place: FileListingPlace?, limit: Int
    ) throws -> [FileRecord] {
        let (comparison, direction) = isDescending ? ("<", "DESC") : (">", "ASC")
        let select = "SELECT \(FileRecord.columns) FROM files WHERE parent_id = ?"
        let end = "ORDER BY is_folder DESC, \(order.column) \(direction), file_id \(direction) LIMIT ?"
        guard let place else { return try connection.all("\(select) \(end)", folder, limit) { FileRecord($0) } }
        let key = order == .name ? "?" : "CAST(? AS INTEGER)"
        return try connection.all(
            "\(select) AND (is_folder < ? OR (is_folder = ? AND (\(order.column), file_id) \(comparison) (\(key), ?))) \(end)",
            folder, place.isFolder, place.isFolder, place.key, place.id, limit
        ) { FileRecord($0) }
    }

    /// Files and folders with a name that contains a text, in these trees, newest first. What is in the bin is among them.
    ///
    /// - Parameter matches: compares as people do; the database's own comparison knows only ASCII.
    public func files(inTrees roots: [Int64], limit: Int, named matches: (String) -> Bool) throws -> [FileRecord] {
        var found: [FileRecord] = []
        for root in roots {
            try connection.forEachRow("SELECT \(FileRecord.columns) FROM files WHERE root_id = ? ORDER BY file_id DESC", root) { row in
                if row.optionalInt(2) != nil, matches(row.text(3)) { found.append(FileRecord(row)) }
                return found.count < limit
            }
        }
        return found
    }
}
