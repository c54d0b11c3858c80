// A static glibc on a system with another glibc.
//
// Names are resolved by what /etc/nsswitch.conf lists. "files" and "dns" are part of the C library since 2.34; anything
// else (Amazon Linux lists "myhostname", others "sss" or "resolve") is a shared library of the system, and loading one
// into a static program brings in the system's own C library beside ours, which ends in a crash or a wrong answer.

#include "CGlibcCompatibility.h"

#if defined(__linux__)
// Defines __GLIBC__.
#include <features.h>
#endif

#if defined(__GLIBC__)
#include <nss.h>
#include <stddef.h>

int use_built_in_name_services(void) {
    static const char *const choices[][2] = {
        {"hosts", "files dns"}, {"passwd", "files"},    {"group", "files"},
        {"services", "files"},  {"protocols", "files"}, {"networks", "files"},
    };
    for (size_t next = 0; next < sizeof choices / sizeof *choices; next++) {
        if (__nss_configure_lookup(choices[next][0], choices[next][1]) != 0) return -1;
    }
    return 0;
}

#else

int use_built_in_name_services(void) { return 0; }

#endif
