/// Entity tags in conditions of requests (RFC 9110, section 8.8.3).
enum EntityTag {
    /// Whether an `If-None-Match` header names this tag. Weak comparison, as that header wants.
    static func matches(_ header: String?, _ tag: String) -> Bool {
        guard let header else { return false }
        return header.split(whereSeparator: { $0 == "," || $0 == " " }).contains { $0 == "*" || $0 == tag || $0 == "W/" + tag }
    }
}
