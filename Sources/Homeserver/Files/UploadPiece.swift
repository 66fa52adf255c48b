public import Cryptography

/// Some bytes of an upload, as they arrive.
public struct UploadPiece: Sendable {
    let byteCount: Int
    let withBytes: @Sendable ((UnsafeRawBufferPointer) throws -> Void) throws -> Void

    /// - Parameter withBytes: gives the bytes to the closure that takes them.
    public init(byteCount: Int, _ withBytes: @escaping @Sendable ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) {
        self.byteCount = byteCount
        self.withBytes = withBytes
    }
}

/// What a client says that the bytes of one request come to.
public struct UploadChecksum: Sendable {
    let algorithm: ChecksumDigest.Algorithm
    let value: [UInt8]

    public init(_ algorithm: ChecksumDigest.Algorithm, _ value: [UInt8]) {
        self.algorithm = algorithm
        self.value = value
    }
}
