/// What programs put beside the files that people mean: no message should come of it.
enum TemporaryNames {
    private static let whole: Set<String> = ["thumbs.db", "desktop.ini", ".ds_store", ".hidden", ".directory", ".localized"]
    private static let beginnings = ["._", ".~", "~$", ".fuse_hidden", ".nfs", ".trash", ".spotlight", ".fseventsd", ".goutputstream"]
    private static let endings = [".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".swp", ".swx", "~"]

    static func contains(_ name: String) -> Bool {
        let name = name.lowercased()
        return whole.contains(name) || beginnings.contains { name.hasPrefix($0) } || endings.contains { name.hasSuffix($0) }
    }
}
