import MatrixCore
import Storage

/// What the extensions of a response say. `nil` where the client did not ask.
struct SlidingExtensions: Sendable {
    struct Encryption: Sendable {
        /// `nil` in the first response: then a client asks for all keys anyway.
        var lists: DeviceLists.Changes?
        var keyCounts = KeyCounts()
        /// Whether the device has to act on its `keyCounts`.
        var needsKeys = false
    }

    var toDevice: ToDevice.Delivery?
    var encryption: Encryption?
    var globalAccountData: [AccountDataRecord] = []
    var accountData: [RoomID: [AccountDataRecord]] = [:]
    var receipts: [RoomID: [Receipt]] = [:]
    var typists: [RoomID: [UserID]] = [:]

    var hasNews: Bool {
        !(toDevice?.messages.isEmpty ?? true) || !(encryption?.lists?.isEmpty ?? true) || encryption?.needsKeys ?? false
            || !globalAccountData.isEmpty || !accountData.isEmpty || !receipts.isEmpty || !typists.isEmpty
    }
}

/// The changes since the last response that the extensions tell of, sorted by extension.
struct ExtensionChanges: Sendable {
    var deviceLists: [UserID] = []
    var changesMembers = false
    var needsKeys = false
    var changesAccountData = false
    var receipts: [RoomID: [Receipt]] = [:]
    var typing: Set<RoomID> = []
    /// Where the user has read something.
    var ownReceipts: Set<RoomID> = []

    init(_ changes: [Change], session: Session) {
        for change in changes {
            switch change.kind {
            case .event(let event, _):
                if event.type == "m.room.member", event.stateKey != nil { changesMembers = true }
            case .receipt(let receipt, _):
                // Only the newest is true: in JSON they would have no order.
                receipts[receipt.roomID, default: []].removeAll {
                    $0.userID == receipt.userID && $0.type == receipt.type && $0.threadID == receipt.threadID
                }
                receipts[receipt.roomID, default: []].append(receipt)
                if receipt.userID == session.userID { ownReceipts.insert(receipt.roomID) }
            case .typing(let room, _): typing.insert(room)
            case .accountData: changesAccountData = true
            case .deviceList(let user, _):
                if !deviceLists.contains(user) { deviceLists.append(user) }
            case .keyCounts(_, let device):
                if device == session.deviceKey { needsKeys = true }
            default: break
            }
        }
    }
}

extension SlidingSyncRequest.RoomExtension {
    /// Whether the client wants to hear of this room.
    func includes(_ shown: RoomWindows.Shown?) -> Bool {
        // A client that wants all of them hears of each room that it knows.
        if hasAllRooms { return true }
        guard let shown else { return false }
        let byList = lists.map { lists in shown.lists.contains { lists.contains($0) } } ?? !shown.lists.isEmpty
        let byRoom = shown.isSubscribed && (rooms?.contains(shown.room.id) ?? true)
        return byList || byRoom
    }
}
