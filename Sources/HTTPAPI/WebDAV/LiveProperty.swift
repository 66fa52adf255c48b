/// The properties that the box itself knows of a file or folder.
///
/// RFC 4918, section 15, and RFC 4331 for the quota.
enum LiveProperty: String, CaseIterable, Sendable {
    case resourceType = "resourcetype"
    case displayName = "displayname"
    case contentLength = "getcontentlength"
    case contentType = "getcontenttype"
    case entityTag = "getetag"
    case lastModified = "getlastmodified"
    case creationDate = "creationdate"
    case supportedLock = "supportedlock"
    case lockDiscovery = "lockdiscovery"
    case quotaAvailable = "quota-available-bytes"
    case quotaUsed = "quota-used-bytes"

    init?(_ name: XMLName) {
        guard name.isDAV, let property = LiveProperty(rawValue: name.local) else { return nil }
        self = property
    }

    /// Quotas cost a look at the disk, and are told only to those who ask for them. RFC 4331, section 3.
    static let all: [LiveProperty] = allCases.filter { !$0.isOfQuota }

    var isOfQuota: Bool { self == .quotaAvailable || self == .quotaUsed }
}
