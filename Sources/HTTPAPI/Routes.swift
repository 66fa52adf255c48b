/// The one table of all endpoints. `r0` is understood for `v3` everywhere, and a HEAD where there is a GET: no rows for those.
enum Routes {
    static let all: [Route] =
        discovery + login + registration + account + devices + accountData + profiles + filters + pushRules + userDirectory + rooms
        + membership + timeline + state + ephemeral + sync + directory + media + encryption + stubs + appliance

    // MARK: Server discovery. spec: client-server-api/#server-discovery

    private static let discovery: [Route] = [
        .get("/.well-known/matrix/client", .anyone, DiscoveryRoutes.wellKnown),
        .get("/.well-known/matrix/support", .anyone, DiscoveryRoutes.noSupportPage),
        .get("/_matrix/client/versions", .anyone, DiscoveryRoutes.versions),
        .get("/_matrix/client/v3/capabilities", .user, DiscoveryRoutes.capabilities),
        .get("/_matrix/federation/v1/version", .anyone, DiscoveryRoutes.serverVersion),
    ]

    // MARK: Login. spec: client-server-api/#login

    private static let login: [Route] = []

    // MARK: Account registration. spec: client-server-api/#account-registration

    private static let registration: [Route] = []

    // MARK: Account management. spec: client-server-api/#account-management

    private static let account: [Route] = []

    // MARK: Devices. spec: client-server-api/#device-management

    private static let devices: [Route] = []

    // MARK: Account data and tags. spec: client-server-api/#client-config

    private static let accountData: [Route] = []

    // MARK: Profiles. spec: client-server-api/#profiles

    private static let profiles: [Route] = []

    // MARK: Filters. spec: client-server-api/#filtering

    private static let filters: [Route] = []

    // MARK: Push rules. spec: client-server-api/#push-rules

    private static let pushRules: [Route] = []

    // MARK: User directory. spec: client-server-api/#user-directory

    private static let userDirectory: [Route] = []

    // MARK: Rooms. spec: client-server-api/#rooms-1

    private static let rooms: [Route] = [
        .post("/_matrix/client/v3/createRoom", .user, RoomRoutes.create)
    ]

    // MARK: Membership. spec: client-server-api/#room-membership

    private static let membership: [Route] = [
        .get("/_matrix/client/v3/joined_rooms", .user, MembershipRoutes.joinedRooms),
        .post("/_matrix/client/v3/join/{roomIdOrAlias}", .user, MembershipRoutes.join),
        .post("/_matrix/client/v3/rooms/{roomId}/join", .user, MembershipRoutes.joinByID),
        .post("/_matrix/client/v3/knock/{roomIdOrAlias}", .user, MembershipRoutes.knock),
        .post("/_matrix/client/v3/rooms/{roomId}/leave", .user, MembershipRoutes.leave),
        .post("/_matrix/client/v3/rooms/{roomId}/forget", .user, MembershipRoutes.forget),
        .post("/_matrix/client/v3/rooms/{roomId}/invite", .user, MembershipRoutes.invite),
        .post("/_matrix/client/v3/rooms/{roomId}/kick", .user, MembershipRoutes.kick),
        .post("/_matrix/client/v3/rooms/{roomId}/ban", .user, MembershipRoutes.ban),
        .post("/_matrix/client/v3/rooms/{roomId}/unban", .user, MembershipRoutes.unban),
    ]

    // MARK: Sending and reading events. spec: client-server-api/#events

    private static let timeline: [Route] = [
        .put("/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}", .user, TimelineRoutes.send),
        .put("/_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}", .user, TimelineRoutes.redact),
        .get("/_matrix/client/v3/rooms/{roomId}/messages", .user, TimelineRoutes.messages),
        .get("/_matrix/client/v3/rooms/{roomId}/context/{eventId}", .user, TimelineRoutes.context),
        .get("/_matrix/client/v3/rooms/{roomId}/event/{eventId}", .user, TimelineRoutes.event),
    ]

    // MARK: Room state. spec: client-server-api/#getting-events-for-a-room

    private static let state: [Route] = [
        .get("/_matrix/client/v3/rooms/{roomId}/state", .user, StateRoutes.all),
        .get("/_matrix/client/v3/rooms/{roomId}/state/{eventType}", .user, StateRoutes.getWithEmptyKey),
        .get("/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}", .user, StateRoutes.get),
        .put("/_matrix/client/v3/rooms/{roomId}/state/{eventType}", .user, StateRoutes.setWithEmptyKey),
        .put("/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}", .user, StateRoutes.set),
        .get("/_matrix/client/v3/rooms/{roomId}/members", .user, StateRoutes.members),
        .get("/_matrix/client/v3/rooms/{roomId}/joined_members", .user, StateRoutes.joinedMembers),
    ]

    // MARK: Receipts, read markers, typing, presence. spec: client-server-api/#receipts

    private static let ephemeral: [Route] = [
        .post("/_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId}", .user, EphemeralRoutes.setReceipt),
        .post("/_matrix/client/v3/rooms/{roomId}/read_markers", .user, EphemeralRoutes.setReadMarkers),
        .put("/_matrix/client/v3/rooms/{roomId}/typing/{userId}", .user, EphemeralRoutes.setTyping),
        .get("/_matrix/client/v3/presence/{userId}/status", .user, EphemeralRoutes.presence),
        .put("/_matrix/client/v3/presence/{userId}/status", .user, EphemeralRoutes.setPresence),
    ]

