import Cryptography
import Glibc
import Synchronization

/// A content that is being taken in, hashed as it comes: in memory as long as it is small, then in a staging file.
///
/// Without `BlobStore.keep` it is deleted with this object.
///
/// Proof for `@unchecked Sendable`: the owner awaits each call before the next, and so each of them, on whatever thread,
/// sees what the one before has left.
public final class UploadStaging: @unchecked Sendable {
    /// How many bytes have been written.
    public private(set) var byteCount: Int64 = 0

    private let directory: String
    private let expectedBytes: Int64?
    private let threads: FileThreads
    private var digest = SHA256Digest()
    private var storage = Storage.memory([])
    /// What came and is not hashed and written yet.
    private var gathered: [@Sendable ((UnsafeRawBufferPointer) throws -> Void) throws -> Void] = []
    private var gatheredBytes = 0

    /// A change between threads for each piece that a socket gives costs more than writing it.
    private static let bytesPerWrite = 512 << 10
    /// All uploads together; when it is reached, each piece is written at once.
    private static let maxGatheredBytes = 2 << 20
    private static let allGatheredBytes = Atomic(0)

    private enum Storage {
        case memory([UInt8])
        case file(StagingFile)
    }

    init(directory: String, expectedBytes: Int64?, threads: FileThreads) {
        self.directory = directory
        self.expectedBytes = expectedBytes
        self.threads = threads
    }

    /// Appends a piece.
    ///
    /// - Parameter withBytes: gives the piece's bytes to the closure that takes them.
    public func write(_ withBytes: @escaping @Sendable ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) async throws {
        // Small pieces of small contents are not worth a change between threads.
        if case .memory = storage, gathered.isEmpty, expectedBytes.map({ $0 <= Int64(BlobStore.maxSmallBytes) }) ?? true {
            var isTaken = false
            try withBytes { bytes in isTaken = try takeIntoMemory(bytes) }
            if isTaken { return }
        }
        var count = 0
        try withBytes { count = $0.count }
        byteCount += Int64(count)
        gathered.append(withBytes)
        gatheredBytes += count
        let allGathered = Self.allGatheredBytes.add(count, ordering: .relaxed).newValue
        guard gatheredBytes >= Self.bytesPerWrite || allGathered >= Self.maxGatheredBytes else { return }
        try await threads.run { [self] in try writeGathered() }
    }

    /// On a thread for files.
    private func writeGathered() throws {
        defer { forgetGathered() }
        for withBytes in gathered {
            try withBytes { bytes in
                digest.update(bytes)
                try file().append(bytes)
            }
        }
    }

    private func forgetGathered() {
        Self.allGatheredBytes.subtract(gatheredBytes, ordering: .relaxed)
        gathered = []
        gatheredBytes = 0
    }

    deinit { forgetGathered() }

    private func takeIntoMemory(_ bytes: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
        guard case .memory(var held) = storage, held.count + bytes.count <= BlobStore.maxSmallBytes else { return false }
        if held.isEmpty { try StagingFile.requireSpace(in: directory, Int64(bytes.count)) }
        storage = .memory([])
        held.append(contentsOf: bytes)
        storage = .memory(held)
        digest.update(bytes)
        byteCount += Int64(bytes.count)
        return true
    }

    private func file() throws(StorageError) -> StagingFile {
        switch storage {
        case .file(let file): return file
        case .memory(let held):
            let file = try StagingFile(directory: directory, expectedBytes: expectedBytes, threads: threads)
            do {
                try held.withUnsafeBytes { try file.append($0) }
            } catch let error as StorageError {
                throw error
            } catch {
                throw StorageError(.other, "\(error)")
            }
            storage = .file(file)
            return file
        }
    }

    /// The content, if it is small.
    var smallBytes: [UInt8]? {
        if case .memory(let bytes) = storage, gathered.isEmpty { bytes } else { nil }
    }

    func finishSmall() -> BlobStore.Hash { digest.finalize() }

    /// Brings the content to the disk, and gives its hash.
    func flush() throws -> BlobStore.Hash {
        try writeGathered()
        try file().flush()
        return digest.finalize()
    }

    func move(to destination: String) throws(StorageError) { try file().move(to: destination) }

    static func removeLeftovers(in directory: String) throws(StorageError) {
        for name in try DirectoryListing.names(in: directory) { unlink("\(directory)/\(name)") }
    }
}
