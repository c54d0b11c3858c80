// Multipart uploads: of every part only where in the object it lies. A part's ETag is no MD5 of its bytes.
#include "stand_in.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
    uint64_t offset, count;
    bool is_there, is_wrong;
};
struct upload {
    long number, object;
    struct part *parts;
    long capacity;
    struct upload *next;
};
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct upload *uploads;
static long last_number;

enum { MAXIMUM_PARTS = 10000 };

void upload_create(long object, const char *bucket, const char *key, struct reply *reply) {
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload) fail("memory");
    upload->object = object;
    pthread_mutex_lock(&mutex);
    upload->number = ++last_number;
    upload->next = uploads;
    uploads = upload;
    pthread_mutex_unlock(&mutex);
    buffer_format(
        &reply->body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/"
        "2006-03-01/\"><Bucket>%s</Bucket><Key>%s</Key><UploadId>upload.%ld</UploadId></InitiateMultipartUploadResult>",
        bucket, key, upload->number
    );
}

// Where the upload is in the list; NULL when it is none.
static struct upload **find(const char *id) {
    long number = strncmp(id, "upload.", 7) ? -1 : atol(id + 7);
    for (struct upload **place = &uploads; *place; place = &(*place)->next)
        if ((*place)->number == number) return place;
    return NULL;
}

static bool keep(const char *id, long number, struct part part) {
    if (number < 1 || number > MAXIMUM_PARTS) return false;
    pthread_mutex_lock(&mutex);
    struct upload **place = find(id);
    if (place) {
        struct upload *upload = *place;
        if (number > upload->capacity) {
            upload->parts = realloc(upload->parts, (size_t)(number * 2) * sizeof *upload->parts);
            if (!upload->parts) fail("memory");
            memset(upload->parts + upload->capacity, 0, (size_t)(number * 2 - upload->capacity) * sizeof *upload->parts);
            upload->capacity = number * 2;
        }
        upload->parts[number - 1] = part;
    }
    pthread_mutex_unlock(&mutex);
    return place != NULL;
}

static void etag_of_part(const char *id, long number, char *to, size_t size) {
    snprintf(to, size, "%016lx%016lx", (unsigned long)(atol(id + 7) * 2654435761), (unsigned long)number);
}

void upload_part(const char *id, long number, const struct content_check *check, struct reply *reply) {
    struct part part = {.offset = check->offset, .count = check->count, .is_there = true, .is_wrong = check->is_wrong};
    char etag[64];
    if (!keep(id, number, part)) return s3_error(reply, 404, "NoSuchUpload");
    etag_of_part(id, number, etag, sizeof etag);
    size_t length = strlen(reply->headers);
    snprintf(reply->headers + length, sizeof reply->headers - length, "ETag: \"%s\"\r\n", etag);
}

void upload_part_copy(const char *id, long number, struct content range, struct reply *reply) {
    struct part part = {.offset = range.offset, .count = range.count, .is_there = true};
    char etag[64];
    if (!keep(id, number, part)) return s3_error(reply, 404, "NoSuchUpload");
    etag_of_part(id, number, etag, sizeof etag);
    buffer_format(
        &reply->body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CopyPartResult><LastModified>2026-06-01T00:00:00.000Z"
        "</LastModified><ETag>&quot;%s&quot;</ETag></CopyPartResult>",
        etag
    );
}

static void release(struct upload **place) {
    struct upload *upload = *place;
    *place = upload->next;
    free(upload->parts);
    free(upload);
}

bool upload_complete(const char *id, const char *bucket, const char *key, long *object, struct reply *reply) {
    pthread_mutex_lock(&mutex);
    struct upload **place = find(id);
    bool is_right = place != NULL;
    if (place) {
        uint64_t offset = 0;
        for (long index = 0; index < (*place)->capacity; index++) {
            const struct part *part = &(*place)->parts[index];
            if (!part->is_there) continue;
            if (part->is_wrong || part->offset != offset) is_right = false;
            offset += part->count;
        }
        if (offset != (uint64_t)options.object_bytes) is_right = false;
        *object = (*place)->object;
        release(place);
    }
    pthread_mutex_unlock(&mutex);
    if (!place) {
        s3_error(reply, 404, "NoSuchUpload");
        return false;
    }
    buffer_format(
        &reply->body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CompleteMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/"
        "2006-03-01/\"><Location>http://127.0.0.1/%s/%s</Location><Bucket>%s</Bucket><Key>%s</Key>"
        "<ETag>&quot;%s&quot;</ETag></CompleteMultipartUploadResult>",
        bucket, key, bucket, key, *object < 0 ? "00000000000000000000000000000000-1" : content_etag(*object)
    );
    return is_right;
}

void upload_abort(const char *id) {
    pthread_mutex_lock(&mutex);
    struct upload **place = find(id);
    if (place) release(place);
    pthread_mutex_unlock(&mutex);
}
