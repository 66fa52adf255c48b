import MatrixCore
import Testing

struct PropertyPathTests {
    @Test(arguments: [
        ("content.body", ["content", "body"]), (#"content.m\.relates_to"#, ["content", "m.relates_to"]),
        (#"content.m\\foo"#, ["content", #"m\foo"#]),
        (#"a\xb"#, [#"a\xb"#]), (#"a\"#, [#"a\"#]), ("", [""]), ("a..b", ["a", "", "b"]), (#"a\\.b"#, [#"a\"#, "b"]),
    ])
    func components(text: String, components: [String]) {
        #expect(PropertyPath(text).components == components)
    }

    @Test func value() {
        let object: JSONObject = ["content": ["m.relates_to": ["rel_type": "m.replace"], "x": 1]]
        #expect(PropertyPath(#"content.m\.relates_to.rel_type"#).value(in: object) == "m.replace")
        #expect(PropertyPath("content.x.y").value(in: object) == nil)
        #expect(PropertyPath("content.none").value(in: object) == nil)
    }

    @Test func selection() {
        let event: JSONObject = [
            "type": "t", "sender": "s", "content": ["body": "b", "url": "u", "info": ["w": 1, "h": 2]], "unsigned": ["age": 1],
        ]
        func select(_ paths: String...) -> JSONObject { event.selecting(paths.map { PropertyPath($0) }) }
        #expect(select("type", "content.body") == ["type": "t", "content": ["body": "b"]])
        #expect(select("content.info.w", "content.url", "content.info.h") == ["content": ["info": ["w": 1, "h": 2], "url": "u"]])
        #expect(select("content", "content.body") == ["content": ["body": "b", "url": "u", "info": ["w": 1, "h": 2]]])
        #expect(select("content.body", "content") == ["content": ["body": "b", "url": "u", "info": ["w": 1, "h": 2]]])
        #expect(select("none", "type.x", "content.none") == [:])
    }
}
