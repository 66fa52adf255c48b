import HTTPTypes

/// The one table of all endpoints. `r0` is understood for `v3` everywhere, and a HEAD where there is a GET: no rows for those.
enum Routes {
    static let all: [Route] =
        discovery + login + registration + account + devices + accountData + profiles + filters + pushRules + push + userDirectory + rooms
        + membership + timeline + search + state + ephemeral + sync + directory + media + encryption + openID + reports + administration
        + applicationServices + stubs + appliance + files + synapseAdmin

    // MARK: Server discovery. spec: client-server-api/#server-discovery

    private static let discovery: [Route] = [
        .get("/.well-known/matrix/client", .anyone, DiscoveryRoutes.wellKnown),
        .get("/.well-known/matrix/support", .anyone, DiscoveryRoutes.noSupportPage),
        .get("/_matrix/client/versions", .anyone, DiscoveryRoutes.versions),
        .get("/_matrix/client/v3/capabilities", .user, DiscoveryRoutes.capabilities),
        .get("/_matrix/federation/v1/version", .anyone, DiscoveryRoutes.serverVersion),
    ]

    // MARK: Login. spec: client-server-api/#login

    private static let login: [Route] = [
        .get("/_matrix/client/v3/login", .anyone, LoginRoutes.flows),
        .post("/_matrix/client/v3/login", .anyone, LoginRoutes.logIn),
        .post("/_matrix/client/v3/refresh", .anyone, LoginRoutes.refresh),
        .post("/_matrix/client/v3/logout", .user, LoginRoutes.logOut),
        .post("/_matrix/client/v3/logout/all", .user, LoginRoutes.logOutEverywhere),
    ]

    // MARK: Account registration. spec: client-server-api/#account-registration

    private static let registration: [Route] = [
        .post("/_matrix/client/v3/register", .anyone, RegistrationRoutes.register),
        .get("/_matrix/client/v3/register/available", .anyone, RegistrationRoutes.available),
        .get("/_matrix/client/v1/register/m.login.registration_token/validity", .anyone, RegistrationRoutes.tokenValidity),
        .get("/_matrix/client/v3/auth/{stage}/fallback/web", .anyone, AuthenticationFallbackRoutes.page),
        .post("/_matrix/client/v3/auth/{stage}/fallback/web", .anyone, AuthenticationFallbackRoutes.submit),
    ]

    // MARK: Account management. spec: client-server-api/#account-management

    private static let account: [Route] = [
        .get("/_matrix/client/v3/account/whoami", .guest, AccountRoutes.whoAmI),
        .post("/_matrix/client/v3/account/password", .user, AccountRoutes.changePassword),
        .post("/_matrix/client/v3/account/deactivate", .user, AccountRoutes.deactivate),
    ]

    // MARK: Devices. spec: client-server-api/#device-management

    private static let devices: [Route] = [
        .get("/_matrix/client/v3/devices", .guest, DeviceRoutes.list),
        .get("/_matrix/client/v3/devices/{deviceId}", .guest, DeviceRoutes.get),
        .put("/_matrix/client/v3/devices/{deviceId}", .guest, DeviceRoutes.rename),
        .delete("/_matrix/client/v3/devices/{deviceId}", .user, DeviceRoutes.delete),
        .post("/_matrix/client/v3/delete_devices", .user, DeviceRoutes.deleteListed),
    ]

    // MARK: Account data and tags. spec: client-server-api/#client-config

