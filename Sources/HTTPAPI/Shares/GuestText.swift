import HTTPTypes
import MatrixCore

/// The words of the guests' pages.
struct GuestText: Sendable {
    let language: String
    let from: @Sendable (_ owner: String, _ box: String) -> String
    let download: String
    let downloadAll: String
    let empty: String
    let more: String
    let back: String
    let dropBox: @Sendable (_ owner: String) -> String
    let choose: String
    let send: String
    let sent: @Sendable (Int) -> String
    let pin: String
    let wrongPIN: String
    let open: String
    let ended: String
    let tooMuch: String
    let full: String
    let tooOften: String
    let otherProblem: String

    static func of(_ request: APIRequest) -> GuestText {
        request.headers[.acceptLanguage]?.lowercased().hasPrefix("zh") == true ? chinese : english
    }

    /// In the language of the page, what guests can meet.
    func problem(_ error: MatrixError) -> String {
        switch error.status {
        case 404: ended
        case 413: tooMuch
        case 429: tooOften
        case 507: full
        default: otherProblem
        }
    }

    private static let english = GuestText(
        language: "en", from: { "From \($0) · \($1)" }, download: "Download", downloadAll: "Download all (zip)", empty: "This folder is empty.",
        more: "More", back: "Back", dropBox: { "Send files to \($0)" }, choose: "Choose files", send: "Send",
        sent: { $0 == 1 ? "One file has arrived. Thank you!" : "\($0) files have arrived. Thank you!" }, pin: "PIN",
        wrongPIN: "This is not the PIN. Try again.", open: "Open", ended: "This link is not good any more. Ask for a new one.",
        tooMuch: "That is more than this link takes.", full: "The disk is full. Try again later.",
        tooOften: "That was too often. Wait a minute and try again.", otherProblem: "That did not work. Try again.")

    private static let chinese = GuestText(
        language: "zh-Hans", from: { "来自 \($0) · \($1)" }, download: "下载", downloadAll: "全部下载（zip）", empty: "此文件夹为空。", more: "更多",
        back: "返回", dropBox: { "发送文件给 \($0)" }, choose: "选择文件", send: "发送", sent: { "已收到 \($0) 个文件，谢谢！" }, pin: "PIN 码",
        wrongPIN: "PIN 码不正确，请重试。", open: "打开", ended: "此链接已失效，请索取新的链接。", tooMuch: "超出了此链接允许的大小。",
        full: "磁盘已满，请稍后再试。", tooOften: "尝试次数过多，请稍候再试。", otherProblem: "操作未成功，请重试。")
}
