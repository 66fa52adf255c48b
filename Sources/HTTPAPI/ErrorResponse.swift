import Cryptography
import HTTPTypes
import Homeserver
import Logging
import MatrixCore

/// The one place where an error becomes a response.
///
/// spec: client-server-api/#standard-error-response
enum ErrorResponse {
    static func reply(to error: any Error, _ request: HTTPRequest, logger: Logger) -> Reply {
        if let error = error as? MatrixError { return reply(error) }
        if let error = MatrixError(storageFailure: error) {
            logger.error("\(error.message)", metadata: ["request": "\(name(request))"])
            return reply(error)
        }
        if error is CancellationError || error is RequestBodyStream.Truncated {
            return reply(MatrixError(shuttingDown, "The server is shutting down."))
        }
        // Whoever meets this can name the ID, and the owner finds the reason in the log.
        let errorID = SecureRandom.string(length: 6, alphabet: "23456789abcdefghjkmnpqrstuvwxyz")
        logger.error("error \(errorID): \(error)", metadata: ["request": "\(name(request))"])
        return reply(MatrixError(.internalError, "Something went wrong on the box (error \(errorID))."))
    }

    static func reply(_ error: MatrixError) -> Reply {
        var body = error.details
        if let code = error.code {
            body["errcode"] = .string(code.name)
            body["error"] = .string(error.message)
        }
        var reply = Reply.json(body, status: .init(code: error.status))
        if let milliseconds = error.details.integer("retry_after_ms") { reply.headers[.retryAfter] = String((milliseconds + 999) / 1_000) }
        return reply
    }

    private static let shuttingDown = MatrixError.Code("M_UNKNOWN", status: 503)

    /// Without the query, which may hold an access token.
    private static func name(_ request: HTTPRequest) -> String {
        "\(request.method) \((request.path ?? "").prefix { $0 != "?" }.prefix(200))"
    }
}