    private static let accountData: [Route] = [
        .get("/_matrix/client/v3/user/{userId}/account_data/{type}", .user, AccountDataRoutes.get),
        .put("/_matrix/client/v3/user/{userId}/account_data/{type}", .user, AccountDataRoutes.set),
        .get("/_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}", .user, AccountDataRoutes.getOfRoom),
        .put("/_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}", .user, AccountDataRoutes.setOfRoom),
        .delete("/_matrix/client/v3/user/{userId}/account_data/{type}", .user, AccountDataRoutes.delete),
        .delete("/_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}", .user, AccountDataRoutes.deleteOfRoom),
        .delete("/_matrix/client/unstable/org.matrix.msc3391/user/{userId}/account_data/{type}", .user, AccountDataRoutes.delete),
        .delete(
            "/_matrix/client/unstable/org.matrix.msc3391/user/{userId}/rooms/{roomId}/account_data/{type}", .user, AccountDataRoutes.deleteOfRoom),
        .get("/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags", .user, AccountDataRoutes.tags),
        .put("/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}", .user, AccountDataRoutes.setTag),
        .delete("/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}", .user, AccountDataRoutes.deleteTag),
    ]

    // MARK: Profiles. spec: client-server-api/#profiles

    private static let profiles: [Route] = [
        .get("/_matrix/client/v3/profile/{userId}", .anyone, ProfileRoutes.get),
        .get("/_matrix/client/v3/profile/{userId}/{keyName}", .anyone, ProfileRoutes.getField),
        .put("/_matrix/client/v3/profile/{userId}/{keyName}", .guest, ProfileRoutes.setField),
        .delete("/_matrix/client/v3/profile/{userId}/{keyName}", .guest, ProfileRoutes.deleteField),
        // From before v1.16; clients use them where they see no newer version.
        .get("/_matrix/client/unstable/uk.tcpip.msc4133/profile/{userId}", .anyone, ProfileRoutes.get),
        .get("/_matrix/client/unstable/uk.tcpip.msc4133/profile/{userId}/{keyName}", .anyone, ProfileRoutes.getField),
        .put("/_matrix/client/unstable/uk.tcpip.msc4133/profile/{userId}/{keyName}", .user, ProfileRoutes.setField),
        .delete("/_matrix/client/unstable/uk.tcpip.msc4133/profile/{userId}/{keyName}", .user, ProfileRoutes.deleteField),
    ]

    // MARK: Filters. spec: client-server-api/#filtering

    private static let filters: [Route] = [
        .post("/_matrix/client/v3/user/{userId}/filter", .user, FilterRoutes.create),
        .get("/_matrix/client/v3/user/{userId}/filter/{filterId}", .user, FilterRoutes.get),
    ]

    // MARK: Push rules. spec: client-server-api/#push-rules

    private static let pushRules: [Route] = [
        .get("/_matrix/client/v3/pushrules", .user, PushRuleRoutes.all),
        .get("/_matrix/client/v3/pushrules/global", .user, PushRuleRoutes.global),
        .get("/_matrix/client/v3/pushrules/global/{kind}", .user, PushRuleRoutes.ofKind),
        .get("/_matrix/client/v3/pushrules/global/{kind}/{ruleId}", .user, PushRuleRoutes.get),
        .put("/_matrix/client/v3/pushrules/global/{kind}/{ruleId}", .user, PushRuleRoutes.put),
        .delete("/_matrix/client/v3/pushrules/global/{kind}/{ruleId}", .user, PushRuleRoutes.delete),
        .get("/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled", .user, PushRuleRoutes.isEnabled),
        .put("/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/enabled", .user, PushRuleRoutes.setEnabled),
        .get("/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions", .user, PushRuleRoutes.actions),
        .put("/_matrix/client/v3/pushrules/global/{kind}/{ruleId}/actions", .user, PushRuleRoutes.setActions),
        // Whatever else stands there is a mistake, not an endpoint of a later version.
        .put("/_matrix/client/v3/pushrules", .user, PushRuleRoutes.malformed),
        .get("/_matrix/client/v3/pushrules/{scope}", .user, PushRuleRoutes.malformed),
        .put("/_matrix/client/v3/pushrules/{scope}", .user, PushRuleRoutes.malformed),
        .put("/_matrix/client/v3/pushrules/{scope}/{kind}", .user, PushRuleRoutes.malformed),
        .put("/_matrix/client/v3/pushrules/{scope}/{kind}/{ruleId}", .user, PushRuleRoutes.malformed),
        .get("/_matrix/client/v3/pushrules/{scope}/{kind}/{ruleId}/{attribute}", .user, PushRuleRoutes.malformed),
        .put("/_matrix/client/v3/pushrules/{scope}/{kind}/{ruleId}/{attribute}", .user, PushRuleRoutes.malformed),
    ]

