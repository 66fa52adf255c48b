import NIOCore

/// What one client may ask of the server at most.
enum Limits {
    static let maxJSONBodyBytes = 1 << 20
    static let maxConnections = 512
    static let maxHeaderBytes = 32 << 10
    static let maxHeaderCount = 100
    /// How much is taken from a socket at once.
    static let maxReceiveBytes = 128 << 10
    static let maxPathBytes = 16 << 10
    /// How long a connection may be silent between requests, or in the middle of sending one. A waiting sync is neither.
    static let idleTimeout = TimeAmount.seconds(120)
    /// How much of a body that nobody wants is read, so that the client gets to see the answer.
    static let maxDiscardedBodyBytes = 64 << 20
}
