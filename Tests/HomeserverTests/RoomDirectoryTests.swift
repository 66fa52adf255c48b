import MatrixCore
import Storage
import Testing

@testable import Homeserver

/// spec: client-server-api/#room-aliases, client-server-api/#published-room-directory
@Suite struct RoomDirectoryTests {
    private static func alias(_ name: String) throws -> RoomAlias { try #require(RoomAlias("#\(name):box.test")) }

    @Test func whoMayMakeAndRemoveAddresses() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "stranger")
            let (alice, bob, stranger) = (people[0], people[1], people[2])
            let owner = try await fixture.person("owner", isAdministrator: true)
            let room = try await fixture.room(by: alice, members: [bob])
            let directory = fixture.home.directory
            let (one, two, three) = (try Self.alias("one"), try Self.alias("two"), try Self.alias("three"))
            await expect(.forbidden) { try await directory.add(one, for: room, by: stranger.userID) }
            await expect(.invalidParameter) { try await directory.add(try #require(RoomAlias("#one:elsewhere.test")), for: room, by: alice.userID) }
            await expect(.notFound) { try await directory.add(one, for: RoomID(trusted: "!none"), by: alice.userID) }
            try await directory.add(one, for: room, by: bob.userID)
            try await directory.add(two, for: room, by: bob.userID)
            try await directory.add(three, for: room, by: alice.userID)
            let taken = await matrixError { try await directory.add(one, for: room, by: alice.userID) }
            #expect(taken?.status == 409)
            #expect(try await directory.roomID(of: one) == room)
            #expect(try await Set(directory.aliases(of: room, for: bob.userID)) == [one, two, three])
            await expect(.forbidden) { _ = try await directory.aliases(of: room, for: stranger.userID) }
            await expect(.forbidden) { try await directory.remove(one, by: stranger) }
            await expect(.forbidden) { try await directory.remove(three, by: bob) }
            try await directory.remove(one, by: bob)
            try await directory.remove(two, by: alice)
            try await directory.remove(three, by: owner)
            await expect(.notFound) { try await directory.remove(three, by: owner) }
            await expect(.notFound) { _ = try await directory.roomID(of: one) }
        }
    }

    @Test func theListPageByPage() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("alice", "bob", "carol")
            let (alice, bob) = (people[0], people[1])
            var rooms: [RoomID] = []
            for index in 0..<5 {
                var creation = RoomCreation()
                creation.isListed = true
                creation.name = "Room \(index)"
                creation.topic = index == 3 ? "Gardening" : nil
                if index == 4 { creation.creationContent = ["type": "m.space"] }
                rooms.append(try await fixture.home.rooms.create(creation, by: alice.userID))
            }
            _ = try await fixture.room(by: alice)
            try await fixture.join(rooms[1], bob)
            let directory = fixture.home.directory
            func names(_ query: PublicRoomsQuery) async throws -> (names: [String], next: String?) {
                let page = try await directory.publicRooms(query)
                return ((page.array("chunk") ?? []).compactMap { $0.objectValue?.string("name") }, page.string("next_batch"))
            }
            var query = PublicRoomsQuery()
            query.limit = 2
            var seen: [String] = []
            while true {
                let page = try await names(query)
                seen += page.names
                guard let next = page.next, let place = PublicRoomsPlace(token: next) else { break }
                query.place = place
            }
            #expect(seen.first == "Room 1", "the one with most members")
            #expect(seen.sorted() == (0..<5).map { "Room \($0)" })
            query = PublicRoomsQuery()
            query.searchTerm = "GARDEN"
            #expect(try await names(query).names == ["Room 3"])
            query = PublicRoomsQuery()
            query.roomTypes = ["m.space"]
            #expect(try await names(query).names == ["Room 4"])
            query.roomTypes = [nil]
            #expect(try await names(query).names.count == 4)

            await expect(.forbidden) { try await directory.setListed(false, rooms[1], by: bob) }
            try await directory.setListed(false, rooms[1], by: alice)
            #expect(try await !directory.isListed(rooms[1]))
            #expect(try await names(PublicRoomsQuery()).names.count == 4)
            await expect(.notFound) { _ = try await directory.isListed(RoomID(trusted: "!none")) }
        }
    }
}
