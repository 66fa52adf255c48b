import MatrixCore
import Testing

struct IdentifiersTests {
    @Test func identifiersAreEqualByBytes() {
        func check<ID: MatrixIdentifier>(_ type: ID.Type, _ prefix: String) {
            let plain = ID(trusted: prefix + "aK")
            let kelvin = ID(trusted: prefix + "a\u{212A}")
            #expect(plain.rawValue == kelvin.rawValue)
            #expect(plain != kelvin)
            #expect(plain == ID(trusted: prefix + "aK"))
            #expect(Set([plain, kelvin, plain]).count == 2)
            #expect([plain: 1][kelvin] == nil)
        }
        check(RoomID.self, "!")
        check(EventID.self, "$")
        check(UserID.self, "@")
        check(RoomAlias.self, "#")
        check(DeviceID.self, "")
    }

    @Test(arguments: [
        ("@alice:box.local", true), ("@a:10.0.0.1:8008", true), ("@a:[::1]:8448", true), ("@A B\u{20AC}:box", true), ("@:box", false),
        ("alice:box", false),
        ("@alice", false), ("@alice:", false), ("@alice:bo x", false), ("@al\u{0}ice:box", false), ("@alice:box:port", false),
        ("@alice:box:123456", false),
        ("", false), ("@", false),
    ])
    func userIDs(text: String, isValid: Bool) {
        #expect((UserID(text) != nil) == isValid)
    }

    @Test func partsOfAUserID() {
        let user = UserID(trusted: "@alice:box.local:8008")
        #expect(user.localpart == "alice")
        #expect(user.serverName == "box.local:8008")
    }

    @Test func lengthsAreBounded() {
        #expect(UserID("@" + String(repeating: "a", count: 250) + ":b.c") != nil)
        #expect(UserID("@" + String(repeating: "a", count: 251) + ":b.c") == nil)
        #expect(RoomID("!" + String(repeating: "a", count: 254)) != nil)
        #expect(RoomID("!" + String(repeating: "a", count: 255)) == nil)
        #expect(DeviceID(String(repeating: "a", count: 256)) == nil)
    }

    @Test(arguments: [("!room:box", true), ("!hash", true), ("!", false), ("room", false), ("$x", false), ("!a\u{0}", false)])
    func roomIDs(text: String, isValid: Bool) {
        #expect((RoomID(text) != nil) == isValid)
    }

    @Test(arguments: [("alice", true), ("a.b_c=d-e/f+1", true), ("Alice", false), ("", false), ("a b", false), ("\u{e9}", false), ("a:b", false)])
    func newLocalparts(text: String, isValid: Bool) {
        #expect(UserID.isValidNewLocalpart(text) == isValid)
    }
}
