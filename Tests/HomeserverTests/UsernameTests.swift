import MatrixCore
import Testing

@testable import Homeserver

struct UsernameTests {
    @Test(arguments: [
        ("ann", "@ann:box.test"), ("Ann", "@ann:box.test"), ("ANN-2.x_y=z/+", "@ann-2.x_y=z/+:box.test"), ("7", "@7:box.test"),
    ])
    func newNames(_ username: String, _ user: String) throws {
        #expect(try Username.newUserID(from: username, serverName: "box.test").rawValue == user)
    }

    @Test(arguments: ["", "a b", "ann:", "@ann", "änn", "ann\n", "a!b", "安", "É", "a\u{0}b", "ann@box"])
    func namesThatAreNone(_ username: String) {
        let error = #expect(throws: MatrixError.self) { try Username.newUserID(from: username, serverName: "box.test") }
        #expect(error?.code == .invalidUsername)
    }

    @Test func aUserIDHasAtMost255Bytes() throws {
        let room = maxIdentifierBytes - "@:box.test".utf8.count
        #expect(try Username.newUserID(from: String(repeating: "a", count: room), serverName: "box.test").rawValue.utf8.count == 255)
        #expect(throws: MatrixError.self) { try Username.newUserID(from: String(repeating: "a", count: room + 1), serverName: "box.test") }
    }

    @Test(arguments: [
        ("ann", "@ann:box.test"), ("ANN", "@ann:box.test"), ("@ann:box.test", "@ann:box.test"), ("@Ann:Box.Test", "@ann:box.test"),
        ("@ann:elsewhere.test", nil), ("@ann", nil), ("", nil), ("@:box.test", nil), (String(repeating: "a", count: 300), nil),
    ])
    func whoIsMeant(_ text: String, _ user: String?) {
        #expect(Username.knownUserID(from: text, serverName: "box.test")?.rawValue == user)
    }

    @Test func namesAreCutBetweenCharacters() {
        #expect("abc".truncated(toBytes: 3) == "abc")
        #expect("abcd".truncated(toBytes: 3) == "abc")
        #expect("a安b".truncated(toBytes: 3) == "a")
        #expect("a安b".truncated(toBytes: 4) == "a安")
        #expect("安".truncated(toBytes: 2) == "")
    }
}
