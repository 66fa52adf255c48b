import MatrixCore
import Storage
import Synchronization
import Testing

@testable import Homeserver

extension HomeFixture {
    /// Sends an event that is related to another.
    @discardableResult
    func relate(
        _ relation: String, to parent: EventID, in room: RoomID, by session: Session, type: String = "m.room.message", key: String? = nil,
        _ others: JSONObject = ["msgtype": "m.text", "body": "related"]
    ) async throws -> EventID {
        var relatesTo: JSONObject = ["rel_type": .string(relation), "event_id": .string(parent.rawValue)]
        if let key { relatesTo["key"] = .string(key) }
        var content = others
        content["m.relates_to"] = .object(relatesTo)
        let event = try await home.timeline.send(
            type: type, content: content, to: room, transactionID: "rel\(nextTransaction.add(1, ordering: .relaxed).newValue)", session: session)
        let thread = try await RelationModel(wholeTimeline(of: room)).thread(of: event)
        if let thread { sentThreads.withLock { $0[event] = thread } }
        return event
    }

    func react(_ key: String, to parent: EventID, in room: RoomID, by session: Session) async throws -> EventID {
        try await relate("m.annotation", to: parent, in: room, by: session, type: "m.reaction", key: key, [:])
    }

    func edit(_ parent: EventID, to body: String, in room: RoomID, by session: Session) async throws -> EventID {
        try await relate(
            "m.replace", to: parent, in: room, by: session,
            ["msgtype": "m.text", "body": .string("* " + body), "m.new_content": ["msgtype": "m.text", "body": .string(body)]])
    }

    /// An event as the user's device sees it.
    func event(_ event: EventID, in room: RoomID, for session: Session) async throws -> JSONObject {
        let (event, aggregations, _) = try await home.history.event(event, in: room, for: session.userID)
        var format = EventFormat(for: session)
        format.aggregations = aggregations
        var writer = JSONWriter()
        format.write(event, to: &writer)
        return try JSONObject(parsing: writer.bytes)
    }

    /// What is bundled with an event.
    func bundled(with event: EventID, in room: RoomID, for session: Session) async throws -> JSONObject {
        try await self.event(event, in: room, for: session).object("unsigned")?.object("m.relations") ?? [:]
    }
}

/// What is related to what in a room, read from the events' contents alone.
struct RelationModel {
    private(set) var relations: [EventID: (type: String, parent: EventID)] = [:]

    init(_ timeline: [TimelineEvent]) throws {
        let known = Set(timeline.map(\.eventID))
        for event in timeline {
            guard let object = try JSONObject(parsing: event.content).object("m.relates_to"), let type = object.string("rel_type"),
                let parent = object.string("event_id").map({ EventID(trusted: $0) }), known.contains(parent)
            else { continue }
            relations[event.eventID] = (type, parent)
        }
    }

    func thread(of event: EventID) -> EventID? {
        guard let relation = relations[event] else { return nil }
        return relation.type == "m.thread" ? relation.parent : thread(of: relation.parent)
    }
}
