import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// A request about a file or folder: what it says beside its body, checked.
struct DAVRequest: Sendable {
    let request: APIRequest
    let path: FilePath
    let caller: FileCaller

    var files: Files { request.homeserver.files }
    var locks: FileLocks { request.homeserver.files.locks }

    /// Throws `preconditionFailed` where the `If` header does not hold.
    init(_ request: APIRequest) async throws {
        self.request = request
        path = try DAVPath.parse(request.rest)
        let header = try request.headers[.davIf].map { text throws(MatrixError) in try IfHeader(text) }
        caller = FileCaller(request.session.userID, lockTokens: header?.tokens ?? [])
        guard let header else { return }
        let isMet = try await header.holds { resource, state in try await isTrue(state, of: resource) }
        guard isMet else { throw MatrixError(Self.preconditionFailed, "What the If header wants is not so.") }
    }

    /// RFC 4918, section 10.4.4.
    private func isTrue(_ state: IfHeader.State, of resource: String?) async throws -> Bool {
        // What is elsewhere, or no path at all, is in no state.
        guard let path = try? resource.map({ try DAVPath.ofURL($0, host: request.head.authority) }) ?? path else { return false }
        switch state {
        case .token(let token):
            return locks.locks(at: path, for: caller.userID).contains { $0.token == token }
        case .entityTag(let tag):
            do {
                return try await files.node(at: path, for: caller).entityTag == tag
            } catch let error as MatrixError where error.status == 404 {
                return false
            }
        }
    }

    static let preconditionFailed = MatrixError.Code("LANDLINE_PRECONDITION_FAILED", status: 412)

    // MARK: Headers

    enum Depth: Sendable {
        case zero, one, infinity
    }

    /// `nil` where the header is missing.
    func depth() throws(MatrixError) -> Depth? {
        switch request.headers[.depth]?.lowercased() {
        case nil: nil
        case "0": .zero
        case "1": .one
        case "infinity": .infinity
        default: throw MatrixError(.invalidParameter, "Depth must be 0, 1 or infinity.")
        }
    }

    /// Where a COPY or MOVE goes.
    func destination() throws(MatrixError) -> FilePath {
        guard let url = request.headers[.destination] else { throw MatrixError(.missingParameter, "The Destination header is missing.") }
        return try DAVPath.ofURL(url, host: request.head.authority)
    }

    /// Whether what is at the destination may be replaced. RFC 4918, section 10.6.
    func overwrites() throws(MatrixError) -> Bool {
        switch request.headers[.overwrite]?.uppercased() {
        case nil, "T": true
        case "F": false
        default: throw MatrixError(.invalidParameter, "Overwrite must be T or F.")
        }
    }

    /// The seconds that a lock should last: the first wish that is understood. `nil` where there is none.
    func timeoutSeconds() -> Int64? {
        guard let header = request.headers[.timeout] else { return nil }
        for wish in header.split(separator: ",") {
            let wish = wish.filter { $0 != " " }.lowercased()
            if wish == "infinite" { return .max }
            if wish.hasPrefix("second-"), let seconds = Int64(wish.dropFirst("second-".count)), seconds > 0 { return seconds }
        }
        return nil
    }

    /// The condition under which a PUT writes. RFC 9110, section 13.1.
    func precondition() -> FilePrecondition {
        if let header = request.headers[.ifNoneMatch], header.contains("*") { return .isAbsent }
        guard let header = request.headers[.ifMatch] else { return .none }
        let tags = header.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }).map(String.init)
        return tags.contains("*") ? .exists : .matches(tags)
    }

    /// The body, of a request that has XML or nothing.
    func xmlBody() async throws -> [UInt8] {
        let body = try await request.bodyStream.collect(upTo: XMLReader.maxBytes)
        return Array(body.readableBytesView)
    }

    /// Whether a body was sent, if only an empty one by pieces.
    func hasBody() async throws -> Bool {
        if let declared = request.bodyStream.declaredBytes { return declared > 0 }
        return try await request.bodyStream.next() != nil
    }
}

extension HTTPField.Name {
    static let davIf = HTTPField.Name("If")!
    static let dav = HTTPField.Name("DAV")!
    static let msAuthorVia = HTTPField.Name("MS-Author-Via")!
    static let depth = HTTPField.Name("Depth")!
    static let destination = HTTPField.Name("Destination")!
    static let overwrite = HTTPField.Name("Overwrite")!
    static let timeout = HTTPField.Name("Timeout")!
    static let lockToken = HTTPField.Name("Lock-Token")!
    static let ownCloudModified = HTTPField.Name("X-OC-Mtime")!
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
}

extension HTTPRequest.Method {
    static let propfind = HTTPRequest.Method("PROPFIND")!
    static let proppatch = HTTPRequest.Method("PROPPATCH")!
    static let mkcol = HTTPRequest.Method("MKCOL")!
    static let copy = HTTPRequest.Method("COPY")!
    static let move = HTTPRequest.Method("MOVE")!
    static let lock = HTTPRequest.Method("LOCK")!
    static let unlock = HTTPRequest.Method("UNLOCK")!
}
