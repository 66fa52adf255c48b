/// The file store: contents, folders, the bin, and how much everyone uses.
extension Schema {
    static let files = """
        -- Each content once. A small one is here with its bytes; a larger one is a file in blobs/.
        CREATE TABLE contents (
            content_id INTEGER PRIMARY KEY,
            sha256 BLOB NOT NULL UNIQUE,
            size INTEGER NOT NULL,
            bytes BLOB
        );
        INSERT INTO contents (sha256, size) SELECT sha256, max(size) FROM media GROUP BY sha256;

        -- A file or folder. parent_id is NULL for a root, and for what is in the bin. root_id: the root above it, also in the bin.
        -- user_id: who wrote it last; their account is charged.
        CREATE TABLE files (
            file_id INTEGER PRIMARY KEY AUTOINCREMENT,
            root_id INTEGER NOT NULL,
            parent_id INTEGER,
            name TEXT NOT NULL,
            is_folder INTEGER NOT NULL,
            child_count INTEGER NOT NULL DEFAULT 0,
            sha256 BLOB,
            size INTEGER NOT NULL,
            content_type TEXT,
            user_id TEXT NOT NULL,
            created_ts INTEGER NOT NULL,
            modified_ts INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX files_by_name ON files (parent_id, name) WHERE parent_id IS NOT NULL;
        CREATE INDEX files_by_content ON files (sha256) WHERE sha256 IS NOT NULL;
        CREATE INDEX files_by_root ON files (root_id);
        CREATE TRIGGER files_child_comes AFTER INSERT ON files WHEN NEW.parent_id IS NOT NULL BEGIN
            UPDATE files SET child_count = child_count + 1 WHERE file_id = NEW.parent_id;
        END;
        CREATE TRIGGER files_child_ends AFTER DELETE ON files WHEN OLD.parent_id IS NOT NULL BEGIN
            UPDATE files SET child_count = child_count - 1 WHERE file_id = OLD.parent_id;
        END;
        CREATE TRIGGER files_child_moves AFTER UPDATE OF parent_id ON files WHEN OLD.parent_id IS NOT NEW.parent_id BEGIN
            UPDATE files SET child_count = child_count - 1 WHERE file_id = OLD.parent_id;
            UPDATE files SET child_count = child_count + 1 WHERE file_id = NEW.parent_id;
        END;

        -- owner: a user ID, or empty for the folder that everyone shares.
        CREATE TABLE file_roots (
            owner TEXT PRIMARY KEY,
            file_id INTEGER NOT NULL
        ) WITHOUT ROWID;

        -- What was deleted, each with all that is in it, and where it was. deleted_day: by the box's own count of days.
        CREATE TABLE file_bin (
            file_id INTEGER PRIMARY KEY,
            parent_id INTEGER NOT NULL,
            deleted_by TEXT NOT NULL,
            deleted_ts INTEGER NOT NULL,
            deleted_day INTEGER NOT NULL
        );

        -- WebDAV's dead properties.
        CREATE TABLE file_properties (
            file_id INTEGER NOT NULL,
            namespace TEXT NOT NULL,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (file_id, namespace, name)
        ) WITHOUT ROWID;
        CREATE TRIGGER file_properties_end AFTER DELETE ON files BEGIN
            DELETE FROM file_properties WHERE file_id = OLD.file_id;
            DELETE FROM file_bin WHERE file_id = OLD.file_id;
        END;

        -- The bytes that an account refers to by media and files, as often as it refers to them.
        CREATE TABLE storage_usage (
            user_id TEXT PRIMARY KEY,
            bytes INTEGER NOT NULL
        ) WITHOUT ROWID;
        INSERT INTO storage_usage (user_id, bytes) SELECT user_id, sum(size) FROM media GROUP BY user_id;
        CREATE TRIGGER media_charge AFTER INSERT ON media BEGIN
            INSERT INTO storage_usage (user_id, bytes) VALUES (NEW.user_id, NEW.size)
            ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;
        END;
        CREATE TRIGGER media_refund AFTER DELETE ON media BEGIN
            UPDATE storage_usage SET bytes = bytes - OLD.size WHERE user_id = OLD.user_id;
        END;
        CREATE TRIGGER files_charge AFTER INSERT ON files WHEN NEW.size > 0 BEGIN
            INSERT INTO storage_usage (user_id, bytes) VALUES (NEW.user_id, NEW.size)
            ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;
        END;
        CREATE TRIGGER files_refund AFTER DELETE ON files WHEN OLD.size > 0 BEGIN
            UPDATE storage_usage SET bytes = bytes - OLD.size WHERE user_id = OLD.user_id;
        END;
        CREATE TRIGGER files_recharge AFTER UPDATE OF size, user_id ON files WHEN OLD.size <> NEW.size OR OLD.user_id <> NEW.user_id BEGIN
            UPDATE storage_usage SET bytes = bytes - OLD.size WHERE user_id = OLD.user_id;
            INSERT INTO storage_usage (user_id, bytes) VALUES (NEW.user_id, NEW.size)
            ON CONFLICT (user_id) DO UPDATE SET bytes = bytes + excluded.bytes;
        END;
        """
}
