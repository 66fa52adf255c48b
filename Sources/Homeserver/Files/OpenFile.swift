import Cryptography
import Storage

/// A file that is open for reading: an upload, or one of a folder.
public struct OpenFile: Sendable {
    /// As the uploader said: nothing to rely on.
    public let contentType: String?
    public let name: String?
    public let byteCount: Int64
    /// `nil` where it can never change.
    public let modifiedTimestamp: Int64?

    /// Of the bytes, SHA-256.
    let hash: [UInt8]
    let contents: BlobReader

    init(name: String?, contentType: String?, modifiedTimestamp: Int64?, hash: [UInt8], _ contents: BlobReader) {
        self.name = name
        self.contentType = contentType
        self.modifiedTimestamp = modifiedTimestamp
        byteCount = contents.byteCount
        self.hash = hash
        self.contents = contents
    }

    /// A short text that is the same for the same bytes, and only for those.
    public var fingerprint: String { Base64.encodeURLSafe(hash) }

    /// All bytes of a small file, which are in memory anyway.
    public var smallBytes: [UInt8]? { contents.smallBytes }

    /// A descriptor of its own on the file's bytes, which the caller closes; `nil` for a small file.
    public func duplicateDescriptor() throws -> Int32? { try contents.duplicateDescriptor() }

    /// Reads exactly `count` bytes at `offset`, on a thread that may wait for the disk.
    ///
    /// - Parameter make: makes the result around a buffer of `count` bytes, which it hands to the closure that fills it.
    public func read<Result: Sendable>(
        at offset: Int64, count: Int, into make: @escaping @Sendable ((UnsafeMutableRawBufferPointer) throws -> Void) throws -> Result
    ) async throws -> Result {
        try await contents.read(at: offset, count: count, into: make)
    }
}
