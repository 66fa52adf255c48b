import Homeserver
import MatrixCore

/// The pages of a link for guests: HTML and CSS, no scripts.
struct GuestPage {
    static let filesOnPage = 200

    let text: GuestText
    let token: String
    /// Of what is shared.
    let name: String
    let ownerName: String
    let boxName: String

    // MARK: Pages

    func file(_ node: FileNode) -> String {
        let link = "/s/\(token)/\(HTTPURL.encoded(node.name))"
        return layout(
            """
            \(preview(node, link))
            <p class="quiet">\(ByteCountText.text(node.byteCount))</p>
            <p><a class="button" href="\(link)?download=1">\(text.download)</a></p>
            """)
    }

    func folder(_ names: [String], _ page: FilePage) -> String {
        let here = "/s/\(token)" + names.map { "/" + HTTPURL.encoded($0) }.joined()
        var body = ""
        if !names.isEmpty {
            let above = "/s/\(token)" + names.dropLast().map { "/" + HTTPURL.encoded($0) }.joined()
            body += "<p><a href=\"\(above)\">← \(text.back)</a> <b>\(Self.escaped(names.joined(separator: " / ")))</b></p>"
        }
        if page.nodes.isEmpty { return layout(body + "<p>\(text.empty)</p>") }
        body += "<p><a class=\"button\" href=\"\(here)?zip=1\">\(text.downloadAll)</a></p><ul>"
        for node in page.nodes {
            let link = "\(here)/\(HTTPURL.encoded(node.name))"
            let detail = node.isFolder ? "" : "<span class=\"quiet\">\(ByteCountText.text(node.byteCount))</span>"
            body += "<li><a href=\"\(link)\">\(icon(node, link)) \(Self.escaped(node.name))</a>\(detail)"
            if !node.isFolder { body += "<a href=\"\(link)?download=1\" aria-label=\"\(text.download)\">⬇</a>" }
            body += "</li>"
        }
        body += "</ul>"
        if let next = page.next { body += "<p><a href=\"\(here)?from=\(HTTPURL.encoded(next))\">\(text.more)</a></p>" }
        return layout(body)
    }

    /// - Parameter sent: how many files have just arrived.
    func dropBox(sent: Int?) -> String {
        layout(
            """
            \(sent.map { $0 > 0 ? "<p role=\"status\" class=\"good\">\(text.sent($0))</p>" : "" } ?? "")
            <form method="post" action="/s/\(token)" enctype="multipart/form-data">
            <label>\(text.choose) <input type="file" name="files" multiple required></label>
            <button>\(text.send)</button></form>
            """, title: text.dropBox(ownerName))
    }

    static func pin(_ text: GuestText, token: String, isWrong: Bool) -> String {
        document(
            text, "Landline",
            """
            \(isWrong ? "<p role=\"alert\" class=\"bad\">\(text.wrongPIN)</p>" : "")
            <form method="post" action="/s/\(escaped(token))">
            <label>\(text.pin) <input name="pin" type="password" maxlength="32" autocomplete="off" autofocus required></label>
            <button>\(text.open)</button></form>
            """)
    }

    static func problem(_ text: GuestText, _ error: MatrixError) -> String {
        document(text, "Landline", "<p role=\"alert\">\(text.problem(error))</p>")
    }

    // MARK: Parts

    private func layout(_ body: String, title: String? = nil) -> String {
        Self.document(text, title ?? name, "<p class=\"quiet\">\(Self.escaped(text.from(ownerName, boxName)))</p>\(body)")
    }

    /// What every browser shows by itself.
    private func preview(_ node: FileNode, _ link: String) -> String {
        switch ContentDisposition.essence(node.contentType ?? "") {
        case let type where Self.pictures.contains(type): "<a href=\"\(link)\"><img src=\"\(link)?thumbnail=large\" alt=\"\"></a>"
        case "video/mp4", "video/webm": "<video src=\"\(link)\" controls preload=\"metadata\"></video>"
        case "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac": "<audio src=\"\(link)\" controls preload=\"metadata\"></audio>"
        default: ""
        }
    }

    /// Those that the box makes small pictures of.
    private static let pictures: Set<String> = ["image/jpeg", "image/png", "image/gif", "image/webp"]

    private func icon(_ node: FileNode, _ link: String) -> String {
        if node.isFolder { return "📁" }
        guard Self.pictures.contains(ContentDisposition.essence(node.contentType ?? "")) else { return "📄" }
        return "<img class=\"icon\" src=\"\(link)?thumbnail=small\" alt=\"\" loading=\"lazy\" width=\"48\" height=\"48\">"
    }

    private static func document(_ text: GuestText, _ title: String, _ body: String) -> String {
        """
        <!doctype html><html lang="\(text.language)"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <meta name="robots" content="noindex"><title>\(escaped(title))</title><style>\(style)</style>
        <main><h1>\(escaped(title))</h1>\(body)</main></html>
        """
    }

    private static let style = """
        :root { color-scheme: light dark } body { font: 1.1rem system-ui, sans-serif; margin: 0; overflow-wrap: anywhere }
        main { max-width: 40rem; margin: 0 auto; padding: 1rem } h1 { font-size: 1.4rem }
        .quiet { color: light-dark(#555, #aaa); margin: .2rem 0; font-size: .95rem } .good { color: light-dark(#0a6b2d, #7ddc9b) }
        .bad { color: light-dark(#a8071a, #ff9c9c) } img, video, audio { max-width: 100%; max-height: 70vh; border-radius: .5rem }
        .icon { vertical-align: middle; object-fit: cover } ul { list-style: none; padding: 0 } li { display: flex; gap: .75rem; align-items: center; border-bottom: 1px solid #8884 }
        li a { padding: .7rem .2rem; min-width: 2rem } li a:first-child { flex: 1; text-decoration: none }
        .button, button, input { font: inherit; display: block; box-sizing: border-box; width: 100%; padding: .8rem; margin: .6rem 0 }
        .button, button { text-align: center; border: 0; border-radius: .5rem; background: #0b57d0; color: #fff; text-decoration: none }
        """

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
