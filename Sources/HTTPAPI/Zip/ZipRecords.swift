import NIOCore

/// The records of a zip file (PKWARE's APPNOTE.TXT 6.3.10), for files that are stored as they are.
///
/// Sizes are known before, so the length of the whole is too; checksums stand behind each file, since they come out while it is sent.
enum ZipRecords {
    /// From this on, and with more entries than 16 bits can count, the wider fields of zip64 are used.
    private static let limit32 = Int64(UInt32.max)
    private static let limit16 = Int(UInt16.max)

    /// Names are UTF-8, and checksums follow the bytes.
    private static let flags: UInt16 = 1 << 11 | 1 << 3
    private static let versionWithZip64: UInt16 = 45
    private static let versionWithFolders: UInt16 = 20
    private static let madeOnUnix: UInt16 = 3 << 8

    struct Entry: Sendable {
        /// With slashes between folders, and one at the end of a folder's.
        let name: String
        let byteCount: Int64
        /// Milliseconds since 1970.
        let modifiedTimestamp: Int64

        var isFolder: Bool { name.hasSuffix("/") }
        fileprivate var isLarge: Bool { byteCount >= limit32 }
    }

    // MARK: Lengths

    static func localBytes(_ entry: Entry) -> Int64 {
        let descriptor: Int64 = entry.isFolder ? 0 : entry.isLarge ? 24 : 16
        return 30 + Int64(entry.name.utf8.count) + 9 + (entry.isLarge ? 20 : 0) + entry.byteCount + descriptor
    }

    static func centralBytes(_ entry: Entry, offset: Int64) -> Int64 {
        46 + Int64(entry.name.utf8.count) + 9 + (wideBytes(entry, offset) > 0 ? 4 + Int64(wideBytes(entry, offset)) : 0)
    }

    static func endBytes(count: Int, centralOffset: Int64, centralBytes: Int64) -> Int64 {
        22 + (needsZip64(count, centralOffset, centralBytes) ? 56 + 20 : 0)
    }

    private static func wideBytes(_ entry: Entry, _ offset: Int64) -> Int { (entry.isLarge ? 16 : 0) + (offset >= limit32 ? 8 : 0) }

    private static func needsZip64(_ count: Int, _ offset: Int64, _ bytes: Int64) -> Bool {
        count >= limit16 || offset >= limit32 || bytes >= limit32
    }

    // MARK: Records

    static func writeLocalHeader(_ entry: Entry, to buffer: inout ByteBuffer) {
        buffer.writeLittle(0x0403_4B50 as UInt32)
        writeCommon(entry, entry.isFolder ? flags & ~(1 << 3) : flags, version: entry.isLarge ? versionWithZip64 : versionWithFolders, to: &buffer)
        // The checksum and the sizes follow.
        buffer.writeLittle(0 as UInt32)
        buffer.writeLittle(entry.isLarge ? UInt32.max : 0)
        buffer.writeLittle(entry.isLarge ? UInt32.max : 0)
        buffer.writeLittle(UInt16(entry.name.utf8.count))
        buffer.writeLittle(UInt16(9 + (entry.isLarge ? 20 : 0)))
        buffer.writeString(entry.name)
        writeTime(entry, to: &buffer)
        if entry.isLarge {
            buffer.writeLittle(0x0001 as UInt16)
            buffer.writeLittle(16 as UInt16)
            buffer.writeLittle(0 as UInt64)
            buffer.writeLittle(0 as UInt64)
        }
    }

    static func writeDescriptor(_ entry: Entry, checksum: UInt32, to buffer: inout ByteBuffer) {
        buffer.writeLittle(0x0807_4B50 as UInt32)
        buffer.writeLittle(checksum)
        if entry.isLarge {
            buffer.writeLittle(UInt64(entry.byteCount))
            buffer.writeLittle(UInt64(entry.byteCount))
        } else {
            buffer.writeLittle(UInt32(entry.byteCount))
            buffer.writeLittle(UInt32(entry.byteCount))
        }
    }

