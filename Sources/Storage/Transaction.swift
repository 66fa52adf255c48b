/// A consistent view of the database. Queries are in extensions, one file for each family of tables.
public class ReadTransaction {
    public let connection: Connection

    init(connection: Connection) { self.connection = connection }
}

/// A place in the current group commit. Reads see what was written before in the same group.
public final class WriteTransaction: ReadTransaction {
    private let stream: PositionStream
    private var actions: [@Sendable () -> Void] = []
    private var actionsBeforeWork = 0
    /// Events since the search index was brought up to date. A little too high after work that was abandoned.
    var unindexedEvents = 0

    init(connection: Connection, stream: PositionStream) {
        self.stream = stream
        super.init(connection: connection)
    }

    /// Takes the next position of the stream. The position is visible to readers only after the commit.
    public func nextPosition() -> Position { stream.next() }

    /// The newest position that was taken.
    public var lastPosition: Position { stream.last }

    /// Asks for an action after the commit, on the writer's thread and in the order of asking. It must not block.
    public func afterCommit(_ action: @escaping @Sendable () -> Void) { actions.append(action) }

    func beginWork() { actionsBeforeWork = actions.count }

    func abandonWork() { actions.removeSubrange(actionsBeforeWork...) }

    func performActions() {
        for action in actions { action() }
        actions.removeAll(keepingCapacity: true)
    }

    func discardActions() { actions.removeAll() }
}
