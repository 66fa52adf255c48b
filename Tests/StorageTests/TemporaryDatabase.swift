import Glibc
import Storage

/// A database in a directory of its own, which goes with it.
final class TemporaryDatabase {
    let directory: String
    let database: Database
    var path: String { directory + "/landline.db" }

    init(onCommit: @escaping @Sendable (Position) -> Void = { _ in }) throws {
        directory = try Self.makeDirectory()
        database = try Database(path: directory + "/landline.db", onCommit: onCommit)
    }

    deinit {
        database.close()
        Self.remove(directory)
    }

    static func makeDirectory() throws -> String {
        var template = Array("/tmp/landline-test-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw StorageError(.other, "no temporary directory") }
        return String(cString: path)
    }

    static func remove(_ directory: String) {
        guard let entries = opendir(directory) else { return }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if name == "." || name == ".." { continue }
            if entry.pointee.d_type == UInt8(DT_DIR) { remove(directory + "/" + name) } else { unlink(directory + "/" + name) }
        }
        closedir(entries)
        rmdir(directory)
    }
}
