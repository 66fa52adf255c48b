/// Times as HTTP and WebDAV write them.
///
/// Written straight into bytes, since the list of a large folder has thousands. Years are counted from March, in eras of 400.
enum HTTPDate {
    /// A moment's parts in UTC.
    struct Parts {
        var year = 1970
        var month = 1
        var day = 1
        var hour = 0
        var minute = 0
        var second = 0
        /// 0 is Sunday.
        var weekday = 4
    }

    /// The years that have four digits.
    static let secondsRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    static func parts(ofMilliseconds milliseconds: Int64) -> Parts {
        let total = min(max(Self.floored(milliseconds, 1_000), secondsRange.lowerBound), secondsRange.upperBound)
        let days = floored(total, 86_400)
        let seconds = Int(total - days * 86_400)
        let shifted = days + 719_468
        let era = floored(shifted, 146_097)
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return Parts(
            year: yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0), month: month, day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1,
            hour: seconds / 3_600, minute: seconds / 60 % 60, second: seconds % 60, weekday: Int((days % 7 + 11) % 7))
    }

    static let textBytes = 29

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
    static func text(_ milliseconds: Int64) -> String {
        String(unsafeUninitializedCapacity: textBytes) { bytes in
            write(milliseconds, into: UnsafeMutableRawBufferPointer(bytes))
            return textBytes
        }
    }

    /// The same, as exactly `textBytes` bytes.
    static func write(_ milliseconds: Int64, into bytes: UnsafeMutableRawBufferPointer) {
        let parts = parts(ofMilliseconds: milliseconds)
        write(weekdays[parts.weekday], bytes, 0)
        write(", ", bytes, 3)
        write(parts.day, 2, bytes, 5)
        bytes[7] = space
        write(months[parts.month - 1], bytes, 8)
        bytes[11] = space
        write(parts.year, 4, bytes, 12)
        bytes[16] = space
        writeClock(parts, bytes, 17)
        write(" GMT", bytes, 25)
    }

    static let internetTextBytes = 20

    /// `1994-11-06T08:49:37Z` (RFC 3339), as exactly `internetTextBytes` bytes.
    static func writeInternet(_ milliseconds: Int64, into bytes: UnsafeMutableRawBufferPointer) {
        let parts = parts(ofMilliseconds: milliseconds)
        write(parts.year, 4, bytes, 0)
        bytes[4] = UInt8(ascii: "-")
        write(parts.month, 2, bytes, 5)
        bytes[7] = UInt8(ascii: "-")
        write(parts.day, 2, bytes, 8)
        bytes[10] = UInt8(ascii: "T")
        writeClock(parts, bytes, 11)
        bytes[19] = UInt8(ascii: "Z")
    }

    private static let space = UInt8(ascii: " ")

    private static func writeClock(_ parts: Parts, _ bytes: UnsafeMutableRawBufferPointer, _ start: Int) {
        write(parts.hour, 2, bytes, start)
        bytes[start + 2] = UInt8(ascii: ":")
        write(parts.minute, 2, bytes, start + 3)
        bytes[start + 5] = UInt8(ascii: ":")
        write(parts.second, 2, bytes, start + 6)
    }

    private static func write(_ text: String, _ bytes: UnsafeMutableRawBufferPointer, _ start: Int) {
        var index = start
        for byte in text.utf8 {
            bytes[index] = byte
            index += 1
        }
    }

    /// With leading zeros.
    private static func write(_ value: Int, _ width: Int, _ bytes: UnsafeMutableRawBufferPointer, _ start: Int) {
        var value = value
        for index in stride(from: start + width - 1, through: start, by: -1) {
            bytes[index] = UInt8(ascii: "0") + UInt8(value % 10)
            value /= 10
        }
    }

    /// Milliseconds since 1970, of the form that `text` writes; `nil` for anything else.
    static func milliseconds(_ text: some StringProtocol) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = number(words[1], 1...31), let month = months.firstIndex(where: { $0 == words[2] }),
            words[3].utf8.count == 4, let year = number(words[3], 1...9_999)
        else { return nil }
        let clock = words[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = number(clock[0], 0...23), let minute = number(clock[1], 0...59), let second = number(clock[2], 0...60)
        else { return nil }
        return (days(year, month + 1, day) * 86_400 + Int64(hour * 3_600 + minute * 60 + min(second, 59))) * 1_000
    }

    /// Days since 1970.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let year = Int64(month <= 2 ? year - 1 : year)
        let era = floored(year, 400)
        let yearOfEra = year - era * 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func number(_ text: some StringProtocol, _ range: ClosedRange<Int>) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), range.contains(value) else { return nil }
        return value
    }

    private static func floored(_ value: Int64, _ divisor: Int64) -> Int64 {
        value % divisor < 0 ? value / divisor - 1 : value / divisor
    }

    static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
