public import MatrixCore
import Storage
import Synchronization

/// The filters that clients upload once and name in every sync.
///
/// spec: client-server-api/#filtering
public final class Filters: Sendable {
    static let maxDefinitionBytes = 32 << 10
    static let maxFiltersOfUser = 200
    static let maxCachedFilters = 256

    private struct Key: Hashable, Sendable {
        let user: UserID
        let id: Int64
    }

    private let database: Database
    private let cache = Mutex(BoundedCache<Key, Filter>(capacity: maxCachedFilters))

    init(database: Database) { self.database = database }

    /// The ID of the filter. The same definition keeps its ID.
    public func create(_ definition: JSONObject, of user: UserID) async throws -> String {
        _ = try Filter(definition)
        var writer = JSONWriter()
        writer.object(definition)
        let bytes = writer.bytes
        guard bytes.count <= Self.maxDefinitionBytes else { throw Self.tooLarge }
        return String(try await database.write { try $0.insertFilter(bytes, of: user, maxCount: Self.maxFiltersOfUser) })
    }

    /// The definition as it was uploaded, JSON.
    public func definition(_ id: String, of user: UserID) async throws -> [UInt8] {
        guard let number = Int64(id), let definition = try await database.read({ try $0.filter(number, of: user) }) else { throw Self.notFound }
        return definition
    }

    /// The filter that a request names: an ID, or a whole definition.
    public func filter(_ text: String, of user: UserID) async throws -> Filter {
        if text.utf8.first == UInt8(ascii: "{") {
            guard text.utf8.count <= Self.maxDefinitionBytes else { throw Self.tooLarge }
            return try Filter(JSONObject(parsing: [UInt8](text.utf8)))
        }
        guard let id = Int64(text) else { throw MatrixError(.invalidParameter, "This is no filter ID.") }
        let key = Key(user: user, id: id)
        // An ID never gets another definition, so nothing here can be out of date.
        if let cached = cache.withLock({ $0[key] }) { return cached }
        guard let definition = try await database.read({ try $0.filter(id, of: user) }) else { throw Self.notFound }
        let filter = try Filter(JSONObject(parsing: definition))
        cache.withLock { $0[key] = filter }
        return filter
    }

    private static let notFound = MatrixError(.notFound, "There is no such filter.")
    private static let tooLarge = MatrixError(.tooLarge, "A filter has at most \(maxDefinitionBytes) bytes.")
}
