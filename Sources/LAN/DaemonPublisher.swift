internal import CAvahi
internal import Glibc
internal import Logging
internal import Synchronization

/// Publishes services through avahi-daemon and keeps them published: over a missing daemon, its restarts, and name collisions.
///
/// libavahi-client runs on one thread of its own, under one lock. Callbacks only ask the daemon and return.
// @unchecked Sendable: every stored `var` is touched only while the poll's lock is held, and libavahi holds it in each callback.
final class DaemonPublisher: @unchecked Sendable {
    private static let firstRetryMilliseconds: UInt32 = 500
    private static let maxRetryMilliseconds: UInt32 = 60_000
    /// A network on which so many names are taken is playing with us; the next attempt comes after the longest pause.
    private static let maxNamesPerAttempt = 50

    private static let withdrawTimeoutMilliseconds = 2000

    private let services: [AnnouncedService]
    private let logger: Logger
    private let nameChanged: @Sendable (String) -> Void
    private let poll: OpaquePointer

    private var name: String
    private var namesTried = 0
    private var client: OpaquePointer?
    private var group: OpaquePointer?
    private var retryTimer: OpaquePointer?
    private var retryMilliseconds = DaemonPublisher.firstRetryMilliseconds
    private var saidAbsent = false
    private var saidRefused = false
    private var stopping = false
    private let withdrawn = Mutex(false)

    /// Starts at once. `nil` if the system has no memory or thread for it.
    init?(services: [AnnouncedService], name: String, logger: Logger, nameChanged: @escaping @Sendable (String) -> Void) {
        guard let poll = avahi_threaded_poll_new() else { return nil }
        self.services = services
        self.name = name
        self.logger = logger
        self.nameChanged = nameChanged
        self.poll = poll
        // Connecting waits for the message bus, so even the first attempt is made by the loop's own thread.
        schedule(afterMilliseconds: 0)
        guard retryTimer != nil, avahi_threaded_poll_start(poll) == 0 else {
            cancelTimer()
            avahi_threaded_poll_free(poll)
            return nil
        }
        // Callbacks hold `self` unretained; this retain is given back when there can be no more of them.
        _ = Unmanaged.passRetained(self)
    }

