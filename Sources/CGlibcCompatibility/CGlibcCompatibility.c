// Keeps the function loadable on Amazon Linux 2023, Lambda's system for provided.al2023, which has glibc 2.34.
//
// Swift's static standard library refers to hypot and hypotf. glibc 2.35 gave both a new version, and a linker on a newer
// system binds to the newest: the program would ask for GLIBC_2.35 and not start. These definitions are found first and
// go on to the versions that every glibc has. They differ only in errno, which Swift does not look at.
//
// Debian's static libexpat asks for arc4random_buf, which glibc has since 2.36: here is one made of getrandom.
//
// scripts/package-lambda checks that nothing newer than 2.34 is asked for.

#include "CGlibcCompatibility.h"

#if defined(__linux__)
#include <features.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>
#endif

#if defined(__linux__) && defined(__GLIBC__)

void arc4random_buf(void *buffer, size_t count) {
    unsigned char *next = buffer;
    while (count > 0) {
        ssize_t written = getrandom(next, count, 0);
        // Only a signal makes this fail: a call without flags waits for the kernel's random numbers.
        if (written > 0) {
            next += written;
            count -= (size_t)written;
        }
    }
}

#if defined(__x86_64__)
#define FIRST_VERSION "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define FIRST_VERSION "GLIBC_2.17"
#endif

#ifdef FIRST_VERSION
extern double first_hypot(double x, double y);
extern float first_hypotf(float x, float y);
__asm__(".symver first_hypot, hypot@" FIRST_VERSION);
__asm__(".symver first_hypotf, hypotf@" FIRST_VERSION);

double hypot(double x, double y) { return first_hypot(x, y); }
float hypotf(float x, float y) { return first_hypotf(x, y); }
#endif

#endif
