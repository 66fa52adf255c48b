import MatrixCore
import Testing

struct JSONParserTests {
    @Test func everyKindOfValue() throws {
        let value = try JSONValue(
            parsing: """
                 { "null" : null, "true":true ,"false":false,"int":-12,"zero":0,"double":1.5,"exp":1e3,
                \t"string":"text","array":[1,[],{}],"object":{"a":{"b":"c"}}, "":"empty key" }\r\n
                """)
        #expect(
            value == [
                "null": .null, "true": true, "false": false, "int": -12, "zero": 0, "double": .double(1.5), "exp": .double(1000),
                "string": "text", "array": [1, [], [:]], "object": ["a": ["b": "c"]], "": "empty key",
            ])
    }

    @Test(arguments: [
        ("9223372036854775807", JSONValue.integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("-9223372036854775809", .double(-9_223_372_036_854_775_808)),
        ("-0", .integer(0)), ("-0.0", .double(-0.0)), ("0.5e-3", .double(0.0005)), ("1E+2", .double(100)),
        ("123456789012345678901234567890", .double(123_456_789_012_345_677_877_719_597_056)), ("1e-400", .double(0)),
    ])
    func numbers(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u65E5""#, "Aé日"),
        (#""\ud83d\ude00!""#, "😀!"), (#""a\u0000b""#, "a\u{0}b"), (#""日本\n語""#, "日本\n語"), (#""""#, ""),
    ])
    func strings(text: String, value: String) throws {
        let parsed = try #require(try JSONValue(parsing: text).stringValue)
        #expect(Array(parsed.utf8) == Array(value.utf8))
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}", "{\"a\"}", "{\"a\":}", "{a:1}", "{'a':1}", "{\"a\":1 \"b\":2}", "{1:2}",
        "nul", "nulll", "True", "tru", "+1", "01", "-", "-01", "1.", ".5", "1e", "1e+", "0x10", "Infinity", "-Infinity", "NaN", "1 2", "{} {}",
        "\"", "\"abc", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "\"a\tb\"", "\"\u{0}\"", "/* */ 1", "1 // end", "\u{FEFF}1",
        "\u{A0}1",
        "[1}", "{]", "\"\\u+123\"", "- 1", "1.e5", "\u{0}",
    ])
    func syntaxErrors(text: String) {
        expectError(.notJSON, [UInt8](text.utf8))
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xE2, 0x82],
            [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xC3, 0x28],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        expectError(.notJSON, [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")])
        expectError(.notJSON, [UInt8]("{\"".utf8) + bytes + [UInt8]("\":1}".utf8))
        expectError(.notJSON, [UInt8]("\"\\n".utf8) + bytes + [UInt8(ascii: "\"")])
        expectError(.notJSON, [UInt8]("[1]".utf8) + bytes)
    }

    @Test(arguments: [
        #""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\ud800""#, #""\ud800A""#, #""\ud800\ue000""#, #"{"\udfff":1}"#,
    ])
    func loneSurrogates(text: String) {
        expectError(.badJSON, [UInt8](text.utf8))
    }

    @Test(arguments: [#"{"a":1,"a":2}"#, #"{"a":1,"b":2,"\u0061":3}"#, #"[{"x":{"k":null,"k":null}}]"#, #"{"":1,"":1}"#])
    func duplicateKeys(text: String) {
        expectError(.badJSON, [UInt8](text.utf8))
    }

    @Test func canonicallyEquivalentKeysAreTwoKeys() throws {
        let object = try JSONObject(parsing: [UInt8]("{\"e\u{301}\":1,\"é\":2}".utf8))
        #expect(object.count == 2)
        #expect(object.integer("é") == 2)
        #expect(object.integer("e\u{301}") == 1)
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> [UInt8] {
            [UInt8](repeating: UInt8(ascii: "["), count: depth) + [UInt8](repeating: UInt8(ascii: "]"), count: depth)
        }
        #expect(throws: Never.self) { try JSONValue(parsing: nested(64)) }
        expectError(.badJSON, nested(65))
        expectError(.badJSON, [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000))
        let objects = [UInt8](String(repeating: "{\"a\":", count: 500_000).utf8)
        expectError(.badJSON, objects)
        #expect(throws: Never.self) { try JSONValue(parsing: [UInt8]("[[1],[2],[3]]".utf8), limits: JSONLimits(maxDepth: 2)) }
    }

    @Test func sizeIsBounded() {
        let text = [UInt8]("[1,2,3]".utf8)
        #expect(throws: Never.self) { try JSONValue(parsing: text, limits: JSONLimits(maxBytes: 7)) }
        #expect { try JSONValue(parsing: text, limits: JSONLimits(maxBytes: 6)) } throws: { ($0 as? MatrixError)?.code == .tooLarge }
    }

    @Test(arguments: ["1e400", "-1e400", "1" + String(repeating: "0", count: 400)])
    func numbersWithoutDouble(text: String) {
        expectError(.badJSON, [UInt8](text.utf8))
    }

    @Test func bodyHasToBeAnObject() {
        #expect { try JSONObject(parsing: [UInt8]("[]".utf8)) } throws: { ($0 as? MatrixError)?.code == .badJSON }
    }

    @Test func sliceAndBufferGiveTheSame() throws {
        let bytes = [UInt8]("xx{\"a\":[1,2]}yy".utf8)
        let slice = bytes[2..<bytes.count - 2]
        let expected: JSONObject = ["a": [1, 2]]
        #expect(try JSONObject(parsing: slice) == expected)
        #expect(try slice.withUnsafeBytes { try JSONObject(parsing: $0) } == expected)
    }

    /// Every prefix of a valid text is refused, and no change of one byte makes the parser crash.
    @Test func truncatedAndDamagedTexts() throws {
        let text = [UInt8](#"{"a":[1,-2.5e3,true,null,"x\ud83d\ude00\u00e9日"],"b":{"c":false}}"#.utf8)
        _ = try JSONValue(parsing: text)
        for length in 0..<text.count { expectError(.notJSON, Array(text[..<length]), orElse: .badJSON) }
        for index in text.indices {
            for bit in 0..<8 {
                var damaged = text
                damaged[index] ^= 1 << bit
                // Whatever still parses must come back the same.
                guard let written = try? JSONValue(parsing: damaged).serialized() else { continue }
                #expect(try JSONValue(parsing: written).serialized() == written)
            }
        }
    }

    private func expectError(
        _ code: MatrixError.Code, _ bytes: [UInt8], orElse other: MatrixError.Code? = nil, at location: SourceLocation = #_sourceLocation
    ) {
        #expect(sourceLocation: location) {
            try JSONValue(parsing: bytes)
        } throws: { error in
            let found = (error as? MatrixError)?.code
            return found == code || (other != nil && found == other)
        }
    }
}
