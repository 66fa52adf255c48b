import Homeserver
import NIOCore

/// What the answer to a PROPFIND says about one file or folder.
struct PropertyEntry {
    let node: FileNode
    var deadProperties: [DeadProperty] = []
    var locks: [FileLocks.Lock] = []
    var quota: FileQuota?
}

/// Writes a multi-status answer straight into bytes: a large folder has ten thousand entries.
///
/// RFC 4918, section 13. The prefix is `D`, which Windows wants.
struct MultiStatusWriter {
    private(set) var buffer: ByteBuffer

    static let contentType = "application/xml; charset=utf-8"

    init(capacity: Int = 4 << 10) { buffer = ByteBufferAllocator().buffer(capacity: capacity) }

    mutating func begin() { add("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">") }

    mutating func end() { add("</D:multistatus>\n") }

    /// - Parameters:
    ///   - folder: the path of the folder around it, percent-encoded and with a slash at the end.
    ///   - name: percent-encoded here; empty for the folder itself.
    mutating func entry(_ entry: PropertyEntry, in folder: String, named name: String, _ request: PropertyRequest) {
        add("<D:response><D:href>")
        buffer.writeString(folder)
        if !name.isEmpty {
            addPercentEncoded(name)
            if entry.node.isFolder { add("/") }
        }
        add("</D:href>")
        let start = buffer.writerIndex
        add("<D:propstat><D:prop>")
        let startOfProperties = buffer.writerIndex
        var missing: [XMLName] = []
        for property in request.live {
            if request.wantsNamesOnly {
                if has(property, entry) { addTag(property.rawValue, "/>") }
            } else if !add(property, of: entry), request.askedLive.contains(property) {
                missing.append(.dav(property.rawValue))
            }
        }
        if request.wantsDead { addDead(entry.deadProperties, request, &missing) }
        if buffer.writerIndex > startOfProperties || missing.isEmpty {
            add("</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>")
        } else {
            buffer.moveWriterIndex(to: start)
        }
        if !missing.isEmpty { addStatus("404 Not Found", of: missing) }
        add("</D:response>")
    }

    /// A part of a response about properties whose values are not told.
    mutating func addStatus(_ status: String, of names: [XMLName], condition: String? = nil) {
        add("<D:propstat><D:prop>")
        for name in names { addName(name) }
        add("</D:prop><D:status>HTTP/1.1 ")
        buffer.writeString(status)
        add("</D:status>")
        if let condition {
            add("<D:error><D:")
            buffer.writeString(condition)
            add("/></D:error>")
        }
        add("</D:propstat>")
    }

    /// A response about a resource as such, in which `body` writes the rest.
    mutating func response(_ href: String, _ body: (inout MultiStatusWriter) -> Void) {
        add("<D:response><D:href>")
        buffer.writeString(href)
        add("</D:href>")
        body(&self)
        add("</D:response>")
    }

    /// A document of its own with some properties.
    mutating func prop(_ body: (inout MultiStatusWriter) -> Void) {
        add("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:prop xmlns:D=\"DAV:\">")
        body(&self)
        add("</D:prop>\n")
    }

    // MARK: Properties

    private func has(_ property: LiveProperty, _ entry: PropertyEntry) -> Bool {
        switch property {
        case .contentLength, .contentType: !entry.node.isFolder
        case .quotaAvailable, .quotaUsed: entry.node.isFolder
        default: true
        }
    }

    /// Whether there is such a property.
    private mutating func add(_ property: LiveProperty, of entry: PropertyEntry) -> Bool {
        let node = entry.node
        guard has(property, entry) else { return false }
        switch property {
        case .resourceType:
            if node.isFolder { add("<D:resourcetype><D:collection/></D:resourcetype>") } else { add("<D:resourcetype/>") }
        case .displayName:
            add("<D:displayname>")
            addEscaped(node.name)
            add("</D:displayname>")
        case .contentLength:
            add("<D:getcontentlength>")
            addNumber(node.byteCount)
            add("</D:getcontentlength>")
        case .contentType:
            add("<D:getcontenttype>")
            addEscaped(node.contentType ?? "application/octet-stream")
            add("</D:getcontenttype>")
        case .entityTag:
            add("<D:getetag>")
            addEscaped(node.entityTag)
            add("</D:getetag>")
        case .lastModified:
            add("<D:getlastmodified>")
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: HTTPDate.textBytes) { bytes in
                HTTPDate.write(node.modifiedTimestamp, into: bytes)
                return HTTPDate.textBytes
            }
            add("</D:getlastmodified>")
        case .creationDate:
            add("<D:creationdate>")
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: HTTPDate.internetTextBytes) { bytes in
                HTTPDate.writeInternet(node.createdTimestamp, into: bytes)
                return HTTPDate.internetTextBytes
            }
            add("</D:creationdate>")
        case .supportedLock:
            add(
                """
                <D:supportedlock><D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>\
                <D:lockentry><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry></D:supportedlock>
                """)
        case .lockDiscovery:
            addLockDiscovery(entry.locks)
        case .quotaAvailable, .quotaUsed:
            guard let quota = entry.quota else { return false }
            addTag(property.rawValue, ">")
            addNumber(property == .quotaUsed ? quota.usedBytes : quota.availableBytes)
            add("</D:")
            buffer.writeString(property.rawValue)
            add(">")
        }
        return true
    }

