import MatrixCore

/// This version stores no encryption keys and passes no to-device messages on.
///
/// Clients with encryption built in upload keys before they show a room, and some never start to sync when that fails.
/// So the requests that stand in the way of a login get answers that say "nobody here has keys"; everything else is not recognized.
/// Rooms work unencrypted with all of them.
enum EncryptionStubRoutes {
    /// Counts what was sent: with a lower number clients would make and upload new keys after every sync.
    ///
    /// spec: client-server-api/#post_matrixclientv3keysupload
    static func uploadKeys(_ request: APIRequest) async throws -> Reply {
        var counts: JSONObject = [:]
        for key in try await request.body().object("one_time_keys")?.keys.map({ $0 }) ?? [] {
            let algorithm = String(key.prefix { $0 != ":" })
            counts[algorithm] = .integer((counts.integer(algorithm) ?? 0) + 1)
        }
        return .json(["one_time_key_counts": .object(counts)])
    }

    // spec: client-server-api/#post_matrixclientv3keysquery
    static func queryKeys(_ request: APIRequest) async throws -> Reply {
        _ = try await request.body()
        return .json(["device_keys": [:], "failures": [:]])
    }

    // spec: client-server-api/#post_matrixclientv3keysclaim
    static func claimKeys(_ request: APIRequest) async throws -> Reply {
        _ = try await request.body()
        return .json(["one_time_keys": [:], "failures": [:]])
    }

    // spec: client-server-api/#get_matrixclientv3keyschanges
    static func noKeyChanges(_ request: APIRequest) -> Reply { .json(["changed": [], "left": []]) }

    // spec: client-server-api/#get_matrixclientv3room_keysversion
    static func noKeyBackup(_ request: APIRequest) throws -> Reply {
        throw MatrixError(.notFound, "There is no key backup.")
    }
}
