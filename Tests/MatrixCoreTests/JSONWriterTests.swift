import MatrixCore
import Testing

struct JSONWriterTests {
    @Test func commasStandWhereTheyMust() throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("array")
        writer.beginArray()
        writer.integer(1)
        writer.beginArray()
        writer.endArray()
        writer.beginObject()
        writer.endObject()
        writer.null()
        writer.raw([UInt8](#"{"stored":[1,2]}"#.utf8))
        writer.raw([UInt8]("  true  ".utf8)[2..<6])
        writer.string("x")
        writer.endArray()
        writer.field("flag", false)
        writer.field("text", "a\"b")
        writer.field("number", Int64.min)
        writer.key("value")
        writer.value(["k": [1, .null]])
        writer.key("double")
        writer.double(.infinity)
        writer.endObject()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"array":[1,[],{},null,{"stored":[1,2]},true,"x"],"flag":false,"text":"a\"b","number":-9223372036854775808,"#
                + #""value":{"k":[1,null]},"double":null}"#)
        #expect(throws: Never.self) { try JSONValue(parsing: writer.bytes) }
    }

    @Test func integersOfEveryLength() {
        var number: Int64 = 1
        for _ in 0..<19 {
            for value in [number, -number, number - 1, 1 - number] {
                var writer = JSONWriter()
                writer.integer(value)
                #expect(String(decoding: writer.bytes, as: UTF8.self) == "\(value)")
            }
            number = number.multipliedReportingOverflow(by: 10).partialValue
        }
    }
}
