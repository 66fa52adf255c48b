import MatrixCore
import Storage

/// A pusher in use.
struct Pusher: Sendable {
    let key: Int64
    let userID: UserID
    let url: HTTPURL
    let pushkey: String
    /// Whether the gateway is told of nothing but the event's ID, so that the text stays on the box.
    let isEventIDOnly: Bool
    /// When it was set last, in seconds since 1970.
    let timestamp: Int64
    private let appID: String
    private let data: JSONObject

    /// `nil` for one that cannot be used.
    init?(_ record: PusherRecord) {
        guard var data = (try? JSONObject(parsing: record.settings))?.object("data"), let url = data.string("url").flatMap(HTTPURL.init) else {
            return nil
        }
        data["url"] = nil
        key = record.key
        userID = record.userID
        self.url = url
        pushkey = record.pushkey
        timestamp = record.timestamp
        isEventIDOnly = data.string("format") == "event_id_only"
        appID = record.appID
        self.data = data
    }

    /// Writes the `devices` and `counts` of a notification.
    func write(tweaks: JSONObject?, unread: Int, to writer: inout JSONWriter) {
        writer.key("counts")
        writer.beginObject()
        // The specification leaves out zeros, but badges are cleared by this one: gateways and SyTest wait for it.
        writer.field("unread", unread)
        writer.endObject()
        writer.key("devices")
        writer.beginArray()
        writer.beginObject()
        writer.field("app_id", appID)
        writer.key("data")
        writer.object(data)
        writer.field("pushkey", pushkey)
        writer.field("pushkey_ts", timestamp)
        if let tweaks {
            writer.key("tweaks")
            writer.object(tweaks)
        }
        writer.endObject()
        writer.endArray()
    }
}
