import HTTPTypes

/// The files of the web client, embedded in the executable.
enum WebClient {
    static func reply(_ head: HTTPRequest, _ path: Substring) -> Reply? { nil }
}
