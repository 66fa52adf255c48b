import Glibc

/// Uploads that can be continued: their files have a directory of their own, in which a start deletes nothing that a row knows.
extension BlobStore {
    /// Opens the file of an upload of which `offset` bytes are on the disk, and hashes those again.
    public func openUpload(_ uploadID: String, at offset: Int64) async throws -> PartialUpload {
        let (path, threads) = (uploadPath(uploadID), threads)
        let partial = try await threads.run { try PartialUpload(path: path, isNew: offset == 0, threads: threads) }
        try await partial.resume(at: offset)
        return partial
    }

    /// Throws `full` where so many bytes would not fit.
    public func requireSpace(_ bytes: Int64) async throws {
        let uploads = uploads
        try await threads.run { try StagingFile.requireSpace(in: uploads, bytes) }
    }

    /// Keeps the content of a complete upload, whose file stays: should the row of the content never be committed, it is still there.
    public func keep(_ partial: PartialUpload) async throws -> KeptContent {
        try await partial.flush(needsSpace: false)
        let (hash, byteCount) = (partial.hash, partial.byteCount)
        if byteCount <= Int64(Self.maxSmallBytes) {
            let bytes = try await threads.run { try partial.allBytes() }
            return KeptContent(StoredContent(hash: hash, byteCount: byteCount, bytes: bytes), unpin: {})
        }
        return try await threads.run { [self] in try keepFile(hash, byteCount) { try partial.link(to: $0) } }
    }

    /// Deletes the files of uploads. Nobody waits for it.
    public func deleteUploads(_ uploadIDs: [String]) {
        guard !uploadIDs.isEmpty else { return }
        let paths = uploadIDs.map(uploadPath)
        threads.runLater { for path in paths { unlink(path) } }
    }

    /// Deletes the files of uploads that are not among `known`: a crash can leave some.
    public func deleteUploads(except known: Set<String>) async throws {
        let uploads = uploads
        let names = try await threads.run { try DirectoryListing.names(in: uploads) }
        deleteUploads(names.filter { !known.contains($0) })
    }

    private func uploadPath(_ uploadID: String) -> String { "\(uploads)/\(uploadID)" }
}