    /// Takes everything back from the network and ends the thread. To be called exactly once, and never by a callback.
    ///
    /// libavahi waits up to 25 seconds for a daemon that hangs. The box does not: when its process has ended the bus tells the daemon.
    func withdraw() {
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { context in
                DaemonPublisher.publisher(context)?.disconnectAndFree()
                return nil
            },
            context)
        guard result == 0 else { return disconnectAndFree() }
        pthread_detach(thread)
        for _ in 0..<Self.withdrawTimeoutMilliseconds {
            if withdrawn.withLock({ $0 }) { return }
            usleep(1000)
        }
        logger.warning("avahi-daemon does not answer; the box may stay listed on the network for a while.")
    }

    private func disconnectAndFree() {
        avahi_threaded_poll_lock(poll)
        stopping = true
        cancelTimer()
        disconnect()
        avahi_threaded_poll_unlock(poll)
        avahi_threaded_poll_stop(poll)
        avahi_threaded_poll_free(poll)
        withdrawn.withLock { $0 = true }
        Unmanaged.passUnretained(self).release()
    }

    // MARK: - Connection

    private var context: UnsafeMutableRawPointer {
        Unmanaged.passUnretained(self).toOpaque()
    }

    private static func publisher(_ context: UnsafeMutableRawPointer?) -> DaemonPublisher? {
        context.map { Unmanaged<DaemonPublisher>.fromOpaque($0).takeUnretainedValue() }
    }

    private func connect() {
        disconnect()
        var error: CInt = 0
        let newClient = avahi_client_new(
            avahi_threaded_poll_get(poll), AVAHI_CLIENT_NO_FAIL,
            { client, state, context in
                guard let client else { return }
                DaemonPublisher.publisher(context)?.clientChanged(client, state)
            },
            context, &error)
        guard let newClient else {
            sayAbsent(reason: error)
            scheduleRetry()
            return
        }
        client = newClient
    }

    private func disconnect() {
        // Freeing the group asks the daemon to withdraw and waits for it; freeing only the client would leave that to chance.
        if let group { _ = avahi_entry_group_free(group) }
        group = nil
        if let client { avahi_client_free(client) }
        client = nil
    }

    /// Called for the first time inside `avahi_client_new`, when `client` is not set yet.
    private func clientChanged(_ client: OpaquePointer, _ state: AvahiClientState) {
        guard !stopping else { return }
        switch state {
        case AVAHI_CLIENT_S_RUNNING:
            publish(client)
        case AVAHI_CLIENT_S_REGISTERING, AVAHI_CLIENT_S_COLLISION:
            // The host gets another name or address; the records return with the next RUNNING.
            if let group { avahi_entry_group_reset(group) }
        case AVAHI_CLIENT_CONNECTING:
            sayAbsent(reason: AVAHI_ERR_NO_DAEMON)
        case AVAHI_CLIENT_FAILURE:
            let error = avahi_client_errno(client)
            if error == AVAHI_ERR_DISCONNECTED {
                sayAbsent(reason: error)
            } else {
                sayRefused(error)
            }
            // A failed client is never usable again. It is freed by the timer: here libavahi is still working with it.
            scheduleRetry()
        default:
            break
        }
    }

    // MARK: - Publishing

    private func publish(_ client: OpaquePointer) {
        if group == nil {
            group = avahi_entry_group_new(
                client,
                { group, state, context in
                    guard let group else { return }
                    DaemonPublisher.publisher(context)?.groupChanged(group, state)
                },
                context)
        }
        guard let group else { return refuse(client) }
        guard avahi_entry_group_is_empty(group) != 0 else { return }
        while true {
            var result = CInt(AVAHI_OK)
            for service in services where result == AVAHI_OK {
                result = add(service, to: group)
            }
            if result == AVAHI_OK {
                result = avahi_entry_group_commit(group)
            }
            guard result == AVAHI_ERR_COLLISION, namesTried < Self.maxNamesPerAttempt else {
                if result != AVAHI_OK { refuse(client) }
                return
            }
            // Another program on this machine has the name.
            takeAlternativeName()
            avahi_entry_group_reset(group)
        }
    }

    private func add(_ service: AnnouncedService, to group: OpaquePointer) -> CInt {
        var text: UnsafeMutablePointer<AvahiStringList>?
        // Each string goes to the front of libavahi's list.
        for entry in service.text.entries.reversed() {
            text = avahi_string_list_add(text, entry)
        }
        defer { avahi_string_list_free(text) }
        let everywhere: (AvahiIfIndex, AvahiProtocol) = (AvahiIfIndex(AVAHI_IF_UNSPEC), AvahiProtocol(AVAHI_PROTO_UNSPEC))
        return avahi_entry_group_add_service_strlst(
            group, everywhere.0, everywhere.1, AvahiPublishFlags(rawValue: 0), name, service.type, nil, nil, service.port, text)
    }

    private func groupChanged(_ group: OpaquePointer, _ state: AvahiEntryGroupState) {
        guard !stopping else { return }
        switch state {
        case AVAHI_ENTRY_GROUP_ESTABLISHED:
            logger.info("Announced on the local network as \"\(name)\".")
            retryMilliseconds = Self.firstRetryMilliseconds
            namesTried = 0
            saidAbsent = false
            saidRefused = false
        case AVAHI_ENTRY_GROUP_COLLISION:
            // Another machine has the name.
            guard let client = avahi_entry_group_get_client(group) else { return }
            guard namesTried < Self.maxNamesPerAttempt else { return refuse(client) }
            takeAlternativeName()
            avahi_entry_group_reset(group)
            publish(client)
        case AVAHI_ENTRY_GROUP_FAILURE:
            guard let client = avahi_entry_group_get_client(group) else { return }
            refuse(client)
        default:
            break
        }
    }

    private func takeAlternativeName() {
        let taken = name
        name = ServiceName.alternative(to: taken)
        namesTried += 1
        logger.notice("The name \"\(taken)\" is taken on this network; the box is announced as \"\(name)\".")
        nameChanged(name)
    }

    private func refuse(_ client: OpaquePointer) {
        let error = avahi_client_errno(client)
        // A lost connection is told by the client's own state, which follows.
        guard error != AVAHI_ERR_DISCONNECTED else { return }
        sayRefused(error)
        namesTried = 0
        retryMilliseconds = Self.maxRetryMilliseconds
        scheduleRetry()
    }

    // MARK: - Retrying

    private func scheduleRetry() {
        schedule(afterMilliseconds: retryMilliseconds)
        retryMilliseconds = min(retryMilliseconds * 2, Self.maxRetryMilliseconds)
    }

    private func schedule(afterMilliseconds milliseconds: UInt32) {
        guard let api = avahi_threaded_poll_get(poll) else { return }
        var time = timeval()
        avahi_elapse_time(&time, milliseconds, 0)
        if let retryTimer {
            api.pointee.timeout_update(retryTimer, &time)
        } else {
            retryTimer = api.pointee.timeout_new(
                api, &time,
                { _, context in
                    guard let publisher = DaemonPublisher.publisher(context), !publisher.stopping else { return }
                    publisher.connect()
                },
                context)
        }
    }

    private func cancelTimer() {
        guard let retryTimer, let api = avahi_threaded_poll_get(poll) else { return }
        api.pointee.timeout_free(retryTimer)
        self.retryTimer = nil
    }

    // MARK: - Saying so, once

    private func sayAbsent(reason: some BinaryInteger) {
        guard !saidAbsent else { return }
        saidAbsent = true
        logger.notice(
            """
            Not announced on the local network: avahi-daemon does not answer (\(AvahiFailure.text(reason))). Everything else works, \
            and the announcement follows when the daemon appears. On Debian: apt install avahi-daemon
            """)
    }

    private func sayRefused(_ error: CInt) {
        guard !saidRefused else { return }
        saidRefused = true
        logger.warning(
            """
            avahi-daemon refused the announcement: \(AvahiFailure.text(error)). Look for disable-publishing and \
            disable-user-service-publishing in /etc/avahi/avahi-daemon.conf. Trying again from time to time.
            """)
    }
}

enum AvahiFailure {
    static func text(_ error: some BinaryInteger) -> String {
        avahi_strerror(CInt(truncatingIfNeeded: error)).map { String(cString: $0) } ?? "error \(error)"
    }
}
