/* Counts the calls of a process that change files or open them, and spoils the one that it is told to.

   Loaded before libc (LD_PRELOAD), it stands between every library of the process and the kernel: Python,
   SQLite, Whoosh and FAISS alike. benchmarks/faults.py tells it what to do. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, RENAME = 4, UNLINK = 8, MAKE = 16, OPEN = 32, LINK = 64 }; /* counted */
enum { COUNT, KILL, FAIL_ONCE, FAIL_ON, POWER_OFF };                               /* what happens */
#define SHUT_DOWN 0x8004587D /* EXT4_IOC_SHUTDOWN */
#define WITHOUT_FLUSH 2

static volatile long seen, wanted;
static volatile int counted, act, code, disk = -1, lying, patience;

/* Count calls of the kinds in `kinds`; at the `at`-th do `what`: with the errno `error`, or, so many
   milliseconds later, to the file system that the descriptor `on` lies on. With `lies`, fsync says that it
   synced, and does not. */
void faults_arm(int kinds, long at, int what, int error, int on, int later, int lies) {
    seen = 0, wanted = at, act = what, code = error, disk = on, patience = later, lying = lies;
    counted = kinds;
}

long faults_disarm(void) {
    counted = lying = 0;
    return seen;
}

static int spoilt(int kind) {
    if (!(counted & kind)) return 0;
    long number = __sync_add_and_fetch(&seen, 1);
    if (act == FAIL_ON ? number < wanted : number != wanted) return 0;
    if (act == POWER_OFF) {
        uint32_t how = WITHOUT_FLUSH;
        struct timespec left = {patience / 1000, patience % 1000 * 1000000L};
        while (nanosleep(&left, &left) && errno == EINTR) {}
        ioctl(disk, SHUT_DOWN, &how);
    }
    if (act == KILL || act == POWER_OFF) kill(getpid(), SIGKILL);
    if (act != FAIL_ONCE && act != FAIL_ON) return 0;
    errno = code;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define PASS(kind, type, name, parameters, arguments)          \
    type name parameters {                                     \
        static __typeof__(&name) real;                         \
        if (!real) real = REAL(name);                          \
        return spoilt(kind) ? (type)-1 : real arguments;       \
    }

PASS(WRITE, ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size))
PASS(WRITE, ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
PASS(WRITE, ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at))
PASS(WRITE, ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
PASS(WRITE, ssize_t, pwritev, (int fd, const struct iovec *parts, int count, off_t at),
     (fd, parts, count, at))
PASS(WRITE, ssize_t, sendfile, (int to, int from, off_t *at, size_t size), (to, from, at, size))
PASS(WRITE, ssize_t, sendfile64, (int to, int from, off64_t *at, size_t size), (to, from, at, size))
PASS(WRITE, ssize_t, copy_file_range,
     (int from, off64_t *at, int to, off64_t *there, size_t size, unsigned how),
     (from, at, to, there, size, how))
PASS(WRITE, int, ftruncate, (int fd, off_t size), (fd, size))
PASS(WRITE, int, ftruncate64, (int fd, off64_t size), (fd, size))
PASS(RENAME, int, rename, (const char *old, const char *new), (old, new))
PASS(RENAME, int, renameat, (int a, const char *old, int b, const char *new), (a, old, b, new))
PASS(RENAME, int, renameat2, (int a, const char *old, int b, const char *new, unsigned how),
     (a, old, b, new, how))
PASS(LINK, int, link, (const char *old, const char *new), (old, new))
PASS(LINK, int, linkat, (int a, const char *old, int b, const char *new, int how), (a, old, b, new, how))
PASS(UNLINK, int, unlink, (const char *path), (path))
PASS(UNLINK, int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags))
PASS(UNLINK, int, rmdir, (const char *path), (path))
PASS(MAKE, int, mkdir, (const char *path, mode_t mode), (path, mode))
PASS(MAKE, int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))

#define SYNCS(name)                                            \
    int name(int fd) {                                         \
        static __typeof__(&name) real;                         \
        if (!real) real = REAL(name);                          \
        if (spoilt(SYNC)) return -1;                           \
        return lying ? 0 : real(fd);                           \
    }
SYNCS(fsync)
SYNCS(fdatasync)

#define OPENS(name, before, given)                             \
    int name(before const char *path, int flags, ...) {        \
        static __typeof__(&name) real;                         \
        if (!real) real = REAL(name);                          \
        va_list rest;                                          \
        va_start(rest, flags);                                 \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                          \
        if (spoilt(flags & O_CREAT ? MAKE | OPEN : OPEN)) return -1; \
        return real(given path, flags, mode);                  \
    }
#define NOTHING
#define FOLDER int folder,
#define THE_FOLDER folder,
OPENS(open, NOTHING, NOTHING)
OPENS(open64, NOTHING, NOTHING)
OPENS(openat, FOLDER, THE_FOLDER)
OPENS(openat64, FOLDER, THE_FOLDER)
