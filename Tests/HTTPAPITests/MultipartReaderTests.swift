import MatrixCore
import NIOCore
import Testing

@testable import HTTPAPI

struct MultipartReaderTests {
    private static let contentType = "multipart/form-data; boundary=\"--x y\""
    private static let body = [
        "preamble\r\n----x y\r\n", "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\a\\b%22c.txt\"\r\nContent-Type: text/plain\r\n\r\n",
        "one\r\n----x\r\ntwo\r\n", "\r\n----x y\r\n", "content-disposition: form-data; name=note\r\n\r\n", "\r\n----x y\r\nX: y\r\n\r\nskipped",
        "\r\n----x y\r\n", "Content-Disposition: form-data; name=\"last\"\r\n\r\nunread", "\r\n----x y--\r\nepilogue",
    ].joined()

    /// However the network cuts it, it means the same.
    @Test(arguments: [1, 2, 3, 7, 64, 10_000]) func partsAreRead(pieceBytes: Int) async throws {
        var rest = Array(Self.body.utf8)[...]
        let reader = try #require(
            MultipartReader(contentType: Self.contentType) {
                guard !rest.isEmpty else { return nil }
                defer { rest = rest.dropFirst(pieceBytes) }
                return ByteBuffer(bytes: rest.prefix(pieceBytes))
            })
        func text() async throws -> String {
            var text = ""
            while let piece = try await reader.nextPiece() { text += String(buffer: piece) }
            return text
        }
        #expect(try await reader.nextPart() == .init(name: "file", fileName: "b\"c.txt", contentType: "text/plain"))
        #expect(try await text() == "one\r\n----x\r\ntwo\r\n")
        #expect(try await reader.nextPart() == .init(name: "note", fileName: nil, contentType: nil))
        #expect(try await text() == "")
        #expect(try await reader.nextPart()?.name == "last")
        #expect(try await reader.nextPart() == nil)
    }

    @Test(arguments: ["", "no boundary", "----x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ncut off", "----x y\r\nheader"])
    func whatIsCutOffIsAnError(_ body: String) async throws {
        var pieces = [ByteBuffer(string: body)]
        let reader = try #require(MultipartReader(contentType: Self.contentType) { pieces.popLast() })
        await #expect(throws: MatrixError.self) {
            while try await reader.nextPart() != nil {
                while try await reader.nextPiece() != nil {}
            }
        }
    }

    @Test func headersAreBounded() async throws {
        var isFirst = true
        let reader = try #require(
            MultipartReader(contentType: Self.contentType) {
                defer { isFirst = false }
                return ByteBuffer(string: isFirst ? "----x y\r\n" : String(repeating: "a", count: 1_000))
            })
        await #expect(throws: MatrixError.self) { _ = try await reader.nextPart() }
    }

    @Test(arguments: [nil, "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x"])
    func otherTypesAreNotTaken(_ contentType: String?) {
        #expect(MultipartReader(contentType: contentType) { nil } == nil)
    }
}
