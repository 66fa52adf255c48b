/// A content that is on the disk, or small and about to go into the database, and that nothing refers to yet.
///
/// As long as this object lives, the content is not taken for an orphan.
public final class KeptContent: Sendable {
    public let content: StoredContent
    private let unpin: @Sendable () -> Void

    public var hash: BlobStore.Hash { content.hash }
    public var byteCount: Int64 { content.byteCount }

    init(_ content: StoredContent, unpin: @escaping @Sendable () -> Void) {
        self.content = content
        self.unpin = unpin
    }

    deinit { unpin() }
}
