import Logging
import Storage
import Synchronization

/// The work on files that nobody waits for: removes what a crash left over, what has been in the bin for long, and uploads without a use.
final class FileUpkeep: Sendable {
    private let database: Database
    private let blobs: BlobStore
    private let bin: FileBin
    private let unusedMedia: UnusedMedia
    private let myDevices: MyDevices
    private let days: DayCount
    private let logger: Logger
    private let task = Mutex<Task<Void, Never>?>(nil)

    private static let pauseBetweenRounds = Duration.seconds(3_600)

    init(database: Database, blobs: BlobStore, bin: FileBin, unusedMedia: UnusedMedia, myDevices: MyDevices, days: DayCount, logger: Logger) {
        self.database = database
        self.blobs = blobs
        self.bin = bin
        self.unusedMedia = unusedMedia
        self.myDevices = myDevices
        self.days = days
        self.logger = logger
    }

    func start() { task.withLock { $0 = Task(priority: .background) { await run() } } }

    func stop() async {
        let task = task.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    private func run() async {
        do {
            try await myDevices.makeMissing()
            try await bin.removeFilesOfClosedAccounts()
            try await blobs.removeOrphans(database)
            var sweptDay: Int64?
            while true {
                let today = try await days.today()
                try await bin.removeOld(today: today)
                if today != sweptDay {
                    try await unusedMedia.removeOld(today: today)
                    sweptDay = today
                } else {
                    try await unusedMedia.saveUses()
                }
                try await Task.sleep(for: Self.pauseBetweenRounds)
            }
        } catch is CancellationError {
        } catch {
            logger.error("old files are not removed until the next start: \(error)")
        }
    }
}
