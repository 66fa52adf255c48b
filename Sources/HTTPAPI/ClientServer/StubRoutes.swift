import MatrixCore

/// What a household box does not have, answered so that clients hide it or go on without it.
enum StubRoutes {
    /// No TURN server: on one network calls need none. A list of servers on the internet would be wrong here.
    ///
    /// spec: client-server-api/#get_matrixclientv3voipturnserver
    static func noTURNServer(_ request: APIRequest) -> Reply { .empty }

    // spec: client-server-api/#get_matrixclientv3account3pid
    static func noThirdPartyIdentifiers(_ request: APIRequest) -> Reply { .json(["threepids": []]) }

    static func thirdPartyIdentifiersDenied(_ request: APIRequest) throws -> Reply {
        throw MatrixError(.threepidDenied, "This box sends no mails and messages, so it takes no addresses and telephone numbers.")
    }
}
