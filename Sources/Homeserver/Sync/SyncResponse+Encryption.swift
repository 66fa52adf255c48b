import MatrixCore
import Storage

extension SyncResponseWriter {
    /// What a device needs for encryption. All members are there in every response: clients count on it.
    ///
    /// spec: client-server-api/#e2e-extensions-to-sync
    func writeEncryption(_ response: SyncResponse, to writer: inout JSONWriter) {
        writer.key("device_one_time_keys_count")
        writer.object(OneTimeKeyCounts.json(response.keyCounts.oneTimeKeys))
        writer.key("device_unused_fallback_key_types")
        writeList(response.keyCounts.unusedFallbackAlgorithms, to: &writer)
        writer.key("device_lists")
        writer.beginObject()
        writer.key("changed")
        writeList(response.deviceLists.changed.map(\.rawValue), to: &writer)
        writer.key("left")
        writeList(response.deviceLists.left.map(\.rawValue), to: &writer)
        writer.endObject()
        writer.key("to_device")
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        for message in response.toDevice.messages { writer.raw(message) }
        writer.endArray()
        writer.endObject()
    }

    private func writeList(_ texts: [String], to writer: inout JSONWriter) {
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }
}
