/// What can go wrong with the disk, in words for the owner of the box.
public struct StorageError: Error, Sendable, CustomStringConvertible {
    public enum Reason: Sendable, Hashable {
        /// The database was written by a newer Landline.
        case newerVersion
        /// The file is not a database, or is damaged.
        case corrupt
        /// Another process has the data directory open.
        case inUse
        /// No space is left, or the quota is used up.
        case full
        /// The directory or a file cannot be read or written.
        case notAccessible
        case other
    }

    public let reason: Reason
    public let message: String
    /// What the owner can do next.
    public let hint: String

    public init(_ reason: Reason, _ message: String, hint: String = "") {
        self.reason = reason
        self.message = message
        self.hint = hint
    }

    public var description: String { hint.isEmpty ? message : "\(message)\n\(hint)" }
}
