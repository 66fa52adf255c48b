import MatrixCore
import Testing

struct CanonicalJSONTests {
    // spec: appendices/#examples
    @Test(arguments: [
        ("{}", "{}"),
        (#"{ "one": 1, "two": "Two" }"#, #"{"one":1,"two":"Two"}"#),
        (#"{ "b": "2", "a": "1" }"#, #"{"a":"1","b":"2"}"#),
        (#"{"b":"2","a":"1"}"#, #"{"a":"1","b":"2"}"#),
        (
            #"""
            {"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name": "John Doe", "three_pids": [
            {"medium": "email", "address": "john.doe@example.org"}, {"medium": "msisdn", "address": "123456789"}]}}}
            """#,
            #"{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","#
                + #""medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}"#
        ),
        (#"{ "a": "日本語" }"#, #"{"a":"日本語"}"#),
        (#"{ "本": 2, "日": 1 }"#, #"{"日":1,"本":2}"#),
        (#"{ "a": "\u65E5" }"#, #"{"a":"日"}"#),
        (#"{ "a": null }"#, #"{"a":null}"#),
        (#"{ "a": -0, "b": 1e10 }"#, #"{"a":0,"b":10000000000}"#),
    ])
    func examplesOfTheSpecification(text: String, canonical: String) throws {
        #expect(String(decoding: try JSONValue(parsing: text).serialized(), as: UTF8.self) == canonical)
    }

    @Test func onlyWhatMustBeIsEscaped() {
        let everyControl = String(String.UnicodeScalarView((0..<0x20).compactMap { Unicode.Scalar($0) }))
        let expected =
            #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
            + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f""#
        #expect(String(decoding: JSONValue.string(everyControl).serialized(), as: UTF8.self) == expected)
        #expect(String(decoding: JSONValue.string("\"\\/\u{7F}\u{2028}<é😀").serialized(), as: UTF8.self) == "\"\\\"\\\\/\u{7F}\u{2028}<é😀\"")
    }

    @Test func keysAreSortedByCodePoint() throws {
        // By UTF-16 units, U+10000 would stand before U+FFFF.
        let object: JSONObject = ["\u{FFFF}": 1, "\u{10000}": 2, "b": 3, "B": 4, "aa": 5, "a": 6, "": 7]
        #expect(Array(object.keys) == ["", "B", "a", "aa", "b", "\u{FFFF}", "\u{10000}"])
    }

    @Test(arguments: [
        (JSONValue.double(0.1), "0.1"), (.double(1.5), "1.5"), (.double(-2), "-2"), (.double(1e21), "1e+21"),
        (.double(.leastNonzeroMagnitude), "5e-324"),
        (.double(9_007_199_254_740_991), "9007199254740991"), (.integer(.min), "-9223372036854775808"), (.integer(.max), "9223372036854775807"),
        (.integer(-7), "-7"), (.integer(10), "10"),
    ])
    func numbers(value: JSONValue, text: String) throws {
        #expect(String(decoding: value.serialized(), as: UTF8.self) == text)
    }

    @Test func whatAnEventMayContain() throws {
        let largest = JSONValue.maxCanonicalInteger
        for object: JSONObject in [[:], ["a": .integer(largest), "b": .integer(-largest)], ["a": [["b": [.null, true, "x"]]]]] {
            #expect(throws: Never.self) { try object.validateCanonical() }
        }
        for object: JSONObject in [
            ["a": .double(1.5)], ["a": .double(1)], ["a": .integer(largest + 1)], ["a": .integer(-largest - 1)],
            ["a": [["b": [.double(0.5)]]]], ["a": ["b": ["c": .integer(.max)]]],
        ] {
            #expect { try object.validateCanonical() } throws: { ($0 as? MatrixError)?.code == .badJSON }
        }
    }
}
