/* Preloaded into a tool: the FAULT_NTH call of FAULT_CALL fails with FAULT_ERRNO, or, where that
 * is 0, moves one byte only. With FAULT_LOG, what was called how often is written there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { OPEN, READ, WRITE, FSYNC, RENAME, CALLS };
static const char *const names[CALLS] = {"open", "read", "write", "fsync", "rename"};
static long counts[CALLS];

static int due(int call) {
    const char *name = getenv("FAULT_CALL"), *nth = getenv("FAULT_NTH");
    long count = __atomic_add_fetch(&counts[call], 1, __ATOMIC_SEQ_CST);
    return name && nth && !strcmp(name, names[call]) && count == atol(nth);
}

static int number(void) { return atoi(getenv("FAULT_ERRNO")); }

__attribute__((destructor)) static void report(void) {
    const char *log = getenv("FAULT_LOG");
    FILE *file = log ? fopen(log, "w") : NULL;
    for (int call = 0; file && call < CALLS; call++) fprintf(file, "%s %ld\n", names[call], counts[call]);
    if (file) fclose(file);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL(call) if (due(call)) { errno = number(); return -1; }

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        va_list arguments; va_start(arguments, flags); \
        mode_t mode = mode_of(flags, arguments); va_end(arguments); \
        FAIL(OPEN) \
        return REAL(name)(path, flags, mode); \
    }
OPENING(open)
OPENING(open64)
#define OPENING_AT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list arguments; va_start(arguments, flags); \
        mode_t mode = mode_of(flags, arguments); va_end(arguments); \
        FAIL(OPEN) \
        return REAL(name)(folder, path, flags, mode); \
    }
OPENING_AT(openat)
OPENING_AT(openat64)

ssize_t read(int file, void *bytes, size_t count) {
    if (due(READ)) {
        if (number()) { errno = number(); return -1; }
        count = count > 1 ? 1 : count;
    }
    return REAL(read)(file, bytes, count);
}

ssize_t write(int file, const void *bytes, size_t count) {
    if (file != STDERR_FILENO && due(WRITE)) {
        if (number()) { errno = number(); return -1; }
        count = count > 1 ? 1 : count;
    }
    return REAL(write)(file, bytes, count);
}

int fsync(int file) { FAIL(FSYNC) return REAL(fsync)(file); }
int rename(const char *from, const char *to) { FAIL(RENAME) return REAL(rename)(from, to); }
int renameat(int a, const char *from, int b, const char *to) {
    FAIL(RENAME) return REAL(renameat)(a, from, b, to);
}
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    FAIL(RENAME) return REAL(renameat2)(a, from, b, to, flags);
}
