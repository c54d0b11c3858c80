// The limit that `sync verify table` is compared with: every page of both tables is read and cut into its items, which are
// counted and thrown away. Nothing is compared.
//
//   read_tables PORT SEGMENTS TABLE…     so many segments of each table at once
#define _GNU_SOURCE
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct call call;
    const char *table;
    char body[512];
    int segment;
};

static char url[64];
static int segments;
static struct curl_slist *headers;
static unsigned long long bytes, items;

static void read_page(struct reader *reader, const char *key, size_t key_count) {
    if (key || !reader->body[0])
        snprintf(
            reader->body, sizeof reader->body, "{\"TableName\":\"%s\",\"Segment\":%d,\"TotalSegments\":%d%s%.*s}",
            reader->table, reader->segment, segments, key ? ",\"ExclusiveStartKey\":" : "", (int)key_count,
            key ? key : ""
        );
    call_table(&reader->call, url, headers, reader->body, strlen(reader->body));
}

static void page_read(struct call *call) {
    struct reader *reader = (struct reader *)call;
    if (call->status != 200) {
        if (!call->count || !strstr(call->answer, "ProvisionedThroughputExceeded")) call_fail(call);
        return read_page(reader, NULL, 0);
    }
    bytes += call->count;
    static const char last[] = "\"LastEvaluatedKey\":", name[] = "\"Items\":[";
    const char *list = memmem(call->answer, call->count, name, sizeof name - 1), *end = call->answer + call->count;
    if (!list) call_fail(call);
    for (list += sizeof name - 1; list < end && *list == '{'; items++) {
        list = value_end(list, end);
        if (list < end && *list == ',') list++;
    }
    size_t tail_count = call->count < 1024 ? call->count : 1024;
    char *tail = call->answer + call->count - tail_count, *found = memmem(tail, tail_count, last, sizeof last - 1);
    if (!found) return;
    const char *value = found + sizeof last - 1;
    read_page(reader, value, (size_t)(value_end(value, call->answer + call->count) - value));
}

int main(int count, char **arguments) {
    if (count < 4) return 64;
    snprintf(url, sizeof url, "http://127.0.0.1:%s/", arguments[1]);
    segments = atoi(arguments[2]);
    bare_start(NULL);
    headers = table_headers("Scan");
    for (int table = 3; table < count; table++) {
        for (int index = 0; index < segments; index++) {
            struct reader *reader = calloc(1, sizeof *reader);
            reader->table = arguments[table];
            reader->segment = index;
            call_make(&reader->call, page_read);
            curl_easy_setopt(reader->call.handle, CURLOPT_BUFFERSIZE, 256L << 10);
            read_page(reader, NULL, 0);
        }
    }
    bare_run();
    printf("{\"items\":%llu,\"bytes\":%llu}\n", items, bytes);
    return 0;
}
