import Glibc

/// Asks the person at the terminal, whatever the standard streams are connected to.
enum Question {
    /// `nil` where there is no terminal, or no answer.
    static func ask(_ question: String, isSecret: Bool = false) -> String? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        say(question + " ", terminal)
        var settings = termios()
        let hides = isSecret && tcgetattr(terminal, &settings) == 0
        if hides {
            var silent = settings
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(terminal, TCSAFLUSH, &silent)
        }
        defer {
            if hides {
                tcsetattr(terminal, TCSAFLUSH, &settings)
                say("\n", terminal)
            }
        }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < 1_024, read(terminal, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        let answer = String(decoding: line, as: UTF8.self)
        return answer.isEmpty ? nil : answer
    }

    private static func say(_ text: String, _ terminal: Int32) { _ = write(terminal, text, text.utf8.count) }
}