    // MARK: Pushers and notifications. spec: client-server-api/#push-notifications

    private static let push: [Route] = [
        .get("/_matrix/client/v3/pushers", .user, PusherRoutes.list),
        .post("/_matrix/client/v3/pushers/set", .user, PusherRoutes.set),
        .get("/_matrix/client/v3/notifications", .user, PusherRoutes.notifications),
        .get("/_matrix/push/v1/notify", .anyone, PusherRoutes.unifiedPush),
        .post("/_matrix/push/v1/notify", .anyone, PusherRoutes.passOn),
    ]

    // MARK: User directory. spec: client-server-api/#user-directory

    private static let userDirectory: [Route] = [
        .post("/_matrix/client/v3/user_directory/search", .user, UserDirectoryRoutes.search),
        .get("/_matrix/client/v1/mutual_rooms", .user, MutualRoomRoutes.get),
        .get("/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms", .user, MutualRoomRoutes.get),
    ]

    // MARK: Rooms. spec: client-server-api/#rooms-1

    private static let rooms: [Route] = [
        .post("/_matrix/client/v3/createRoom", .user, RoomRoutes.create),
        .post("/_matrix/client/v3/rooms/{roomId}/upgrade", .user, RoomRoutes.upgrade),
        .get("/_matrix/client/v1/rooms/{roomId}/hierarchy", .user, RoomRoutes.hierarchy),
        .get("/_matrix/client/v1/rooms/{roomId}/timestamp_to_event", .user, RoomRoutes.eventByTime),
        .get("/_matrix/client/v1/room_summary/{roomIdOrAlias}", .optionalUser, RoomRoutes.summary),
        .get("/_matrix/client/unstable/im.nheko.summary/summary/{roomIdOrAlias}", .optionalUser, RoomRoutes.summaryOfTheProposal),
        .get("/_matrix/client/unstable/im.nheko.summary/rooms/{roomIdOrAlias}/summary", .optionalUser, RoomRoutes.summaryOfTheProposal),
    ]

    // MARK: Membership. spec: client-server-api/#room-membership

    private static let membership: [Route] = [
        .get("/_matrix/client/v3/joined_rooms", .user, MembershipRoutes.joinedRooms),
        // The list of what guests may do lacks this one, but it is how clients join (matrix-js-sdk's joinRoom).
        .post("/_matrix/client/v3/join/{roomIdOrAlias}", .guest, MembershipRoutes.join),
        .post("/_matrix/client/v3/rooms/{roomId}/join", .guest, MembershipRoutes.joinByID),
        .post("/_matrix/client/v3/knock/{roomIdOrAlias}", .user, MembershipRoutes.knock),
        .post("/_matrix/client/v3/rooms/{roomId}/leave", .guest, MembershipRoutes.leave),
        .post("/_matrix/client/v3/rooms/{roomId}/forget", .user, MembershipRoutes.forget),
        .post("/_matrix/client/v3/rooms/{roomId}/invite", .user, MembershipRoutes.invite),
        .post("/_matrix/client/v3/rooms/{roomId}/kick", .user, MembershipRoutes.kick),
        .post("/_matrix/client/v3/rooms/{roomId}/ban", .user, MembershipRoutes.ban),
        .post("/_matrix/client/v3/rooms/{roomId}/unban", .user, MembershipRoutes.unban),
    ]

    // MARK: Sending and reading events. spec: client-server-api/#events

