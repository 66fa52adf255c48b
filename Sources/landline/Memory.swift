import CMemory

/// What the process keeps in memory. The defaults of the system are made for large machines.
enum Memory {
    /// Blocks of this size and more go back to the system when they are freed: the 16 MiB of a password hash above all.
    /// Setting it also stops the library from raising the limit by itself (mallopt(3), M_MMAP_THRESHOLD).
    private static let directlyMappedBytes: Int32 = 256 << 10
    /// Each arena keeps what its threads have freed; few cores need few.
    private static let maxArenas: Int32 = 2
    private static let trimBytes: Int32 = 512 << 10

    static func settle() {
        mallopt(M_MMAP_THRESHOLD, directlyMappedBytes)
        mallopt(M_TRIM_THRESHOLD, trimBytes)
        mallopt(M_ARENA_MAX, maxArenas)
    }

    /// Starting touches more than half of the executable, most of it never again: relocations, tables of the Swift runtime, commands.
    /// Mapped pages are the last that the system takes back when memory is short, so give them up now.
    static func forgetStart() { landline_forget_mapped_code() }
}
