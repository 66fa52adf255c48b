import Cryptography
import Storage

/// An upload that is open for reading.
public struct MediaFile: Sendable {
    /// As the uploader said: nothing to rely on.
    public let contentType: String?
    public let fileName: String?
    public let byteCount: Int64

    private let hash: [UInt8]
    private let contents: BlobReader

    init(_ media: StoredMedia, _ contents: BlobReader) {
        contentType = media.contentType
        fileName = media.fileName
        byteCount = contents.byteCount
        hash = media.hash
        self.contents = contents
    }

    /// A short text that is the same for the same bytes, and only for those.
    public var fingerprint: String { Base64.encodeURLSafe(hash) }

    /// Reads exactly `count` bytes at `offset`, on a thread that may wait for the disk.
    ///
    /// - Parameter make: makes the result around a buffer of `count` bytes, which it hands to the closure that fills it.
    public func read<Result: Sendable>(
        at offset: Int64, count: Int, into make: @escaping @Sendable ((UnsafeMutableRawBufferPointer) throws -> Void) throws -> Result
    ) async throws -> Result {
        try await contents.read(at: offset, count: count, into: make)
    }
}
