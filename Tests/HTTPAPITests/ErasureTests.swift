import MatrixCore
import TestSupport
import Testing

/// spec: client-server-api/#post_matrixclientv3accountdeactivate
struct ErasureTests {
    @Test func onlyThoseWhoWereThereSeeWhatAnErasedUserSaid() async throws {
        try await TestServer.run { server in
            let member = try await server.register("member")
            let ben = try await server.register("ben")
            let late = try await server.register("late")
            let room = try await member.createRoom(["preset": "public_chat"])
            try await ben.join(room)
            let event = try await ben.send("secret of ben", to: room, transactionID: "1")
            try await ben.call("PUT", "/_matrix/client/v3/user/@ben:test.example/account_data/x.y", json: ["a": 1])
            try await late.join(room)
            #expect(try await late.request("GET", "/_matrix/client/v3/sync").text.contains("secret of ben"))
            try await ben.call("POST", "/_matrix/client/v3/account/deactivate", json: ["auth": ben.passwordProof(), "erase": true])

            let path = MatrixClient.path(room)
            let id = MatrixClient.encoded(event.rawValue)
            for address in ["/_matrix/client/v3/sync", "\(path)/messages?dir=b&limit=50", "\(path)/context/\(id)", "\(path)/event/\(id)"] {
                let ofMember = try await member.request("GET", address)
                #expect(ofMember.status == 200 && ofMember.text.contains("secret of ben"), "\(address): \(ofMember.text)")
                let ofLate = try await late.request("GET", address)
                #expect(ofLate.status == 200 && ofLate.text.contains(event.rawValue), "\(address): \(ofLate.text)")
                #expect(!ofLate.text.contains("secret of ben"), "\(address): \(ofLate.text)")
            }
            #expect(try await late.call("GET", "\(path)/event/\(id)").object("content") == [:])
            #expect(try await member.call("GET", "/_matrix/client/v3/profile/@ben:test.example") == [:])
        }
    }
}
