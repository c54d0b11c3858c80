// ListObjectsV2 over a bucket that is not there: its keys, in order, are a function of their index.
//
//   daily/YYYY/MM/DD/<Table>/AWSDynamoDB/<ExportId>/_started, data/…, manifest-files.json, …, table_schema.json, …
#define _GNU_SOURCE
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_BYTES = 256, MAXIMUM_KEYS = 1000, FIXED_KEYS = 7 };

// 2024-01-01, of which day all backups follow.
static const long first_day = 19723;

// The key at an index. Its parts are written so that they sort as the indices do.
static void key_at(long index, char *key) {
    static long known_day = -1;
    static char day_text[16];
    long keys = FIXED_KEYS + options.files, backup = index / keys, part = index % keys;
    long day = first_day + backup / options.tables, table = backup % options.tables;
    if (day != known_day) {
        time_t time = (time_t)day * 86400;
        struct tm parts;
        strftime(day_text, sizeof day_text, "%Y/%m/%d", gmtime_r(&time, &parts));
        known_day = day;
    }
    char *end = key + sprintf(key, "daily/%s/Table%04ld/", day_text, table);
    // After the data files: 1 manifest-files.json, …
    long behind = part - options.files;
    static const char *const last[] = {"table_schema.json", "table_settings.json"};
    if (behind >= 5) {
        strcpy(end, last[behind - 5]);
        return;
    }
    long long milliseconds = ((long long)day * 86400 + 7207) * 1000 + table;
    end += sprintf(end, "AWSDynamoDB/%014lld-%08lx/", milliseconds, (unsigned long)(table * 2654435761u & 0xffffffff));
    static const char *const manifests[] = {
        "manifest-files.json", "manifest-files.md5", "manifest-summary.json", "manifest-summary.md5"};
    if (part == 0) strcpy(end, "_started");
    else if (behind <= 0) sprintf(end, "data/%026lx.json.gz", part);
    else strcpy(end, manifests[behind - 1]);
}

// The first index, from `from` on, whose key is not before `text` in its first `count` bytes.
static long first_not_before(const char *text, size_t count, long from, long end) {
    char key[KEY_BYTES];
    long step = 1, low = from;
    // Most often the wanted one is near.
    for (long probe = from; probe < end; probe += step, step *= 2) {
        key_at(probe, key);
        if (strncmp(key, text, count) >= 0) {
            end = probe;
            break;
        }
        low = probe + 1;
    }
    while (low < end) {
        long middle = low + (end - low) / 2;
        key_at(middle, key);
        if (strncmp(key, text, count) < 0) low = middle + 1;
        else end = middle;
    }
    return low;
}

static void query_value(const char *query, const char *name, char *to, size_t size) {
    size_t length = strlen(name), count = 0;
    to[0] = 0;
    for (const char *item = query; *item; item += strcspn(item, "&"), item += *item == '&') {
        if (strncmp(item, name, length) || item[length] != '=') continue;
        for (const char *from = item + length + 1; *from && *from != '&' && count + 1 < size; from++) {
            unsigned byte = (unsigned char)*from;
            if (byte == '%' && sscanf(from + 1, "%2x", &byte) == 1) from += 2;
            to[count++] = (char)byte;
        }
        to[count] = 0;
        return;
    }
}

void list_objects(const char *query, struct reply *reply) {
    char prefix[KEY_BYTES], delimiter[16], after[KEY_BYTES], token[32], key[KEY_BYTES];
    query_value(query, "prefix", prefix, sizeof prefix);
    query_value(query, "delimiter", delimiter, sizeof delimiter);
    query_value(query, "start-after", after, sizeof after);
    query_value(query, "continuation-token", token, sizeof token);
    long end = options.days * options.tables * (FIXED_KEYS + options.files), index;
    size_t prefix_count = strlen(prefix);
    if (token[0]) {
        index = atol(token);
    } else {
        index = first_not_before(prefix, prefix_count, 0, end);
        // With its closing zero byte a text compares as a whole, and is not before itself.
        long behind = after[0] ? first_not_before(after, strlen(after) + 1, 0, end) : 0;
        if (behind > index) index = behind;
        if (after[0] && index < end) {
            key_at(index, key);
            if (!strcmp(key, after)) index++;
        }
    }
    struct buffer *body = &reply->body;
    struct buffer prefixes = {0};
    long count = 0;
    bool is_truncated = false;
    buffer_text(body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>backups</Name>");
    while (index < end) {
        key_at(index, key);
        if (strncmp(key, prefix, prefix_count)) break;
        if (count == MAXIMUM_KEYS) {
            is_truncated = true;
            break;
        }
        count++;
        char *found = delimiter[0] ? strstr(key + prefix_count, delimiter) : NULL;
        if (found) {
            found += strlen(delimiter);
            *found = 0;
            buffer_format(&prefixes, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", key);
            // Behind all that begins so: the last byte, counted up, is behind.
            found[-1]++;
            index = first_not_before(key, (size_t)(found - key), index, end);
        } else {
            buffer_format(
                body,
                "<Contents><Key>%s</Key><LastModified>2025-11-21T02:05:10.000Z</LastModified>"
                "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><ChecksumAlgorithm>CRC64NVME"
                "</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>1234</Size>"
                "<StorageClass>STANDARD</StorageClass></Contents>",
                key
            );
            index++;
        }
    }
    buffer_append(body, prefixes.bytes ? prefixes.bytes : "", prefixes.count);
    free(prefixes.bytes);
    if (is_truncated) buffer_format(body, "<NextContinuationToken>%ld</NextContinuationToken>", index);
    buffer_format(
        body, "<KeyCount>%ld</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>%s</IsTruncated></ListBucketResult>", count,
        is_truncated ? "true" : "false"
    );
}
