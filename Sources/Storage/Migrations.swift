/// The schema's history. The index of a step is the `user_version` that it starts from.
enum Migrations {
    private struct Step: Sendable {
        let sql: String
        /// What SQL alone cannot do, after it and in the same transaction.
        var fill: (@Sendable (Connection) throws -> Void)?

        init(_ sql: String, fill: (@Sendable (Connection) throws -> Void)? = nil) {
            self.sql = sql
            self.fill = fill
        }
    }

    private static let steps = [
        Step(Schema.version1), Step(Schema.version2), Step(Schema.guests), Step(Schema.eventTimes), Step(Schema.moderation),
        Step(Schema.applicationServices), Step(Schema.pushers), Step(Schema.relations, fill: Schema.fillRelations), Step(Schema.slidingSync),
        Step(Schema.search), Step(Schema.files), Step(Schema.uploads), Step(Schema.appPasswords), Step(Schema.thumbnails),
        Step(Schema.mediaLife, fill: Schema.fillMediaReferences), Step(Schema.roomFiles, fill: Schema.fillRoomFiles),
        Step(Schema.shares),
    ]

    static func prepare(_ connection: Connection) throws {
        let version = try connection.first("PRAGMA user_version") { Int($0.int(0)) } ?? 0
        guard version <= steps.count else {
            throw StorageError(
                .newerVersion, "This data was written by a newer Landline (data version \(version), this one knows \(steps.count)).",
                hint: "Install the newer version again, or restore a backup made with this one. Nothing was changed.")
        }
        if version == 0 {
            guard try !connection.exists("SELECT 1 FROM sqlite_master") else {
                throw StorageError(
                    .corrupt, "The database file belongs to another program.", hint: "Choose another data directory. Nothing was changed.")
            }
            // Both must be set before the first table exists. Space freed by deletions is given back step by step.
            try connection.execute("PRAGMA page_size = 4096")
            try connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        }
        let mode = try connection.first("PRAGMA journal_mode = WAL") { $0.text(0) }
        guard mode == "wal" else {
            throw StorageError(.other, "The disk does not support the write-ahead log.", hint: "Choose a data directory on a local disk.")
        }
        // FULL flushes the log at each commit; NORMAL could lose acknowledged messages in a power cut (sqlite.org/pragma.html).
        try connection.execute("PRAGMA synchronous = FULL")
        // Checkpoints are the writer's own business, see GroupCommitWriter.
        try connection.execute("PRAGMA wal_autocheckpoint = 0")
        try connection.execute("PRAGMA journal_size_limit = 33554432")
        for step in version..<steps.count {
            try connection.execute("BEGIN EXCLUSIVE")
            do {
                try connection.execute(steps[step].sql)
                try steps[step].fill?(connection)
                try connection.execute("PRAGMA user_version = \(step + 1)")
                try connection.execute("COMMIT")
            } catch {
                try? connection.execute("ROLLBACK")
                throw error
            }
        }
    }
}
