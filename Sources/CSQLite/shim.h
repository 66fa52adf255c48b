#include <sqlite3.h>

// Swift imports neither function-like macros nor variadic functions.

/// Tells SQLite to copy the bound bytes before the call returns.
static inline sqlite3_destructor_type landline_sqlite_transient(void) {
    return SQLITE_TRANSIENT;
}

/// Per-connection lookaside memory: `slots` blocks of `slot_bytes` each.
static inline int landline_sqlite_set_lookaside(sqlite3 *db, int slot_bytes, int slots) {
    return sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, (void *)0, slot_bytes, slots);
}
