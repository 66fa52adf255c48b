#define _GNU_SOURCE
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

// Set by the linker: the read-only part of the executable, which is never written and can always be read from its file again.
extern const char __executable_start;
extern const char etext;

/// Unmaps the code that has been used so far; what is used again comes back from the page cache by itself.
static inline void landline_forget_mapped_code(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)&__executable_start + page - 1) & ~(page - 1);
    uintptr_t end = (uintptr_t)&etext & ~(page - 1);
    if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
}
