import CSQLite

/// One SQLite connection with its prepared statements. Belongs to one thread.
public final class Connection {
    private let handle: OpaquePointer
    /// Prepared statements that are not running.
    private var idleStatements: [String: OpaquePointer] = [:]

    public enum Mode: Sendable { case readWrite, readOnly }

    /// Page cache of one connection. Reads beyond it come from the kernel's cache.
    private static let cacheKibibytes = 512
    private static let busyTimeoutMilliseconds: Int32 = 5_000

    init(path: String, mode: Mode) throws(StorageError) {
        var opened: OpaquePointer?
        let flags = (mode == .readWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            sqlite3_close_v2(opened)
            throw StorageError(
                .notAccessible, "The database \(path) cannot be opened.", hint: "Check that the folder exists and that you may write to it.")
        }
        handle = opened
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, Self.busyTimeoutMilliseconds)
        try execute("PRAGMA cache_size = -\(Self.cacheKibibytes)")
        try execute("PRAGMA temp_store = MEMORY")
        try execute("PRAGMA foreign_keys = ON")
        // What is redacted is overwritten, not only unlinked.
        try execute("PRAGMA secure_delete = ON")
    }

    deinit {
        for statement in idleStatements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Runs statements that take no parameters and give no rows.
    func execute(_ sql: String) throws(StorageError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, sql) }
    }

    /// Runs one statement and ignores its rows. Returns the number of changed rows.
    @discardableResult
    public func run<each Value: SQLBindable>(_ sql: String, _ values: repeat each Value) throws(StorageError) -> Int {
        let statement = try prepared(sql)
        defer { putBack(statement, sql) }
        try bind(statement, sql, repeat each values)
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return Int(sqlite3_changes(handle)) }
            guard code == SQLITE_ROW else { throw failure(code, sql) }
        }
    }

    /// Calls `body` for each row, until it returns `false`.
    public func forEachRow<each Value: SQLBindable>(
        _ sql: String, _ values: repeat each Value, while body: (borrowing Row) throws -> Bool
    ) throws {
        let statement = try prepared(sql)
        defer { putBack(statement, sql) }
        try bind(statement, sql, repeat each values)
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code, sql) }
            guard try body(Row(statement: statement)) else { return }
        }
    }

    public func all<Result, each Value: SQLBindable>(
        _ sql: String, _ values: repeat each Value, row: (borrowing Row) throws -> Result
    ) throws -> [Result] {
        var results: [Result] = []
        try forEachRow(sql, repeat each values) { current in
            results.append(try row(current))
            return true
        }
        return results
    }

    public func first<Result, each Value: SQLBindable>(
        _ sql: String, _ values: repeat each Value, row: (borrowing Row) throws -> Result
    ) throws -> Result? {
        var result: Result?
        try forEachRow(sql, repeat each values) { current in
            result = try row(current)
            return false
        }
        return result
    }

    public func exists<each Value: SQLBindable>(_ sql: String, _ values: repeat each Value) throws -> Bool {
        try first(sql, repeat each values) { _ in true } ?? false
    }

    /// Rows that were ever changed through this connection.
    var totalChanges: Int64 { sqlite3_total_changes64(handle) }

    var lastInsertedRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Pages in the write-ahead log after the last commit of this connection.
    private(set) var logPages = 0

    /// Keeps `logPages` up to date. Replaces SQLite's automatic checkpoints (sqlite.org/c3ref/wal_hook.html).
    func countLogPages() {
        sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().logPages = Int(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Moves what the write-ahead log holds into the database file; `truncate` also empties the log.
    func checkpoint(truncate: Bool) {
        sqlite3_wal_checkpoint_v2(handle, nil, truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    }

    /// Takes a statement out of those that are idle: a query may run again while its own rows are being read.
    private func prepared(_ sql: String) throws(StorageError) -> OpaquePointer {
        if let statement = idleStatements.removeValue(forKey: sql) { return statement }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw failure(code, sql) }
        return statement
    }

    private func putBack(_ statement: OpaquePointer, _ sql: String) {
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
        if let other = idleStatements.updateValue(statement, forKey: sql) { sqlite3_finalize(other) }
    }

    private func bind<each Value: SQLBindable>(_ statement: OpaquePointer, _ sql: String, _ values: repeat each Value) throws(StorageError) {
        var index: Int32 = 0
        for value in repeat each values {
            index += 1
            let code = value.bind(to: statement, at: index)
            guard code == SQLITE_OK else { throw failure(code, sql) }
        }
        assert(index == sqlite3_bind_parameter_count(statement), "wrong number of parameters for: \(sql)")
    }

    private func failure(_ code: Int32, _ sql: String) -> StorageError {
        let detail = String(cString: sqlite3_errmsg(handle))
        switch code & 0xff {
        case SQLITE_FULL:
            return StorageError(.full, "The disk is full.", hint: "Delete something from this disk; Landline goes on by itself.")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            return StorageError(
                .corrupt, "The database is damaged: \(detail).", hint: "Restore a backup with `landline restore`. Nothing was changed.")
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_AUTH:
            return StorageError(.notAccessible, "The database cannot be written: \(detail).", hint: "Check the rights of the data directory.")
        default:
            return StorageError(.other, "Database error \(code): \(detail) in: \(sql)")
        }
    }
}
