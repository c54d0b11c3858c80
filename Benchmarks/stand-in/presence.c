// Which of a numbered set of things are there: one bit each.
#include "stand_in.h"

#include <stdlib.h>

void presence_make(struct presence *presence, long count, bool is_full) {
    long words = count / 64 + 1;
    presence->words = calloc((size_t)words, sizeof *presence->words);
    if (!presence->words) fail("memory");
    presence->count = count;
    for (long word = 0; is_full && word < words; word++) presence->words[word] = ~(uint64_t)0;
}

bool presence_has(const struct presence *presence, long index) {
    if (index < 0 || index >= presence->count) return false;
    return atomic_load_explicit(&presence->words[index / 64], memory_order_relaxed) >> (index % 64) & 1;
}

bool presence_add(struct presence *presence, long index) {
    uint64_t bit = (uint64_t)1 << (index % 64);
    return (atomic_fetch_or(&presence->words[index / 64], bit) & bit) != 0;
}

bool presence_remove(struct presence *presence, long index) {
    uint64_t bit = (uint64_t)1 << (index % 64);
    return (atomic_fetch_and(&presence->words[index / 64], ~bit) & bit) != 0;
}
