/// Thumbnails that were made, so that each is made once.
extension Schema {
    static let thumbnails = """
        -- source: the hash of the picture; sha256: of the thumbnail. The wish is as it was rounded. last_use: the larger, the later.
        CREATE TABLE thumbnails (
            thumbnail_id INTEGER PRIMARY KEY,
            source BLOB NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            crops INTEGER NOT NULL,
            takes_animation INTEGER NOT NULL,
            sha256 BLOB NOT NULL,
            size INTEGER NOT NULL,
            content_type TEXT NOT NULL,
            last_use INTEGER NOT NULL,
            UNIQUE (source, width, height, crops, takes_animation)
        );
        CREATE INDEX thumbnails_by_content ON thumbnails (sha256);
        CREATE INDEX thumbnails_by_use ON thumbnails (last_use, size);
        """
}
