/// Certificates that serve no other purpose than tests, good for a hundred years.
public struct TestCertificates: Sendable {
    /// A PEM file with the authority that signed the others.
    public let authority: String
    /// For `localhost`, `gateway.test`, 127.0.0.1 and ::1.
    public let certificate: String
    public let key: String
    /// The same, but past its time.
    public let expiredCertificate: String

    private let directory: TemporaryDirectory

    public init() throws {
        directory = try TemporaryDirectory()
        authority = try directory.write(Self.authorityPEM, to: "authority.pem")
        certificate = try directory.write(Self.certificatePEM, to: "cert.pem")
        key = try directory.write(Self.keyPEM, to: "key.pem")
        expiredCertificate = try directory.write(Self.expiredPEM, to: "expired.pem")
    }

    private static let authorityPEM = """
        -----BEGIN CERTIFICATE-----
        MIIBqjCCAVGgAwIBAgIUG0V8DiiDYmWFfMiWU9GuXh44OsQwCgYIKoZIzj0EAwIw
        IjEgMB4GA1UEAwwXTGFuZGxpbmUgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIxMTU0
        NzA3WhgPMjEyNjEwMjgxNTQ3MDdaMCIxIDAeBgNVBAMMF0xhbmRsaW5lIHRlc3Qg
        YXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVCEVMPuTpCwuYTuI
        qf38B7sucTAMTR5ectJFl08YqjEl9BCQp3qPCghyq1zFSN0LtA4JRVUKQFhuKpyb
        mHEfQKNjMGEwHQYDVR0OBBYEFGU5axA+N2tkOE3ITSqRox0JQpbnMB8GA1UdIwQY
        MBaAFGU5axA+N2tkOE3ITSqRox0JQpbnMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0P
        AQH/BAQDAgIEMAoGCCqGSM49BAMCA0cAMEQCID83Mtq9zp2GeY1ungEdE5S+zMeo
        s/jh17e8Nv158PUBAiBu6y9BfB+nAtjzdD8Pj6wz+B/q4GPx2HcEVzREUqbqCw==
        -----END CERTIFICATE-----
        """

    private static let certificatePEM = """
        -----BEGIN CERTIFICATE-----
        MIIBxjCCAWugAwIBAgIUZf0lUeqikA1okTeTqY94TRb7jqswCgYIKoZIzj0EAwIw
        IjEgMB4GA1UEAwwXTGFuZGxpbmUgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIxMTU0
        NzA3WhgPMjEyNjEwMjgxNTQ3MDdaMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDBZMBMG
        ByqGSM49AgEGCCqGSM49AwEHA0IABBRQwwIof/bZr7dByV69XeXifjFEXkX3FNc7
        Sh1RaG7sOmY4NegpKjTvu9jtnDzLvFylkua992o4isUMAmCGwM6jgYowgYcwOgYD
        VR0RBDMwMYIJbG9jYWxob3N0ggxnYXRld2F5LnRlc3SHBH8AAAGHEAAAAAAAAAAA
        AAAAAAAAAAEwCQYDVR0TBAIwADAdBgNVHQ4EFgQUjic23j8jQ8ma4k42oqyPyn9/
        IT0wHwYDVR0jBBgwFoAUZTlrED43a2Q4TchNKpGjHQlClucwCgYIKoZIzj0EAwID
        SQAwRgIhAOGn/GE3Hqk+NUKXkemrUZqGekxii9e7mIi5v7d/4QQcAiEA29yV6XOP
        Q7fsnLjYsgQ11vqUrp2hfVuQwIr6KiEgW1I=
        -----END CERTIFICATE-----
        """

    private static let keyPEM = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEII+fhWAAa4M3NT7kJiTTDFWeGGHv0F9w1TXJqQYWKxD2oAoGCCqGSM49
        AwEHoUQDQgAEFFDDAih/9tmvt0HJXr1d5eJ+MUReRfcU1ztKHVFobuw6Zjg16Ckq
        NO+72O2cPMu8XKWS5r33ajiKxQwCYIbAzg==
        -----END EC PRIVATE KEY-----
        """

    private static let expiredPEM = """
        -----BEGIN CERTIFICATE-----
        MIIBxDCCAWmgAwIBAgIUZf0lUeqikA1okTeTqY94TRb7jqwwCgYIKoZIzj0EAwIw
        IjEgMB4GA1UEAwwXTGFuZGxpbmUgdGVzdCBhdXRob3JpdHkwHhcNMjYxMTIxMTU0
        NzA3WhcNMjYxMTIwMTU0NzA3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcq
        hkjOPQIBBggqhkjOPQMBBwNCAAQUUMMCKH/22a+3QclevV3l4n4xRF5F9xTXO0od
        UWhu7DpmODXoKSo077vY7Zw8y7xcpZLmvfdqOIrFDAJghsDOo4GKMIGHMDoGA1Ud
        EQQzMDGCCWxvY2FsaG9zdIIMZ2F0ZXdheS50ZXN0hwR/AAABhxAAAAAAAAAAAAAA
        AAAAAAABMAkGA1UdEwQCMAAwHQYDVR0OBBYEFI4nNt4/I0PJmuJONqKsj8p/fyE9
        MB8GA1UdIwQYMBaAFGU5axA+N2tkOE3ITSqRox0JQpbnMAoGCCqGSM49BAMCA0kA
        MEYCIQCOtC+bwsvKl6BqAQYeUq3CyA+Go2SPXFD/L1aqjMZi6gIhANT09if9nxms
        JzURUj/UlE0Qf1daQUqc2ZYUsGPDIOzd
        -----END CERTIFICATE-----
        """
}
