/// Members of a request body, with the specified error where one has the wrong type.
extension JSONObject {
    public func requiredString(_ key: String) throws(MatrixError) -> String {
        guard let text = try optionalString(key) else { throw MatrixError(.missingParameter, "\(key) is missing.") }
        return text
    }

    public func optionalString(_ key: String) throws(MatrixError) -> String? {
        try optional(key, \.stringValue, "a string")
    }

    public func optionalInteger(_ key: String) throws(MatrixError) -> Int64? {
        try optional(key, \.integerValue, "an integer")
    }

    public func optionalBool(_ key: String) throws(MatrixError) -> Bool? {
        try optional(key, \.boolValue, "true or false")
    }

    public func optionalObject(_ key: String) throws(MatrixError) -> JSONObject? {
        try optional(key, \.objectValue, "an object")
    }

    public func optionalArray(_ key: String) throws(MatrixError) -> [JSONValue]? {
        try optional(key, \.arrayValue, "an array")
    }

    /// `null` counts as absent: several clients send it for what they leave out.
    private func optional<Value>(_ key: String, _ convert: (JSONValue) -> Value?, _ kind: String) throws(MatrixError) -> Value? {
        guard let value = self[key], !value.isNull else { return nil }
        guard let converted = convert(value) else { throw MatrixError(.badJSON, "\(key) must be \(kind).") }
        return converted
    }
}
