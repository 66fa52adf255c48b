public import Logging
import MatrixCore
import Storage

/// The services of the box, put together over one data directory.
public final class Homeserver: Sendable {
    public let serverName: String
    public let configuration: HomeserverConfiguration

    // Accounts
    public let sessions: Sessions
    public let appPasswords: AppPasswords
    public let login: Login
    public let registration: Registration
    public let guests: Guests
    public let accounts: Accounts
    public let devices: Devices
    public let invites: Invites
    public let profiles: Profiles
    public let accountData: AccountData
    public let filters: Filters
    public let pushRules: PushRuleSettings
    public let pushers: Pushers
    public let notificationList: NotificationList
    public let unifiedPush: UnifiedPushGateway
    public let userDirectory: UserDirectory
    public let limiter: RateLimiter
    public let openID: OpenID
    public let sharedSecretRegistration: SharedSecretRegistration
    public let reports: Reports
    public let moderation: Moderation
    public let applicationServices: ApplicationServices

    // Rooms
    public let rooms: Rooms
    public let upgrades: RoomUpgrades
    public let summaries: RoomSummaries
    public let spaces: SpaceHierarchy
    public let membership: Membership
    public let timeline: Timeline
    public let history: History
    public let search: Search
    public let directory: RoomDirectory
    public let mutualRooms: MutualRooms
    public let receipts: Receipts
    public let typing: Typing
    public let presence: Presence
    public let sync: Sync
    public let eventStream: EventStream
    public let initialSync: InitialSync
    public let slidingSync: SlidingSync

    // End-to-end encryption
    public let deviceKeys: DeviceKeys
    public let deviceLists: DeviceLists
    public let crossSigning: CrossSigning
    public let toDevice: ToDevice
    public let keyBackup: KeyBackup

    // Files
    public let media: Media
    public let myDevices: MyDevices
    public let files: Files
    public let archives: FileArchives
    public let uploads: Uploads
    public let tickets: Tickets
    public let thumbnails: Thumbnails
    public let quotas: Quotas
    public let shares: Shares

    /// Where the command line finds the running box.
    public var controlSocket: String { directoryLock.controlSocket }

    private let directoryLock: DataDirectory
    let database: Database
    private let pushes: PushDelivery
    let searchIndexing: SearchIndexing
    private let fileUpkeep: FileUpkeep
    private let blobs: BlobStore
    let unusedMedia: UnusedMedia

