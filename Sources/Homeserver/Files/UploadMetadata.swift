import Cryptography
import MatrixCore

/// What a client says of an upload: the `Upload-Metadata` header of tus, pairs of a key and Base64.
struct UploadMetadata {
    /// Of the header's text.
    static let maxBytes = 24 << 10
    static let maxPairs = 32

    private var values: [String: String] = [:]

    /// Throws `invalidParameter` where the text is not as the protocol has it.
    init(parsing text: String) throws(MatrixError) {
        guard text.utf8.count <= Self.maxBytes else { throw Self.invalid("it is too long") }
        for pair in text.split(separator: ",", omittingEmptySubsequences: true) {
            let parts = pair.split(separator: " ")
            guard let key = parts.first.map(String.init), parts.count <= 2, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Self.invalid("each pair is a key, a space and a value in Base64")
            }
            guard values[key] == nil, values.count < Self.maxPairs else { throw Self.invalid("a key stands there twice, or there are too many") }
            guard let bytes = Base64.decode(parts.count == 2 ? String(parts[1]) : ""), let value = String(validating: bytes, as: UTF8.self) else {
                throw Self.invalid("the value of \(key) is not the Base64 of text")
            }
            values[key] = value
        }
    }

    var fileName: String? { values["filename"] ?? values["name"] }
    var contentType: String? { values["filetype"] ?? values["type"] }
    /// Where it goes; without it the upload becomes media of Matrix.
    var path: String? { values["path"] }
    /// Milliseconds since 1970.
    var modifiedTimestamp: Int64? { values["modified"].flatMap { Int64($0) } }
    /// Whether a file that has the name already may be replaced. Otherwise the new one gets a name of its own.
    var overwrites: Bool { values["overwrite"] == "true" }

    private static func invalid(_ reason: String) -> MatrixError {
        MatrixError(.invalidParameter, "Upload-Metadata cannot be understood: \(reason).")
    }
}
