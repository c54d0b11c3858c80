// As much of JSON as telling where a value ends and whether two texts say the same.
#include "stand_in.h"

#include <stdio.h>
#include <string.h>

static const char *skip_string(const char *from, const char *end) {
    for (from++; from < end; from++) {
        if (*from == '\\') from++;
        else if (*from == '"') return from + 1;
    }
    return end;
}

const char *json_skip(const char *from, const char *end) {
    long depth = 0;
    while (from < end) {
        switch (*from) {
        case '"':
            from = skip_string(from, end);
            if (!depth) return from;
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (--depth == 0) return from + 1;
            break;
        case ',':
            if (!depth) return from;
            break;
        default:
            break;
        }
        from++;
    }
    return end;
}

// A text that is read byte by byte, without white space between its parts and with its escapes undone.
struct reader {
    const char *next, *end;
    bool is_in_string;
    // What is left of a character that was an escape.
    unsigned char pending[4];
    int pending_count;
};

static unsigned hexadecimal(const char *from, const char *end) {
    unsigned value = 0;
    if (end - from >= 4) sscanf(from, "%4x", &value);
    return value;
}

static int encode(unsigned scalar, unsigned char *to) {
    if (scalar < 0x80) return to[0] = (unsigned char)scalar, 1;
    if (scalar < 0x800) {
        to[0] = (unsigned char)(0xc0 | scalar >> 6);
        to[1] = (unsigned char)(0x80 | (scalar & 63));
        return 2;
    }
    if (scalar < 0x10000) {
        to[0] = (unsigned char)(0xe0 | scalar >> 12);
        to[1] = (unsigned char)(0x80 | (scalar >> 6 & 63));
        to[2] = (unsigned char)(0x80 | (scalar & 63));
        return 3;
    }
    to[0] = (unsigned char)(0xf0 | scalar >> 18);
    to[1] = (unsigned char)(0x80 | (scalar >> 12 & 63));
    to[2] = (unsigned char)(0x80 | (scalar >> 6 & 63));
    to[3] = (unsigned char)(0x80 | (scalar & 63));
    return 4;
}

// A byte that was escaped is told apart from a bare one, so that an escaped quotation mark does not end a string: it
// has 256 added. -1 at the end.
static int read_byte(struct reader *reader) {
    static const char escapes[] = "bfnrt\"\\/", meanings[] = "\b\f\n\r\t\"\\/";
    if (reader->pending_count) {
        int byte = reader->pending[0];
        memmove(reader->pending, reader->pending + 1, (size_t)--reader->pending_count);
        return byte;
    }
    while (!reader->is_in_string && reader->next < reader->end && strchr(" \t\r\n", *reader->next)) reader->next++;
    if (reader->next >= reader->end) return -1;
    unsigned char byte = (unsigned char)*reader->next++;
    if (byte == '"') reader->is_in_string = !reader->is_in_string;
    if (byte != '\\' || !reader->is_in_string || reader->next >= reader->end) return byte;
    char escape = *reader->next++;
    if (escape != 'u') {
        const char *found = strchr(escapes, escape);
        if (!found) return -1;
        char meaning = meanings[found - escapes];
        return meaning == '"' ? 256 + '"' : (unsigned char)meaning;
    }
    unsigned scalar = hexadecimal(reader->next, reader->end);
    reader->next += 4;
    if (scalar >= 0xd800 && scalar < 0xdc00 && reader->end - reader->next >= 6) {
        scalar = 0x10000 + ((scalar - 0xd800) << 10) + (hexadecimal(reader->next + 2, reader->end) - 0xdc00);
        reader->next += 6;
    }
    if (scalar == '"') return 256 + '"';
    reader->pending_count = encode(scalar, reader->pending);
    return read_byte(reader);
}

bool is_same_json(const char *one, size_t one_count, const char *other, size_t other_count) {
    struct reader left = {.next = one, .end = one + one_count}, right = {.next = other, .end = other + other_count};
    for (;;) {
        int byte = read_byte(&left);
        if (byte != read_byte(&right)) return false;
        if (byte < 0) return left.next >= left.end && right.next >= right.end;
    }
}
