import MatrixCore
import Storage

extension SyncResponseWriter {
    /// The counts of one room: all in one, or by thread for a client that asks for that.
    ///
    /// spec: client-server-api/#receiving-notifications
    func writeUnread(_ unread: ThreadedUnreadCounts, to writer: inout JSONWriter) {
        writer.key("unread_notifications")
        write(threadNotifications == nil ? unread.total : unread.main, to: &writer)
        guard let threadNotifications, !unread.threads.isEmpty else { return }
        writer.key(threadNotifications.rawValue)
        writer.beginObject()
        for (thread, counts) in unread.threads.sorted(by: { $0.key < $1.key }) {
            writer.key(thread.rawValue)
            write(counts, to: &writer)
        }
        writer.endObject()
    }

    private func write(_ counts: UnreadCounts, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("highlight_count", counts.highlights)
        writer.field("notification_count", counts.notifications)
        writer.endObject()
    }
}
