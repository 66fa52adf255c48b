import MatrixCore
import Testing

@testable import Homeserver
@testable import Storage

/// Rooms as folders.
@Suite struct ChatFileTests {
    private func content(_ event: EventID, _ fixture: HomeFixture, in room: RoomID, for session: Session) async throws -> JSONObject {
        try JSONObject(parsing: try await fixture.home.history.event(event, in: room, for: session.userID).event.content)
    }

    private func name(_ room: RoomID, _ name: String, _ fixture: HomeFixture, by session: Session) async throws {
        try await fixture.setState("m.room.name", "", ["name": .string(name)], in: room, by: session)
    }

    @Test func aFilePutIntoAFolderIsAMessage() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "ben")
            let (anna, ben) = (people[0], people[1])
            let room = try await fixture.room(by: anna, members: [ben])
            try await name(room, "Family", fixture, by: anna)
            #expect(try await fixture.names("/Chats", for: ben) == ["Family"])

            let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8) + [0, 0, 1, 0, 0, 0, 0, 200]
            let put = try await fixture.put("/Chats/Family/beach.PNG", png, type: "application/octet-stream", by: anna)
            #expect(put.isNew)
            let event = try #require(put.node.eventID)
            let message = try await content(event, fixture, in: room, for: ben)
            let url = "mxc://box.test/\(put.node.mediaID ?? "")"
            #expect(
                message == [
                    "msgtype": "m.image", "body": "beach.PNG", "filename": "beach.PNG", "url": .string(url),
                    "info": ["mimetype": "image/png", "size": 24, "w": 256, "h": 200],
                ])
            let media = try await fixture.home.media.open("box.test", put.node.mediaID ?? "")
            #expect(media.byteCount == 24 && media.contentType == "image/png" && media.name == "beach.PNG")

            for place in ["/Chats/Family/beach.PNG", "/Chats/\(room)/beach.PNG", "/Chats/\(room)/\(event)"] {
                let node = try await fixture.node(place, for: ben)
                #expect(node.id == event.rawValue && node.name == "beach.PNG" && node.userID == anna.userID && node.roomID == room)
                #expect(node.contentType == "image/png" && node.byteCount == 24 && node.entityTag == put.node.entityTag)
                #expect(node.modifiedTimestamp > 1_600_000_000_000)
                #expect(try await fixture.read(place, by: ben) == png)
            }
            for (file, type) in [("a.mp4", "m.video"), ("b.ogg", "m.audio"), ("c", "m.file"), ("d.svg", "m.file"), ("e.pdf", "m.file")] {
                let event = try #require(try await fixture.put("/Chats/Family/\(file)", Array(file.utf8), by: ben).node.eventID)
                #expect(try await content(event, fixture, in: room, for: anna).string("msgtype") == type)
            }
            // A copy costs no bytes and is a file of its own.
            _ = try await fixture.home.files.copy(
                FilePath("/Chats/\(room)/\(event)"), to: FilePath("/Private/mine.png"), overwrites: false, isDeep: true,
                by: FileCaller(ben.userID))
            try await fixture.delete("/Chats/Family/beach.PNG", by: anna)
            #expect(try await fixture.read("/Private/mine.png", by: ben) == png)
            // And back.
            #expect(
                try await fixture.home.files.move(
                    FilePath("/Private/mine.png"), to: FilePath("/Chats/Family/again.png"), overwrites: false, by: FileCaller(ben.userID)))
            #expect(try await fixture.read("/Chats/Family/again.png", by: anna) == png)
            await expect(.notFound) { _ = try await fixture.node("/Private/mine.png", for: ben) }
            await expect(.forbidden) {
                _ = try await fixture.home.files.move(
                    FilePath("/Chats/Family/again.png"), to: FilePath("/Chats/Family/b.png"), overwrites: false, by: FileCaller(ben.userID))
            }
        }
    }

    @Test func whatIsSentIsInTheFolderUntilItIsRedacted() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "ben", "cleo")
            let (anna, ben, cleo) = (people[0], people[1], people[2])
            let room = try await fixture.room(by: anna, members: [ben, cleo])
            let folder = "/Chats/\(room)"
            let first = try await fixture.sendFile("report.pdf", [1], to: room, by: ben)
            try await fixture.sendFile("look at this!", [2], type: "m.image", to: room, by: ben, adding: ["filename": "a/b\n.jpg"])
            // None of these brings a file.
            try await fixture.say("mxc://box.test/x", in: room, by: ben)
            try await fixture.sendFile("elsewhere", to: room, by: ben, adding: ["url": "mxc://other.test/abc"])
            try await fixture.sendFile("lost", to: room, by: ben, adding: ["url": "mxc://box.test/abc"])
            try await fixture.sendFile("encrypted", to: room, by: ben, adding: ["url": .null, "file": ["url": "mxc://box.test/abc"]])
            try await fixture.sendFile("odd", type: "m.location", to: room, by: ben)
            try await fixture.sendFile(
                "* report.pdf", to: room, by: ben, adding: ["m.relates_to": ["rel_type": "m.replace", "event_id": .string(first.rawValue)]])
            #expect(try await fixture.names(folder, for: anna) == ["a_b_.jpg", "report.pdf"])
            #expect(try await fixture.node("\(folder)/report.pdf", for: ben).abilities == [.write, .delete])
            #expect(try await fixture.node("\(folder)/report.pdf", for: cleo).abilities == .write)

            await expect(.forbidden) { try await fixture.delete("\(folder)/report.pdf", by: cleo) }
            try await fixture.delete("\(folder)/report.pdf", by: ben)
            #expect(try await fixture.home.history.event(first, in: room, for: anna.userID).event.redactedBecause?.sender == ben.userID)
            await expect(.notFound) { try await fixture.delete("\(folder)/report.pdf", by: ben) }
            // An administrator of the room, and by a chat program.
            try await fixture.delete("\(folder)/a_b_.jpg", by: anna)
            let last = try await fixture.sendFile("last", to: room, by: cleo)
            _ = try await fixture.redact(last, in: room, by: cleo)
            #expect(try await fixture.names(folder, for: anna) == [])
            await expect(.notFound) { _ = try await fixture.node("\(folder)/\(last)", for: anna) }
            #expect(
                try await fixture.home.database.read { try $0.connection.all("SELECT name FROM room_files ORDER BY name") { $0.text(0) } } == ["lost"]
            )
        }
    }

    @Test func theNewestOfANameIsCalledSo() async throws {
        try await HomeFixture.with { fixture in
            let anna = try await fixture.person("anna")
            let room = try await fixture.room(by: anna)
            let folder = "/Chats/\(room)"
            for index in 1...4 { try await fixture.sendFile("image.jpg", [UInt8(index)], to: room, by: anna) }
            let names = ["image (2).jpg", "image (3).jpg", "image (4).jpg", "image.jpg"]
            #expect(try await fixture.names(folder, for: anna) == names)
            #expect(try await fixture.names(folder, order: "modified", for: anna) == names)
            for (index, name) in names.enumerated() { #expect(try await fixture.read("\(folder)/\(name)", by: anna) == [UInt8(index + 1)]) }
            // The same again changes nothing, something else takes the name.
            let same = try await fixture.put("\(folder)/image.jpg", [4], by: anna)
            #expect(!same.isNew)
            #expect(try await fixture.names(folder, for: anna).count == 4)
            let other = try await fixture.put("\(folder)/image.jpg", [9], by: anna)
            #expect(!other.isNew && other.node.id != same.node.id)
            #expect(try await fixture.node("\(folder)/\(same.node.id)", for: anna).name == "image (5).jpg")
            // Names stay as they are when one of them goes.
            try await fixture.delete("\(folder)/image.jpg", by: anna)
            try await fixture.delete("\(folder)/image (3).jpg", by: anna)
            #expect(try await fixture.names(folder, for: anna) == ["image (2).jpg", "image (4).jpg", "image (5).jpg"])
            try await fixture.sendFile("image (4).jpg", [7], to: room, by: anna)
            #expect(try await fixture.names(folder, for: anna) == ["image (2).jpg", "image (4) (2).jpg", "image (4).jpg", "image (5).jpg"])
            // A message can be called anything.
            for odd in ["", "..", "   ", String(repeating: "é", count: 5_000) + ".jpeg", "\u{0}\u{7}", "$x", "!y"] {
                try await fixture.sendFile(odd, to: room, by: anna)
            }
            for name in try await fixture.names(folder, for: anna) {
                #expect(try FilePath.checked(name) == name)
                #expect(try await fixture.node("\(folder)/\(name)", for: anna).name == name)
            }
        }
    }

    @Test func onlyMembersHaveTheFolder() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "stranger", "invited", "left", "banned")
            let (anna, others) = (people[0], people[1...])
            let room = try await fixture.room(by: anna, preset: .privateChat, visibility: "world_readable")
            try await name(room, "Family", fixture, by: anna)
            let file = try await fixture.sendFile("a.txt", to: room, by: anna)
            for person in others.dropFirst() { try await fixture.invite(person, to: room, by: anna) }
            for person in people[3...] { try await fixture.join(room, person) }
            #expect(try await fixture.names("/Chats", for: people[4]) == ["Family"])
            try await fixture.leave(room, people[3])
            try await fixture.home.membership.ban(people[4].userID, from: room, by: anna.userID, reason: nil)
            for person in others {
                #expect(try await fixture.names("/Chats", for: person) == [], "\(person.userID)")
                for place in ["/Chats/Family", "/Chats/\(room)", "/Chats/Family/a.txt", "/Chats/\(room)/\(file)"] {
                    await expect(.notFound) { _ = try await fixture.node(place, for: person) }
                    await expect(.notFound) { _ = try await fixture.list(place, for: person) }
                    await expect(.notFound) { try await fixture.delete(place, by: person) }
                }
                await expect(.fileConflict) { try await fixture.put("/Chats/\(room)/b.txt", [1], by: person) }
            }
            #expect(try await fixture.names("/Chats/Family", for: anna) == ["a.txt"])
        }
    }

    @Test func nothingIsPutWhereNothingMaySent() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "ben")
            let (anna, ben) = (people[0], people[1])
            let quiet = try await fixture.room(by: anna, members: [ben])
            try await name(quiet, "News", fixture, by: anna)
            var levels = try #require(try await fixture.state(of: quiet)[StateKey("m.room.power_levels")])
            levels["events_default"] = 50
            try await fixture.setState("m.room.power_levels", "", levels, in: quiet, by: anna)
            let secret = try await fixture.room(by: anna, members: [ben])
            try await name(secret, "Secret", fixture, by: anna)
            try await fixture.sendFile("before.txt", to: secret, by: ben)
            try await fixture.setState("m.room.encryption", "", ["algorithm": "m.megolm.v1.aes-sha2"], in: secret, by: anna)
            let count = try await fixture.wholeTimeline(of: secret).count

            #expect(try await fixture.node("/Chats/Secret", for: anna).isEncrypted)
            #expect(try await fixture.node("/Chats/Secret", for: anna).abilities == [])
            #expect(try await fixture.node("/Chats/News", for: ben).abilities == [])
            #expect(try await fixture.node("/Chats/News", for: anna).abilities == .write)
            #expect(try await fixture.names("/Chats/Secret", for: ben) == ["before.txt"])
            for place in ["/Chats/Secret/a.txt", "/Chats/News/a.txt", "/Chats/a.txt"] {
                for bytes in [[UInt8](), [1]] { await expect(.forbidden) { try await fixture.put(place, bytes, by: ben) } }
            }
            let nowhere = FilePath.root
            await expect(.forbidden) {
                _ = try await fixture.home.files.makeFolder(nowhere.appending("Chats").appending("x"), by: FileCaller(ben.userID))
            }
            await expect(.forbidden) {
                _ = try await fixture.home.files.makeFolder(nowhere.appending("Chats").appending("News").appending("x"), by: FileCaller(anna.userID))
            }
            await expect(.forbidden) { try await fixture.delete("/Chats/News", by: anna) }
            await expect(.isFolder) { try await fixture.put("/Chats/News", [1], by: anna) }
            await expect(.fileConflict) { try await fixture.put("/Chats/News/x/a.txt", [1], by: anna) }
            for name in [".DS_Store", "._a.txt", "Thumbs.db", "desktop.ini", ".~lock.a.odt#", "~$a.docx", "a.jpg.part", "a.PARTIAL", "a.txt~"] {
                await expect(.forbidden) { try await fixture.put("/Chats/News/\(name)", [1], by: anna) }
            }
            try await fixture.home.moderation.set(.suspension, true, on: ben.userID, by: nil)
            let open = try await fixture.room(by: anna, members: [])
            await expect(MatrixError.Code("M_USER_SUSPENDED", status: 403)) { try await fixture.put("/Chats/\(open)/a.txt", [1], by: ben) }
            #expect(try await fixture.wholeTimeline(of: secret).count == count)
            #expect(try await fixture.home.files.usage(of: ben.userID) == 1)
        }
    }

    @Test func anEmptyFileIsNoMessageYet() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "ben")
            let (anna, ben) = (people[0], people[1])
            let room = try await fixture.room(by: anna, members: [ben])
            let folder = "/Chats/\(room)"
            let count = try await fixture.wholeTimeline(of: room).count
            #expect(try await fixture.put("\(folder)/a.txt", [], by: anna).isNew)
            #expect(try await fixture.node("\(folder)/a.txt", for: anna).byteCount == 0)
            #expect(try await fixture.read("\(folder)/a.txt", by: anna) == [])
            #expect(try await fixture.names(folder, for: anna) == ["a.txt"])
            #expect(try await fixture.names(folder, for: ben) == [])
            await expect(.notFound) { _ = try await fixture.node("\(folder)/a.txt", for: ben) }
            #expect(try await fixture.wholeTimeline(of: room).count == count)

            #expect(try await !fixture.put("\(folder)/a.txt", [1], by: anna).isNew)
            #expect(try await fixture.wholeTimeline(of: room).count == count + 1)
            #expect(try await fixture.read("\(folder)/a.txt", by: ben) == [1])
            // Written anew in two steps; and given up.
            #expect(try await !fixture.put("\(folder)/a.txt", [], by: ben).isNew)
            #expect(try await fixture.names(folder, for: ben) == ["a.txt"])
            #expect(try await fixture.read("\(folder)/a.txt", by: ben) == [])
            #expect(try await fixture.read("\(folder)/a.txt", by: anna) == [1])
            try await fixture.delete("\(folder)/a.txt", by: ben)
            #expect(try await fixture.read("\(folder)/a.txt", by: ben) == [1])
            // Windows also writes what is there already in two steps.
            try await fixture.put("\(folder)/a.txt", [], by: ben)
            let again = try await fixture.put("\(folder)/a.txt", [1], by: ben)
            #expect(!again.isNew && again.node.userID == anna.userID)
            #expect(try await fixture.read("\(folder)/a.txt", by: ben) == [1])
            #expect(try await fixture.wholeTimeline(of: room).count == count + 1)
        }
    }

    @Test func placeholdersEnd() {
        let time = SteppedClock(0)
        let placeholders = ChatPlaceholders(clock: MonotonicClock { time.nowMilliseconds })
        let content = HomeFixture.emptyContent
        func key(_ index: Int) -> ChatPlaceholders.Key {
            ChatPlaceholders.Key(user: UserID(trusted: "@a:box.test"), room: RoomID(trusted: "!r:box.test"), name: "\(index)")
        }
        for index in 0...ChatPlaceholders.maxPlaceholders { _ = placeholders.add(content, contentType: nil, at: key(index), timestamp: 0) }
        #expect(placeholders[key(0)] == nil && placeholders[key(1)] != nil)
        #expect(placeholders.all(of: key(0).user, in: key(0).room).count == ChatPlaceholders.maxPlaceholders)
        time.jump(milliseconds: ChatPlaceholders.lifetimeMilliseconds)
        #expect(placeholders[key(1)] == nil)
        #expect(placeholders.all(of: key(0).user, in: key(0).room).isEmpty)
    }

    @Test func foldersAreCalledAsTheirRooms() async throws {
        try await HomeFixture.with { fixture in
            let people = try await fixture.people("anna", "ben", "cleo")
            let (anna, ben, cleo) = (people[0], people[1], people[2])
            let one = try await fixture.room(by: anna)
            try await name(one, "Trip / Süd\u{7}", fixture, by: anna)
            let two = try await fixture.room(by: anna)
            try await name(two, "trip _ süd_", fixture, by: anna)
            let direct = try await fixture.room(by: anna, members: [ben])
            let group = try await fixture.room(by: anna, members: [ben, cleo])
            try await fixture.home.profiles.setField("displayname", of: ben.userID, body: ["displayname": "Ben"])
            let alone = try await fixture.room(by: anna)
            let mark = two.rawValue.dropFirst().prefix(4)
            let names = Set(try await fixture.names("/Chats", for: anna))
            #expect(
                names == [
                    "Trip _ Süd_", "trip _ süd_ (\(mark))", "Ben", "@cleo:box.test and Ben", "Empty room",
                ])
            #expect(Set(try await fixture.names("/Chats", for: ben)) == ["@anna:box.test", "@anna:box.test and @cleo:box.test"])
            for (room, folder) in [(one, "Trip _ Süd_"), (direct, "Ben"), (group, "@cleo:box.test and Ben"), (alone, "Empty room")] {
                #expect(try await fixture.node("/Chats/\(folder)", for: anna).roomID == room)
                #expect(try await fixture.node("/Chats/\(room)", for: anna).name == folder)
            }
            // The room that replaces another has the name.
            _ = try await fixture.home.upgrades.upgrade(one, RoomUpgrade(version: RoomVersion.v11.rawValue), by: anna.userID)
            let successor = try await fixture.node("/Chats/trip _ süd_", for: anna)
            #expect(successor.roomID == two)
            for isDescending in [false, true] {
                for order in [nil, "name", "modified", "size"] {
                    let rooms = try await fixture.list("/Chats", order: order, isDescending: isDescending, limit: 2, for: anna)
                    #expect(rooms.count == 6 && Set(rooms.map(\.id)).count == 6)
                    let times = rooms.map(\.modifiedTimestamp)
                    if order == "modified" { #expect((isDescending ? times.reversed() : times) == times.sorted()) }
                }
            }
        }
    }
}

extension HomeFixture {
    static let emptyContent = StoredContent(hash: [], byteCount: 0, bytes: [])
}
