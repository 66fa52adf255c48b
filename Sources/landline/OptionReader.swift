import ArgumentParser
import Glibc

/// The value of an option: from the command line, else from the environment.
struct OptionReader {
    let environment: Environment

    func value<Value>(
        _ option: String, _ given: String?, _ expectation: String, _ parse: (String) -> Value?
    ) throws(ValidationError) -> Value? {
        let variable = Environment.variable(ofOption: option)
        guard let text = given ?? environment[variable] else { return nil }
        guard let value = parse(text) else {
            throw ValidationError("'\(text)' is not possible for \(given == nil ? variable : option): it takes \(expectation).")
        }
        return value
    }

    func isOn(_ option: String, _ given: String?) throws(ValidationError) -> Bool {
        try value(option, given, "on or off") { ["on": true, "off": false][$0] } ?? true
    }

    func port(_ option: String, _ given: String?) throws(ValidationError) -> Int? {
        try value(option, given, "a port from 1 to 65535, or 0 for none") { UInt16($0).map(Int.init) }
    }
}

enum IPAddress {
    static func isValid(_ text: String) -> Bool {
        var bytes = in6_addr()
        return inet_pton(AF_INET, text, &bytes) == 1 || inet_pton(AF_INET6, text, &bytes) == 1
    }
}
