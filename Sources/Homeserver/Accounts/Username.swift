import MatrixCore

/// What people may call themselves.
enum Username {
    /// The user ID that a wished name gives: capitals become small letters, as phones begin names with one.
    ///
    /// spec: client-server-api/#post_matrixclientv3register
    static func newUserID(from username: String, serverName: String) throws(MatrixError) -> UserID {
        let localpart = lowercasedASCII(username)
        guard UserID.isValidNewLocalpart(localpart) else {
            throw MatrixError(.invalidUsername, "A user name has only the letters a to z, digits and the characters . _ = - / +")
        }
        let user = UserID(localpart: localpart, server: serverName)
        guard user.rawValue.utf8.count <= maxIdentifierBytes else { throw MatrixError(.invalidUsername, "This user name is too long.") }
        return user
    }

    /// Only ASCII: other letters are refused anyway, and their lower case is a matter of language.
    static func lowercasedASCII(_ text: String) -> String {
        String(decoding: text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// The local account that somebody means who writes a user name or a user ID. `nil` if it cannot be one of this server.
    static func knownUserID(from text: String, serverName: String) -> UserID? {
        guard text.utf8.first == UInt8(ascii: "@") else {
            guard !text.isEmpty, text.utf8.count <= maxIdentifierBytes else { return nil }
            return UserID("@\(lowercasedASCII(text)):\(serverName)")
        }
        guard let user = UserID(lowercasedASCII(text)) ?? UserID(text),
            user.serverName == lowercasedASCII(serverName) || user.serverName == serverName
        else { return nil }
        return UserID(localpart: lowercasedASCII(user.localpart), server: serverName)
    }
}
