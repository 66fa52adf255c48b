import Testing

@testable import LAN

@Suite struct InterfacesTests {
    private typealias Candidate = Interfaces.Candidate

    private let fd00: [UInt8] = [0xFD] + Array(repeating: 0, count: 14) + [1]

    @Test func theMostUsefulAddressComesFirst() {
        let ordered = Interfaces.ordered([
            Candidate(interface: "docker0", bytes: [172, 17, 0, 1]),
            Candidate(interface: "wlan0", bytes: fd00),
            Candidate(interface: "eth1", bytes: [169, 254, 3, 4]),
            Candidate(interface: "tun0", bytes: [10, 8, 0, 2], isPointToPoint: true),
            Candidate(interface: "wlan0", bytes: [192, 168, 1, 5]),
            Candidate(interface: "eth0", bytes: [192, 168, 2, 5]),
        ])
        #expect(ordered.map(\.address) == ["192.168.1.5", "192.168.2.5", "169.254.3.4", "fd00::1", "172.17.0.1", "10.8.0.2"])
        #expect(ordered[0].urlHost == "192.168.1.5")
        #expect(ordered[3].urlHost == "[fd00::1]")
    }

    @Test func thisMachinesAddressesAreOfUseToOthers() {
        for address in Interfaces.addresses() {
            #expect(!address.address.hasPrefix("127."))
            #expect(address.address != "::1")
            #expect(!address.address.hasPrefix("fe80:"))
            #expect(!address.interface.isEmpty)
        }
    }

    @Test func hostNameIsOneLabel() {
        let name = Interfaces.hostName()
        #expect(!name.isEmpty)
        #expect(!name.contains("."))
    }
}
