import Testing

@testable import HTTPAPI

struct QueryTests {
    @Test func valuesAreDecoded() {
        let text: Substring = "from=s1_2&filter=%7B%22a%22%3A%5B%5D%7D&q=a+b%2Bc&empty=&flag&q=%E5%AE%B6"
        #expect(Query.first("from", in: text) == "s1_2")
        #expect(Query.first("filter", in: text) == #"{"a":[]}"#)
        #expect(Query.first("q", in: text) == "a b+c")
        #expect(Query.all("q", in: text) == ["a b+c", "家"])
        #expect(Query.first("empty", in: text) == "")
        #expect(Query.first("flag", in: text) == "")
        #expect(Query.first("none", in: text) == nil)
        #expect(Query.all("none", in: text) == [])
    }

    @Test func namesAreDecodedToo() {
        #expect(Query.first("org.matrix.a/b", in: "org.matrix.a%2Fb=1") == "1")
    }

    @Test func strayCharactersHarmNothing() {
        #expect(Query.first("a", in: "") == nil)
        #expect(Query.first("a", in: "&&=&=x&a=1") == "1")
        #expect(Query.first("a", in: "a=%GG") == nil)
        #expect(Query.all("a", in: "a=%FF&a=2") == ["2"])
    }
}
