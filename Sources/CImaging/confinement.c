#define _GNU_SOURCE
#include "confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    // More than the largest thing that is decoded takes, see MAX_JPEG_BYTES.
    MEMORY_BYTES = 128 << 20,
    CPU_SECONDS = 8,
    // What comes through a pipe is small; larger inputs are files.
    MAX_PIPED_BYTES = 64 << 10,
    NICENESS = 5,
};

static void write_text(const char *path, const char *text, size_t count) {
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    // Where the system does not want it, it is as it was.
    if (write(descriptor, text, count) < 0) {}
    close(descriptor);
}

static rlim_t mapped_bytes(void) {
    char text[64];
    int descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return 0;
    ssize_t count = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (count <= 0) return 0;
    text[count] = 0;
    return (rlim_t)strtoul(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

static struct source read_pipe(void) {
    uint8_t *bytes = allocate(MAX_PIPED_BYTES, 1);
    size_t count = 0;
    while (count < MAX_PIPED_BYTES) {
        ssize_t got = read(STDIN_FILENO, bytes + count, MAX_PIPED_BYTES - count);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        count += (size_t)got;
    }
    return (struct source) { bytes, count };
}

static struct source input(void) {
    struct stat status;
    if (fstat(STDIN_FILENO, &status) != 0) _exit(1);
    if (!S_ISREG(status.st_mode)) return read_pipe();
    if (status.st_size == 0) return (struct source) { (const uint8_t *)"", 0 };
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
    if (bytes == MAP_FAILED) give_up(OUTCOME_TOO_LARGE);
    return (struct source) { bytes, (size_t)status.st_size };
}

static void limit(__rlimit_resource_t resource, rlim_t value) {
    struct rlimit limit = { value, value };
    if (setrlimit(resource, &limit) != 0) _exit(1);
}

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// Only what computing needs; all other system calls fail. A kernel that knows no filters leaves it at the limits.
static void filter_system_calls(void) {
#ifdef THIS_ARCHITECTURE
    static const unsigned allowed[] = {
        SYS_write, SYS_exit, SYS_exit_group, SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex, SYS_rt_sigreturn, SYS_rt_sigprocmask,
        SYS_getpid, SYS_gettid, SYS_tgkill, SYS_clock_gettime, SYS_getrandom, SYS_mmap, SYS_mprotect,
    };
    enum { COUNT = sizeof allowed / sizeof allowed[0] };
    struct sock_filter program[4 + COUNT + 2];
    size_t length = 0;
    program[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0);
    program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    program[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned index = 0; index < COUNT; index++) {
        program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[index], (uint8_t)(COUNT - index), 0);
    }
    program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog filter = { (unsigned short)length, program };
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
#endif
}

struct source confine_with_input(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close_range(3, ~0U, 0);
    // Where memory is short this process ends, and not the server; and messages go first.
    write_text("/proc/self/oom_score_adj", "1000", 4);
    setpriority(PRIO_PROCESS, 0, NICENESS);
    struct source source = input();
    rlim_t mapped = mapped_bytes();
    if (mapped == 0) _exit(1);
    limit(RLIMIT_AS, mapped + MEMORY_BYTES);
    // The signal of the lower one says that it was the time; at the higher one the system kills.
    struct rlimit time = { CPU_SECONDS, CPU_SECONDS + 1 };
    if (setrlimit(RLIMIT_CPU, &time) != 0) _exit(1);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_NOFILE, 3);
    prctl(PR_SET_DUMPABLE, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) filter_system_calls();
    return source;
}
