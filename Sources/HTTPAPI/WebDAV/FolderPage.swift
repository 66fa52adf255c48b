import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// A folder as a plain page, for browsers that open it: it lists and uploads without any script.
enum FolderPage {
    private static let entriesPerPage = 500

    static func reply(_ dav: DAVRequest) async throws -> Reply {
        let node = try await dav.files.node(at: dav.path, for: dav.caller)
        let listing = try FileListing(order: "name", from: dav.request.query("from"), limit: entriesPerPage)
        let page = try await dav.files.list(dav.path, listing, for: dav.caller)
        let text = text(for: dav.request)
        let folder = DAVPath.href(dav.path, isFolder: true)

        var html = start(title(dav), text)
        html += "<nav>\(breadcrumbs(dav.path))</nav>"
        if node.abilities.contains(.write) {
            html += """
                <form method="post" enctype="multipart/form-data" action="\(folder)">\
                <label>\(text.files) <input type="file" name="file" multiple required></label> <button>\(text.upload)</button></form>
                <form method="post" enctype="multipart/form-data" action="\(folder)">\
                <label>\(text.newFolder) <input name="folder" maxlength="255" autocomplete="off" required></label> <button>\(text.make)</button></form>

                """
        }
        html += "<table><thead><tr><th>\(text.name)</th><th>\(text.size)</th><th>\(text.modified)</th></tr></thead><tbody>\n"
        for child in page.nodes { html += row(child, in: folder) }
        html += "</tbody></table>"
        if page.nodes.isEmpty { html += "<p>\(text.empty)</p>" }
        if let next = page.next { html += "<p><a href=\"\(folder)?from=\(next)\">\(text.more)</a></p>" }
        return secured(.html(html + "</main></body></html>\n"))
    }

    /// What went wrong with a form, and the way back.
    static func reply(to error: MatrixError, _ dav: DAVRequest) -> Reply {
        let text = text(for: dav.request)
        let folder = DAVPath.href(dav.path, isFolder: true)
        return secured(
            .html(
                start(title(dav), text) + "<p role=\"alert\">\(XMLElement.escaped(error.message))</p><p><a href=\"\(folder)\">\(text.back)</a></p>"
                    + "</main></body></html>\n", status: .init(code: error.status)))
    }

    // MARK: Parts

    private static func row(_ node: FileNode, in folder: String) -> String {
        var encoded = ByteBufferAllocator().buffer(capacity: node.name.utf8.count * 3)
        DAVPath.writePercentEncoded(node.name, into: &encoded)
        let slash = node.isFolder ? "/" : ""
        let link = "<a href=\"\(folder)\(String(buffer: encoded))\(slash)\">\(XMLElement.escaped(node.name))\(slash)</a>"
        // Of a folder that was never touched.
        let modified = node.modifiedTimestamp > 0 ? day(node.modifiedTimestamp) : ""
        return "<tr><td>\(link)</td><td>\(node.isFolder ? "" : size(node.byteCount))</td><td>\(modified)</td></tr>\n"
    }

    private static func breadcrumbs(_ path: FilePath) -> String {
        var links = "<a href=\"\(DAVPath.prefix)/\">\(DAVPath.prefix)</a>"
        var current = FilePath.root
        for name in path.components {
            guard let next = try? current.appending(name) else { break }
            current = next
            links += " / <a href=\"\(DAVPath.href(current, isFolder: true))\">\(XMLElement.escaped(name))</a>"
        }
        return links
    }

    private static func title(_ dav: DAVRequest) -> String { XMLElement.escaped(dav.path.name ?? dav.request.server.boxName) }

    /// Without a script the zone of the reader is not known.
    private static func day(_ milliseconds: Int64) -> String {
        var bytes = [UInt8](repeating: 0, count: HTTPDate.internetTextBytes)
        bytes.withUnsafeMutableBytes { HTTPDate.writeInternet(milliseconds, into: $0) }
        return String(decoding: bytes.prefix(16), as: UTF8.self).replacing("T", with: " ") + " UTC"
    }

    private static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while value >= 1_024, unit < units.count - 1 {
            value /= 1_024
            unit += 1
        }
        let tenths = Int64((value * 10).rounded())
        return unit == 0 || value >= 100 ? "\(Int64(value.rounded())) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    private static func start(_ title: String, _ text: Text) -> String {
        """
        <!DOCTYPE html>
        <html lang="\(text.language)"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title)</title><style>
        :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
        main { max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
        form { margin: .75rem 0; } button, input { font: inherit; }
        table { width: 100%; border-collapse: collapse; } th, td { text-align: left; padding: .4rem .5rem .4rem 0; }
        td + td, th + th { white-space: nowrap; } tbody tr { border-top: 1px solid #8884; }
        </style></head><body><main><h1>\(title)</h1>

        """
    }

    private static func secured(_ reply: Reply) -> Reply {
        reply.header(.contentSecurityPolicy, contentSecurityPolicy).header(.xContentTypeOptions, "nosniff").header(.cacheControl, "no-store")
            .header(.referrerPolicy, "same-origin").header(.crossOriginResourcePolicy, "same-origin")
    }

    private static let contentSecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    // MARK: Languages

    private struct Text {
        let language: String
        let name: String
        let size: String
        let modified: String
        let files: String
        let upload: String
        let newFolder: String
        let make: String
        let empty: String
        let more: String
        let back: String
    }

    private static let english = Text(
        language: "en", name: "Name", size: "Size", modified: "Changed", files: "Files", upload: "Upload", newFolder: "New folder", make: "Make",
        empty: "Nothing is here yet.", more: "More", back: "Back")
    private static let chinese = Text(
        language: "zh-Hans", name: "名称", size: "大小", modified: "修改时间", files: "文件", upload: "上传", newFolder: "新建文件夹", make: "创建",
        empty: "这里还没有文件。", more: "更多", back: "返回")

    private static func text(for request: APIRequest) -> Text {
        request.headers[.acceptLanguage]?.lowercased().hasPrefix("zh") == true ? chinese : english
    }
}
