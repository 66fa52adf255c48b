import Testing

@testable import HTTPAPI

struct ContentDispositionTests {
    @Test(arguments: ["image/png", "IMAGE/PNG", "text/plain; charset=utf-8", "video/mp4", "audio/x-flac", "application/json"])
    func harmlessTypesAreShown(_ type: String) {
        #expect(ContentDisposition.header(contentType: type, fileName: nil) == "inline")
    }

    @Test(arguments: [
        "image/svg+xml", "text/html", "application/pdf", "application/xhtml+xml", "application/octet-stream", "text/html, image/png", "",
    ])
    func othersAreSaved(_ type: String) {
        #expect(ContentDisposition.header(contentType: type, fileName: nil) == "attachment")
    }

    @Test func namesNeverBreakOut() {
        func header(_ name: String) -> String { ContentDisposition.header(contentType: "image/png", fileName: name) }
        #expect(header("a b;c.png") == #"inline; filename="a b;c.png""#)
        #expect(header("家.png") == "inline; filename*=utf-8''%E5%AE%B6.png")
        #expect(header("a\"b\\c") == "inline; filename*=utf-8''a%22b%5Cc")
        #expect(header("a\r\nX: y") == "inline; filename*=utf-8''a%0D%0AX%3A%20y")
        #expect(header("") == "inline")
    }
}
