internal import CAvahi

/// The rules for a DNS-SD service instance name (RFC 6763, section 4.1.1).
enum ServiceName {
    /// One DNS label.
    static let maxBytes = 63
    static let fallback = "Landline"

    /// A name that avahi-daemon accepts: no control characters, cut between characters to fit one label.
    static func normalized(_ proposal: String) -> String {
        var name = ""
        for character in proposal where !character.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            guard name.utf8.count + character.utf8.count <= maxBytes else { break }
            name.append(character)
        }
        return name.isEmpty ? fallback : name
    }

    /// The name to try after `name` turned out to be taken: "Box", "Box #2", "Box #3", ...
    static func alternative(to name: String) -> String {
        guard let text = avahi_alternative_service_name(name) else { return name }
        defer { avahi_free(text) }
        return String(cString: text)
    }
}
