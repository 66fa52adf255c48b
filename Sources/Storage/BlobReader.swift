import Glibc

/// An open content. Stays readable even if the content is deleted meanwhile.
///
/// Proof for `@unchecked Sendable`: immutable; `pread` keeps no position in the descriptor.
public final class BlobReader: @unchecked Sendable {
    public let byteCount: Int64

    private let source: Source

    private enum Source {
        case memory([UInt8])
        case file(descriptor: Int32, path: String, threads: FileThreads)
    }

    /// Bytes that are in memory.
    public init(bytes: [UInt8]) {
        byteCount = Int64(bytes.count)
        source = .memory(bytes)
    }

    /// `nil` if there is no such file.
    init?(path: String, threads: FileThreads) throws(StorageError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StorageError.file(path)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            Glibc.close(descriptor)
            throw StorageError.file(path)
        }
        byteCount = Int64(status.st_size)
        source = .file(descriptor: descriptor, path: path, threads: threads)
    }

    deinit {
        if case .file(let descriptor, _, _) = source { Glibc.close(descriptor) }
    }

    /// All bytes of a content that is in memory anyway.
    public var smallBytes: [UInt8]? {
        if case .memory(let bytes) = source { bytes } else { nil }
    }

    /// A descriptor of its own for whoever reads the file in another way; the caller closes it. `nil` for a content without a file.
    public func duplicateDescriptor() throws(StorageError) -> Int32? {
        guard case .file(let descriptor, let path, _) = source else { return nil }
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .file(path) }
        return copy
    }

    /// Reads exactly `count` bytes at `offset`, on a thread for files.
    ///
    /// - Parameter make: makes the result around a buffer of `count` bytes, which it hands to the closure that fills it.
    public func read<Result: Sendable>(
        at offset: Int64, count: Int, into make: @escaping @Sendable ((UnsafeMutableRawBufferPointer) throws -> Void) throws -> Result
    ) async throws -> Result {
        switch source {
        case .memory(let bytes):
            return try make { buffer in
                precondition(buffer.count >= count)
                guard let start = Int(exactly: offset), start + count <= bytes.count else { throw Self.shorter("A content of the database") }
                bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
            }
        case .file(_, _, let threads):
            return try await threads.run { [self] in
                try make { buffer in
                    precondition(buffer.count >= count)
                    try fill(buffer, at: offset, count: count)
                }
            }
        }
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64, count: Int) throws(StorageError) {
        guard case .file(let descriptor, let path, _) = source else { return }
        var filled = 0
        while filled < count {
            let result = pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + off_t(filled))
            if result < 0 && errno == EINTR { continue }
            guard result >= 0 else { throw .file(path) }
            guard result > 0 else { throw Self.shorter(path) }
            filled += result
        }
    }

    private static func shorter(_ what: String) -> StorageError {
        StorageError(.corrupt, "\(what) is shorter than it was.", hint: "The disk may be failing.")
    }
}
