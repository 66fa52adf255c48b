import HTTPTypes
import MatrixCore

/// QR codes for pages that show an address or an invitation.
enum QRCodeRoutes {
    private static let maxTextBytes = 512

    static func svg(_ request: APIRequest) throws -> Reply {
        guard let text = request.query("text"), !text.isEmpty else { throw MatrixError(.missingParameter, "text is missing.") }
        guard text.utf8.count <= maxTextBytes, let svg = request.server.qrCodeSVG(text) else {
            throw MatrixError(.tooLarge, "The text is too long for a QR code.")
        }
        return Reply.bytes(Array(svg.utf8), contentType: "image/svg+xml")
            .header(.contentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; sandbox")
            .header(.xContentTypeOptions, "nosniff")
    }
}
