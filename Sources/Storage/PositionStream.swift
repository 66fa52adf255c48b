/// The counter behind `Position`. Belongs to the writer's thread.
///
/// Some changes (typing, presence) take a position and write nothing. So that none is given out twice after a crash,
/// the counter reserves blocks: a start begins at the end of the block that was reserved last.
final class PositionStream {
    private(set) var last: Position
    private var ceiling: Int64
    private var ceilingIsPersistent = true

    private static let blockLength: Int64 = 1 << 16
    private static let key = "position_ceiling"

    init(connection: Connection) throws {
        let stored = try connection.first("SELECT value FROM server WHERE key = ?", Self.key) { $0.int(0) } ?? 0
        last = Position(stored)
        ceiling = stored + Self.blockLength
        try connection.run("INSERT INTO server (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", Self.key, ceiling)
    }

    func next() -> Position {
        last = Position(last.value + 1)
        if last.value >= ceiling {
            ceiling += Self.blockLength
            ceilingIsPersistent = false
        }
        return last
    }

    /// Called at the end of each transaction, before its commit.
    func persistCeiling(_ connection: Connection) throws(StorageError) {
        guard !ceilingIsPersistent else { return }
        try connection.run("UPDATE server SET value = ? WHERE key = ?", ceiling, Self.key)
    }

    /// Called when the commit succeeded. After one that failed, the ceiling is written again.
    func committed() { ceilingIsPersistent = true }
}
