internal import CAvahi
internal import Glibc

/// Finds the boxes on this network.
public enum Browser {
    /// Asks the network through avahi-daemon. Blocks the calling thread, at most for `timeoutMilliseconds`.
    ///
    /// Returns earlier when boxes were found, all of them answered, and half of the time has gone without news.
    public static func discover(timeoutMilliseconds: Int) throws(DiscoveryError) -> [DiscoveredBox] {
        let search = BoxSearch()
        return try search.run(timeoutMilliseconds: timeoutMilliseconds)
    }
}

/// One search: browses for the service type and resolves what it hears of. Everything happens on the calling thread.
private final class BoxSearch {
    /// A hostile network must not make us resolve without end.
    private static let maxResolutions = 512
    private static let maxAddressesPerBox = 16

    private var found = FoundBoxes(maxAddressesPerBox: maxAddressesPerBox)
    private var client: OpaquePointer?
    private var resolutions = 0
    private var pending = 0
    private var heardAll = false
    private var failure: CInt?

    func run(timeoutMilliseconds: Int) throws(DiscoveryError) -> [DiscoveredBox] {
        guard let poll = avahi_simple_poll_new() else { throw .failed(reason: AvahiFailure.text(AVAHI_ERR_NO_MEMORY)) }
        defer { avahi_simple_poll_free(poll) }
        let context = Unmanaged.passUnretained(self).toOpaque()
        var error: CInt = 0
        let client = avahi_client_new(
            avahi_simple_poll_get(poll), AvahiClientFlags(rawValue: 0),
            { client, state, context in
                guard state == AVAHI_CLIENT_FAILURE, let client else { return }
                BoxSearch.search(context)?.failure = avahi_client_errno(client)
            },
            context, &error)
        guard let client else { throw .noDaemon(reason: AvahiFailure.text(error)) }
        self.client = client
        // Frees the browser and every resolver too.
        defer { avahi_client_free(client) }

        let browser = avahi_service_browser_new(
            client, AvahiIfIndex(AVAHI_IF_UNSPEC), AvahiProtocol(AVAHI_PROTO_UNSPEC), ServiceType.matrix, nil, AvahiLookupFlags(rawValue: 0),
            { _, interface, ipVersion, event, name, type, domain, _, context in
                BoxSearch.search(context)?.browsed(event, interface, ipVersion, name, type, domain)
            },
            context)
        guard browser != nil else { throw .failed(reason: AvahiFailure.text(avahi_client_errno(client))) }

        let start = Self.monotonicMilliseconds()
        while failure == nil {
            let elapsed = Self.monotonicMilliseconds() - start
            let enough = heardAll && pending == 0 && !found.isEmpty && elapsed >= timeoutMilliseconds / 2
            guard elapsed < timeoutMilliseconds, !enough else { break }
            let pause = found.isEmpty || elapsed >= timeoutMilliseconds / 2 ? timeoutMilliseconds - elapsed : timeoutMilliseconds / 2 - elapsed
            guard avahi_simple_poll_iterate(poll, CInt(clamping: max(1, pause))) == 0 else { break }
        }
        if let failure {
            throw failure == AVAHI_ERR_DISCONNECTED
                ? .noDaemon(reason: AvahiFailure.text(failure)) : .failed(reason: AvahiFailure.text(failure))
        }
        return found.boxes
    }

    private static func search(_ context: UnsafeMutableRawPointer?) -> BoxSearch? {
        context.map { Unmanaged<BoxSearch>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func monotonicMilliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    private func browsed(
        _ event: AvahiBrowserEvent, _ interface: AvahiIfIndex, _ ipVersion: AvahiProtocol,
        _ name: UnsafePointer<CChar>?, _ type: UnsafePointer<CChar>?, _ domain: UnsafePointer<CChar>?
    ) {
        switch event {
        case AVAHI_BROWSER_NEW:
            guard resolutions < Self.maxResolutions, let client, let name, let type, let domain else { return }
            resolutions += 1
            let resolver = avahi_service_resolver_new(
                client, interface, ipVersion, name, type, domain, ipVersion, AvahiLookupFlags(rawValue: 0),
                { resolver, interface, _, event, name, _, _, hostName, address, port, text, _, context in
                    // The poll is not running another callback now, so the resolver may be freed here.
                    defer { if let resolver { avahi_service_resolver_free(resolver) } }
                    guard let search = BoxSearch.search(context) else { return }
                    search.pending -= 1
                    guard event == AVAHI_RESOLVER_FOUND, let name, let hostName else { return }
                    search.found.add(
                        name: String(cString: name), hostName: String(cString: hostName), port: port,
                        text: TextRecord(entries: BoxSearch.strings(text)),
                        address: address.flatMap { BoxSearch.text($0.pointee, interface) })
                },
                Unmanaged.passUnretained(self).toOpaque())
            if resolver != nil { pending += 1 }
        case AVAHI_BROWSER_REMOVE:
            if let name { found.remove(name: String(cString: name)) }
        case AVAHI_BROWSER_ALL_FOR_NOW:
            heardAll = true
        case AVAHI_BROWSER_FAILURE:
            failure = client.map { avahi_client_errno($0) } ?? CInt(AVAHI_ERR_FAILURE)
        default:
            break
        }
    }

    private static func strings(_ list: UnsafeMutablePointer<AvahiStringList>?) -> [String] {
        var strings: [String] = []
        var next = list
        while let item = next, strings.count < TextRecord.maxEntries {
            if let text = avahi_string_list_get_text(item) {
                strings.append(String(decoding: UnsafeBufferPointer(start: text, count: avahi_string_list_get_size(item)), as: UTF8.self))
            }
            next = avahi_string_list_get_next(item)
        }
        return strings
    }

    private static func text(_ address: AvahiAddress, _ interface: AvahiIfIndex) -> String? {
        var address = address
        var buffer = [CChar](repeating: 0, count: Int(AVAHI_ADDRESS_STR_MAX))
        guard let text = avahi_address_snprint(&buffer, buffer.count, &address).map({ String(cString: $0) }) else { return nil }
        guard text.utf8.starts(with: "fe80:".utf8) else { return text }
        // A link-local address means nothing without its interface.
        var interfaceName = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        return if_indextoname(CUnsignedInt(bitPattern: interface), &interfaceName).map { "\(text)%\(String(cString: $0))" }
    }
}
