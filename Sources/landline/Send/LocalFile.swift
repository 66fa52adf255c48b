import Glibc

/// A file that is sent.
final class LocalFile {
    let name: String
    let byteCount: Int64
    /// Changes with the file.
    let fingerprint: String

    private let descriptor: Int32
    private let path: String

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw Failure(description: "\(path) cannot be read: \(reason).")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Failure(description: "\(path) is no file. Send a folder's files, or a pipe as -.")
        }
        name = path.split(separator: "/").last.map(String.init) ?? path
        byteCount = Int64(status.st_size)
        fingerprint = "\(status.st_dev) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }

    deinit { close(descriptor) }

    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        let count = Int(max(0, min(Int64(count), byteCount - offset)))
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let result = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + filled)
            }
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { throw Failure(description: "\(path) became shorter while it was sent, or cannot be read.") }
            filled += result
        }
        return bytes
    }
}

/// What comes from a pipe. The last slice is kept: the box may want it again.
final class PipeReader {
    private let descriptor: Int32
    private var kept: [UInt8] = []
    private var keptOffset: Int64 = 0
    private var isAtEnd = false

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Fewer than `count` bytes at the end only.
    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        guard let skipped = Int(exactly: offset - keptOffset), (0...kept.count).contains(skipped) else {
            throw Failure(description: "The box has lost what was sent to it.")
        }
        kept.removeFirst(skipped)
        keptOffset = offset
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while kept.count < count, !isAtEnd {
            let wanted = min(piece.count, count - kept.count)
            let result = Glibc.read(descriptor, &piece, wanted)
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { throw Failure(description: "The standard input cannot be read.") }
            isAtEnd = result == 0
            kept += piece[..<result]
        }
        return Array(kept.prefix(count))
    }
}
