public import Homeserver
import Synchronization

/// Stands for the network where a test is about what a service asks, and what it makes of the answers.
public final class ScriptedHTTPClient: HTTPClient {
    public typealias Answer = @Sendable (OutgoingRequest) async throws(OutgoingHTTPError) -> OutgoingResponse

    /// Everything that was asked.
    public let requests = Awaited<OutgoingRequest>()
    private let answer: Mutex<Answer>

    /// Nobody answers, unless the test says otherwise.
    public init(_ answer: @escaping Answer = { _ throws(OutgoingHTTPError) in throw .unreachable("a test") }) {
        self.answer = Mutex(answer)
    }

    /// What happens to requests from now on.
    public func answer(_ answer: @escaping Answer) { self.answer.withLock { $0 = answer } }

    public func send(_ request: OutgoingRequest) async throws(OutgoingHTTPError) -> OutgoingResponse {
        let answer = answer.withLock { $0 }
        requests.append(request)
        return try await answer(request)
    }
}
