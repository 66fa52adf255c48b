/// Passwords for programs that know no Matrix, such as those that show the files as a drive.
extension Schema {
    static let appPasswords = """
        -- hash: SHA-256 of the password, which is random and long enough for that.
        CREATE TABLE app_passwords (
            password_id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id TEXT NOT NULL,
            name TEXT NOT NULL,
            hash BLOB NOT NULL UNIQUE,
            created_ts INTEGER NOT NULL,
            last_used_ts INTEGER
        );
        CREATE INDEX app_passwords_by_user ON app_passwords (user_id, password_id);
        """
}
