internal import COpenSSL

/// One end of a TLS connection, without the connection: what arrives is put in, what is to be sent is taken out.
///
/// Belongs to one thread at a time.
public final class TLSSession {
    public enum ReadResult: Sendable, Hashable {
        case bytes(Int)
        /// Nothing more until more has arrived.
        case nothing
        /// The other end said goodbye.
        case ended
    }

    private let context: TLSContext
    let handle: OpaquePointer
    private let arrived: OpaquePointer
    private let leaving: OpaquePointer

    /// The client's end.
    ///
    /// - Parameters:
    ///   - host: a name, or a numeric address; the certificate must be for it.
    ///   - isVerified: whether the certificate matters.
    public convenience init(client context: TLSContext, host: String, isVerified: Bool = true) throws(TLSError) {
        try self.init(context)
        SSL_set_connect_state(handle)
        SSL_set_verify(handle, isVerified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        let isAddress = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), host) == 1
        ERR_clear_error()
        guard !isAddress else { return }
        SSL_set_hostflags(handle, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        var name = Array(host.utf8CString)
        guard SSL_set1_host(handle, host) == 1, SSL_ctrl(handle, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &name) == 1 else {
            throw .library("TLS cannot name the host")
        }
    }

    /// The server's end.
    public convenience init(server context: TLSContext) throws(TLSError) {
        try self.init(context)
        SSL_set_accept_state(handle)
    }

    private init(_ context: TLSContext) throws(TLSError) {
        ERR_clear_error()
        self.context = context
        guard let handle = SSL_new(context.handle), let arrived = BIO_new(BIO_s_mem()), let leaving = BIO_new(BIO_s_mem()) else {
            preconditionFailure("out of memory")
        }
        self.handle = handle
        self.arrived = arrived
        self.leaving = leaving
        // The session owns both from here.
        SSL_set_bio(handle, arrived, leaving)
    }

    deinit { SSL_free(handle) }

    // MARK: The network's side

    /// Puts in what arrived. It is kept until it is read, so read before there is more.
    public func receive(_ bytes: UnsafeRawBufferPointer) {
        precondition(BIO_write(arrived, bytes.baseAddress, Int32(bytes.count)) == bytes.count, "out of memory")
    }

    /// How many bytes are to be sent.
    public var bytesToSend: Int { BIO_ctrl(leaving, BIO_CTRL_PENDING, 0, nil) }

    /// Takes out what is to be sent, and gives the number of bytes.
    public func takeBytesToSend(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        max(0, Int(BIO_read(leaving, buffer.baseAddress, Int32(buffer.count))))
    }

    // MARK: The program's side

    public var isEstablished: Bool { SSL_is_init_finished(handle) == 1 }

    /// Goes on with the beginning, as far as what arrived allows. Then there may be something to send, after an error too.
    public func shakeHands() throws(TLSError) {
        ERR_clear_error()
        let code = SSL_do_handshake(handle)
        guard code != 1, SSL_get_error(handle, code) != SSL_ERROR_WANT_READ else { return }
        let verification = SSL_get_verify_result(handle)
        if verification != X509_V_OK, SSL_get_verify_mode(handle) != SSL_VERIFY_NONE {
            ERR_clear_error()
            throw .untrusted(String(cString: X509_verify_cert_error_string(verification)))
        }
        throw .library("TLS cannot begin")
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> ReadResult {
        ERR_clear_error()
        let count = SSL_read(handle, buffer.baseAddress, Int32(buffer.count))
        if count > 0 { return .bytes(Int(count)) }
        switch SSL_get_error(handle, count) {
        case SSL_ERROR_WANT_READ: return .nothing
        case SSL_ERROR_ZERO_RETURN: return .ended
        default: throw .library("TLS cannot go on")
        }
    }

    /// All of it, once the session is established.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(TLSError) {
        guard !bytes.isEmpty else { return }
        ERR_clear_error()
        guard SSL_write(handle, bytes.baseAddress, Int32(bytes.count)) == bytes.count else { throw .library("TLS cannot send") }
    }

    /// Whether the other end said goodbye.
    public var hasEnded: Bool { SSL_get_shutdown(handle) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// Says goodbye; that is then to be sent.
    public func close() {
        guard isEstablished else { return }
        ERR_clear_error()
        _ = SSL_shutdown(handle)
        ERR_clear_error()
    }
}
