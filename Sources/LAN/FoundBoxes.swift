/// Puts together what several answers say about the same box: it answers once for each interface and each IP version.
struct FoundBoxes {
    let maxAddressesPerBox: Int
    private var boxesByName: [String: DiscoveredBox] = [:]

    init(maxAddressesPerBox: Int) {
        self.maxAddressesPerBox = maxAddressesPerBox
    }

    var isEmpty: Bool { boxesByName.isEmpty }

    /// In the order of their names.
    var boxes: [DiscoveredBox] {
        boxesByName.values
            .map { box in
                var box = box
                box.addresses = Self.useful(box.addresses)
                return box
            }
            .sorted { ($0.serviceName, $0.hostName) < ($1.serviceName, $1.hostName) }
    }

    /// Takes an answer, unless it comes from something that is not a Landline.
    mutating func add(name: String, hostName: String, port: UInt16, text: TextRecord, address: String?) {
        guard text[TextRecord.productKey] == TextRecord.productName, let serverName = text[TextRecord.serverNameKey] else { return }
        var box =
            boxesByName[name]
            ?? DiscoveredBox(
                serviceName: name, serverName: serverName, hostName: hostName, addresses: [], port: port,
                version: text[TextRecord.versionKey] ?? "")
        if let address, !box.addresses.contains(address), box.addresses.count < maxAddressesPerBox {
            box.addresses.append(address)
        }
        boxesByName[name] = box
    }

    mutating func remove(name: String) {
        boxesByName[name] = nil
    }

    /// IPv4 first; loopback and link-local addresses only where there is nothing better.
    static func useful(_ addresses: [String]) -> [String] {
        func rank(_ address: String) -> Int {
            if address.utf8.starts(with: "127.".utf8) || address == "::1" { return 3 }
            if address.utf8.starts(with: "fe80:".utf8) { return 2 }
            return address.utf8.contains(UInt8(ascii: ":")) ? 1 : 0
        }
        let sorted = addresses.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
        let reachable = sorted.filter { rank($0) < 2 }
        return reachable.isEmpty ? sorted : reachable
    }
}
