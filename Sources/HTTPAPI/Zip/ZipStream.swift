import Homeserver
import NIOCore

/// A zip file of many files, made while it is sent: no more of it is ever in memory than a piece of one file, and what the end lists.
enum ZipStream {
    private static let bytesPerPiece: Int64 = 128 << 10
    /// Records are sent together where files are small.
    private static let bytesPerRecordPiece = 32 << 10

    static func body(_ entries: [ArchiveEntry], open: @escaping @Sendable (ArchiveEntry) async throws -> OpenFile) -> Reply.Body {
        .stream(byteCount: byteCount(entries)) { write in
            var sender = Sender()
            var listed: [(checksum: UInt32, offset: Int64)] = []
            listed.reserveCapacity(entries.count)
            for entry in entries {
                let offset = sender.offset
                ZipRecords.writeLocalHeader(record(entry), to: &sender.buffer)
                let checksum = try await send(entry, open, &sender, write)
                listed.append((checksum, offset))
                try await sender.flushIfLarge(write)
            }
            let centralOffset = sender.offset
            for (entry, listing) in zip(entries, listed) {
                ZipRecords.writeCentralHeader(record(entry), checksum: listing.checksum, offset: listing.offset, to: &sender.buffer)
                try await sender.flushIfLarge(write)
            }
            ZipRecords.writeEnd(
                count: entries.count, centralOffset: centralOffset, centralBytes: sender.offset - centralOffset, to: &sender.buffer)
            try await sender.flush(write)
        }
    }

    private static func byteCount(_ entries: [ArchiveEntry]) -> Int64 {
        var offset: Int64 = 0
        var central: Int64 = 0
        for entry in entries {
            let entry = record(entry)
            central += ZipRecords.centralBytes(entry, offset: offset)
            offset += ZipRecords.localBytes(entry)
        }
        return offset + central + ZipRecords.endBytes(count: entries.count, centralOffset: offset, centralBytes: central)
    }

    private static func record(_ entry: ArchiveEntry) -> ZipRecords.Entry {
        ZipRecords.Entry(
            name: entry.hash == nil ? entry.name + "/" : entry.name, byteCount: entry.byteCount, modifiedTimestamp: entry.modifiedTimestamp)
    }

    /// The bytes of a file, and what follows them. Gives their checksum.
    private static func send(
        _ entry: ArchiveEntry, _ open: (ArchiveEntry) async throws -> OpenFile, _ sender: inout Sender, _ write: Reply.BodyWriter
    ) async throws -> UInt32 {
        guard entry.hash != nil else { return 0 }
        let file = try await open(entry)
        var checksum = CRC32()
        var offset: Int64 = 0
        while offset < entry.byteCount {
            let count = Int(min(bytesPerPiece, entry.byteCount - offset))
            let before = checksum
            // On the thread that reads them, the bytes are in its cache.
            let (piece, after) = try await file.read(at: offset, count: count) { fill in
                var buffer = ByteBufferAllocator().buffer(capacity: count)
                var checksum = before
                try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                    try fill(bytes)
                    checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                    return count
                }
                return (buffer, checksum)
            }
            checksum = after
            offset += Int64(count)
            try await sender.send(piece, write)
        }
        ZipRecords.writeDescriptor(record(entry), checksum: checksum.value, to: &sender.buffer)
        return checksum.value
    }

    private struct Sender {
        var buffer = ByteBuffer()
        private var sent: Int64 = 0

        /// Where in the zip file the next byte stands.
        var offset: Int64 { sent + Int64(buffer.readableBytes) }

        mutating func send(_ piece: ByteBuffer, _ write: Reply.BodyWriter) async throws {
            if piece.readableBytes <= bytesPerRecordPiece {
                buffer.writeImmutableBuffer(piece)
                return try await flushIfLarge(write)
            }
            try await flush(write)
            sent += Int64(piece.readableBytes)
            try await write(piece)
        }

        mutating func flushIfLarge(_ write: Reply.BodyWriter) async throws {
            if buffer.readableBytes >= bytesPerRecordPiece { try await flush(write) }
        }

        mutating func flush(_ write: Reply.BodyWriter) async throws {
            guard buffer.readableBytes > 0 else { return }
            sent += Int64(buffer.readableBytes)
            let piece = buffer
            buffer = ByteBuffer()
            try await write(piece)
        }
    }
}
