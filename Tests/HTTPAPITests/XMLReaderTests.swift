import MatrixCore
import Testing

@testable import HTTPAPI

struct XMLReaderTests {
    private func parse(_ text: String) throws(MatrixError) -> XMLElement { try XMLReader.parse(Array(text.utf8)) }

    @Test func elementsHaveNamespaces() throws {
        let root = try parse(
            """
            <?xml version="1.0" encoding="utf-8" ?>
            <!-- a client --><D:propfind xmlns:D='DAV:' xmlns="urn:x"><D:prop><D:getetag/><size a="1" D:b="2"/><y xmlns=""/></D:prop></D:propfind>
            """)
        #expect(root.name == .dav("propfind"))
        let names = root.child(.dav("prop"))?.children ?? []
        #expect(names.map(\.name) == [.dav("getetag"), XMLName("urn:x", "size"), XMLName("", "y")])
        #expect(names[1].attributes.map(\.name) == [XMLName("", "a"), .dav("b")])
    }

    @Test func textIsDecoded() throws {
        #expect(try parse("<a>&lt;&amp;&#x41;&#66;<![CDATA[<raw>&amp;]]>\r\nü</a>").text == "<&AB<raw>&amp;\nü")
        #expect(try parse("<a b='&quot;&gt;x'/>").attributes.first?.value == "\">x")
    }

    @Test func utf16IsRead() throws {
        let units = Array("<a>ü</a>".utf16)
        var bigEndian: [UInt8] = [0xFE, 0xFF]
        var littleEndian: [UInt8] = [0xFF, 0xFE]
        for unit in units {
            bigEndian += [UInt8(unit >> 8), UInt8(unit & 255)]
            littleEndian += [UInt8(unit & 255), UInt8(unit >> 8)]
        }
        #expect(try XMLReader.parse(bigEndian).text == "ü")
        #expect(try XMLReader.parse(littleEndian).text == "ü")
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "<a/><b/>", "<a><b></a></b>", "<a b=1/>", "<a b='1' b='2'/>", "<a b='1'c='2'/>", "<x:a/>", "<a x:b='1'/>",
        "<a xmlns:x=''/>", "<a xmlns:xmlns='urn:x'/>", "<a>&nbsp;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>& </a>", "<a b='<'/>", "<1/>", "<a:/>",
        "<:a/>", "<a:b:c xmlns:a='u'/>", "<a>\u{1}</a>", "<a><!-- </a>", "<a><![CDATA[</a>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<?xml version='1.0'?><!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<a xmlns:x='urn:1' xmlns:y='urn:1' x:b='1' y:b='2'/>",
    ])
    func whatIsNotWellFormedIsRefused(_ text: String) {
        #expect(throws: MatrixError.self) { try parse(text) }
    }

    @Test func sizesAreBounded() {
        #expect(throws: MatrixError.self) {
            try parse(String(repeating: "<a>", count: XMLReader.maxDepth + 1) + String(repeating: "</a>", count: XMLReader.maxDepth + 1))
        }
        #expect(throws: MatrixError.self) { try parse("<a>" + String(repeating: "<b/>", count: XMLReader.maxElements) + "</a>") }
        #expect(throws: MatrixError.self) { try parse("<a>" + String(repeating: " ", count: XMLReader.maxBytes) + "</a>") }
        #expect(throws: MatrixError.self) { try XMLReader.parse([0x3C, 0x61, 0xC0, 0xAF, 0x3E]) }
    }

    /// What is written means the same as what was read, wherever it stands.
    @Test func anElementSurvivesBeingWritten() throws {
        let text = """
            <p:a xmlns:p="urn:p" xmlns="urn:q" p:x="1&amp;2" y="&#10;" xml:lang="de"><b><c xmlns=""/> &lt;t&gt;</b><p:d>&#13;</p:d></p:a>
            """
        let element = try parse(text)
        var written = ""
        element.write(into: &written)
        #expect(try parse("<D:prop xmlns:D='DAV:' xmlns='urn:other'>\(written)</D:prop>").children == [element])
    }
}
