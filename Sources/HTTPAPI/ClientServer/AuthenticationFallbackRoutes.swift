import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// The page for clients that have no input for an invitation of their own.
///
/// spec: client-server-api/#fallback
enum AuthenticationFallbackRoutes {
    private static let maxFormBytes = 4 << 10

    static func page(_ request: APIRequest) throws -> Reply {
        try checkStage(request)
        return reply(text(for: request), form: true)
    }

    static func submit(_ request: APIRequest) async throws -> Reply {
        try checkStage(request)
        let form = String(buffer: try await request.bodyStream.collect(upTo: maxFormBytes))
        let token = Query.first("token", in: Substring(form)) ?? ""
        let isAccepted = try await request.homeserver.registration.submitInvitation(
            token, session: request.query("session") ?? "", address: request.remoteAddress)
        let text = text(for: request)
        return isAccepted ? reply(text, form: false) : reply(text, form: true, problem: text.refused)
    }

    private static func checkStage(_ request: APIRequest) throws(MatrixError) {
        guard request.parameter("stage") == "m.login.registration_token" else {
            throw MatrixError(.notFound, "There is no page for this stage.")
        }
    }

    private struct Text {
        let language: String
        let title: String
        let label: String
        let button: String
        let refused: String
        let done: String
    }

    private static let english = Text(
        language: "en", title: "Your invitation", label: "Invitation code", button: "Continue",
        refused: "This invitation is not valid, or not any more. Ask for a new one.", done: "Thank you. You can go back to your app.")
    private static let chinese = Text(
        language: "zh-Hans", title: "邀请", label: "邀请码", button: "继续", refused: "此邀请无效或已失效，请索取新的邀请。", done: "谢谢，您可以返回应用了。")

    private static func text(for request: APIRequest) -> Text {
        request.headers[.acceptLanguage]?.lowercased().hasPrefix("zh") == true ? chinese : english
    }

    private static func reply(_ text: Text, form: Bool, problem: String = "") -> Reply {
        let content =
            form
            ? """
            <p role="alert">\(problem)</p>
            <form method="post"><label>\(text.label) <input name="token" maxlength="64" autocomplete="off" autofocus required></label>
            <button>\(text.button)</button></form>
            """
            : """
            <p>\(text.done)</p>
            <script>
            if (window.onAuthDone) { window.onAuthDone(); } else if (window.opener) { window.opener.postMessage("authDone", "*"); }
            </script>
            """
        return Reply.html(
            """
            <!doctype html><html lang="\(text.language)"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(text.title)</title>
            <style>body { font: 1.1rem system-ui, sans-serif; max-width: 24rem; margin: 3rem auto; padding: 0 1rem }
            input, button { font: inherit; display: block; width: 100%; box-sizing: border-box; margin: .5rem 0; padding: .6rem }</style>
            <h1>\(text.title)</h1>
            \(content)</html>
            """
        ).header(.contentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'self'")
    }
}
