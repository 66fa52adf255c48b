/// Full-text search.
extension Schema {
    /// The index holds no text of its own: `SearchableText` gives what to delete from the event itself. A later version that
    /// prepares text in another way has to empty the index and set `search_backfill` again.
    ///
    /// - `search`: one row for each message, room name and topic, by its position. `room` holds the room's key as a word, so that
    ///   a search of one room reads nothing of the others.
    /// - `search_edits`: which messages replace which; the newest one's text is what is indexed.
    /// - `search_indexed` in `server`: the newest position that is indexed. `search_backfill`: what is older than this waits
    ///   to be indexed; absent when nothing waits.
    static let search = """
        CREATE VIRTUAL TABLE search USING fts5 (body, name, topic, room, content = '', tokenize = 'unicode61 remove_diacritics 2');
        CREATE TABLE search_edits (target INTEGER NOT NULL, edit INTEGER NOT NULL, PRIMARY KEY (target, edit)) WITHOUT ROWID;
        INSERT INTO server (key, value) SELECT 'search_backfill', max(position) + 1 FROM events HAVING count(*) > 0;
        INSERT INTO server (key, value) SELECT 'search_indexed', max(position) FROM events HAVING count(*) > 0;
        """
}
