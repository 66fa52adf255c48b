import ArgumentParser
import Cryptography
import Glibc
import HTTPAPI
import Homeserver
import MatrixCore

/// `landline send`: files into a chat, from any computer on the network.
struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send files to a room or a person.",
        discussion: """
            The box is found on the network, or given by --server. Your name and password are asked for once; scripts give them as \
            LANDLINE_USER and LANDLINE_PASSWORD. What breaks off is continued when you send the same file again.
            """)

    @Argument(help: "The files; - is the standard input.") var files: [String]
    @Option(help: ArgumentHelp("A room by name, alias or ID, a person, or \"My devices\".", valueName: "room|user"))
    var to: String
    @Option(help: ArgumentHelp("How a single file is to be called.", valueName: "name")) var name: String?
    @Option(help: ArgumentHelp("The address of the box, such as http://192.168.1.5:8008.", valueName: "url")) var server: String?

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("Say which files to send.") }
        guard name == nil || files.count == 1 else { throw ValidationError("--name is for a single file.") }
        guard files.count(where: { $0 == "-" }) <= 1 else { throw ValidationError("The standard input can be sent once only.") }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let environment = Environment.process
        let (client, userID) = try await BoxLogin(server: server ?? environment["LANDLINE_SERVER"], environment: environment).client()
        let room = try await Recipient(client: client, userID: userID).room(to)
        var failures = 0
        for file in files {
            do {
                try await send(file, to: room, client)
            } catch {
                // The others may go well.
                failures += 1
                Terminal.writeError("landline: \(file == "-" ? "the standard input" : file): \(Terminal.singleLine("\(error)"))")
            }
        }
        if failures > 0 { throw ExitCode.failure }
    }

    private func send(_ path: String, to room: String, _ client: BoxClient) async throws {
        let file = path == "-" ? nil : try LocalFile(path: path)
        let name = name ?? file?.name ?? "stdin"
        let type = ContentTypes.type(ofName: name)
        let bar = ProgressBar(name: name, byteCount: file?.byteCount)
        var sent: Int64 = 0
        let upload = SlicedUpload(client: client) { offset in
            sent = offset
            bar.show(offset)
        }
        var description = SlicedUpload.Description(name: name, contentType: type)
        do {
            let uri: String
            if let file {
                description.fingerprint = file.fingerprint
                uri = try await upload.send(file, description)
            } else {
                uri = try await upload.send(pipe: STDIN_FILENO, description)
            }
            let kinds = ["image": "m.image", "video": "m.video", "audio": "m.audio"]
            let content: JSONObject = [
                "msgtype": .string(kinds[String(type.prefix { $0 != "/" })] ?? "m.file"), "body": .string(name), "filename": .string(name),
                "url": .string(uri), "info": ["mimetype": .string(type), "size": .integer(sent)],
            ]
            // Sent twice under one transaction ID, it is still one message.
            let target = "/_matrix/client/v3/rooms/\(room.pathComponent)/send/m.room.message/\(SecureRandom.token(bytes: 16))"
            _ = try await client.patiently { try await client.call(.put, target, content) }
        } catch {
            bar.giveUp()
            throw error
        }
        bar.finish()
    }
}
