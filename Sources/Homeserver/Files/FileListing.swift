public import MatrixCore
import Storage

/// Which part of a folder is wanted, and in which order.
public struct FileListing: Sendable {
    public static let maxLimit = 1_000

    /// `nil`: by the bytes of the name, folders among files, which costs the least.
    let order: FileOrder?
    let isDescending: Bool
    let after: FileListingPlace?
    let limit: Int

    /// - Parameters:
    ///   - order: `name`, `modified` or `size`.
    ///   - token: `FilePage.next` of the page before.
    public init(order: String? = nil, isDescending: Bool = false, from token: String? = nil, limit: Int = 500) throws(MatrixError) {
        self.order = try order.map { text throws(MatrixError) in
            guard let order = FileOrder(rawValue: text) else {
                throw MatrixError(.invalidParameter, "Files can be sorted by name, modified or size.")
            }
            return order
        }
        self.isDescending = isDescending
        after = try token.map { token throws(MatrixError) in try Self.place(token) }
        self.limit = min(max(1, limit), Self.maxLimit)
    }

    /// The page of these, of which one more than wanted were looked for.
    func page<Entry>(_ entries: [Entry], place: (Entry) -> FileListingPlace, node: (Entry) throws -> FileNode) rethrows -> FilePage {
        let shown = entries.prefix(limit)
        let next = entries.count > limit ? shown.last.map { Self.token(place($0)) } : nil
        return FilePage(nodes: try shown.map(node), next: next)
    }

    private static func token(_ place: FileListingPlace) -> String {
        "\(place.isFolder ? 1 : 0) \(place.id) \(place.key)"
    }

    private static func place(_ token: String) throws(MatrixError) -> FileListingPlace {
        let parts = token.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let id = Int64(parts[1]) else { throw badToken }
        return FileListingPlace(isFolder: parts[0] == "1", key: String(parts[2]), id: id)
    }

    private static let badToken = MatrixError(.invalidParameter, "from is no token of this listing.")
}

/// A page of a folder's listing.
public struct FilePage: Sendable {
    public let nodes: [FileNode]
    /// Where the next page begins; `nil` at the end.
    public let next: String?

    public init(nodes: [FileNode], next: String?) {
        self.nodes = nodes
        self.next = next
    }
}