    private mutating func addDead(_ properties: [DeadProperty], _ request: PropertyRequest, _ missing: inout [XMLName]) {
        for property in properties {
            let name = XMLName(property.namespace, property.name)
            guard request.wantsAllDead || request.dead.contains(name) else { continue }
            if request.wantsNamesOnly { addName(name) } else { buffer.writeString(property.xml) }
        }
        for name in request.dead where !properties.contains(where: { $0.name == name.local && $0.namespace == name.namespace }) {
            missing.append(name)
        }
    }

    /// RFC 4918, section 15.8.
    mutating func addLockDiscovery(_ locks: [FileLocks.Lock]) {
        guard !locks.isEmpty else {
            add("<D:lockdiscovery/>")
            return
        }
        add("<D:lockdiscovery>")
        for lock in locks {
            add("<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope>")
            if lock.isExclusive { add("<D:exclusive/>") } else { add("<D:shared/>") }
            add("</D:lockscope><D:depth>")
            if lock.isDeep { add("infinity") } else { add("0") }
            add("</D:depth>")
            buffer.writeString(lock.owner)
            add("<D:timeout>Second-")
            addNumber(lock.timeoutSeconds)
            add("</D:timeout><D:locktoken><D:href>")
            buffer.writeString(lock.token)
            add("</D:href></D:locktoken><D:lockroot><D:href>")
            buffer.writeString(DAVPath.href(lock.path))
            add("</D:href></D:lockroot></D:activelock>")
        }
        add("</D:lockdiscovery>")
    }

    // MARK: Bytes

    private mutating func add(_ text: StaticString) { buffer.writeStaticString(text) }

    private mutating func addTag(_ name: String, _ end: StaticString) {
        add("<D:")
        buffer.writeString(name)
        add(end)
    }

    private mutating func addName(_ name: XMLName) {
        if name.isDAV { return addTag(name.local, "/>") }
        add("<")
        buffer.writeString(name.local)
        add(" xmlns=\"")
        addEscaped(name.namespace)
        add("\"/>")
    }

    private mutating func addNumber(_ number: Int64) { buffer.writeString(String(number)) }

    private mutating func addPercentEncoded(_ text: String) { DAVPath.writePercentEncoded(text, into: &buffer) }

    /// A character that XML cannot have becomes a question mark.
    mutating func addEscaped(_ text: String) {
        let isPlain = text.utf8.allSatisfy { byte in
            byte >= 0x20 && byte != UInt8(ascii: "&") && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">") && byte != 0xEF
        }
        if isPlain {
            buffer.writeString(text)
        } else {
            buffer.writeString(XMLElement.escaped(String(String.UnicodeScalarView(text.unicodeScalars.map { XMLElement.isAllowed($0) ? $0 : "?" }))))
        }
    }
}
