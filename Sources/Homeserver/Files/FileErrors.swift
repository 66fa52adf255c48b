import MatrixCore

extension MatrixError.Code {
    /// A folder above is missing, or something else is where the folder should be.
    static let fileConflict = Self("LANDLINE_CONFLICT", status: 409)
    static let fileExists = Self("LANDLINE_EXISTS", status: 412)
    static let fileChanged = Self("LANDLINE_CHANGED", status: 412)
    static let fileLocked = Self("LANDLINE_LOCKED", status: 423)
    static let folderFull = Self("LANDLINE_FULL", status: 507)
    static let quotaExceeded = Self("LANDLINE_QUOTA", status: 507)
    static let isFolder = Self("LANDLINE_IS_FOLDER", status: 405)
}

extension MatrixError {
    static let fileNotFound = MatrixError(.notFound, "There is no such file or folder.")
    static let fileChanged = MatrixError(.fileChanged, "The file is not what you think it is: somebody has changed it meanwhile.")
    static let nameTaken = MatrixError(.fileExists, "There is a file or folder with this name already.")
    static let parentMissing = MatrixError(.fileConflict, "The folder is not there. Make it first.")
    static let isFolder = MatrixError(.isFolder, "This is a folder.")
    static func notHere(_ sentence: String) -> MatrixError { MatrixError(.forbidden, sentence) }
}
