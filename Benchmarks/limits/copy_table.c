// The limit that `sync table` is compared with: the same Scan pages and BatchWriteItem batches, the items' bytes spliced
// from the one into the other. Throttled calls and unprocessed items are sent again at once.
//
//   copy_table PORT SEGMENTS WRITERS [signed]     from Source to Target, both on this port
#define _GNU_SOURCE
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 25, BODY_BYTES = 64 << 10, PAGES_AHEAD = 8 };

struct page {
    char *bytes, *next, *end;
    struct page *after;
};
struct reader {
    struct call call;
    char body[512];
    int segment;
    bool waits;
};
struct writer {
    struct call call;
    char body[BODY_BYTES];
    size_t count;
    bool is_idle;
};

static char url[64];
static struct page *first_page, *last_page;
static int pages, segments, writer_count;
static struct reader *readers;
static struct writer *writers;
static struct curl_slist *scan_headers, *write_headers;
static long items;

static const char open_batch[] = "{\"RequestItems\":{\"Target\":[", close_batch[] = "]}}";

static void append(struct writer *writer, const char *bytes, size_t count) {
    if (writer->count + count > BODY_BYTES) {
        fprintf(stderr, "copy_table: the items are too large\n");
        exit(1);
    }
    memcpy(writer->body + writer->count, bytes, count);
    writer->count += count;
}

static void read_on(struct reader *reader, const char *key, size_t key_count);

static void send_batch(struct writer *writer) {
    writer->is_idle = false;
    call_table(&writer->call, url, write_headers, writer->body, writer->count);
}

static void write_on(struct writer *writer) {
    static const char open_put[] = "{\"PutRequest\":{\"Item\":", close_put[] = "}}";
    writer->is_idle = true;
    if (!first_page) return;
    struct page *page = first_page;
    writer->count = 0;
    append(writer, open_batch, sizeof open_batch - 1);
    for (int item = 0; item < BATCH && page->next < page->end; item++) {
        const char *end = value_end(page->next, page->end);
        if (item) append(writer, ",", 1);
        append(writer, open_put, sizeof open_put - 1);
        append(writer, page->next, (size_t)(end - page->next));
        append(writer, close_put, sizeof close_put - 1);
        page->next = page->bytes + (end - page->bytes) + 1;
        items++;
    }
    append(writer, close_batch, sizeof close_batch - 1);
    if (page->next >= page->end) {
        first_page = page->after;
        if (!first_page) last_page = NULL;
        free(page->bytes);
        free(page);
        pages--;
        for (int index = 0; index < segments; index++)
            if (readers[index].waits) read_on(&readers[index], NULL, 0);
    }
    send_batch(writer);
}

static void written(struct call *call) {
    struct writer *writer = (struct writer *)call;
    if (call->status != 200) {
        if (!call->count || !strstr(call->answer, "ProvisionedThroughputExceeded")) call_fail(call);
        return send_batch(writer);
    }
    static const char name[] = "\"UnprocessedItems\":{\"Target\":";
    char *left = memmem(call->answer, call->count, name, sizeof name - 1);
    if (!left) return write_on(writer);
    left += sizeof name - 1;
    const char *end = value_end(left, call->answer + call->count);
    writer->count = 0;
    append(writer, open_batch, sizeof open_batch - 1);
    append(writer, left + 1, (size_t)(end - left) - 2);
    append(writer, close_batch, sizeof close_batch - 1);
    send_batch(writer);
}

static void read_on(struct reader *reader, const char *key, size_t key_count) {
    if (key)
        snprintf(
            reader->body, sizeof reader->body,
            "{\"TableName\":\"Source\",\"Segment\":%d,\"TotalSegments\":%d,\"ExclusiveStartKey\":%.*s}", reader->segment,
            segments, (int)key_count, key
        );
    // What is read stays in bounds.
    reader->waits = pages >= PAGES_AHEAD;
    if (!reader->waits) call_table(&reader->call, url, scan_headers, reader->body, strlen(reader->body));
}

static void page_read(struct call *call) {
    struct reader *reader = (struct reader *)call;
    if (call->status != 200) {
        if (!call->count || !strstr(call->answer, "ProvisionedThroughputExceeded")) call_fail(call);
        return read_on(reader, NULL, 0);
    }
    static const char last[] = "\"LastEvaluatedKey\":", name[] = "\"Items\":[";
    char *list = memmem(call->answer, call->count, name, sizeof name - 1);
    if (!list) call_fail(call);
    list += sizeof name - 1;
    // The key is near the end: behind the items.
    char key[512];
    size_t key_count = 0;
    size_t tail_count = call->count < 1024 ? call->count : 1024;
    char *tail = call->answer + call->count - tail_count, *found = memmem(tail, tail_count, last, sizeof last - 1);
    char *end = memrchr(call->answer, ']', call->count);
    if (found) {
        const char *value = found + sizeof last - 1;
        key_count = (size_t)(value_end(value, call->answer + call->count) - value);
        memcpy(key, value, key_count);
        end = memrchr(call->answer, ']', (size_t)(found - call->answer));
    }
    if (end > list) {
        struct page *page = calloc(1, sizeof *page);
        // The call gets new memory for its next answer.
        *page = (struct page){.bytes = call->answer, .next = list, .end = end};
        call->answer = NULL;
        call->capacity = 0;
        if (last_page) last_page->after = page;
        else first_page = page;
        last_page = page;
        pages++;
    }
    if (key_count) read_on(reader, key, key_count);
    for (int index = 0; index < writer_count && first_page; index++)
        if (writers[index].is_idle) write_on(&writers[index]);
}

int main(int count, char **arguments) {
    if (count < 4) return 64;
    snprintf(url, sizeof url, "http://127.0.0.1:%s/", arguments[1]);
    segments = atoi(arguments[2]);
    writer_count = atoi(arguments[3]);
    bare_start(count > 4 ? "dynamodb" : NULL);
    scan_headers = table_headers("Scan");
    write_headers = table_headers("BatchWriteItem");
    readers = calloc((size_t)segments, sizeof *readers);
    writers = calloc((size_t)writer_count, sizeof *writers);
    for (int index = 0; index < writer_count; index++) {
        call_make(&writers[index].call, written);
        writers[index].is_idle = true;
    }
    for (int index = 0; index < segments; index++) {
        struct reader *reader = &readers[index];
        reader->segment = index;
        call_make(&reader->call, page_read);
        curl_easy_setopt(reader->call.handle, CURLOPT_BUFFERSIZE, 256L << 10);
        snprintf(
            reader->body, sizeof reader->body, "{\"TableName\":\"Source\",\"Segment\":%d,\"TotalSegments\":%d}", index,
            segments
        );
        read_on(reader, NULL, 0);
    }
    bare_run();
    printf("{\"items\":%ld}\n", items);
    return 0;
}
