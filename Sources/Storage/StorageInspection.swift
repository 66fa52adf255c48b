import Cryptography
import Glibc

/// Looks at a data directory without changing it, also beside a running box.
public struct StorageInspection {
    /// What is wrong with the contents.
    public struct Findings: Sendable {
        public var contents: Int64 = 0
        public var byteCount: Int64 = 0
        /// Contents whose file is gone, by name.
        public var missing: [String] = []
        /// Contents whose bytes are not those of their name.
        public var damaged: [String] = []
        /// How many uploads and files have no content at all.
        public var danglingReferences: Int64 = 0
        /// Files in `blobs/` that nothing refers to. The box removes them itself when it starts.
        public var orphans: Int64 = 0

        public var isSound: Bool { missing.isEmpty && damaged.isEmpty && danglingReferences == 0 }
    }

    private let connection: Connection
    private let blobs: String

    private static let bytesPerRead = 1 << 20
    private static let contentsPerPage = 64

    /// Throws where there is no box in the directory.
    public init(dataDirectory: String) throws(StorageError) {
        blobs = dataDirectory + "/blobs"
        connection = try Connection(path: dataDirectory + "/landline.db", mode: .readOnly)
    }

    /// What SQLite finds wrong with its file (sqlite.org/pragma.html, quick_check); empty if nothing.
    public func databaseProblems() throws -> [String] {
        try connection.all("PRAGMA quick_check(20)") { $0.text(0) }.filter { $0 != "ok" }
    }

    /// How much `verifyContents` will read.
    public func totalBytes() throws -> Int64 { try connection.first("SELECT coalesce(sum(size), 0) FROM contents") { $0.int(0) } ?? 0 }

    /// Reads every byte of every content, and compares it with its name.
    ///
    /// - Parameter progress: is told how many bytes have been read.
    public func verifyContents(progress: (Int64) -> Void) throws -> Findings {
        var findings = Findings()
        let reader = ReadTransaction(connection: connection)
        var last: Int64 = 0
        while true {
            let page = try reader.contents(after: last, limit: Self.contentsPerPage)
            guard let end = page.last else { break }
            for (_, content) in page { try verify(content, reader, &findings, progress) }
            last = end.key
        }
        for (table, column) in ReadTransaction.referringColumns {
            findings.danglingReferences +=
                try connection.first(
                    "SELECT count(*) FROM \(table) WHERE \(column) IS NOT NULL AND \(column) NOT IN (SELECT sha256 FROM contents)"
                ) { $0.int(0) } ?? 0
        }
        findings.orphans = try countOrphans(reader)
        return findings
    }

    private func verify(_ content: StoredContent, _ reader: ReadTransaction, _ findings: inout Findings, _ progress: (Int64) -> Void) throws {
        findings.contents += 1
        let name = Digest.hexadecimal(content.hash)
        if let bytes = content.bytes {
            findings.byteCount += Int64(bytes.count)
            if Digest.sha256(bytes) != content.hash { findings.damaged.append(name) }
        } else if let hash = try hash(
            ofFile: BlobStore.path(of: content.hash, in: blobs),
            read: {
                findings.byteCount += $0
                progress(findings.byteCount)
            })
        {
            if hash != content.hash { findings.damaged.append(name) }
        } else if try reader.hasContent(content.hash) {
            // The running box may just have deleted both.
            findings.missing.append(name)
        }
        progress(findings.byteCount)
    }

    /// `nil` if there is no such file.
    private func hash(ofFile path: String, read progress: (Int64) -> Void) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StorageError.file(path)
        }
        defer { close(descriptor) }
        var digest = SHA256Digest()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bytesPerRead, alignment: 4_096)
        defer { buffer.deallocate() }
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            // A sector that cannot be read is damage, and no reason to stop.
            guard count > 0 else { return count == 0 ? digest.finalize() : [] }
            digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            progress(Int64(count))
        }
    }

    private func countOrphans(_ reader: ReadTransaction) throws -> Int64 {
        var orphans: Int64 = 0
        for first in try DirectoryListing.names(in: blobs) {
            for second in try DirectoryListing.names(in: "\(blobs)/\(first)") {
                for name in try DirectoryListing.names(in: "\(blobs)/\(first)/\(second)") {
                    guard let hash = BlobStore.hash(ofName: name), try reader.hasContent(hash) else {
                        orphans += 1
                        continue
                    }
                }
            }
        }
        return orphans
    }
}
