import Foundation
import TestSupport

extension TestServer {
    /// Uploads that are under way, or were left.
    func stagingFiles() throws -> [String] { try files(in: "staging") }

    /// Contents that are kept, by their path below `blobs/`.
    func blobs() throws -> [String] { try files(in: "blobs").filter { $0.count == "ab/cd/".count + 64 } }

    private func files(in name: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(directory.path)/data/\(name)")
    }
}
