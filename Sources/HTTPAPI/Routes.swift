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

    private static let rooms: [Route] = []

    // MARK: Membership. spec: client-server-api/#room-membership

    private static let membership: [Route] = []

    // MARK: Sending and reading events. spec: client-server-api/#events

    private static let timeline: [Route] = []

    // MARK: Room state. spec: client-server-api/#getting-events-for-a-room

    private static let state: [Route] = []

    // MARK: Receipts, read markers, typing, presence. spec: client-server-api/#receipts

    private static let ephemeral: [Route] = []

    // MARK: Sync. spec: client-server-api/#syncing

    private static let sync: [Route] = []

    // MARK: Room aliases and published rooms. spec: client-server-api/#room-aliases

    private static let directory: [Route] = []

    // MARK: Content repository. spec: client-server-api/#content-repository

    private static let media: [Route] = []

    // MARK: End-to-end encryption. spec: client-server-api/#end-to-end-encryption

    private static let encryption: [Route] = []

    // MARK: What this box does not have, said the way clients understand it

    private static let stubs: [Route] = []

    // MARK: Landline's own

    private static let appliance: [Route] = [
        .get("/_landline/v1/qr.svg", .anyone, QRCodeRoutes.svg)
    ]
}
