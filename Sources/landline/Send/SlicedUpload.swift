import Cryptography
import Glibc
import Homeserver
import MatrixCore

/// Sends bytes to a box in slices (tus 1.0), and goes on where it ended when the connection breaks.
struct SlicedUpload {
    let client: BoxClient
    /// Hears how many bytes have arrived.
    let progress: (Int64) -> Void

    private static let uploads = "/_landline/v1/uploads"
    private static let headers: [(name: String, value: String)] = [("Tus-Resumable", "1.0.0")]
    /// A slice is to take about a second: on a slow network a broken one costs no more than that.
    private static let sliceBytes = (256 << 10)...(8 << 20)

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What the box is told of the bytes.
    struct Description {
        var name: String
        var contentType: String
        /// The same for the same file on the same machine: so an earlier attempt is found again.
        var fingerprint: String?

        var metadata: String {
            var pairs = [("filename", name), ("filetype", contentType)]
            if let fingerprint { pairs.append(("fingerprint", fingerprint)) }
            return pairs.map { "\($0) \(Base64.encodePadded(Array($1.utf8)))" }.joined(separator: ",")
        }
    }

    /// Sends a file. Gives its `mxc://` URI.
    func send(_ file: LocalFile, _ description: Description) async throws -> String {
        let location = try await client.patiently {
            if let earlier = try await unfinished(description, file.byteCount) { return earlier }
            return try await create(description, byteCount: file.byteCount)
        }
        return try await send(to: location, byteCount: file.byteCount) { try file.read(at: $0, count: $1) }
    }

    /// Sends what comes from a descriptor, however much that is. Gives its `mxc://` URI.
    func send(pipe descriptor: Int32, _ description: Description) async throws -> String {
        let location = try await create(description, byteCount: nil)
        let pipe = PipeReader(descriptor)
        return try await send(to: location, byteCount: nil) { offset, count in try pipe.read(at: offset, count: count) }
    }

    // MARK: Finding and making

    private func create(_ description: Description, byteCount: Int64?) async throws -> String {
        let length = byteCount.map { ("Upload-Length", String($0)) } ?? ("Upload-Defer-Length", "1")
        let response = try await client.send(
            .post, Self.uploads, headers: Self.headers + [(name: length.0, value: length.1), (name: "Upload-Metadata", value: description.metadata)])
        guard let location = response.headers["location"], location.hasPrefix("/") else {
            throw Failure(description: "The box at \(client.url) cannot take uploads.")
        }
        return location
    }

    /// An attempt of before with the same file.
    private func unfinished(_ description: Description, _ byteCount: Int64) async throws -> String? {
        let known = try await client.call(.get, Self.uploads).array("uploads") ?? []
        for upload in known.compactMap(\.objectValue)
        where upload.string("name") == description.name && upload.integer("size") == byteCount && upload.string("path") == nil {
            guard let id = upload.string("id") else { continue }
            let location = "\(Self.uploads)/\(id)"
            // It may have ended meanwhile.
            guard let response = try? await client.send(.head, location, headers: Self.headers) else { continue }
            if response.headers["upload-metadata"] == description.metadata { return location }
        }
        return nil
    }

    // MARK: Sending

    /// - Parameter read: that many bytes at an offset; fewer at the end only.
    private func send(to location: String, byteCount: Int64?, read: (Int64, Int) throws -> [UInt8]) async throws -> String {
        var offset: Int64?
        var slice = Self.sliceBytes.lowerBound
        var pause = Duration.seconds(1)
        let clock = ContinuousClock()
        var lastProgress = clock.now
        while true {
            do {
                let (known, uri) = if let offset { (offset, nil as String?) } else { try await status(location) }
                progress(known)
                if let uri { return uri }
                let bytes = try read(known, slice)
                let isEnd = byteCount.map { known + Int64(bytes.count) >= $0 } ?? (bytes.count < slice)
                guard !bytes.isEmpty || isEnd else { throw Failure(description: "The file became shorter while it was sent.") }
                let start = clock.now
                let answer = try await append(bytes, at: known, to: location, total: isEnd ? known + Int64(bytes.count) : nil)
                offset = answer.offset
                progress(answer.offset)
                if let uri = answer.uri { return uri }
                // The box always has an answer to the last slice.
                guard !isEnd else { throw BoxClient.Failure(description: "The box did not say what became of the file.") }
                let took = clock.now - start
                if took < .milliseconds(500) { slice = min(slice * 2, Self.sliceBytes.upperBound) }
                if took > .seconds(2) { slice = max(slice / 2, Self.sliceBytes.lowerBound) }
                (lastProgress, pause) = (clock.now, .seconds(1))
            } catch let failure as BoxClient.Failure where failure.isPassing || failure.errorCode == "LANDLINE_OFFSET" {
                guard clock.now - lastProgress < BoxClient.patience else { throw failure }
                offset = nil
                // With another offset than we thought the box only has to be asked.
                if failure.isPassing {
                    try await Task.sleep(for: pause)
                    pause = min(pause * 2, BoxClient.maxPause)
                }
            }
        }
    }

    private func status(_ location: String) async throws -> (offset: Int64, uri: String?) {
        try Self.state(try await client.send(.head, location, headers: Self.headers))
    }

    private func append(_ bytes: [UInt8], at offset: Int64, to location: String, total: Int64?) async throws -> (offset: Int64, uri: String?) {
        var headers = Self.headers + [("Upload-Offset", String(offset))]
        if let total { headers.append(("Upload-Length", String(total))) }
        return try Self.state(
            try await client.send(.patch, location, headers: headers, body: bytes, contentType: "application/offset+octet-stream"))
    }

    private static func state(_ response: OutgoingResponse) throws -> (offset: Int64, uri: String?) {
        guard let offset = response.headers["upload-offset"].flatMap({ Int64($0) }) else {
            throw Failure(description: "The box does not say how far the upload is.")
        }
        return (offset, response.headers["landline-content-uri"])
    }
}
