import Homeserver
import NIOCore
import Synchronization

/// The bytes of a file as the body of a reply: read piece by piece, the next one while one is sent.
enum FileStream {
    private static let activeDownloads = Atomic(0)

    static func body(_ file: OpenFile, _ range: Range<Int64>) -> Reply.Body {
        if let small = file.smallBytes { return .buffer(ByteBuffer(bytes: small[Int(range.lowerBound)..<Int(range.upperBound)])) }
        return .stream(byteCount: Int64(range.count)) { write in
            activeDownloads.add(1, ordering: .relaxed)
            defer { activeDownloads.subtract(1, ordering: .relaxed) }
            var offset = range.lowerBound
            var (piece, spare) = (Piece(), Piece())
            try await piece.fill(from: file, at: &offset, end: range.upperBound, limit: pieceBytes)
            while offset < range.upperBound {
                let (start, next) = (offset, spare)
                async let end = next.filled(from: file, at: start, end: range.upperBound, limit: pieceBytes)
                try await write(piece.bytes)
                offset = try await end
                (piece, spare) = (next, piece)
            }
            try await write(piece.bytes)
        }
    }

    /// Each piece costs some changes between threads, so large ones are faster; many downloads at once get small ones, and stay small together.
    private static var pieceBytes: Int64 {
        switch activeDownloads.load(ordering: .relaxed) {
        case ...2: 512 << 10
        case ...8: 128 << 10
        default: 32 << 10
        }
    }

    /// A part of the file. Its memory is used again for a later part, unless the socket still has it.
    private final class Piece: Sendable {
        private let buffer = Mutex(ByteBuffer())

        var bytes: ByteBuffer { buffer.withLock { $0 } }

        func fill(from file: OpenFile, at offset: inout Int64, end: Int64, limit: Int64) async throws {
            offset = try await filled(from: file, at: offset, end: end, limit: limit)
        }

        /// Where the part ends.
        func filled(from file: OpenFile, at offset: Int64, end: Int64, limit: Int64) async throws -> Int64 {
            let count = Int(min(limit, end - offset))
            try await file.read(at: offset, count: count) { [self] fill in
                try buffer.withLock { buffer in
                    // A new one where the old one is still being sent.
                    buffer.clear(minimumCapacity: count)
                    try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                        try fill(bytes)
                        return count
                    }
                }
            }
            return offset + Int64(count)
        }
    }
}
