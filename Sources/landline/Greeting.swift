import LAN

/// What people see of the box: in the web client, and among the services of the network.
enum BoxName {
    static var text: String { "Landline on \(Interfaces.hostName())" }
}

/// What the box says on the terminal when it has started: where it is, and what to do next.
struct Greeting {
    let bindAddress: String?
    let port: Int
    let hasOwner: Bool

    private static let maxAddresses = 6

    func text(inColor: Bool) -> String {
        let urls = urls
        var text = hasOwner ? "Landline is running. Open one of these on a device on this network:\n\n" : Self.firstStart
        for url in urls { text += "    \(url)\n" }
        if let first = urls.first, let code = try? QRCode(first) {
            text += "\n" + code.terminalText(inColor ? .colored : .plain) + "\n"
        }
        text += "Matrix apps take the same address as their homeserver. Ctrl-C ends Landline.\n"
        return text
    }

    private static let firstStart = """
        Landline is running. Now make the first account: it is yours, the owner's.
        Open one of these in a browser on any device on this network:


        """

    private var urls: [String] {
        hosts.map { BoxURL.text(host: $0, port: port) }
    }

    private var hosts: [String] {
        if let bindAddress, bindAddress != "0.0.0.0", bindAddress != "::" { return [bindAddress.contains(":") ? "[\(bindAddress)]" : bindAddress] }
        let addresses = Interfaces.addresses().filter { !$0.isIPv6 || bindAddress != "0.0.0.0" }
        // Without a network the box can still be tried out.
        guard !addresses.isEmpty else { return ["localhost"] }
        return addresses.prefix(Self.maxAddresses).map(\.urlHost)
    }
}
