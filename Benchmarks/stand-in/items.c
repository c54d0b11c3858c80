// Items by number: of about 400 bytes of JSON, of all of DynamoDB's types but BS, with text outside ASCII and escapes.
#define _GNU_SOURCE
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A template's places are of fixed width, so that an item is one copy and a few digits: # is a digit of the number,
// ? one of a number mixed from it.
static const char head[] =
    "{\"pk\":{\"S\":\"customer-#########\"},\"sk\":{\"N\":\"1#########\"},\"active\":{\"BOOL\":true},"
    "\"address\":{\"M\":{\"city\":{\"S\":\"Zürich\"},\"street\":{\"S\":\"Bahnhofstrasse 1??\"},\"zip\":{\"S\":\"8???\"}}},"
    "\"avatar\":{\"B\":\"iVBORw0KGgoAAAANSUhEUgAA????\"},\"history\":{\"L\":[{\"N\":\"1??\"},{\"S\":\"opened\"}]},"
    "\"note\":{\"S\":\"says \\\"yes\\\"\"},\"parent\":{\"NULL\":true},"
    "\"scores\":{\"NS\":[\"1??\",\"-2.75\"]},\"tags\":{\"SS\":[\"blue\",\"t???\"]},\"total\":{\"N\":\"1???.5\"}";
static const char tail[] = "}";

enum { SIZES = 8, PLACES = 64 };
static struct {
    char text[ITEM_BYTES];
    size_t count;
} templates[SIZES];
// Where a run of '#' begins, each nine long; where each '?' is.
static size_t numbers[8], mixed[PLACES], number_count, mixed_count;

void items_prepare(void) {
    for (size_t at = 0; at < sizeof head - 1; at++) {
        if (head[at] == '?') mixed[mixed_count++] = at;
        if (head[at] != '#') continue;
        numbers[number_count++] = at;
        at += 8;
    }
    for (int size = 0; size < SIZES; size++) {
        static const char words[] = "lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod";
        char *end = templates[size].text;
        end += sprintf(end, "%s", head);
        // Every second one has no text at all.
        if (size % 2) end += sprintf(end, ",\"zz\":{\"S\":\"%.*s\"}", size * 6, words);
        end += sprintf(end, "%s", tail);
        templates[size].count = (size_t)(end - templates[size].text);
        if (templates[size].count > ITEM_BYTES - 1) fail("items");
    }
}

static void put_digits(char *to, long value) {
    for (int place = 8; place >= 0; place--, value /= 10) to[place] = (char)('0' + value % 10);
}

size_t item_text(long index, bool is_different, char *to) {
    uint64_t mix = ((uint64_t)index + 1) * 0x9e3779b97f4a7c15u;
    size_t size = mix >> 61, count = templates[size].count;
    memcpy(to, templates[size].text, count);
    char digits[9];
    put_digits(digits, index);
    for (size_t place = 0; place < number_count; place++) memcpy(to + numbers[place], digits, 9);
    uint32_t low = (uint32_t)(mix >> 16);
    for (size_t place = 0; place < mixed_count; place++, low = low * 1664525u + 1013904223u)
        to[mixed[place]] = (char)('0' + (low >> 24) % 10);
    // One digit of the last of them.
    if (is_different) to[mixed[mixed_count - 1]] ^= 1;
    return count;
}

size_t item_key_text(long index, char *to) {
    static const char key[] = "{\"pk\":{\"S\":\"customer-#########\"},\"sk\":{\"N\":\"1#########\"}}";
    memcpy(to, key, sizeof key - 1);
    put_digits(to + (strchr(key, '#') - key), index);
    put_digits(to + (strrchr(key, '#') - key) - 8, index);
    return sizeof key - 1;
}

long item_index(const char *text, const char *end) {
    static const char name[] = "customer-";
    const char *found = memmem(text, (size_t)(end - text), name, sizeof name - 1);
    if (!found || end - found < (long)sizeof name + 9) return -1;
    long index = 0;
    for (const char *digit = found + sizeof name - 1; digit < found + sizeof name + 8; digit++) {
        if (*digit < '0' || *digit > '9') return -1;
        index = index * 10 + *digit - '0';
    }
    return index < options.items ? index : -1;
}
