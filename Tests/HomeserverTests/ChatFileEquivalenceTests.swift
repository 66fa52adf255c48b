import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// Whatever happened in a room: its folder has exactly the files of the messages that `/messages` shows.
@Suite struct ChatFileEquivalenceTests {
    @Test(arguments: 0..<4) func foldersShowWhatMessagesShow(round: Int) async throws {
        var generator = SeededGenerator()
        if round > 0 { for _ in 0..<round { _ = generator.next() } }
        print("ChatFileEquivalenceTests seed \(generator.seed) round \(round)")
        let start = generator
        try await HomeFixture.with { fixture in
            var random = start
            let people = try await fixture.people("anna", "ben", "cleo", "dora")
            let room = try await fixture.room(by: people[0], members: Array(people[1...2]))
            var files: [EventID] = []
            let names = ["a.jpg", "a (2).jpg", "b/c", "", "x.pdf"]
            for step in 0..<150 {
                guard let person = people.randomElement(using: &random), let other = people.dropFirst().randomElement(using: &random),
                    let name = names.randomElement(using: &random)
                else { return }
                let membership = fixture.home.membership
                do {
                    switch Int.random(in: 0..<14, using: &random) {
                    case 0..<4:
                        let bytes = [UInt8.random(in: 0..<4, using: &random), UInt8.random(in: 0..<4, using: &random)]
                        files.append(try await fixture.sendFile(name, bytes, to: room, by: person))
                    case 4, 5: try await fixture.put("/Chats/\(room)/put.bin", [UInt8.random(in: 0..<4, using: &random)], by: person)
                    case 6: try await fixture.say("\(step)", in: room, by: person)
                    case 7:
                        guard let file = files.randomElement(using: &random) else { break }
                        _ = try await fixture.redact(file, in: room, by: person)
                    case 8:
                        let visibility = ["shared", "joined", "invited", "world_readable"].randomElement(using: &random) ?? ""
                        try await fixture.setState(
                            "m.room.history_visibility", "", ["history_visibility": .string(visibility)], in: room, by: people[0])
                    case 9: try await fixture.leave(room, other)
                    case 10: try await fixture.invite(other, to: room, by: person)
                    case 11: try await membership.ban(other.userID, from: room, by: people[0].userID, reason: nil)
                    case 12:
                        try? await membership.unban(other.userID, from: room, by: people[0].userID, reason: nil)
                        try await fixture.join(room, other)
                    default:
                        guard let file = files.randomElement(using: &random) else { break }
                        let edits: JSONObject = ["m.relates_to": ["rel_type": "m.replace", "event_id": .string(file.rawValue)]]
                        try await fixture.sendFile("edit", to: room, by: person, adding: edits)
                    }
                } catch is MatrixError {
                    // Refused: most people may not do most things most of the time.
                }
                if step == 120 {
                    try await fixture.home.accountData.set(
                        "m.ignored_user_list", of: people[1].userID, room: nil,
                        to: ["ignored_users": .object(JSONObject([(people[2].userID.rawValue, .object([:]))]))])
                }
                if step % 30 == 29 {
                    for person in people { try await Self.compare(person, room, files, fixture, "seed \(start.seed) round \(round) step \(step)") }
                }
            }
            // Somebody ends their account, and wants to be forgotten.
            try await fixture.home.accounts.deactivate(people[2].userID, erases: true)
            for person in people { try await Self.compare(person, room, files, fixture, "seed \(start.seed) round \(round) at the end") }
        }
    }

    private static func compare(_ person: Session, _ room: RoomID, _ files: [EventID], _ fixture: HomeFixture, _ place: String) async throws {
        let folder = "/Chats/\(room)"
        let comment = Comment(rawValue: "\(place): \(person.userID)")
        guard try await fixture.membership(of: person, in: room) == "join" else {
            #expect(try await fixture.names("/Chats", for: person).isEmpty, comment)
            await expect(.notFound) { _ = try await fixture.list(folder, for: person) }
            return
        }
        let sent = try await filesInMessages(of: room, for: person, fixture)
        let listed = try await fixture.list(folder, order: "modified", for: person)
        #expect(listed.map(\.eventID) == sent, comment)
        #expect(Set(listed.map(\.name)).count == listed.count, comment)
        for order in [nil, "name", "size"] {
            for isDescending in [false, true] {
                let pages = try await fixture.list(folder, order: order, isDescending: isDescending, limit: 3, for: person)
                #expect(pages.count == sent.count && Set(pages.map(\.eventID)) == Set(sent), comment)
            }
        }
        for node in listed {
            #expect(try await fixture.node("\(folder)/\(node.name)", for: person).id == node.id, comment)
            #expect(try await fixture.node("\(folder)/\(node.id)", for: person).name == node.name, comment)
        }
        for hidden in files where !sent.contains(hidden) {
            await expect(.notFound) { _ = try await fixture.node("\(folder)/\(hidden)", for: person) }
        }
    }

    /// As a client finds them, which knows no folders. Oldest first.
    private static func filesInMessages(of room: RoomID, for person: Session, _ fixture: HomeFixture) async throws -> [EventID] {
        var (found, from): ([EventID], StreamToken?) = ([], nil)
        repeat {
            let page = try await fixture.home.history.messages(
                of: room, for: person.userID, from: from, to: nil, direction: .forwards, limit: 50, filter: RoomEventFilter())
            for event in page.events where event.type == "m.room.message" {
                let content = try JSONObject(parsing: event.content)
                if content.string("url") != nil, content.object("m.relates_to") == nil { found.append(event.eventID) }
            }
            from = page.events.isEmpty ? nil : page.end
        } while from != nil
        return found
    }
}