    // MARK: Sync. spec: client-server-api/#syncing

    private static let sync: [Route] = [
        .get("/_matrix/client/v3/sync", .user, SyncRoutes.sync)
    ]

    // MARK: Room aliases and published rooms. spec: client-server-api/#room-aliases

    private static let directory: [Route] = [
        .get("/_matrix/client/v3/directory/room/{roomAlias}", .anyone, DirectoryRoutes.resolve),
        .put("/_matrix/client/v3/directory/room/{roomAlias}", .user, DirectoryRoutes.add),
        .delete("/_matrix/client/v3/directory/room/{roomAlias}", .user, DirectoryRoutes.remove),
        .get("/_matrix/client/v3/rooms/{roomId}/aliases", .user, DirectoryRoutes.aliases),
        .get("/_matrix/client/v3/directory/list/room/{roomId}", .anyone, DirectoryRoutes.visibility),
        .put("/_matrix/client/v3/directory/list/room/{roomId}", .user, DirectoryRoutes.setVisibility),
        .get("/_matrix/client/v3/publicRooms", .anyone, DirectoryRoutes.publicRooms),
        .post("/_matrix/client/v3/publicRooms", .user, DirectoryRoutes.searchPublicRooms),
    ]

    // MARK: Content repository. spec: client-server-api/#content-repository

    private static let media: [Route] = []

    // MARK: End-to-end encryption. spec: client-server-api/#end-to-end-encryption

    private static let encryption: [Route] = [
        .post("/_matrix/client/v3/keys/upload", .user, EncryptionStubRoutes.uploadKeys),
        .post("/_matrix/client/v3/keys/query", .user, EncryptionStubRoutes.queryKeys),
        .post("/_matrix/client/v3/keys/claim", .user, EncryptionStubRoutes.claimKeys),
        .get("/_matrix/client/v3/keys/changes", .user, EncryptionStubRoutes.noKeyChanges),
        .get("/_matrix/client/v3/room_keys/version", .user, EncryptionStubRoutes.noKeyBackup),
    ]

    // MARK: What this box does not have, said the way clients understand it

    private static let stubs: [Route] = [
        .get("/_matrix/client/v3/thirdparty/protocols", .user, StubRoutes.noProtocols),
        .get("/_matrix/client/v3/thirdparty/protocol/{protocol}", .user, StubRoutes.unknownProtocol),
        .get("/_matrix/client/v3/thirdparty/location", .user, StubRoutes.noThirdPartyResults),
        .get("/_matrix/client/v3/thirdparty/location/{protocol}", .user, StubRoutes.noThirdPartyResults),
        .get("/_matrix/client/v3/thirdparty/user", .user, StubRoutes.noThirdPartyResults),
        .get("/_matrix/client/v3/thirdparty/user/{protocol}", .user, StubRoutes.noThirdPartyResults),
        .get("/_matrix/client/v3/voip/turnServer", .user, StubRoutes.noTURNServer),
        .get("/_matrix/client/v3/account/3pid", .user, StubRoutes.noThirdPartyIdentifiers),
        .post("/_matrix/client/v3/account/3pid", .user, StubRoutes.thirdPartyIdentifiersDenied),
        .post("/_matrix/client/v3/account/3pid/add", .user, StubRoutes.thirdPartyIdentifiersDenied),
        .post("/_matrix/client/v3/account/3pid/bind", .user, StubRoutes.thirdPartyIdentifiersDenied),
        .post("/_matrix/client/v3/account/3pid/delete", .user, StubRoutes.thirdPartyIdentifiersDenied),
        .post("/_matrix/client/v3/account/3pid/unbind", .user, StubRoutes.thirdPartyIdentifiersDenied),
        .post("/_matrix/client/v3/account/3pid/email/requestToken", .anyone, StubRoutes.thirdPartyIdentifiersDenied),
        .post("/_matrix/client/v3/account/3pid/msisdn/requestToken", .anyone, StubRoutes.thirdPartyIdentifiersDenied),
        .post("/_matrix/client/v3/account/password/email/requestToken", .anyone, StubRoutes.thirdPartyIdentifiersDenied),
        .post("/_matrix/client/v3/account/password/msisdn/requestToken", .anyone, StubRoutes.thirdPartyIdentifiersDenied),
        .post("/_matrix/client/v3/register/email/requestToken", .anyone, StubRoutes.thirdPartyIdentifiersDenied),
        .post("/_matrix/client/v3/register/msisdn/requestToken", .anyone, StubRoutes.thirdPartyIdentifiersDenied),
        .get("/_matrix/client/v3/pushers", .user, StubRoutes.noPushers),
        .post("/_matrix/client/v3/pushers/set", .user, StubRoutes.setPusher),
    ]

    // MARK: Landline's own

    private static let appliance: [Route] = [
        .get("/_landline/v1/qr.svg", .anyone, QRCodeRoutes.svg)
    ]
}
