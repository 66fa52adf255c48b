/// What the owner may decide. Everything has a default that suits a household.
public struct HomeserverConfiguration: Sendable {
    public enum Registration: String, Sendable, CaseIterable {
        /// Anyone on the network may make an account.
        case open
        /// A registration token is needed, but for the first account.
        case invite
        /// Accounts are made on the command line only.
        case closed
    }

    /// Where everything is kept.
    public var dataDirectory: String
    /// The name in user IDs. `nil` keeps the stored name, or invents one at the first start. It can never change.
    public var serverName: String?
    public var registration: Registration
    /// With it scripts can make accounts, also of administrators. `nil`, the default, lets none do so.
    public var registrationSharedSecret: String?
    /// Whether every new account joins a common room.
    public var hasHomeRoom: Bool
    public var hasRateLimits: Bool
    public var maxUploadBytes: Int64
    /// The program that `ThumbnailProcess` starts: landline itself.
    public var thumbnailExecutable = "/proc/self/exe"
    /// How many bytes an account may keep on the box, unless it was given another number; `nil` for any number.
    public var quotaBytes: Int64?
    /// After how many days an upload that nothing refers to is deleted, counted from when it was used last; 0 for never.
    public var unusedMediaDays = 0

    public init(
        dataDirectory: String, serverName: String? = nil, registration: Registration = .invite, hasHomeRoom: Bool = true,
        hasRateLimits: Bool = true, maxUploadBytes: Int64 = 16 << 30
    ) {
        self.dataDirectory = dataDirectory
        self.serverName = serverName
        self.registration = registration
        self.hasHomeRoom = hasHomeRoom
        self.hasRateLimits = hasRateLimits
        self.maxUploadBytes = maxUploadBytes
    }
}
