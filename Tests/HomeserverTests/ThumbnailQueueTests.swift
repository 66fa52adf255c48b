import Dispatch
import MatrixCore
import Synchronization
import Testing

@testable import Homeserver

struct ThumbnailQueueTests {
    /// Keeps the queue's only thread until the gate is opened, so that what waits behind is known.
    private func hold(_ queue: ThumbnailQueue) async throws -> (gate: DispatchSemaphore, held: Task<Void, any Error>) {
        let gate = DispatchSemaphore(value: 0)
        var held: Task<Void, any Error>?
        await withCheckedContinuation { started in
            held = Task {
                try await queue.run(for: "first") {
                    started.resume()
                    gate.wait()
                }
            }
        }
        return (gate, try #require(held))
    }

    @Test func everyoneGetsATurn() async throws {
        let queue = ThumbnailQueue(maxThreads: 1)
        let (gate, held) = try await hold(queue)
        let order = Names()
        var tasks: [Task<Void, any Error>] = []
        for (caller, count) in [("anna", 5), ("ben", 2), ("carl", 1)] {
            for _ in 0..<count {
                let waiting = queue.waitingCount
                tasks.append(Task { try await queue.run(for: caller) { order.append(caller) } })
                while queue.waitingCount == waiting { await Task.yield() }
            }
        }
        gate.signal()
        try await held.value
        for task in tasks { try await task.value }
        #expect(order.list == ["anna", "ben", "carl", "anna", "ben", "anna", "anna", "anna"])
    }

    @Test func whatWaitsIsBounded() async throws {
        let queue = ThumbnailQueue(maxThreads: 1)
        let (gate, held) = try await hold(queue)
        var tasks: [Task<Void, any Error>] = []
        func add(_ caller: String) async {
            let waiting = queue.waitingCount
            tasks.append(Task { try await queue.run(for: caller) {} })
            while queue.waitingCount == waiting { await Task.yield() }
        }
        for _ in 0..<ThumbnailQueue.maxWaitingOfCaller { await add("anna") }
        await #expect(throws: MatrixError.self) { try await queue.run(for: "anna") {} }
        await add("ben")
        for index in queue.waitingCount..<ThumbnailQueue.maxWaiting { await add("\(index)") }
        let error = await #expect(throws: MatrixError.self) { try await queue.run(for: "zoe") {} }
        #expect(error?.code == .limitExceeded && error?.details["retry_after_ms"] != nil)
        gate.signal()
        try await held.value
        for task in tasks { try await task.value }
        #expect(queue.waitingCount == 0)
        try await queue.run(for: "anna") {}
    }
}

private final class Names: Sendable {
    private let names = Mutex<[String]>([])

    var list: [String] { names.withLock { $0 } }
    func append(_ name: String) { names.withLock { $0.append(name) } }
}
