// Which keys a bucket has. They are not there: in order, they are a function of their number.
#define _GNU_SOURCE
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIXED_KEYS = 7, KEYS_OF_FOLDER = 1000 };

// 2024-01-01, of which day all backups follow.
static const long first_day = 19723;

//   daily/YYYY/MM/DD/<Table>/AWSDynamoDB/<ExportId>/_started, data/…, manifest-files.json, …, table_schema.json, …
//
// The parts of a key are written so that they sort as the indices do.
static void backup_key(long index, char *key) {
    static _Thread_local long known_day = -1;
    static _Thread_local char day_text[16];
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

// photos/<folder, 4 digits>/object-<number, 9 digits>.jpg, a thousand in each folder.
static void object_key(long index, char *key) {
    static const char form[] = "photos/0000/object-000000000.jpg";
    memcpy(key, form, sizeof form);
    long folder = index / KEYS_OF_FOLDER;
    for (int place = 10; place >= 7; place--, folder /= 10) key[place] = (char)('0' + folder % 10);
    for (int place = 27; place >= 19; place--, index /= 10) key[place] = (char)('0' + index % 10);
}

long object_index(const char *key) {
    char expected[OBJECT_KEY_BYTES];
    if (strlen(key) != 32) return -1;
    long index = atol(key + 19);
    if (index < 0 || index >= options.objects) return -1;
    object_key(index, expected);
    return strcmp(key, expected) ? -1 : index;
}

static struct presence in_source, in_mirror, in_target;
static struct bucket buckets[] = {
    {.name = "source", .key_at = object_key, .presence = &in_source, .modified = "2025-11-21T02:05:10.000Z",
     .modified_header = "Fri, 21 Nov 2025 02:05:10 GMT", .is_generated = true},
    {.name = "mirror", .key_at = object_key, .presence = &in_mirror, .modified = "2026-06-01T00:00:00.000Z",
     .modified_header = "Mon, 01 Jun 2026 00:00:00 GMT", .is_generated = true},
    {.name = "target", .key_at = object_key, .presence = &in_target, .modified = "2026-06-01T00:00:00.000Z",
     .modified_header = "Mon, 01 Jun 2026 00:00:00 GMT", .is_generated = true},
    {.name = "", .key_at = backup_key, .modified = "2025-11-21T02:05:10.000Z"},
};

void buckets_prepare(void) {
    // Beyond, keys would no longer sort as numbers do.
    if (options.objects > 9999 * KEYS_OF_FOLDER) options.objects = 9999 * KEYS_OF_FOLDER;
    for (int index = 0; index < 3; index++) {
        buckets[index].count = options.objects;
        presence_make(buckets[index].presence, options.objects, index < 2);
    }
    buckets[3].count = options.days * options.tables * (FIXED_KEYS + options.files);
}

struct bucket *bucket_named(const char *name) {
    for (int index = 0; options.objects && index < 3; index++)
        if (!strcmp(buckets[index].name, name)) return &buckets[index];
    return NULL;
}

struct bucket *bucket_of_backups(void) { return &buckets[3]; }
