import HTTPTypes
import Homeserver
import MatrixCore

/// spec: client-server-api/#client-authentication
enum Authentication {
    static func session(
        _ head: HTTPRequest, _ query: Substring, for access: Route.Access, _ homeserver: Homeserver, from address: String?
    ) async throws -> Session? {
        if access == .anyone { return nil }
        if access == .files, let session = try await FileAuthentication.session(head, homeserver, from: address) { return session }
        guard let token = token(head, query) else {
            if access == .optionalUser { return nil }
            throw MatrixError(.missingToken, "An access token is needed here.")
        }
        let session: Session
        if let service = homeserver.applicationServices.service(withToken: token) {
            // The unstable name of before v1.17 is what mautrix sends.
            let device = Query.first("device_id", in: query) ?? Query.first("org.matrix.msc3202.device_id", in: query)
            session = try await homeserver.applicationServices.session(of: service, actingAs: Query.first("user_id", in: query), device: device)
        } else {
            session = try await homeserver.sessions.session(for: token, address: address)
        }
        if session.isGuest, [.user, .files, .administrator, .applicationService].contains(access) {
            throw MatrixError(.guestAccessForbidden, "Guests may not do this. Make an account first.")
        }
        if access == .administrator, !session.isAdministrator {
            throw MatrixError(.forbidden, "Only an administrator of this box may do this.")
        }
        if access == .applicationService, session.applicationService == nil {
            throw MatrixError(.forbidden, "Only an application service may do this, with its own token.")
        }
        return session
    }

    /// From the header; from the query for old clients (the specification removes that after v1.19).
    static func token(_ head: HTTPRequest, _ query: Substring) -> String? {
        if let header = head.headerFields[.authorization] {
            let scheme = "Bearer "
            guard header.utf8.count > scheme.utf8.count, header.prefix(scheme.count).lowercased() == scheme.lowercased() else { return nil }
            return String(header.dropFirst(scheme.count))
        }
        return Query.first("access_token", in: query)
    }
}
