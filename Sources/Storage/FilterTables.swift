public import MatrixCore

extension ReadTransaction {
    /// The definition as JSON; `nil` if the user has no such filter.
    public func filter(_ id: Int64, of user: UserID) throws -> [UInt8]? {
        try connection.first("SELECT definition FROM filters WHERE filter_id = ? AND user_id = ?", id, user) { $0.blob(0) }
    }
}

extension WriteTransaction {
    /// The ID of the filter; the same definition keeps its ID. Beyond `maxCount` the user's oldest filter goes.
    public func insertFilter(_ definition: [UInt8], of user: UserID, maxCount: Int) throws -> Int64 {
        if let id = try filterID(definition, of: user) { return id }
        try connection.run("INSERT INTO filters (user_id, definition) VALUES (?, ?)", user, definition)
        try connection.run(
            """
            DELETE FROM filters WHERE filter_id IN
                (SELECT filter_id FROM filters WHERE user_id = ?1 ORDER BY filter_id DESC LIMIT -1 OFFSET ?2)
            """, user, maxCount)
        guard let id = try filterID(definition, of: user) else { throw StorageError(.other, "A filter was not stored.") }
        return id
    }

    public func deleteFilters(of user: UserID) throws {
        try connection.run("DELETE FROM filters WHERE user_id = ?", user)
    }

    private func filterID(_ definition: [UInt8], of user: UserID) throws -> Int64? {
        try connection.first("SELECT filter_id FROM filters WHERE user_id = ? AND definition = ?", user, definition) { $0.int(0) }
    }
}
