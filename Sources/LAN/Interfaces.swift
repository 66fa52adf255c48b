internal import Glibc

/// An address of this machine that others on the network may reach.
public struct InterfaceAddress: Sendable, Equatable {
    public var interface: String
    /// Numeric.
    public var address: String
    public var isIPv6: Bool

    /// As it stands in a URL.
    public var urlHost: String { isIPv6 ? "[\(address)]" : address }
}

/// What this machine is called and where it is reached.
public enum Interfaces {
    /// The addresses to print for people, the most useful first: IPv4 before IPv6, networks of containers and tunnels last.
    public static func addresses() -> [InterfaceAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var candidates: [Candidate] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let socketAddress = entry.ifa_addr, let name = entry.ifa_name else { continue }
            if let candidate = Candidate(interface: String(cString: name), flags: entry.ifa_flags, socketAddress: socketAddress) {
                candidates.append(candidate)
            }
        }
        return ordered(candidates)
    }

    /// The machine's name without its domain; "landline" if it has none.
    public static func hostName() -> String {
        // HOST_NAME_MAX is 64 on Linux; POSIX allows 255.
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "landline" }
        let firstLabel = buffer.map { UInt8(bitPattern: $0) }.prefix { $0 != 0 && $0 != UInt8(ascii: ".") }
        let name = String(decoding: firstLabel, as: UTF8.self)
        return name.isEmpty || name == "localhost" ? "landline" : name
    }

    struct Candidate: Equatable {
        var interface: String
        var bytes: [UInt8]
        var isPointToPoint = false

        var isIPv6: Bool { bytes.count == 16 }

        /// 169.254/16: only of use on a cable without DHCP.
        var isIPv4LinkLocal: Bool { !isIPv6 && bytes.starts(with: [169, 254]) }

        /// Made by software for containers, virtual machines and tunnels; a phone on the Wi-Fi does not reach it.
        var isVirtual: Bool {
            isPointToPoint || Self.virtualPrefixes.contains { interface.utf8.starts(with: $0.utf8) }
        }

        private static let virtualPrefixes = [
            "docker", "br-", "veth", "virbr", "vnet", "vmnet", "vboxnet", "lxc", "lxd", "cni", "podman", "flannel", "cali", "tun", "tap", "wg",
            "tailscale", "zt",
        ]
    }

    static func ordered(_ candidates: [Candidate]) -> [InterfaceAddress] {
        func rank(_ candidate: Candidate) -> Int {
            (candidate.isVirtual ? 4 : 0) + (candidate.isIPv6 ? 2 : 0) + (candidate.isIPv4LinkLocal ? 1 : 0)
        }
        let sorted = candidates.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
        return sorted.compactMap { _, candidate in
            text(candidate.bytes).map { InterfaceAddress(interface: candidate.interface, address: $0, isIPv6: candidate.isIPv6) }
        }
    }

    private static func text(_ bytes: [UInt8]) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        return inet_ntop(bytes.count == 16 ? AF_INET6 : AF_INET, bytes, &buffer, socklen_t(buffer.count)).map { String(cString: $0) }
    }
}

extension Interfaces.Candidate {
    /// `nil` for an address that nobody else can use: interface down or loopback, not IP, IPv6 link-local.
    init?(interface: String, flags: CUnsignedInt, socketAddress: UnsafePointer<sockaddr>) {
        let isSet = { (flag: Int) in Int(flags) & flag != 0 }
        guard isSet(IFF_UP), isSet(IFF_RUNNING), !isSet(IFF_LOOPBACK) else { return nil }
        switch CInt(socketAddress.pointee.sa_family) {
        case AF_INET:
            bytes = socketAddress.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) } }
        case AF_INET6:
            bytes = socketAddress.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) } }
            // fe80::/10
            guard !(bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80) else { return nil }
        default:
            return nil
        }
        self.interface = interface
        isPointToPoint = isSet(IFF_POINTOPOINT)
    }
}
