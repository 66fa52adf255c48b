#define _GNU_SOURCE
#include <fcntl.h>

// sync_file_range(2), which Swift's own module of the C library leaves out. It brings pages to the disk without flushing its cache.
static inline int landline_begin_writing(int descriptor, long long offset, long long count) {
    return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

static inline int landline_await_written(int descriptor, long long offset, long long count) {
    return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}