    private static let timeline: [Route] = [
        .put("/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}", .guest, TimelineRoutes.send),
        // Without a transaction ID: of before the specification's first version, and in use with curl.
        .post("/_matrix/client/v3/rooms/{roomId}/send/{eventType}", .guest, TimelineRoutes.sendOnce),
        .put("/_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}", .user, TimelineRoutes.redact),
        .get("/_matrix/client/v3/rooms/{roomId}/messages", .guest, TimelineRoutes.messages),
        .get("/_matrix/client/v3/rooms/{roomId}/context/{eventId}", .guest, TimelineRoutes.context),
        .get("/_matrix/client/v3/rooms/{roomId}/event/{eventId}", .guest, TimelineRoutes.event),
        .get("/_matrix/client/v1/rooms/{roomId}/relations/{eventId}", .user, RelationRoutes.all),
        .get("/_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}", .user, RelationRoutes.ofType),
        .get("/_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}/{eventType}", .user, RelationRoutes.ofTypes),
        .get("/_matrix/client/v1/rooms/{roomId}/threads", .user, RelationRoutes.threads),
    ]

    // MARK: Search. spec: client-server-api/#server-side-search

    private static let search: [Route] = [
        .post("/_matrix/client/v3/search", .user, SearchRoutes.search)
    ]

    // MARK: Room state. spec: client-server-api/#getting-events-for-a-room

