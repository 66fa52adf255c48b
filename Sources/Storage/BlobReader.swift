import Glibc

/// An open content. Stays readable even if the content is deleted meanwhile.
///
/// Proof for `@unchecked Sendable`: immutable; `pread` keeps no position in the descriptor.
public final class BlobReader: @unchecked Sendable {
    public let byteCount: Int64

    private let descriptor: Int32
    private let path: String
    private let threads: FileThreads

    init(descriptor: Int32, byteCount: Int64, path: String, threads: FileThreads) {
        self.descriptor = descriptor
        self.byteCount = byteCount
        self.path = path
        self.threads = threads
    }

    deinit { Glibc.close(descriptor) }

    /// Reads exactly `count` bytes at `offset`, on a thread for files.
    ///
    /// - Parameter make: makes the result around a buffer of `count` bytes, which it hands to the closure that fills it.
    public func read<Result: Sendable>(
        at offset: Int64, count: Int, into make: @escaping @Sendable ((UnsafeMutableRawBufferPointer) throws -> Void) throws -> Result
    ) async throws -> Result {
        try await threads.run { [self] in
            try make { buffer in
                precondition(buffer.count >= count)
                try fill(buffer, at: offset, count: count)
            }
        }
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64, count: Int) throws(StorageError) {
        var filled = 0
        while filled < count {
            let result = pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + off_t(filled))
            if result < 0 && errno == EINTR { continue }
            guard result >= 0 else { throw .file(path) }
            guard result > 0 else { throw StorageError(.corrupt, "\(path) is shorter than it was.", hint: "The disk may be failing.") }
            filled += result
        }
    }
}
