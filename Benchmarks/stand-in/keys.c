// Which keys a bucket has. They are not there: in order, they are a function of their number.
#define _GNU_SOURCE
#include "stand_in.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIXED_KEYS = 7, KEYS_OF_FOLDER = 1000 };

// 2024-01-01, of which day all backups follow.
static const long first_day = 19723;

static char *decimal(char *to, long long value, int places) {
    for (int place = places - 1; place >= 0; place--, value /= 10) to[place] = (char)('0' + value % 10);
    return to + places;
}

static char *hexadecimal(char *to, unsigned long value, int places) {
    for (int place = places - 1; place >= 0; place--, value /= 16) to[place] = "0123456789abcdef"[value % 16];
    return to + places;
}

static char *text(char *to, const char *from) { return stpcpy(to, from); }

// The folders of the backup that this thread was last asked for: a listing asks for its keys one after the other.
static _Thread_local struct {
    long number_and_one;
    size_t table_count, export_count;
    char folder[OBJECT_KEY_BYTES];
} backup;

static void remember_backup(long number) {
    long day = first_day + number / options.tables, table = number % options.tables;
    time_t time = (time_t)day * 86400;
    struct tm parts;
    gmtime_r(&time, &parts);
    char *end = text(backup.folder, "daily/");
    end = text(decimal(end, parts.tm_year + 1900, 4), "/");
    end = text(decimal(end, parts.tm_mon + 1, 2), "/");
    end = text(decimal(end, parts.tm_mday, 2), "/Table");
    end = text(decimal(end, table, 4), "/");
    backup.table_count = (size_t)(end - backup.folder);
    long long milliseconds = ((long long)day * 86400 + 7207) * 1000 + table;
    end = text(decimal(text(end, "AWSDynamoDB/"), milliseconds, 14), "-");
    end = text(hexadecimal(end, (unsigned long)(table * 2654435761u & 0xffffffff), 8), "/");
    backup.export_count = (size_t)(end - backup.folder);
    backup.number_and_one = number + 1;
}

//   daily/YYYY/MM/DD/<Table>/AWSDynamoDB/<ExportId>/_started, data/…, manifest-files.json, …, table_schema.json, …
//
// The parts of a key are written so that they sort as the indices do.
static void backup_key(long index, char *key) {
    long keys = FIXED_KEYS + options.files, part = index % keys;
    if (backup.number_and_one != index / keys + 1) remember_backup(index / keys);
    // After the data files: 1 manifest-files.json, …
    long behind = part - options.files;
    static const char *const last[] = {
        "manifest-files.json", "manifest-files.md5",   "manifest-summary.json", "manifest-summary.md5",
        "table_schema.json",   "table_settings.json",
    };
    size_t count = behind >= 5 ? backup.table_count : backup.export_count;
    memcpy(key, backup.folder, count);
    if (part == 0) strcpy(key + count, "_started");
    else if (behind <= 0) strcpy(hexadecimal(text(key + count, "data/"), (unsigned long)part, 26), ".json.gz");
    else strcpy(key + count, last[behind - 1]);
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
