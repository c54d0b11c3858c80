// A static Swift program where /proc is not mounted, as in a bare sandbox. Two parts of Swift end the process there.

#if defined(__linux__)
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Before main, Swift's runtime looks for its program that prints backtraces, beside the executable. In a static program it
// finds the executable's path by /proc/self/exe, and gives up ("Unable to obtain Swift runtime path") when that cannot be
// read. SWIFT_ROOT, if set, is used in its place. This runs before the runtime's own constructors.
__attribute__((constructor(101))) static void name_swift_root_without_proc(void) {
    char path[1];
    // Not overwritten if the user has set it. Without memory for it the process ends as it would have.
    if (readlink("/proc/self/exe", path, sizeof path) < 0) (void)setenv("SWIFT_ROOT", "/", 0);
}

#if defined(STATIC_EXECUTABLES)
// When work waits, Dispatch reads /proc/ID/stat of its threads once a second to see which of them run, and ends the process
// when there is none. An empty file it takes for a thread that does not run, and starts another, within its limits.
// Package.swift has the linker call this in place of open (--wrap).
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    int descriptor = __real_open(path, flags, mode);
    if (descriptor < 0 && strncmp(path, "/proc/", 6) == 0) {
        size_t length = strlen(path);
        if (length > 11 && strcmp(path + length - 5, "/stat") == 0) return __real_open("/dev/null", flags, mode);
    }
    return descriptor;
}
#endif

#endif
