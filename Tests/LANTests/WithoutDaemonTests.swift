import Glibc
import Logging
import Synchronization
import Testing

@testable import LAN

/// A machine without avahi-daemon and even without a message bus. With a daemon, the end-to-end tests do the rest.
/// Each test is a process of its own, since the bus is named by an environment variable.
@Suite struct WithoutDaemonTests {
    @Test func discoveryFailsWithANextStep() async {
        await #expect(processExitsWith: .success) {
            removeBus()
            let error = #expect(throws: DiscoveryError.self) { try Browser.discover(timeoutMilliseconds: 1000) }
            #expect(error?.description.contains("apt install avahi-daemon") == true)
        }
    }

    @Test func theAnnouncerSaysSoOnceAndStops() async {
        await #expect(processExitsWith: .success) {
            removeBus()
            let messages = Messages()
            let announcer = Announcer(
                configuration: Announcement(serviceName: "Box", serverName: "box.local", httpPort: 8008, version: "1"),
                logger: Logger(label: "test") { _ in messages })
            announcer.start()
            announcer.start()
            #expect(announcer.currentServiceName == "Box")
            #expect(messages.wait(count: 1, timeoutMilliseconds: 10_000))
            // Two more attempts fall into this time, half a second and one and a half after the first; they are silent.
            #expect(!messages.wait(count: 2, timeoutMilliseconds: 2000))
            announcer.stop()
            announcer.stop()
            #expect(messages.all.count == 1)
            #expect(messages.all[0].contains("Not announced"))
            // Started again it is a new try, which is reported again.
            announcer.start()
            #expect(messages.wait(count: 2, timeoutMilliseconds: 10_000))
            announcer.stop()
        }
    }
}

private func removeBus() {
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1)
}

/// Collects what is logged.
private final class Messages: LogHandler, Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    /// Whether at least `count` messages came within the time.
    func wait(count: Int, timeoutMilliseconds: Int) -> Bool {
        for _ in 0..<timeoutMilliseconds / 10 {
            if all.count >= count { return true }
            usleep(10_000)
        }
        return all.count >= count
    }

    func log(event: LogEvent) {
        texts.withLock { $0.append("\(event.message)") }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
}