    private static let state: [Route] = [
        .get("/_matrix/client/v3/rooms/{roomId}/state", .guest, StateRoutes.all),
        .get("/_matrix/client/v3/rooms/{roomId}/state/{eventType}", .guest, StateRoutes.getWithEmptyKey),
        .get("/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}", .guest, StateRoutes.get),
        .put("/_matrix/client/v3/rooms/{roomId}/state/{eventType}", .guest, StateRoutes.setWithEmptyKey),
        .put("/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}", .guest, StateRoutes.set),
        .get("/_matrix/client/v3/rooms/{roomId}/members", .guest, StateRoutes.members),
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
        .get("/_matrix/client/v3/sync", .guest, SyncRoutes.sync),
        .get("/_matrix/client/v3/events", .guest, EventStreamRoutes.events),
        .get("/_matrix/client/v3/events/{eventId}", .user, EventStreamRoutes.event),
        .get("/_matrix/client/v3/initialSync", .user, EventStreamRoutes.initialSync),
        .get("/_matrix/client/v3/rooms/{roomId}/initialSync", .guest, EventStreamRoutes.roomInitialSync),
        .post("/_matrix/client/unstable/org.matrix.simplified_msc3575/sync", .guest, SlidingSyncRoutes.syncInTheField),
        .post("/_matrix/client/v4/sync", .guest, SlidingSyncRoutes.sync),
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

    private static let media: [Route] = [
        Route(.post, "/_matrix/media/v3/upload", .user, bodyLimit: .upload, MediaRoutes.upload),
        .post("/_matrix/media/v1/create", .user, MediaRoutes.create),
        Route(.put, "/_matrix/media/v3/upload/{serverName}/{mediaId}", .user, bodyLimit: .upload, MediaRoutes.uploadCreated),
        .get("/_matrix/client/v1/media/config", .user, MediaRoutes.config),
        .get("/_matrix/client/v1/media/download/{serverName}/{mediaId}", .guest, MediaRoutes.download),
        .get("/_matrix/client/v1/media/download/{serverName}/{mediaId}/{fileName}", .guest, MediaRoutes.downloadNamed),
        .get("/_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}", .guest, MediaRoutes.thumbnail),
        // Deprecated, and open to whoever knows the URI: clients from before v1.11 send no token.
        .get("/_matrix/media/v3/config", .user, MediaRoutes.config),
        .get("/_matrix/media/v3/download/{serverName}/{mediaId}", .anyone, MediaRoutes.download),
        .get("/_matrix/media/v3/download/{serverName}/{mediaId}/{fileName}", .anyone, MediaRoutes.downloadNamed),
        .get("/_matrix/media/v3/thumbnail/{serverName}/{mediaId}", .anyone, MediaRoutes.thumbnail),
    ]

    // MARK: End-to-end encryption. spec: client-server-api/#end-to-end-encryption

    private static let encryption: [Route] = [
        .put("/_matrix/client/v3/sendToDevice/{eventType}/{txnId}", .guest, ToDeviceRoutes.send),
        .post("/_matrix/client/v3/keys/upload", .guest, KeyRoutes.upload),
        .post("/_matrix/client/v3/keys/query", .guest, KeyRoutes.query),
        .post("/_matrix/client/v3/keys/claim", .guest, KeyRoutes.claim),
        .get("/_matrix/client/v3/keys/changes", .user, KeyRoutes.changes),
        .post("/_matrix/client/v3/keys/device_signing/upload", .user, CrossSigningRoutes.uploadKeys),
        .post("/_matrix/client/v3/keys/signatures/upload", .user, CrossSigningRoutes.uploadSignatures),
        // The names of before v1.1, which libraries kept for long.
        .post("/_matrix/client/unstable/keys/device_signing/upload", .user, CrossSigningRoutes.uploadKeys),
        .post("/_matrix/client/unstable/keys/signatures/upload", .user, CrossSigningRoutes.uploadSignatures),
        .post("/_matrix/client/v3/room_keys/version", .user, KeyBackupRoutes.create),
        .get("/_matrix/client/v3/room_keys/version", .user, KeyBackupRoutes.newest),
        .get("/_matrix/client/v3/room_keys/version/{version}", .user, KeyBackupRoutes.get),
        .put("/_matrix/client/v3/room_keys/version/{version}", .user, KeyBackupRoutes.update),
        .delete("/_matrix/client/v3/room_keys/version/{version}", .user, KeyBackupRoutes.delete),
        .put("/_matrix/client/v3/room_keys/keys", .user, KeyBackupRoutes.storeAll),
        .get("/_matrix/client/v3/room_keys/keys", .user, KeyBackupRoutes.getAll),
        .delete("/_matrix/client/v3/room_keys/keys", .user, KeyBackupRoutes.deleteAll),
        .put("/_matrix/client/v3/room_keys/keys/{roomId}", .user, KeyBackupRoutes.storeOfRoom),
        .get("/_matrix/client/v3/room_keys/keys/{roomId}", .user, KeyBackupRoutes.getOfRoom),
        .delete("/_matrix/client/v3/room_keys/keys/{roomId}", .user, KeyBackupRoutes.deleteOfRoom),
        .put("/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}", .user, KeyBackupRoutes.storeOne),
        .get("/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}", .user, KeyBackupRoutes.getOne),
        .delete("/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}", .user, KeyBackupRoutes.deleteOne),
    ]

    // MARK: OpenID. spec: client-server-api/#openid

    private static let openID: [Route] = [
        .post("/_matrix/client/v3/user/{userId}/openid/request_token", .user, OpenIDRoutes.requestToken),
        .get("/_matrix/federation/v1/openid/userinfo", .anyone, OpenIDRoutes.userInfo),
    ]

    // MARK: Reporting content. spec: client-server-api/#reporting-content

    private static let reports: [Route] = [
        .post("/_matrix/client/v3/rooms/{roomId}/report/{eventId}", .user, ReportRoutes.event),
        .post("/_matrix/client/v3/rooms/{roomId}/report", .user, ReportRoutes.room),
        .post("/_matrix/client/v3/users/{userId}/report", .user, ReportRoutes.user),
    ]

    // MARK: Server administration. spec: client-server-api/#server-administration

    private static let administration: [Route] = [
        .get("/_matrix/client/v3/admin/whois/{userId}", .user, AdministrationRoutes.whoIs),
        .get("/_matrix/client/v1/admin/lock/{userId}", .administrator, AdministrationRoutes.isLocked),
        .put("/_matrix/client/v1/admin/lock/{userId}", .administrator, AdministrationRoutes.setLocked),
        .get("/_matrix/client/v1/admin/suspend/{userId}", .administrator, AdministrationRoutes.isSuspended),
        .put("/_matrix/client/v1/admin/suspend/{userId}", .administrator, AdministrationRoutes.setSuspended),
    ]

    // MARK: Application services and the networks they lead to. spec: application-service-api/#client-server-api-extensions

    private static let applicationServices: [Route] = [
        .post("/_matrix/client/v1/appservice/{appserviceId}/ping", .user, ApplicationServiceRoutes.ping),
        .put("/_matrix/client/v3/directory/list/appservice/{networkId}/{roomId}", .applicationService, ApplicationServiceRoutes.setVisibility),
        .delete("/_matrix/client/v3/directory/list/appservice/{networkId}/{roomId}", .applicationService, ApplicationServiceRoutes.hide),
        .get("/_matrix/client/v3/thirdparty/protocols", .user, ThirdPartyNetworkRoutes.protocols),
        .get("/_matrix/client/v3/thirdparty/protocol/{protocol}", .user, ThirdPartyNetworkRoutes.description),
        .get("/_matrix/client/v3/thirdparty/location", .user, ThirdPartyNetworkRoutes.locationsOfAlias),
        .get("/_matrix/client/v3/thirdparty/location/{protocol}", .user, ThirdPartyNetworkRoutes.locations),
        .get("/_matrix/client/v3/thirdparty/user", .user, ThirdPartyNetworkRoutes.usersOfUser),
        .get("/_matrix/client/v3/thirdparty/user/{protocol}", .user, ThirdPartyNetworkRoutes.users),
    ]

    // MARK: What this box does not have, said the way clients understand it

    private static let stubs: [Route] = [
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
    ]

    // MARK: Landline's own

    private static let appliance: [Route] = [
        .get("/_landline/v1/qr.svg", .anyone, QRCodeRoutes.svg),
        .get("/_landline/v1/box", .anyone, BoxRoutes.box),
        .get("/_landline/v1/me", .user, BoxRoutes.me),
        .post("/_landline/v1/my_devices", .user, BoxRoutes.myDevices),
        .get("/_landline/v1/invites", .administrator, InviteRoutes.list),
        .post("/_landline/v1/invites", .administrator, InviteRoutes.create),
        .delete("/_landline/v1/invites/{token}", .administrator, InviteRoutes.revoke),
        Route(.options, "/_landline/v1/uploads", .anyone, UploadRoutes.options),
        Route(.options, "/_landline/v1/uploads/{uploadId}", .anyone, UploadRoutes.options),
        .get("/_landline/v1/uploads", .user, UploadRoutes.list),
        Route(.post, "/_landline/v1/uploads", .user, bodyLimit: .upload, UploadRoutes.create),
        .get("/_landline/v1/uploads/{uploadId}", .user, UploadRoutes.status),
        Route(.patch, "/_landline/v1/uploads/{uploadId}", .user, bodyLimit: .upload, UploadRoutes.append),
        Route(.post, "/_landline/v1/uploads/{uploadId}", .user, bodyLimit: .upload, UploadRoutes.override),
        .delete("/_landline/v1/uploads/{uploadId}", .user, UploadRoutes.delete),
        .post("/_landline/v1/tickets", .user, TicketRoutes.issue),
        .get("/d/{ticket}/{name}", .anyone, TicketRoutes.fetch),
        .get("/_landline/v1/files/thumbnail", .user, FileThumbnailRoutes.thumbnail),
        .get("/_landline/v1/shares", .user, ShareRoutes.list),
        .post("/_landline/v1/shares", .user, ShareRoutes.create),
        .delete("/_landline/v1/shares/{token}", .user, ShareRoutes.revoke),
        .get("/s/{token}", .anyone, GuestRoutes.page),
        .get("/s/{token}/{path...}", .anyone, GuestRoutes.below),
        Route(.post, "/s/{token}", .anyone, bodyLimit: .upload, GuestRoutes.submit),
        .get("/_landline/v1/reports", .administrator, ReportRoutes.list),
        .delete("/_landline/v1/reports/{reportId}", .administrator, ReportRoutes.delete),
    ]

    // MARK: Files

    private static let files: [Route] =
        [
            .get("/_landline/v1/files/list", .user, FileRoutes.list),
            .get("/_landline/v1/files/search", .user, FileRoutes.search),
            .get("/_landline/v1/files/size", .user, FileRoutes.size),
            .get("/_landline/v1/files/usage", .user, FileRoutes.usage),
            .get("/_landline/v1/files/bin", .user, FileRoutes.bin),
            .delete("/_landline/v1/files/bin", .user, FileRoutes.emptyBin),
            .post("/_landline/v1/files/bin/{id}/restore", .user, FileRoutes.restore),
            .delete("/_landline/v1/files/bin/{id}", .user, FileRoutes.purge),
            .get("/_landline/v1/app_passwords", .user, FileRoutes.appPasswords),
            .post("/_landline/v1/app_passwords", .user, FileRoutes.createAppPassword),
            .delete("/_landline/v1/app_passwords/{id}", .user, FileRoutes.revokeAppPassword),
        ] + webDAV(DAVPath.prefix) + webDAV("\(DAVPath.prefix)/{path...}")

    private static func webDAV(_ path: String) -> [Route] {
        [
            Route(.options, path, .files, WebDAVRoutes.options),
            Route(.get, path, .files, WebDAVRoutes.get),
            Route(.put, path, .files, bodyLimit: .upload, WebDAVRoutes.put),
            Route(.post, path, .files, bodyLimit: .upload, FormRoutes.submit),
            Route(.delete, path, .files, WebDAVRoutes.delete),
            Route(.mkcol, path, .files, WebDAVRoutes.makeFolder),
            Route(.copy, path, .files, WebDAVRoutes.copy),
            Route(.move, path, .files, WebDAVRoutes.move),
            Route(.propfind, path, .files, PropertyRoutes.find),
            Route(.proppatch, path, .files, PropertyRoutes.patch),
            Route(.lock, path, .files, LockRoutes.lock),
            Route(.unlock, path, .files, LockRoutes.unlock),
        ]
    }

    // MARK: What dashboards for Synapse ask

    private static let synapseAdmin: [Route] = [
        .get("/_synapse/admin/v1/register", .anyone, SynapseAdminRoutes.nonce),
        .post("/_synapse/admin/v1/register", .anyone, SynapseAdminRoutes.register),
        .get("/_synapse/admin/v1/server_version", .anyone, SynapseAdminRoutes.version),
        .get("/_synapse/admin/v1/users/{userId}/admin", .administrator, SynapseAdminRoutes.isAdministrator),
        .get("/_synapse/admin/v1/whois/{userId}", .administrator, AdministrationRoutes.whoIs),
        .get("/_synapse/admin/v2/users", .administrator, SynapseAdminRoutes.accounts),
        .get("/_synapse/admin/v2/users/{userId}", .administrator, SynapseAdminRoutes.account),
        .post("/_synapse/admin/v1/reset_password/{userId}", .administrator, SynapseAdminRoutes.resetPassword),
        .post("/_synapse/admin/v1/deactivate/{userId}", .administrator, SynapseAdminRoutes.deactivate),
    ]

    // MARK: The command line, over the control socket only

    static let control: [Route] = [
        .get("/accounts", .anyone, ControlRoutes.accounts),
        .post("/accounts", .anyone, ControlRoutes.addAccount),
        .put("/accounts/{name}/password", .anyone, ControlRoutes.setPassword),
        .put("/accounts/{name}/quota", .anyone, ControlRoutes.setQuota),
        .post("/accounts/{name}/deactivate", .anyone, ControlRoutes.deactivate),
        .post("/accounts/{name}/lock", .anyone, ControlRoutes.lock),
        .post("/accounts/{name}/unlock", .anyone, ControlRoutes.unlock),
        .post("/invites", .anyone, ControlRoutes.invite),
    ]
}
