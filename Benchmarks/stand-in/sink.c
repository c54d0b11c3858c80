// A body that is not kept: compared with what it should be, as it arrives, and forgotten.
#define _GNU_SOURCE
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sink {
    struct bucket *bucket;
    char key[OBJECT_KEY_BYTES];
    struct content_check check;
    // Of a body in chunks (Content-Encoding: aws-chunked): what is left of this one, and the line that is being read.
    bool is_chunked, is_over;
    uint64_t chunk_left;
    char line[256];
    size_t line_count;
};

struct sink *sink_begin(const struct request *request) {
    struct sink *sink = calloc(1, sizeof *sink);
    if (!sink) fail("memory");
    char path[2048];
    percent_decode(request->path, strlen(request->path), path, sizeof path);
    char *key = path[0] ? strchr(path + 1, '/') : NULL;
    sink->check.object = -1;
    if (key) {
        *key++ = 0;
        sink->bucket = bucket_named(path + 1);
        snprintf(sink->key, sizeof sink->key, "%s", key);
        if (sink->bucket) sink->check.object = object_index(key);
    }
    const char *encoding = request_header(request, "Content-Encoding");
    sink->is_chunked = encoding && !strncmp(encoding, "aws-chunked", 11);
    return sink;
}

static void take(struct sink *sink, const char *bytes, size_t count) {
    if (sink->bucket) counts.bytes_received += (long)count;
    if (sink->check.object >= 0) content_check(&sink->check, bytes, count);
}

// <size in hexadecimal>[;chunk-signature=…]CRLF <bytes> CRLF … 0 CRLF [trailers]
static void take_chunks(struct sink *sink, const char *bytes, size_t count) {
    const char *end = bytes + count;
    while (bytes < end) {
        if (sink->chunk_left) {
            size_t length = (size_t)(end - bytes) < sink->chunk_left ? (size_t)(end - bytes) : sink->chunk_left;
            take(sink, bytes, length);
            sink->chunk_left -= length;
            bytes += length;
            continue;
        }
        char byte = *bytes++;
        if (byte != '\n') {
            if (sink->line_count < sizeof sink->line - 1) sink->line[sink->line_count++] = byte;
            continue;
        }
        sink->line[sink->line_count] = 0;
        // The line that ends a chunk's bytes is empty.
        if (sink->line_count > 1 && !sink->is_over) {
            sink->chunk_left = strtoull(sink->line, NULL, 16);
            sink->is_over = !sink->chunk_left;
        }
        sink->line_count = 0;
    }
}

void sink_take(struct sink *sink, const char *bytes, size_t count) {
    if (sink->is_chunked) take_chunks(sink, bytes, count);
    else take(sink, bytes, count);
}

void sink_end(struct sink *sink, const struct request *request, struct reply *reply) {
    if (!sink->bucket) return answer(request, reply);
    reply->is_aws = true;
    objects_put(request, sink->bucket, sink->key, &sink->check, reply);
}

void sink_free(struct sink *sink) { free(sink); }