    /// Opens the data directory, or makes it. Throws `StorageError` when it is in use, damaged or from a newer version.
    ///
    /// - Parameter http: how the services ask other programs.
    public init(configuration: HomeserverConfiguration, http: any HTTPClient, clock: Clock = .system, logger: Logger) async throws {
        let directory = try DataDirectory(path: configuration.dataDirectory)
        let feed = ChangeFeed()
        let database = try Database(path: directory.database) { feed.publish($0) }
        feed.start(at: database.startPosition)
        let identity = try await database.write { try ServerIdentity.load(configuration.serverName, in: $0) }
        let serverName = identity.serverName
        let namespaces = try await ApplicationServices.prepare(
            ServiceNamespaces(directory.registrationFiles(), serverName: serverName, logger: logger), in: database, clock: clock, logger: logger)

        let pushRules = PushRuleSettings(database: database, feed: feed)
        let ignoredUsers = try await IgnoredUsers(database: database)
        let moderation = try await Moderation(database: database, feed: feed, serverName: serverName)
        let notifications = Notifications(pushRules: pushRules, ignoredUsers: ignoredUsers)
        let pushes = PushDelivery(
            database: database, feed: feed, http: http, notifications: notifications, pushRules: pushRules, logger: logger)
        let pushers = Pushers(database: database, clock: clock, delivery: pushes)
        let typing = Typing(database: database, feed: feed)
        let accountData = AccountData(database: database, feed: feed, pushRules: pushRules, ignoredUsers: ignoredUsers)
        let writer = EventWriter(
            identity: identity, clock: clock, feed: feed, notifications: notifications, typing: typing,
            predecessors: PredecessorSettings(accountData: accountData), moderation: moderation, pushes: pushes)
        let members = MemberContent()
        let rooms = Rooms(database: database, writer: writer, members: members, serverName: serverName)
        let membership = Membership(database: database, writer: writer, members: members)
        let homeRoom = HomeRoom(
            isEnabled: configuration.hasHomeRoom, database: database, rooms: rooms, membership: membership, serverName: serverName)
        let myDevices = MyDevices(isEnabled: configuration.hasHomeRoom, database: database, rooms: rooms, accountData: accountData)
        let presence = Presence(database: database, feed: feed)
        let blobs = try BlobStore(directory: directory)
        let bin = FileBin(database: database, blobs: blobs)
        let quotas = try await Quotas(database: database, standard: configuration.quotaBytes)
        let unusedMedia = UnusedMedia(serverName: serverName, database: database, blobs: blobs, keptDays: configuration.unusedMediaDays)

        let limiter = RateLimiter(isEnabled: configuration.hasRateLimits)
        let deviceLists = DeviceLists(database: database, feed: feed)
        let deviceKeys = DeviceKeys(database: database, feed: feed, lists: deviceLists, serverName: serverName)
        let toDevice = ToDevice(database: database, feed: feed, serverName: serverName)
        let sync = Sync(
            database: database, feed: feed, notifications: notifications, typing: typing, presence: presence, accountData: accountData,
            deviceKeys: deviceKeys, deviceLists: deviceLists, toDevice: toDevice, ignoredUsers: ignoredUsers, moderation: moderation)
        let slidingSync = SlidingSync(sync: sync)
        let tickets = Tickets(moderation: moderation)
        let appPasswords = AppPasswords(database: database, limiter: limiter, serverName: serverName, clock: clock)
        let sessions = Sessions(
            database: database, clock: clock, deviceBegins: { try deviceKeys.devicesChanged(of: $0, in: $1) },
            deviceEnds: { device, user, transaction in
                slidingSync.deviceEnds(device.key, after: transaction)
                try deviceKeys.deviceEnds(device, of: user, in: transaction)
                toDevice.deviceEnds(device.key, in: transaction)
                transaction.afterCommit { tickets.deviceEnds(device.key) }
                try pushers.deviceEnds(device.key, of: user, in: transaction)
                transaction.record(.deviceEnded(user, device: device.key), at: transaction.nextPosition(), in: feed)
            }, allEnd: { try appPasswords.endAll(of: $0, in: $1) })
        let applicationServices = ApplicationServices(
            namespaces: namespaces, database: database, feed: feed, http: http, sessions: sessions, typing: typing, presence: presence,
            serverName: serverName, clock: clock, logger: logger)
        let passwords = Passwords()
        let invites = Invites(database: database, clock: clock)
        let credentials = Credentials(database: database, passwords: passwords, limiter: limiter, serverName: serverName)
        let authentication = UserInteractiveAuthentication(credentials: credentials, invites: invites, limiter: limiter)

        self.serverName = serverName
        self.configuration = configuration
        self.sessions = sessions
        self.appPasswords = appPasswords
        self.applicationServices = applicationServices
        login = Login(database: database, sessions: sessions, credentials: credentials, services: applicationServices)
        registration = Registration(
            database: database, sessions: sessions, passwords: passwords, authentication: authentication, invites: invites, limiter: limiter,
            namespaces: namespaces, serverName: serverName, mode: configuration.registration, clock: clock, logger: logger,
            joinHomeRoom: { user in
                try await homeRoom.join(user)
                try await myDevices.begin(for: user)
            })
        let accounts = Accounts(
            database: database, sessions: sessions, passwords: passwords, authentication: authentication, services: applicationServices,
            serverName: serverName, leaveAllRooms: { try await membership.leaveAll(as: $0) },
            deleteFiles: { try await bin.removeFilesOfClosedAccounts() },
            forgetSettings: { user in
                pushRules.forget(user)
                ignoredUsers.forget(user)
                moderation.forget(user)
            })
        self.accounts = accounts
        guests = Guests(
            database: database, sessions: sessions, limiter: limiter, clock: clock, serverName: serverName,
            areWelcome: configuration.registration == .open, deactivate: { try await accounts.deactivate($0) })
        devices = Devices(database: database, sessions: sessions, authentication: authentication, keys: deviceKeys)
        self.invites = invites
        profiles = Profiles(database: database, moderation: moderation) { user, _, _ in try await membership.profileChanged(of: user) }
        self.accountData = accountData
        filters = Filters(database: database)
        self.pushRules = pushRules
        self.pushers = pushers
        notificationList = NotificationList(database: database, pushRules: pushRules)
        unifiedPush = UnifiedPushGateway(delivery: pushes, http: http, limiter: limiter)
        userDirectory = UserDirectory(database: database)
        self.limiter = limiter
        openID = OpenID(database: database)
        sharedSecretRegistration = SharedSecretRegistration(
            secret: configuration.registrationSharedSecret, registration: registration, limiter: limiter)
        reports = Reports(database: database, feed: feed, limiter: limiter, clock: clock, logger: logger)
        self.moderation = moderation

        self.rooms = rooms
        upgrades = RoomUpgrades(database: database, writer: writer, members: members, limiter: limiter, serverName: serverName)
        summaries = RoomSummaries(database: database)
        spaces = SpaceHierarchy(database: database)
        self.membership = membership
        timeline = Timeline(database: database, writer: writer, feed: feed, limiter: limiter, unusedMedia: unusedMedia)
        history = History(database: database, feed: feed, ignoredUsers: ignoredUsers)
        search = Search(database: database, feed: feed, ignoredUsers: ignoredUsers)
        mutualRooms = MutualRooms(database: database)
        self.directory = RoomDirectory(database: database, writer: writer, serverName: serverName, namespaces: namespaces)
        receipts = Receipts(database: database, feed: feed, clock: clock, notifications: notifications, pushes: pushes)
        self.typing = typing
        self.presence = presence
        self.sync = sync
        self.slidingSync = slidingSync
        eventStream = EventStream(sync: sync)
        initialSync = InitialSync(sync: sync)
        self.deviceKeys = deviceKeys
        self.deviceLists = deviceLists
        crossSigning = CrossSigning(database: database, lists: deviceLists, authentication: authentication)
        self.toDevice = toDevice
        keyBackup = KeyBackup(database: database)
        self.blobs = blobs
        self.myDevices = myDevices
        self.quotas = quotas
        self.unusedMedia = unusedMedia
        media = Media(
            serverName: serverName, database: database, blobs: blobs, quotas: quotas, unused: unusedMedia, clock: clock,
            maxUploadBytes: configuration.maxUploadBytes)
        let chats = Chats(
            database: database, blobs: blobs, writer: writer, timeline: timeline, ignoredUsers: ignoredUsers, limiter: limiter,
            serverName: serverName, clock: clock)
        files = Files(
            database: database, blobs: blobs, chats: chats, bin: bin, quotas: quotas, clock: clock, maxFileBytes: configuration.maxUploadBytes)
        archives = FileArchives(files: files, database: database, blobs: blobs)
        uploads = Uploads(
            database: database, blobs: blobs, target: UploadTarget(media: media, files: files), maxUploadBytes: configuration.maxUploadBytes,
            clock: clock)
        self.tickets = tickets
        thumbnails = Thumbnails(
            database: database, blobs: blobs, process: ThumbnailProcess(executable: configuration.thumbnailExecutable), logger: logger)
        shares = Shares(database: database, files: files, blobs: blobs, passwords: passwords, limiter: limiter, clock: clock)

        searchIndexing = SearchIndexing(database: database, logger: logger)
        fileUpkeep = FileUpkeep(
            database: database, blobs: blobs, bin: bin, unusedMedia: unusedMedia, myDevices: myDevices,
            days: DayCount(database: database, clock: clock), logger: logger)

        directoryLock = directory
        self.database = database
        self.pushes = pushes
    }

    /// Begins what the box does by itself. Without it, as for a short visit of the command line, it only answers.
    public func start() async throws {
        try await pushes.start()
        searchIndexing.start()
        fileUpkeep.start()
        try await uploads.start()
    }

    /// Finishes the writes that wait and closes the database. Nothing may be asked of the services afterwards.
    public func close() async {
        await applicationServices.stop()
        await pushes.stop()
        await searchIndexing.stop()
        await fileUpkeep.stop()
        await uploads.stop()
        // Nothing more than when a device was seen last: not worth an error.
        try? await sessions.saveSightings()
        try? await unusedMedia.saveUses()
        await withCheckedContinuation { continuation in
            let close: @Sendable () -> Void = { [database, blobs] in
                blobs.close()
                database.close()
                continuation.resume()
            }
            if !DetachedThread.start(close) { close() }
        }
    }
}
