internal import COpenSSL

/// What the TLS sessions of one kind share: certificates, and whom they trust. TLS 1.2 and 1.3.
///
/// Proof for `@unchecked Sendable`: nothing changes after the initializer, and libssl locks what sessions share.
public final class TLSContext: @unchecked Sendable {
    let handle: OpaquePointer

    /// For sessions with servers that the machine trusts. It reads many files, so make one when it is needed.
    ///
    /// - Parameter authorities: a PEM file of certificates to trust. By default those of the system, or of `SSL_CERT_FILE`.
    public static func client(authorities: String? = nil) throws(TLSError) -> TLSContext {
        let context = try TLSContext(TLS_client_method())
        let code =
            if let authorities {
                SSL_CTX_load_verify_locations(context.handle, authorities, nil)
            } else {
                SSL_CTX_set_default_verify_paths(context.handle)
            }
        guard code == 1 else { throw .library("The trusted certificates cannot be read") }
        return context
    }

    /// For sessions with clients: a PEM file with the certificate and what leads to its root, and one with its key.
    public static func server(certificate: String, key: String) throws(TLSError) -> TLSContext {
        let context = try TLSContext(TLS_server_method())
        guard SSL_CTX_use_certificate_chain_file(context.handle, certificate) == 1 else {
            throw .library("The certificate \(certificate) cannot be used")
        }
        guard SSL_CTX_use_PrivateKey_file(context.handle, key, SSL_FILETYPE_PEM) == 1, SSL_CTX_check_private_key(context.handle) == 1 else {
            throw .library("The key \(key) cannot be used")
        }
        return context
    }

    private init(_ method: OpaquePointer?) throws(TLSError) {
        ERR_clear_error()
        guard let handle = SSL_CTX_new(method) else { throw .library("TLS cannot be set up") }
        self.handle = handle
        SSL_CTX_set_options(handle, LandlineTLSOptions)
        SSL_CTX_ctrl(handle, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        // Idle connections keep no buffers, and ended ones leave no session: tickets are with the clients.
        SSL_CTX_ctrl(handle, SSL_CTRL_MODE, Int(SSL_MODE_RELEASE_BUFFERS), nil)
        SSL_CTX_ctrl(handle, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
    }

    deinit { SSL_CTX_free(handle) }
}

/// Why a session could not begin or go on. The texts are for the log.
public enum TLSError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The other end's certificate is not one to trust under that name.
    case untrusted(String)
    /// The connection ended without a goodbye, so something may be missing.
    case truncated
    case failed(String)

    public var description: String {
        switch self {
        case .untrusted(let reason): "The certificate is not to be trusted: \(reason)."
        case .truncated: "The connection broke off."
        case .failed(let reason): reason
        }
    }

    /// With what libcrypto has to say.
    static func library(_ text: String) -> TLSError {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return .failed("\(text).") }
        return .failed("\(text): \(String(cString: reason)).")
    }
}
