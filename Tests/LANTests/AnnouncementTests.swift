import Testing

@testable import LAN

@Suite struct AnnouncementTests {
    @Test func servicesCarryTheirText() {
        let announcement = Announcement(serviceName: "Landline", serverName: "kitchen.local", httpPort: 8008, version: "1.2")
        #expect(announcement.services.map(\.type) == ["_matrix._tcp", "_http._tcp", "_webdav._tcp"])
        #expect(announcement.services.map(\.port) == [8008, 8008, 8008])
        #expect(announcement.services[0].text.entries == ["product=landline", "version=1.2", "server_name=kitchen.local", "path=/"])
        #expect(announcement.services[1].text.entries == ["path=/"])
        #expect(announcement.services[2].text.entries == ["path=/dav/"])
    }

    @Test func textRecordsAreReadByKey() {
        let text = TextRecord(entries: ["flag", "Path=/a=b", "path=/second", "名=字"])
        #expect(text["path"] == "/a=b")
        #expect(text["PATH"] == "/a=b")
        #expect(text["flag"] == nil)
        #expect(text["名"] == "字")
        #expect(text["absent"] == nil)
    }

    @Test func whatDoesNotFitIsLeftOut() {
        let long = String(repeating: "x", count: TextRecord.maxEntryBytes)
        #expect(TextRecord([("a", long), ("b", "1")]).entries == ["b=1"])
        #expect(TextRecord(entries: Array(repeating: "a=1", count: 1000)).entries.count == TextRecord.maxEntries)
    }

    @Test func serviceNamesFitOneLabel() {
        #expect(ServiceName.normalized("Landline on kitchen") == "Landline on kitchen")
        #expect(ServiceName.normalized("a\u{1B}[31m\nb\u{7F}") == "a[31mb")
        #expect(ServiceName.normalized("") == ServiceName.fallback)
        #expect(ServiceName.normalized("\n") == ServiceName.fallback)
        // Three bytes each; 63 is room for 21, and none is cut in the middle.
        #expect(ServiceName.normalized(String(repeating: "家", count: 40)) == String(repeating: "家", count: 21))
    }

    @Test func alternativesAreNumberedAndStillFit() {
        #expect(ServiceName.alternative(to: "Box") == "Box #2")
        #expect(ServiceName.alternative(to: "Box #2") == "Box #3")
        let full = String(repeating: "x", count: ServiceName.maxBytes)
        let alternative = ServiceName.alternative(to: full)
        #expect(alternative != full)
        #expect(alternative.utf8.count <= ServiceName.maxBytes)
    }
}