    static func writeCentralHeader(_ entry: Entry, checksum: UInt32, offset: Int64, to buffer: inout ByteBuffer) {
        let wide = wideBytes(entry, offset)
        let version = wide > 0 ? versionWithZip64 : versionWithFolders
        buffer.writeLittle(0x0201_4B50 as UInt32)
        buffer.writeLittle(madeOnUnix | version)
        writeCommon(entry, entry.isFolder ? flags & ~(1 << 3) : flags, version: version, to: &buffer)
        buffer.writeLittle(checksum)
        buffer.writeLittle(entry.isLarge ? UInt32.max : UInt32(entry.byteCount))
        buffer.writeLittle(entry.isLarge ? UInt32.max : UInt32(entry.byteCount))
        buffer.writeLittle(UInt16(entry.name.utf8.count))
        buffer.writeLittle(UInt16(9 + (wide > 0 ? 4 + wide : 0)))
        buffer.writeLittle(0 as UInt16)
        buffer.writeLittle(0 as UInt16)
        buffer.writeLittle(0 as UInt16)
        // Rights as on Unix, and for a folder what DOS calls one.
        buffer.writeLittle(entry.isFolder ? 0o040_755 << 16 | 0x10 : 0o100_644 << 16 as UInt32)
        buffer.writeLittle(offset >= limit32 ? UInt32.max : UInt32(offset))
        buffer.writeString(entry.name)
        writeTime(entry, to: &buffer)
        guard wide > 0 else { return }
        buffer.writeLittle(0x0001 as UInt16)
        buffer.writeLittle(UInt16(wide))
        if entry.isLarge {
            buffer.writeLittle(UInt64(entry.byteCount))
            buffer.writeLittle(UInt64(entry.byteCount))
        }
        if offset >= limit32 { buffer.writeLittle(UInt64(offset)) }
    }

    static func writeEnd(count: Int, centralOffset: Int64, centralBytes: Int64, to buffer: inout ByteBuffer) {
        let isWide = needsZip64(count, centralOffset, centralBytes)
        if isWide {
            buffer.writeLittle(0x0606_4B50 as UInt32)
            buffer.writeLittle(44 as UInt64)
            buffer.writeLittle(madeOnUnix | versionWithZip64)
            buffer.writeLittle(versionWithZip64)
            buffer.writeLittle(0 as UInt32)
            buffer.writeLittle(0 as UInt32)
            buffer.writeLittle(UInt64(count))
            buffer.writeLittle(UInt64(count))
            buffer.writeLittle(UInt64(centralBytes))
            buffer.writeLittle(UInt64(centralOffset))
            buffer.writeLittle(0x0706_4B50 as UInt32)
            buffer.writeLittle(0 as UInt32)
            buffer.writeLittle(UInt64(centralOffset + centralBytes))
            buffer.writeLittle(1 as UInt32)
        }
        buffer.writeLittle(0x0605_4B50 as UInt32)
        buffer.writeLittle(0 as UInt16)
        buffer.writeLittle(0 as UInt16)
        buffer.writeLittle(isWide ? UInt16.max : UInt16(count))
        buffer.writeLittle(isWide ? UInt16.max : UInt16(count))
        buffer.writeLittle(isWide ? UInt32.max : UInt32(centralBytes))
        buffer.writeLittle(isWide ? UInt32.max : UInt32(centralOffset))
        buffer.writeLittle(0 as UInt16)
    }

    private static func writeCommon(_ entry: Entry, _ flags: UInt16, version: UInt16, to buffer: inout ByteBuffer) {
        buffer.writeLittle(version)
        buffer.writeLittle(flags)
        // Stored.
        buffer.writeLittle(0 as UInt16)
        let (date, time) = dosTime(entry.modifiedTimestamp)
        buffer.writeLittle(time)
        buffer.writeLittle(date)
    }

    /// Info-ZIP's extended timestamp, in UTC.
    private static func writeTime(_ entry: Entry, to buffer: inout ByteBuffer) {
        buffer.writeLittle(0x5455 as UInt16)
        buffer.writeLittle(5 as UInt16)
        buffer.writeInteger(1 as UInt8)
        buffer.writeLittle(UInt32(bitPattern: Int32(clamping: entry.modifiedTimestamp / 1_000)))
    }

    /// In UTC, as the zone of whoever unpacks is not known; most programs take the other field.
    private static func dosTime(_ milliseconds: Int64) -> (date: UInt16, time: UInt16) {
        // What 7 bits of years from 1980 can hold.
        let seconds = min(max(milliseconds / 1_000, 315_532_800), 4_354_819_199)
        let date = HTTPDate.parts(ofMilliseconds: seconds * 1_000)
        return (
            UInt16((date.year - 1980) << 9 | date.month << 5 | date.day), UInt16(date.hour << 11 | date.minute << 5 | date.second / 2)
        )
    }
}

extension ByteBuffer {
    fileprivate mutating func writeLittle(_ value: some FixedWidthInteger) { writeInteger(value, endianness: .little) }
}
