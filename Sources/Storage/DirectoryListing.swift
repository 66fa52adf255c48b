import Glibc

enum DirectoryListing {
    /// The names in a directory, without those of itself and its parent.
    static func names(in directory: String) throws(StorageError) -> [String] {
        guard let stream = opendir(directory) else { throw .file(directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
