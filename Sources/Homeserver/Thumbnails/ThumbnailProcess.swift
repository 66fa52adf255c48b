import Glibc

/// Makes a thumbnail in a process of its own, which has no rights and little memory: decoders of pictures read what anyone sends, and
/// the worst that a picture can do is to end that process.
///
/// The process is this very program, started with arguments that `landline` looks at first of all.
public struct ThumbnailProcess: Sendable {
    let executable: String

    enum Format: UInt8, Sendable {
        case jpeg = 0x6A
        case png = 0x70
        case gif = 0x67
        case webp = 0x77

        var contentType: String {
            switch self {
            case .jpeg: "image/jpeg"
            case .png: "image/png"
            case .gif: "image/gif"
            case .webp: "image/webp"
            }
        }
    }

    enum Outcome: Sendable {
        case thumbnail([UInt8], Format)
        /// The picture is not larger than the thumbnail would be.
        case original(Format)
        case noPicture
        case tooLarge
        /// It could not be tried, which says nothing about the picture.
        case failed(String)
    }

    /// Where the picture is.
    enum Input: Sendable {
        case bytes([UInt8])
        /// Of a file; stays open.
        case descriptor(Int32)
    }

    private static let command = "thumbnail-of-standard-input"
    /// On a busy machine. The process itself may compute for less, see confinement.c.
    private static let maxMilliseconds: Int64 = 20_000
    private static let maxResultBytes = 16 << 20
    private static let headerBytes = 6

    // MARK: In the new process

    /// What a process is asked for that was started with these arguments; `nil` if it was started for something else.
    public static func wish(ofArguments arguments: [String]) -> (width: Int, height: Int, crops: Bool, takesAnimation: Bool)? {
        guard arguments.count == 6, arguments[1] == command, let width = UInt16(arguments[2]), let height = UInt16(arguments[3]) else { return nil }
        return (Int(width), Int(height), arguments[4] == "crop", arguments[5] == "animated")
    }

    private static func arguments(_ wish: ThumbnailWish) -> [String] {
        ["landline", command, "\(wish.width)", "\(wish.height)", wish.crops ? "crop" : "scale", wish.takesAnimation ? "animated" : "still"]
    }

    // MARK: In the box

    /// Blocks until the process has ended: for a thread that may wait.
    func run(_ input: Input, _ wish: ThumbnailWish) -> Outcome {
        guard let result = Pair() else { return .failed(Self.lastError("There are no descriptors left")) }
        defer { result.close() }
        let bytes: Pair?
        let source: Int32
        switch input {
        case .bytes:
            guard let pair = Pair() else { return .failed(Self.lastError("There are no descriptors left")) }
            (bytes, source) = (pair, pair.theirs)
        case .descriptor(let descriptor):
            (bytes, source) = (nil, descriptor)
        }
        defer { bytes?.close() }
        let process: pid_t
        switch start(Self.arguments(wish), input: source, output: result.theirs) {
        case .success(let started): process = started
        case .failure(let error): return .failed("\(executable) cannot be started: \(String(cString: strerror(error.code)))")
        }
        result.closeTheirs()
        if let bytes {
            bytes.closeTheirs()
            if case .bytes(let content) = input { Self.send(content, to: bytes.ours) }
            bytes.closeOurs()
        }
        let (answer, isInTime) = Self.receive(from: result.ours)
        // Nothing that is left of it is of use. It is this process's child until it is waited for, so the number is nobody else's.
        kill(process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return Self.outcome(answer, isInTime: isInTime, status: status)
    }

    private static func outcome(_ answer: [UInt8], isInTime: Bool, status: Int32) -> Outcome {
        guard answer.count >= headerBytes, answer.count - headerBytes == length(answer) else {
            let signal = status & 0x7F
            // Out of time, or out of memory in a way that the library could not say.
            if !isInTime || signal == SIGXCPU { return .tooLarge }
            // The system does so where memory is short everywhere, which is not the picture's fault.
            if signal == SIGKILL { return .failed("The process for thumbnails was killed.") }
            return signal == 0 && status != 0 ? .failed("The process for thumbnails ended with \(status >> 8 & 0xFF).") : .noPicture
        }
        switch (answer[0], Format(rawValue: answer[1])) {
        case (UInt8(ascii: "T"), let format?) where answer.count > headerBytes: return .thumbnail(Array(answer[headerBytes...]), format)
        case (UInt8(ascii: "O"), let format?): return .original(format)
        case (UInt8(ascii: "L"), _): return .tooLarge
        default: return .noPicture
        }
    }

    private static func length(_ answer: [UInt8]) -> Int {
        answer[2..<headerBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private struct StartError: Error { let code: Int32 }

    private func start(_ arguments: [String], input: Int32, output: Int32) -> Result<pid_t, StartError> {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        guard posix_spawn_file_actions_init(&actions) == 0 else { return .failure(StartError(code: ENOMEM)) }
        defer { posix_spawn_file_actions_destroy(&actions) }
        guard posix_spawnattr_init(&attributes) == 0 else { return .failure(StartError(code: ENOMEM)) }
        defer { posix_spawnattr_destroy(&attributes) }
        // Everything else is closed by itself when the program starts.
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var process: pid_t = 0
        let code = Self.withStrings(arguments) { argumentList in
            // Only where libraries are is of interest, for whoever does not link them in.
            Self.withStrings(getenv("LD_LIBRARY_PATH").map { ["LD_LIBRARY_PATH=" + String(cString: $0)] } ?? []) { environment in
                posix_spawn(&process, executable, &actions, &attributes, argumentList, environment)
            }
        }
        return code == 0 ? .success(process) : .failure(StartError(code: code))
    }

    private static func withStrings<Value>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value) -> Value {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }

    /// What does not fit into the socket's buffer waits for the process; if that has ended, nobody wants the rest.
    private static func send(_ bytes: [UInt8], to descriptor: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            sent += count
        }
    }

    private static func receive(from descriptor: Int32) -> (answer: [UInt8], isInTime: Bool) {
        let deadline = MonotonicClock.system.nowMilliseconds + maxMilliseconds
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while answer.count <= maxResultBytes {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = deadline - MonotonicClock.system.nowMilliseconds
            guard left > 0 else { return (answer, false) }
            let ready = poll(&wanted, 1, Int32(left))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return (answer, false) }
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            answer += piece[..<count]
        }
        return (answer, true)
    }

    private static func lastError(_ what: String) -> String { "\(what): \(String(cString: strerror(errno)))" }

    /// Two ends of a connection, one of them for the process.
    private final class Pair {
        private(set) var ours: Int32
        private(set) var theirs: Int32

        init?() {
            var descriptors: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &descriptors) == 0 else { return nil }
            (ours, theirs) = (descriptors[0], descriptors[1])
        }

        func closeOurs() { Self.close(&ours) }
        func closeTheirs() { Self.close(&theirs) }

        func close() {
            closeOurs()
            closeTheirs()
        }

        private static func close(_ descriptor: inout Int32) {
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }
    }
}
