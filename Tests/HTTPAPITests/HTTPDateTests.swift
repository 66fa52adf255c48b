import Foundation
import Testing

@testable import HTTPAPI

struct HTTPDateTests {
    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400_000, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_799_999, "Tue, 29 Feb 2000 23:59:59 GMT"), (4_107_542_400_000, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (-1_000, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ] as [(Int64, String)])
    func datesOfHeaders(_ milliseconds: Int64, _ text: String) {
        #expect(HTTPDate.text(milliseconds) == text)
        let seconds = Int64((Double(milliseconds) / 1_000).rounded(.down))
        #expect(HTTPDate.milliseconds(text) == seconds * 1_000)
    }

    /// Against another implementation, over some centuries.
    @Test func everyDayIsRight() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        for day in stride(from: Int64(-40_000), to: 80_000, by: 97) {
            let seconds = day * 86_400 + 12_345
            let text = HTTPDate.text(seconds * 1_000)
            #expect(text == formatter.string(from: Date(timeIntervalSince1970: Double(seconds))))
            #expect(HTTPDate.milliseconds(text) == seconds * 1_000)
        }
    }

    @Test(arguments: [
        "", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 -8:49:37 GMT",
    ])
    func whatIsNoDateIsNone(_ text: String) {
        #expect(HTTPDate.milliseconds(text) == nil)
    }

    @Test func distantTimesStayInTheirYears() {
        #expect(HTTPDate.text(.max).hasSuffix(" 31 Dec 9999 23:59:59 GMT"))
        #expect(HTTPDate.text(.min).hasSuffix(" 01 Jan 0001 00:00:00 GMT"))
    }
}
