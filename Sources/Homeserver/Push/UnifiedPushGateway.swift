public import MatrixCore

/// Passes notifications on to UnifiedPush endpoints of the network, so that phones need no gateway on the internet.
///
/// spec: push-gateway-api/#post_matrixpushv1notify, and the gateway of https://unifiedpush.org
public struct UnifiedPushGateway: Sendable {
    let delivery: PushDelivery
    let http: any HTTPClient
    let limiter: RateLimiter

    static let maxDevices = 10
    static let requestTimeoutSeconds = 20

    /// Sends the notification to each of its devices, and gives the pushkeys that are no endpoints any more.
    ///
    /// Anybody may ask, but only for endpoints that somebody with an account here has set as a pusher: otherwise the box could be
    /// made to ask anything of anyone.
    public func notify(_ body: JSONObject, from address: String?) async throws -> [String] {
        if let address { try limiter.take(.pushesFromAddress(address)) }
        guard let notification = try body.optionalObject("notification") else { throw MatrixError(.missingParameter, "notification is missing.") }
        guard let devices = try notification.optionalArray("devices") else { throw MatrixError(.missingParameter, "devices is missing.") }
        guard devices.count <= Self.maxDevices else {
            throw MatrixError(.invalidParameter, "A notification goes to \(Self.maxDevices) devices at most.")
        }
        let bytes = body.serialized()
        var rejected: [String] = []
        for device in devices {
            guard let pushkey = device.objectValue?.string("pushkey") else { throw MatrixError(.missingParameter, "A device has no pushkey.") }
            guard delivery.hasPusher(withPushkey: pushkey), let url = HTTPURL(pushkey) else {
                rejected.append(pushkey)
                continue
            }
            if try await isGone(url, bytes) { rejected.append(pushkey) }
        }
        return rejected
    }

    /// Whether there is no such endpoint any more. Throws where it is worth to try again later.
    private func isGone(_ url: HTTPURL, _ body: [UInt8]) async throws(MatrixError) -> Bool {
        let status: Int
        do {
            status = try await http.send(OutgoingRequest(.post, url, body: body, timeoutSeconds: Self.requestTimeoutSeconds)).status
        } catch {
            throw Self.unreachable
        }
        switch status {
        case 404, 410: return true
        case 408, 429, 500...: throw Self.unreachable
        // What the endpoint does not take, such as a message that is too long, it will not take the next time either.
        default: return false
        }
    }

    private static let unreachable = MatrixError(.badGateway, "The push endpoint cannot be reached now.")
}
