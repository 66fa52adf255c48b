public import Homeserver
import NIOCore
import NIOPosix
import Synchronization

/// The box's own requests, over real connections. They have one thread of their own, which begins with the first of them.
public final class NetworkHTTPClient: HTTPClient {
    /// Each may hold a socket and, while its name is looked up, a thread.
    private static let maxRequests = 32

    private let requests = Atomic(0)
    private let tls: OutgoingTLS

    public convenience init() { self.init(tls: OutgoingTLS()) }

    init(tls: OutgoingTLS) { self.tls = tls }

    public func send(_ request: OutgoingRequest) async throws(OutgoingHTTPError) -> OutgoingResponse {
        defer { requests.subtract(1, ordering: .relaxed) }
        guard requests.add(1, ordering: .relaxed).newValue <= Self.maxRequests else { throw .busy }
        // It lives as long as the process: look-ups that nobody waits for any more may still report to it.
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: OutgoingResponse.self)
        let exchange = NIOLoopBoundBox.makeBoxSendingValue(OutgoingExchange(request, promise, eventLoop, tls), eventLoop: eventLoop)
        do {
            return try await withTaskCancellationHandler {
                eventLoop.execute { exchange.value.start() }
                return try await promise.futureResult.get()
            } onCancel: {
                eventLoop.execute { exchange.value.finish(.failure(.cancelled)) }
            }
        } catch let error as OutgoingHTTPError {
            throw error
        } catch {
            throw .malformed("\(error)")
        }
    }
}
