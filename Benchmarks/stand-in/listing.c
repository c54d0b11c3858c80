// ListObjectsV2 and ListObjects over a bucket of generated keys.
#define _GNU_SOURCE
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAXIMUM_KEYS = 1000 };

// The first index, from `from` on, whose key is not before `text` in its first `count` bytes.
static long first_not_before(const struct bucket *bucket, const char *text, size_t count, long from, long end) {
    char key[OBJECT_KEY_BYTES];
    long step = 1, low = from;
    // Most often the wanted one is near.
    for (long probe = from; probe < end; probe += step, step *= 2) {
        bucket->key_at(probe, key);
        if (strncmp(key, text, count) >= 0) {
            end = probe;
            break;
        }
        low = probe + 1;
    }
    while (low < end) {
        long middle = low + (end - low) / 2;
        bucket->key_at(middle, key);
        if (strncmp(key, text, count) < 0) low = middle + 1;
        else end = middle;
    }
    return low;
}

// Behind the last key of the page before: a token is an index, a marker or start-after a key.
static long first_index(const struct bucket *bucket, const char *query, const char *prefix) {
    char after[OBJECT_KEY_BYTES], token[32], key[OBJECT_KEY_BYTES];
    query_value(query, "continuation-token", token, sizeof token);
    if (token[0]) return atol(token);
    query_value(query, "start-after", after, sizeof after);
    if (!after[0]) query_value(query, "marker", after, sizeof after);
    long index = first_not_before(bucket, prefix, strlen(prefix), 0, bucket->count);
    // With its closing zero byte a text compares as a whole, and is not before itself.
    long behind = after[0] ? first_not_before(bucket, after, strlen(after) + 1, 0, bucket->count) : 0;
    if (behind > index) index = behind;
    if (after[0] && index < bucket->count) {
        bucket->key_at(index, key);
        if (!strcmp(key, after)) index++;
    }
    return index;
}

// An entry but for its key, size and ETag is the same for all.
static void append_entry(const struct bucket *bucket, long index, const char *key, struct buffer *body) {
    static const char form[] = "</LastModified><ETag>&quot;";
    static const char middle[] =
        "&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>";
    static const char last[] = "</Size><StorageClass>STANDARD</StorageClass></Contents>";
    char size[24];
    int size_count = sprintf(size, "%ld", bucket->is_generated ? options.object_bytes : 1234);
    const char *etag = bucket->is_generated ? content_etag(index) : "d41d8cd98f00b204e9800998ecf8427e";
    buffer_reserve(body, 1024);
    buffer_text(body, "<Contents><Key>");
    buffer_text(body, key);
    buffer_text(body, "</Key><LastModified>");
    buffer_text(body, bucket->modified);
    buffer_append(body, form, sizeof form - 1);
    buffer_text(body, etag);
    buffer_append(body, middle, sizeof middle - 1);
    buffer_append(body, size, (size_t)size_count);
    buffer_append(body, last, sizeof last - 1);
}

void list_objects(const struct bucket *bucket, const char *query, struct reply *reply) {
    char prefix[OBJECT_KEY_BYTES], delimiter[16], encoding[16], maximum_text[16], key[OBJECT_KEY_BYTES];
    counts.list_calls++;
    query_value(query, "prefix", prefix, sizeof prefix);
    query_value(query, "delimiter", delimiter, sizeof delimiter);
    query_value(query, "encoding-type", encoding, sizeof encoding);
    query_value(query, "max-keys", maximum_text, sizeof maximum_text);
    long maximum = maximum_text[0] ? atol(maximum_text) : MAXIMUM_KEYS;
    if (maximum > MAXIMUM_KEYS) maximum = MAXIMUM_KEYS;
    char version[4];
    query_value(query, "list-type", version, sizeof version);
    bool is_version_two = !strcmp(version, "2");
    size_t prefix_count = strlen(prefix);
    long end = bucket->count, index = first_index(bucket, query, prefix);
    struct buffer *body = &reply->body;
    struct buffer prefixes = {0};
    long count = 0;
    bool is_truncated = false;
    char last[OBJECT_KEY_BYTES] = "";
    buffer_reserve(body, 400 << 10);
    buffer_format(
        body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>%s</Name><Prefix>%s</Prefix>",
        bucket->name[0] ? bucket->name : "backups", prefix
    );
    // No key here has a byte that would be encoded.
    if (encoding[0]) buffer_format(body, "<EncodingType>%s</EncodingType>", encoding);
    if (delimiter[0]) buffer_format(body, "<Delimiter>%s</Delimiter>", delimiter);
    while (index < end) {
        if (bucket->presence && !presence_has(bucket->presence, index)) {
            index++;
            continue;
        }
        bucket->key_at(index, key);
        if (strncmp(key, prefix, prefix_count)) break;
        if (count == maximum) {
            is_truncated = true;
            break;
        }
        count++;
        char *found = delimiter[0] ? strstr(key + prefix_count, delimiter) : NULL;
        if (found) {
            found += strlen(delimiter);
            *found = 0;
            strcpy(last, key);
            buffer_format(&prefixes, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", key);
            // Behind all that begins so: the last byte, counted up, is behind.
            found[-1]++;
            index = first_not_before(bucket, key, (size_t)(found - key), index, end);
        } else {
            strcpy(last, key);
            append_entry(bucket, index, key, body);
            index++;
        }
    }
    if (!count) counts.list_calls_empty++;
    buffer_append(body, prefixes.bytes ? prefixes.bytes : "", prefixes.count);
    free(prefixes.bytes);
    if (is_version_two) buffer_format(body, "<KeyCount>%ld</KeyCount>", count);
    if (is_truncated && is_version_two)
        buffer_format(body, "<NextContinuationToken>%ld</NextContinuationToken>", index);
    if (is_truncated && !is_version_two) buffer_format(body, "<NextMarker>%s</NextMarker>", last);
    buffer_format(
        body, "<MaxKeys>%ld</MaxKeys><IsTruncated>%s</IsTruncated></ListBucketResult>", maximum,
        is_truncated ? "true" : "false"
    );
}
