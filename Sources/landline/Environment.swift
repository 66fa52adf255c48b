import Glibc

/// The environment of the process. An empty variable is as good as none.
struct Environment {
    private let read: (String) -> String?

    init(_ values: [String: String]) { read = { values[$0] } }

    private init(_ read: @escaping (String) -> String?) { self.read = read }

    static var process: Environment { Environment { name in getenv(name).map { String(cString: $0) } } }

    subscript(name: String) -> String? {
        guard let value = read(name), !value.isEmpty else { return nil }
        return value
    }

    /// `--http-port` is `LANDLINE_HTTP_PORT`.
    static func variable(ofOption option: String) -> String {
        "LANDLINE_" + option.dropFirst(2).uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }
}
