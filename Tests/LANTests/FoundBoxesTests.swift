import Testing

@testable import LAN

@Suite struct FoundBoxesTests {
    private let text = TextRecord(entries: ["product=landline", "server_name=kitchen.local", "version=1"])

    @Test func answersOfOneBoxAreJoined() {
        var found = FoundBoxes(maxAddressesPerBox: 4)
        #expect(found.isEmpty)
        found.add(name: "Box", hostName: "kitchen.local", port: 8008, text: text, address: "fe80::1%wlan0")
        found.add(name: "Box", hostName: "kitchen.local", port: 8008, text: text, address: "fd00::1")
        found.add(name: "Box", hostName: "kitchen.local", port: 8008, text: text, address: "192.168.1.5")
        found.add(name: "Box", hostName: "kitchen.local", port: 8008, text: text, address: "192.168.1.5")
        let expected = DiscoveredBox(
            serviceName: "Box", serverName: "kitchen.local", hostName: "kitchen.local", addresses: ["192.168.1.5", "fd00::1"], port: 8008,
            version: "1")
        #expect(found.boxes == [expected])
        #expect(found.boxes.first?.url == "http://192.168.1.5:8008/")
    }

    @Test func otherMatrixServersAreNotBoxes() {
        var found = FoundBoxes(maxAddressesPerBox: 4)
        found.add(name: "a", hostName: "a.local", port: 1, text: TextRecord(entries: ["server_name=a"]), address: "10.0.0.1")
        found.add(name: "b", hostName: "b.local", port: 1, text: TextRecord(entries: ["product=other", "server_name=b"]), address: "10.0.0.2")
        found.add(name: "c", hostName: "c.local", port: 1, text: TextRecord(entries: ["product=landline"]), address: "10.0.0.3")
        #expect(found.isEmpty)
    }

    @Test func boxesAreSortedBoundedAndRemoved() {
        var found = FoundBoxes(maxAddressesPerBox: 2)
        for last in 1...9 { found.add(name: "b", hostName: "b.local", port: 1, text: text, address: "10.0.0.\(last)") }
        found.add(name: "a", hostName: "a.local", port: 1, text: text, address: nil)
        #expect(found.boxes.map(\.serviceName) == ["a", "b"])
        #expect(found.boxes[1].addresses == ["10.0.0.1", "10.0.0.2"])
        #expect(found.boxes[0].url == "http://a.local:1/")
        found.remove(name: "b")
        #expect(found.boxes.map(\.serviceName) == ["a"])
    }

    @Test func poorAddressesCountOnlyWhenThereIsNoBetter() {
        #expect(FoundBoxes.useful(["127.0.0.1", "fd00::1", "10.0.0.1"]) == ["10.0.0.1", "fd00::1"])
        #expect(FoundBoxes.useful(["127.0.0.1", "fe80::1%eth0"]) == ["fe80::1%eth0", "127.0.0.1"])
    }

    @Test func ipv6AddressesAreBracketed() {
        let box = DiscoveredBox(serviceName: "", serverName: "", hostName: "h.local", addresses: ["fd00::1"], port: 80, version: "")
        #expect(box.url == "http://[fd00::1]:80/")
    }
}
