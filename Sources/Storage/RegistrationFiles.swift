import Glibc

/// The registration files of application services: `appservices/*.yaml` (or `.yml`, `.json`) in the data directory.
extension DataDirectory {
    public static let maxRegistrationFiles = 64
    public static let maxRegistrationFileBytes = 64 << 10

    public struct RegistrationFile: Sendable {
        public let path: String
        public let content: Result<[UInt8], StorageError>

        public init(path: String, content: Result<[UInt8], StorageError>) {
            self.path = path
            self.content = content
        }
    }

    /// In the order of their names. None if there is no such directory.
    public func registrationFiles() -> [RegistrationFile] {
        let directory = path + "/appservices"
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if !name.hasPrefix("."), [".yaml", ".yml", ".json"].contains(where: { name.hasSuffix($0) }) { names.append(name) }
        }
        return names.sorted().enumerated().map { index, name in
            let path = directory + "/" + name
            guard index < Self.maxRegistrationFiles else {
                return RegistrationFile(
                    path: path, content: .failure(StorageError(.other, "There are more than \(Self.maxRegistrationFiles) files.")))
            }
            return RegistrationFile(path: path, content: Result { () throws(StorageError) in try Self.readRegistration(path) })
        }
    }

    private static func readRegistration(_ path: String) throws(StorageError) -> [UInt8] {
        // A pipe must not keep the box from starting.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw StorageError(.notAccessible, "It cannot be read: \(String(cString: strerror(errno))).") }
        defer { Glibc.close(descriptor) }
        var content = [UInt8](repeating: 0, count: maxRegistrationFileBytes + 1)
        var filled = 0
        while filled < content.count {
            let count = content[filled...].withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw StorageError(.notAccessible, "It cannot be read: \(String(cString: strerror(errno))).") }
            if count == 0 { return Array(content[..<filled]) }
            filled += count
        }
        throw StorageError(.other, "It has more than \(maxRegistrationFileBytes / 1_024) KiB.")
    }
}
