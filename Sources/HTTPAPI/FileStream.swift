import Homeserver
import NIOCore
import Synchronization

/// The bytes of a file as the body of a reply: read piece by piece, the next one while one is sent.
enum FileStream {
    /// Each piece costs some changes between threads, so large ones are faster; many downloads at once get small ones, and stay small together.
    private static let bytesPerPiece: Int64 = 128 << 10
    private static let bytesPerPieceOfMany: Int64 = 32 << 10
    private static let manyDownloads = 8

    private static let activeDownloads = Atomic(0)

    static func body(_ file: OpenFile, _ range: Range<Int64>) -> Reply.Body {
        if let small = file.smallBytes { return .buffer(ByteBuffer(bytes: small[Int(range.lowerBound)..<Int(range.upperBound)])) }
        return .stream(byteCount: Int64(range.count)) { write in
            activeDownloads.add(1, ordering: .relaxed)
            defer { activeDownloads.subtract(1, ordering: .relaxed) }
            var offset = range.lowerBound
            var piece = try await read(file, offset, range.upperBound)
            offset += Int64(piece.readableBytes)
            while offset < range.upperBound {
                let start = offset
                async let following = read(file, start, range.upperBound)
                try await write(piece)
                piece = try await following
                offset += Int64(piece.readableBytes)
            }
            try await write(piece)
        }
    }

    private static func read(_ file: OpenFile, _ offset: Int64, _ end: Int64) async throws -> ByteBuffer {
        let limit = activeDownloads.load(ordering: .relaxed) > manyDownloads ? bytesPerPieceOfMany : bytesPerPiece
        let count = Int(min(limit, end - offset))
        return try await file.read(at: offset, count: count) { fill in
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                try fill(bytes)
                return count
            }
            return buffer
        }
    }
}
