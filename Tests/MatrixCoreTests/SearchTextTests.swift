import MatrixCore
import Testing

struct SearchTextTests {
    @Test(arguments: [
        ("hello world", "hello world"), ("会议室", "会议 议室 室 "), ("会", "会 "), ("gen-itgc后", "gen-itgc 后 "), ("在A栋", "在 A 栋 "),
        ("ＡＢＣ　１２", "ABC　12"), ("カ・ナ", "カ ・ ナ "), ("안녕", "안녕 녕 "), ("\u{1112}\u{1161}\u{11AB}", "한 "), ("か\u{3099}は\u{309A}", "がぱ ぱ "),
        ("ｳ\u{FF9E}", "ｳ\u{FF9E} \u{FF9E} "), ("", ""), ("a\u{0}\u{4F1A}", "a\u{0} 会 "),
    ])
    func textIsCutIntoPairs(_ text: String, _ prepared: String) {
        let words = { (text: String) in text.split(separator: " ").map { Array($0.unicodeScalars) } }
        #expect(words(SearchText.prepared(text)) == words(prepared.replacing("\u{0}", with: " ")), "\(SearchText.prepared(text).debugDescription)")
    }

    @Test func onlyTheBeginningOfALongTextIsKept() {
        let text = SearchText.prepared(String(repeating: "会", count: 20_000))
        #expect(text.unicodeScalars.filter { $0 == " " }.count <= SearchText.maxIndexedCharacters)
        #expect(SearchText.prepared(String(repeating: "a", count: 20_000)).utf8.count == SearchText.maxIndexedCharacters)
    }

    @Test(arguments: [
        ("meet", ["\"meet\"*"]), ("meet ing", ["\"meet\"*", "\"ing\"*"]), ("a", ["\"a\""]), ("会", ["\"会\"*"]), ("会议", ["\"会议\""]),
        ("会议室", ["\"会议 议室\""]), ("会议室3", ["\"会议 议室 室 3\"*"]), ("a会", ["\"a 会\"*"]), ("\"hello wor\" x", ["\"hello wor\"", "\"x\""]),
        ("can't", ["\"can't\"*"]), ("!!! ---", []), ("", []), ("＂会＂", ["\"  会  \"*"]), ("a\u{0}b", ["\"a b\"*"]),
        ("AND OR", ["\"AND\"*", "\"OR\"*"]),
    ])
    func aQuestionBecomesPhrases(_ term: String, _ phrases: [String]) throws {
        let words = { (text: String) in text.replacing("\"", with: " ").split(separator: " ") }
        #expect(try SearchQuery(term).phrases.map(words) == phrases.map(words))
    }

    @Test func whatWasTypedIsHighlighted() throws {
        #expect(try SearchQuery("Café-bar 会议室, \"not now\" café").highlights == ["Café", "bar", "会议室", "not", "now", "café"])
    }

    @Test func questionsHaveALimit() {
        #expect(throws: MatrixError.self) { try SearchQuery(String(repeating: "a", count: SearchQuery.maxTermBytes + 1)) }
        #expect(throws: MatrixError.self) { try SearchQuery(String(repeating: "a ", count: SearchQuery.maxPhrases + 1)) }
    }

    @Test func onlySomeEventsAreSearched() {
        #expect(SearchableText(type: "m.room.message", stateKey: nil, content: ["body": "x"])?.key == .body)
        #expect(SearchableText(type: "m.room.name", stateKey: "", content: ["name": "x"])?.key == .name)
        #expect(SearchableText(type: "m.room.topic", stateKey: "", content: ["topic": "x"])?.key == .topic)
        let topic: JSONObject = ["topic": "short", "m.topic": ["m.text": [["mimetype": "text/html", "body": "<b>"], ["body": "long"]]]]
        #expect(SearchableText(type: "m.room.topic", stateKey: "", content: topic)?.text == "short\nlong")
        for (type, stateKey, content) in [
            ("m.room.encrypted", nil, ["body": "x"]), ("m.room.message", "", ["body": "x"]), ("m.room.name", nil, ["name": "x"]),
            ("m.room.message", nil, ["body": 1]), ("m.room.message", nil, ["body": ""]), ("m.room.topic", "", ["m.topic": ["m.text": "x"]]),
            ("m.room.member", "@a:b", ["displayname": "x"]),
        ] as [(String, String?, JSONObject)] {
            #expect(SearchableText(type: type, stateKey: stateKey, content: content) == nil, "\(type)")
        }
    }
}
