public import MatrixCore
import Storage

extension MatrixError {
    /// What a client is told when the disk fails. `nil` where that is not what happened.
    public init?(storageFailure error: any Error) {
        guard let error = error as? StorageError else { return nil }
        self.init(error.reason == .full ? .storageFull : .internalError, error.hint.isEmpty ? error.message : "\(error.message) \(error.hint)")
    }
}
