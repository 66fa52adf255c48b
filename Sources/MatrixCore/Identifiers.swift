/// Identifiers of the Matrix specification, as small typed strings.
///
/// An initializer that can fail checks the grammar; `init(trusted:)` is for text that was checked when it was stored.
/// Nothing in Landline splits a room ID at `:`: since room version 12 it has no server part.
///
/// spec: appendices/#identifier-grammar
public protocol MatrixIdentifier: Hashable, Sendable, CustomStringConvertible, Comparable {
    var rawValue: String { get }
    init?(_ text: String)
    init(trusted text: String)
}

extension MatrixIdentifier {
    public var description: String { rawValue }

    public static func < (left: Self, right: Self) -> Bool {
        left.rawValue.utf8.lexicographicallyPrecedes(right.rawValue.utf8)
    }

    /// By bytes. For Swift's strings a Kelvin sign equals the letter K, and one room would answer to two IDs.
    /// Hashing may stay as it is: what is equal by bytes has equal hashes.
    public static func == (left: Self, right: Self) -> Bool {
        left.rawValue.utf8.count == right.rawValue.utf8.count && left.rawValue.utf8.elementsEqual(right.rawValue.utf8)
    }
}

/// The longest identifier that the specification allows, with its sigil and server name.
public let maxIdentifierBytes = 255

/// `@localpart:server`
public struct UserID: MatrixIdentifier {
    public let rawValue: String

    public init(trusted text: String) { rawValue = text }

    /// Accepts every historical user ID: a non-empty localpart of printable characters, then a server name.
    public init?(_ text: String) {
        guard let parts = splitSigilIdentifier(text, sigil: UInt8(ascii: "@")), !parts.localpart.isEmpty else { return nil }
        rawValue = text
    }

    public init(localpart: String, server: String) { rawValue = "@\(localpart):\(server)" }

    public var localpart: String {
        let end = rawValue.utf8.firstIndex(of: UInt8(ascii: ":")) ?? rawValue.utf8.endIndex
        return String(rawValue[rawValue.utf8.index(after: rawValue.utf8.startIndex)..<end])
    }

    public var serverName: String { textAfterFirstColon(rawValue) }

    /// Whether `localpart` may be registered: lower-case letters, digits and `._=-/+` only.
    ///
    /// spec: appendices/#user-identifiers
    public static func isValidNewLocalpart(_ localpart: String) -> Bool {
        !localpart.isEmpty
            && localpart.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "="), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "+"): true
                default: false
                }
            }
    }
}

/// `!opaque` or `!opaque:server`, by room version.
public struct RoomID: MatrixIdentifier {
    public let rawValue: String

    public init(trusted text: String) { rawValue = text }

    public init?(_ text: String) {
        guard isBounded(text), text.utf8.first == UInt8(ascii: "!"), text.utf8.count > 1, !text.utf8.contains(0) else { return nil }
        rawValue = text
    }
}

/// `$hash`, the reference hash of the event.
public struct EventID: MatrixIdentifier {
    public let rawValue: String

    public init(trusted text: String) { rawValue = text }

    public init?(_ text: String) {
        guard isBounded(text), text.utf8.first == UInt8(ascii: "$"), text.utf8.count > 1, !text.utf8.contains(0) else { return nil }
        rawValue = text
    }
}

/// `#localpart:server`
public struct RoomAlias: MatrixIdentifier {
    public let rawValue: String

    public init(trusted text: String) { rawValue = text }

    public init?(_ text: String) {
        guard let parts = splitSigilIdentifier(text, sigil: UInt8(ascii: "#")), !parts.localpart.isEmpty else { return nil }
        rawValue = text
    }

    public init(localpart: String, server: String) { rawValue = "#\(localpart):\(server)" }

    public var serverName: String { textAfterFirstColon(rawValue) }
}

/// A device of one user. Opaque.
public struct DeviceID: MatrixIdentifier {
    public let rawValue: String

    public init(trusted text: String) { rawValue = text }

    public init?(_ text: String) {
        guard isBounded(text), !text.isEmpty else { return nil }
        rawValue = text
    }
}

/// spec: appendices/#server-name
public enum ServerName {
    /// A DNS name, IPv4 literal or bracketed IPv6 literal, with an optional port.
    public static func isValid(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 230 else { return false }
        var host = Substring(text)
        if text.utf8.first == UInt8(ascii: "[") {
            guard let close = text.utf8.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let literal = text[text.index(after: text.startIndex)..<close]
            guard literal.utf8.count >= 2, literal.utf8.allSatisfy({ isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { return false }
            let rest = text[text.index(after: close)...]
            return rest.isEmpty || (rest.first == ":" && isPort(rest.dropFirst()))
        }
        if let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) {
            guard isPort(text[text.index(after: colon)...]) else { return false }
            host = text[..<colon]
        }
        return !host.isEmpty
            && host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "."), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    private static func isPort(_ text: Substring) -> Bool {
        (1...5).contains(text.utf8.count) && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
        default: false
        }
    }
}

private func isBounded(_ text: String) -> Bool { text.utf8.count <= maxIdentifierBytes }

private func textAfterFirstColon(_ text: String) -> String {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return "" }
    return String(text[text.utf8.index(after: colon)...])
}

private func splitSigilIdentifier(_ text: String, sigil: UInt8) -> (localpart: Substring, server: Substring)? {
    guard isBounded(text), text.utf8.first == sigil, let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), !text.utf8.contains(0)
    else { return nil }
    let localpart = text[text.utf8.index(after: text.utf8.startIndex)..<colon]
    let server = text[text.utf8.index(after: colon)...]
    guard ServerName.isValid(String(server)) else { return nil }
    return (localpart, server)
}
