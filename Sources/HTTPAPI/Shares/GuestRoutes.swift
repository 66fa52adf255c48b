import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// What guests see of a link: pages without scripts, the files behind them, and a form to send files.
///
/// Whoever has the link may use it: there is no session. A PIN is asked for once, and then known by a cookie that goes to this link alone.
enum GuestRoutes {
    private static let cookieName = "landline_share"
    private static let cookieSeconds = 24 * 3_600
    private static let maxPINFormBytes = 1 << 10

    /// The page of the link, or all of its files.
    static func page(_ request: APIRequest) async throws -> Reply {
        try await answer(request) { try await show([], $0, request) }
    }

    /// A folder below it, or a file.
    static func below(_ request: APIRequest) async throws -> Reply {
        try await answer(request) { share in
            var names: [String] = []
            for part in request.parameter("path").split(separator: "/") {
                guard let name = PercentEncoding.decode(part, plusIsSpace: false) else {
                    throw MatrixError(.invalidParameter, "The path is not valid percent-encoded UTF-8.")
                }
                names.append(name)
            }
            return try await show(names, share, request)
        }
    }

    /// The PIN, or files.
    static func submit(_ request: APIRequest) async throws -> Reply {
        let contentType = request.headers[.contentType] ?? ""
        guard let form = MultipartReader(contentType: contentType, source: { try await request.bodyStream.next() }) else {
            return try await enterPIN(request)
        }
        return try await answer(request) { share in
            guard let byteCount = request.bodyStream.declaredBytes else { throw MatrixError(lengthRequired, "The form has to say its length.") }
            let shares = request.homeserver.shares
            let count = try await shares.reserving(byteCount, for: share) {
                var count = 0
                while let part = try await form.nextPart() {
                    // A form without a chosen file has one without a name.
                    guard let name = part.fileName, !name.isEmpty else { continue }
                    try await shares.receive(name, contentType: part.contentType, to: share.token) {
                        guard let buffer = try await form.nextPiece() else { return nil }
                        return { take in try buffer.withUnsafeReadableBytes(take) }
                    }
                    count += 1
                }
                return count
            }
            // A reload then does not send it all again.
            return redirect("/s/\(share.token)?sent=\(count)")
        }
    }

    private static func enterPIN(_ request: APIRequest) async throws -> Reply {
        let token = request.parameter("token")
        do {
            let form = String(buffer: try await request.bodyStream.collect(upTo: maxPINFormBytes))
            let proof = try await request.homeserver.shares.proof(
                of: Query.first("pin", in: Substring(form)) ?? "", for: token, address: request.remoteAddress)
            var reply = redirect("/s/\(token)")
            reply.headers[.setCookie] =
                "\(cookieName)=\(proof); Path=/s/\(token); Max-Age=\(cookieSeconds); HttpOnly; SameSite=Lax"
                + (request.server.scheme == "https" ? "; Secure" : "")
            return reply
        } catch let error as MatrixError {
            return refusal(error, request, isPINWrong: true)
        }
    }

    // MARK: Showing

    private static func show(_ names: [String], _ share: Share, _ request: APIRequest) async throws -> Reply {
        let homeserver = request.homeserver
        let page = try await page(of: share, request)
        if share.takesUploads {
            guard names.isEmpty else { throw MatrixError(.notFound, "There is nothing to see here.") }
            return html(page.dropBox(sent: request.query("sent").flatMap { Int($0) }))
        }
        guard share.isFolder else {
            let (node, file) = try await homeserver.files.open(share.path, for: share.caller)
            if names.isEmpty { return html(page.file(node)) }
            guard names == [node.name] else { throw MatrixError(.notFound, "There is no such file.") }
            return try await reply(file, request)
        }
        let path = try FilePath(share.path.components + names)
        let node = try await homeserver.files.node(at: path, for: share.caller)
        guard node.isFolder else { return try await reply(homeserver.files.open(path, for: share.caller).file, request) }
        if request.query("zip") == "1" { return try await ZipReply.reply([path], for: share.caller, named: "\(node.name).zip", request) }
        let listing = try FileListing(order: "name", from: request.query("from"), limit: GuestPage.filesOnPage)
        return html(page.folder(names, try await homeserver.files.list(path, listing, for: share.caller)))
    }

    /// The file itself, or a small picture of it.
    private static func reply(_ file: OpenFile, _ request: APIRequest) async throws -> Reply {
        switch request.query("thumbnail") {
        case "small":
            try await MediaRoutes.thumbnailReply(file, ThumbnailWish(width: 96, height: 96, method: .crop, takesAnimation: false), request)
        case "large":
            try await MediaRoutes.thumbnailReply(file, ThumbnailWish(width: 800, height: 600, method: .scale, takesAnimation: false), request)
        default:
            FileReply.reply(file, named: file.name, request, showing: request.query("download") == "1" ? .nothing : .mediaTypesAndPDF)
        }
    }

    private static func page(of share: Share, _ request: APIRequest) async throws -> GuestPage {
        let name = try await request.homeserver.profiles.names(of: share.userID).displayName
        return GuestPage(
            text: GuestText.of(request), token: share.token, name: share.path.name ?? "", ownerName: name ?? share.userID.localpart,
            boxName: request.server.boxName)
    }

    // MARK: Answers

    private static func answer(_ request: APIRequest, _ body: (Share) async throws -> Reply) async throws -> Reply {
        do {
            let share = try await request.homeserver.shares.open(request.parameter("token"), proof: cookie(request))
            var reply = try await body(share)
            reply.headers[.referrerPolicy] = "no-referrer"
            return reply
        } catch let error as MatrixError {
            return refusal(error, request, isPINWrong: false)
        }
    }

    /// A page for people, and for programs what all other paths answer.
    private static func refusal(_ error: MatrixError, _ request: APIRequest, isPINWrong: Bool) -> Reply {
        guard request.headers[.accept]?.contains("text/html") == true else { return ErrorResponse.reply(error) }
        let text = GuestText.of(request)
        let page =
            error.code == .pinNeeded
            ? GuestPage.pin(text, token: request.parameter("token"), isWrong: isPINWrong) : GuestPage.problem(text, error)
        var reply = html(page)
        reply.status = .init(code: error.status)
        return reply
    }

    private static func html(_ text: String) -> Reply {
        var reply = Reply.html(text)
        reply.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; "
            + "frame-ancestors 'none'"
        reply.headers[.xContentTypeOptions] = "nosniff"
        reply.headers[.referrerPolicy] = "no-referrer"
        reply.headers[.cacheControl] = "no-store"
        return reply
    }

    private static func redirect(_ path: String) -> Reply {
        var reply = Reply(status: .seeOther)
        reply.headers[.location] = path
        reply.headers[.referrerPolicy] = "no-referrer"
        return reply
    }

    private static func cookie(_ request: APIRequest) -> String? {
        for header in request.headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0] == cookieName { return String(parts[1]) }
            }
        }
        return nil
    }

    private static let lengthRequired = MatrixError.Code("M_UNKNOWN", status: 411)
}
