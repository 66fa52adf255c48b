import HTTPTypes
import Testing

@testable import HTTPAPI

/// Which row of a table a path finds, and with which parameters.
struct RouterTests {
    private let router = Router([
        .get("/_matrix/client/v3/rooms/{roomId}/state", .user, nothing),
        .get("/_matrix/client/v3/rooms/{roomId}/state/{eventType}", .user, nothing),
        .get("/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}", .user, nothing),
        .put("/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}", .user, nothing),
        .get("/_matrix/client/v3/pushrules/", .user, nothing),
        .get("/_matrix/client/v3/profile/{userId}/{keyName}", .anyone, nothing),
        .get("/_matrix/client/v1/media/config", .user, nothing),
        .post("/_matrix/media/v1/create", .user, nothing),
        .post("/_matrix/media/v3/upload", .user, nothing),
        .get("/_matrix/client/v3/things/fixed", .anyone, nothing),
        .put("/_matrix/client/v3/things/{name}", .anyone, nothing),
        .get("/dav", .anyone, nothing),
        .get("/dav/{path...}", .anyone, nothing),
        .get("/d/{ticket}/{rest...}", .anyone, nothing),
    ])

    private static func nothing(_ request: APIRequest) -> Reply { .empty }

    private func found(_ method: HTTPRequest.Method, _ path: String) -> String {
        switch router.match(method, path[...]) {
        case .found(let route, let parameters): ([route.path] + parameters).joined(separator: " ")
        case .wrongMethod(let allowed): "only " + allowed.map(\.rawValue).sorted().joined(separator: " ")
        case .unknown: "unknown"
        case .malformed: "malformed"
        }
    }

    @Test func theRestOfAPathIsLeftAsItIs() {
        #expect(found(.get, "/dav") == "/dav")
        #expect(found(.get, "/dav/") == "/dav")
        #expect(found(.get, "/dav/a%2Fb/c/") == "/dav/{path...} a%2Fb/c/")
        #expect(found(.get, "/dav//a") == "/dav/{path...} /a")
        #expect(found(.put, "/dav/a/b") == "only GET")
        #expect(found(.get, "/d/%41/b/%43") == "/d/{ticket}/{rest...} A b/%43")
        #expect(found(.get, "/d/a") == "unknown")
    }

    @Test func parametersAreDecodedOnce() {
        #expect(
            found(.get, "/_matrix/client/v3/rooms/%21a%2Fb%3Ac/state/m.room.name")
                == "/_matrix/client/v3/rooms/{roomId}/state/{eventType} !a/b:c m.room.name")
        #expect(found(.get, "/_matrix/client/v3/profile/@a+b:c/%2541").hasSuffix(" @a+b:c %41"))
        #expect(found(.get, "/_matrix/client/v3/profile/@%E5%AE%B6:c/k").hasSuffix(" @家:c k"))
    }

    @Test func whatIsNoPercentEncodedTextIsMalformed() {
        for path in ["%", "%4", "%zz", "%FF", "a%C3"] {
            #expect(found(.get, "/_matrix/client/v3/profile/\(path)/k") == "malformed")
        }
    }

    @Test func theEmptyStateKeyHasATrailingSlash() {
        #expect(found(.get, "/_matrix/client/v3/rooms/!a/state/t/").hasSuffix("/{stateKey} !a t "))
        #expect(found(.put, "/_matrix/client/v3/rooms/!a/state/t/").hasSuffix("/{stateKey} !a t "))
        #expect(found(.get, "/_matrix/client/v3/rooms/!a/state/t/k").hasSuffix("/{stateKey} !a t k"))
        #expect(found(.get, "/_matrix/client/v3/rooms/!a/state/").hasSuffix("/state !a"))
    }

    @Test func aTrailingSlashMakesNoDifferenceElsewhere() {
        for path in ["/_matrix/client/v3/pushrules", "/_matrix/client/v3/pushrules/"] { #expect(found(.get, path) != "unknown") }
        #expect(found(.get, "/_matrix/client/v3/profile/@a:b/") == "unknown")
    }

    @Test func emptySegmentsAreNotSkipped() {
        for path in ["", "/", "//", "/_matrix//client/v3/pushrules", "/_matrix/client/v3/rooms//state", "_matrix/client/v3/pushrules"] {
            #expect(found(.get, path) == "unknown", "\(path)")
        }
    }

    @Test func olderVersionsAreAliases() {
        #expect(found(.get, "/_matrix/client/r0/pushrules/") != "unknown")
        #expect(found(.post, "/_matrix/media/r0/upload") != "unknown")
        #expect(found(.post, "/_matrix/media/v1/upload") != "unknown")
        #expect(found(.post, "/_matrix/media/v1/create") != "unknown")
        #expect(found(.get, "/_matrix/client/v1/pushrules/") == "unknown")
        #expect(found(.get, "/_matrix/client/r0/media/config") == "unknown")
        #expect(found(.get, "/_matrix/r0/pushrules") == "unknown")
    }

    @Test func aKnownPathWithAnotherMethodIsTold() {
        #expect(found(.post, "/_matrix/client/v3/pushrules/") == "only GET")
        #expect(found(.delete, "/_matrix/client/v3/rooms/!a/state/t/k") == "only GET PUT")
        #expect(found(.head, "/_matrix/client/v3/pushrules/") != "only GET")
    }

    @Test func aLiteralIsTriedBeforeAParameter() {
        #expect(found(.get, "/_matrix/client/v3/things/fixed") == "/_matrix/client/v3/things/fixed")
        #expect(found(.put, "/_matrix/client/v3/things/fixed") == "/_matrix/client/v3/things/{name} fixed")
        #expect(found(.get, "/_matrix/client/v3/things/other") == "only PUT")
    }

    /// The rows of the specification's own paths, each found by a path made from it.
    @Test func everyRowOfTheTableIsFound() {
        let router = Router(Routes.all)
        for route in Routes.all {
            let path = route.path.split(separator: "/", omittingEmptySubsequences: false).map { $0.hasPrefix("{") ? "x" : String($0) }
            guard case .found(let found, _) = router.match(route.method, path.joined(separator: "/")[...]) else {
                Issue.record("\(route.method) \(route.path) is not found")
                continue
            }
            #expect(found.path == route.path && found.method == route.method)
        }
    }
}
