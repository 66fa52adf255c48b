import Testing

@testable import HTTPAPI

struct ByteRangeTests {
    @Test(arguments: [
        ("bytes=0-99", ByteRange.part(0..<100)), ("bytes=900-", .part(900..<1000)), ("bytes=-1", .part(999..<1000)), ("bytes=-5000", .part(0..<1000)),
        ("bytes=990-2000", .part(990..<1000)), ("Bytes=0-0", .part(0..<1)), ("bytes=999-999", .part(999..<1000)),
        ("bytes=0-99999999999999999999999", .part(0..<1000)),
        ("bytes=1000-", .unsatisfiable), ("bytes=1000-1001", .unsatisfiable), ("bytes=-0", .unsatisfiable),
        ("bytes=99999999999999999999999-", .unsatisfiable),
        // Several ranges, other units and nonsense: the whole file is a right answer.
        ("bytes=0-1,5-6", .whole), ("lines=0-1", .whole), ("bytes=5-4", .whole), ("bytes=-", .whole), ("bytes=a-b", .whole), ("bytes=+1-2", .whole),
        ("bytes=1-2-3", .whole), ("bytes=", .whole), ("", .whole),
    ])
    func header(_ header: String, _ expected: ByteRange) {
        #expect(ByteRange(header, byteCount: 1000) == expected)
    }

    @Test func anEmptyFileHasNoPart() {
        #expect(ByteRange(nil, byteCount: 0) == .whole)
        #expect(ByteRange("bytes=0-", byteCount: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-5", byteCount: 0) == .unsatisfiable)
    }
}
