// What glibc keeps of freed memory; its constants are macros in a header that Swift's module of glibc leaves out.
#pragma once
#include <malloc.h>
#include <stdbool.h>

static inline bool cmemory_keep(int largest_piece, int unused) {
    return mallopt(M_MMAP_THRESHOLD, largest_piece) && mallopt(M_TRIM_THRESHOLD, unused);
}
