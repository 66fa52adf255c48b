import CMalloc

/// How the C library keeps memory, which its defaults make for large machines.
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
}
