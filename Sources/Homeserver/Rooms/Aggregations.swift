import MatrixCore
import Storage

/// What is bundled with events that others are related to: the newest version, references, and what there is of a thread.
///
/// spec: client-server-api/#aggregations-of-child-events
public struct Aggregations: Sendable {
    private struct ThreadSummary {
        let latest: TimelineEvent
        let count: Int
        let isParticipant: Bool
    }

    private var replacements: [Position: TimelineEvent] = [:]
    private var references: [Position: [EventID]] = [:]
    private var threads: [Position: ThreadSummary] = [:]

    /// Of one event; the newest ones are shown. Clients that want all of them ask for its relations.
    static let maxReferences = 1_000

    /// Nothing.
    public init() {}

    init(merging parts: [Aggregations]) {
        for part in parts {
            replacements.merge(part.replacements) { $1 }
            references.merge(part.references) { $1 }
            threads.merge(part.threads) { $1 }
        }
    }

    /// What one user sees of it who reads a room. One query, if there is nothing.
    init(of events: [TimelineEvent], for access: RoomAccess, ignoring ignoredUsers: IgnoredUsers, in transaction: ReadTransaction) throws {
        try self.init(of: events, for: access.user, upTo: access.end, ignoring: ignoredUsers, in: transaction) {
            View(canSee: access.canSee(eventAt:), shown: access.shown)
        }
    }

    /// What a user may see of a room, and in which form.
    struct View {
        let canSee: (Position) -> Bool
        let shown: (TimelineEvent) -> TimelineEvent
    }

    /// - Parameter view: asked for only if there is anything to see.
    init(
        of events: [TimelineEvent], for user: UserID, upTo end: Position, ignoring ignoredUsers: IgnoredUsers, in transaction: ReadTransaction,
        includingThreads: Bool = true, view makeView: () throws -> View
    ) throws {
        // spec: client-server-api/#aggregations-of-child-events (state events receive none)
        let parents = Dictionary(events.filter { $0.stateKey == nil }.map { ($0.position, $0) }) { $1 }
        var found: [Position: Children] = [:]
        let ignored = ignoredUsers.ignored(by: user)
        var known: View?
        try transaction.forEachBundledRelation(to: Array(parents.keys), upTo: end) { relation in
            guard let parent = parents[relation.parent], includingThreads || relation.type != Relation.thread else { return true }
            guard !ignored.contains(relation.sender) else { return true }
            let view = try known ?? makeView()
            known = view
            guard view.canSee(relation.position) else { return true }
            found[relation.parent, default: Children()].add(relation, to: parent, user: user)
            return true
        }
        guard let view = known else { return }
        var latest: [TimelineEvent] = []
        for (parent, children) in found {
            if let newest = try children.newestReplacement(in: transaction) { replacements[parent] = view.shown(newest) }
            if !children.references.isEmpty { references[parent] = try transaction.eventIDs(at: children.references.suffix(Self.maxReferences)) }
            guard let position = children.latestInThread, let event = try transaction.event(at: position).map(view.shown) else { continue }
            latest.append(event)
            let isParticipant = children.isParticipant || parents[parent]?.sender == user
            threads[parent] = ThreadSummary(latest: event, count: children.threadCount, isParticipant: isParticipant)
        }
        // The latest event of a thread is shown whole, with what belongs to it, but no thread within the thread.
        let others = latest.filter { parents[$0.position] == nil }
        guard !others.isEmpty else { return }
        let nested = try Aggregations(of: others, for: user, upTo: end, ignoring: ignoredUsers, in: transaction, includingThreads: false) { view }
        self = Aggregations(merging: [self, nested])
    }

    /// What counts among the events that are related to one.
    private struct Children {
        var replacements: [RelationRecord] = []
        var references: [Position] = []
        var threadCount = 0
        var latestInThread: Position?
        var isParticipant = false

        mutating func add(_ relation: RelationRecord, to parent: TimelineEvent, user: UserID) {
            switch relation.type {
            case Relation.replacement:
                // spec: client-server-api/#server-side-aggregation-of-mreplace-relationships
                guard relation.isReplacement, parent.redactedBecause == nil else { return }
                let newest = replacements.first?.originServerTimestamp ?? .min
                if relation.originServerTimestamp > newest { replacements = [] }
                if relation.originServerTimestamp >= newest { replacements.append(relation) }
            case Relation.reference: references.append(relation.position)
            case Relation.thread:
                threadCount += 1
                latestInThread = relation.position
                if relation.sender == user { isParticipant = true }
            default: break
            }
        }

        /// Of those that were sent in the same millisecond, the one with the largest ID.
        func newestReplacement(in transaction: ReadTransaction) throws -> TimelineEvent? {
            try replacements.compactMap { try transaction.event(at: $0.position) }.max { $0.eventID < $1.eventID }
        }
    }
}

extension Aggregations {
    /// Adds `m.relations` to the event's `unsigned`, if there is anything to tell.
    func write(of event: TimelineEvent, format: EventFormat, to writer: inout JSONWriter) {
        let (replacement, references, thread) = (replacements[event.position], references[event.position], threads[event.position])
        guard replacement != nil || references != nil || thread != nil else { return }
        var format = format
        format.fields = nil
        writer.key("m.relations")
        writer.beginObject()
        if let references {
            writer.key(Relation.reference)
            writer.beginObject()
            writer.key("chunk")
            writer.beginArray()
            for reference in references { writer.object(["event_id": .string(reference.rawValue)]) }
            writer.endArray()
            writer.endObject()
        }
        if let replacement {
            format.aggregations = Aggregations()
            writer.key(Relation.replacement)
            format.write(replacement, to: &writer)
        }
        if let thread {
            format.aggregations = withoutThreads
            writer.key(Relation.thread)
            writer.beginObject()
            writer.field("count", thread.count)
            writer.field("current_user_participated", thread.isParticipant)
            writer.key("latest_event")
            format.write(thread.latest, to: &writer)
            writer.endObject()
        }
        writer.endObject()
    }

    /// Whether the user takes part in the thread that begins with an event; `nil` if there is no such thread to see.
    func participation(in root: TimelineEvent) -> Bool? { threads[root.position]?.isParticipant }

    private var withoutThreads: Aggregations {
        var others = self
        others.threads = [:]
        return others
    }
}
