// S3's calls on the generated buckets.
#define _GNU_SOURCE
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char xml[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

static void add_header(struct reply *reply, const char *line, const char *value) {
    size_t count = strlen(reply->headers);
    snprintf(reply->headers + count, sizeof reply->headers - count, line, value);
}

void s3_error(struct reply *reply, int status, const char *code) {
    reply->status = status;
    reply->body.count = 0;
    buffer_format(&reply->body, "%s<Error><Code>%s</Code><Message>%s</Message></Error>", xml, code, code);
}

// Whether a condition on the ETag forbids the call. `*` holds for all that is there.
static bool is_refused(const char *match, const char *none_match, bool is_there, const char *etag) {
    if (none_match[0]) return none_match[0] == '*' ? is_there : is_there && strstr(none_match, etag);
    return match[0] && (!is_there || (match[0] != '*' && !strstr(match, etag)));
}

static bool is_refused_by(const struct request *request, const struct bucket *bucket, long object) {
    char match[128], none_match[128];
    request_header_text(request, "If-Match", match, sizeof match);
    request_header_text(request, "If-None-Match", none_match, sizeof none_match);
    bool is_there = presence_has(bucket->presence, object);
    return is_refused(match, none_match, is_there, is_there ? content_etag(object) : "");
}

static void arrived(struct bucket *bucket, long object, bool is_right) {
    if (object < 0) {
        counts.objects_unknown++;
        return;
    }
    if (!is_right) counts.objects_changed++;
    if (presence_add(bucket->presence, object)) counts.objects_put_again++;
    else if (!strcmp(bucket->name, "target")) counts.objects_there++;
}

static void removed(struct bucket *bucket, long object) {
    if (object < 0 || !presence_remove(bucket->presence, object)) return;
    counts.objects_deleted++;
    if (!strcmp(bucket->name, "target")) counts.objects_there--;
}

static void get_object(const struct request *request, const struct bucket *bucket, long object, struct reply *reply) {
    if (!presence_has(bucket->presence, object)) return s3_error(reply, 404, "NoSuchKey");
    char match[128], range[64];
    request_header_text(request, "If-Match", match, sizeof match);
    if (is_refused(match, "", true, content_etag(object))) return s3_error(reply, 412, "PreconditionFailed");
    uint64_t size = (uint64_t)options.object_bytes, first = 0, last = size - 1;
    request_header_text(request, "Range", range, sizeof range);
    if (!strncmp(range, "bytes=", 6) && size) {
        char *dash = strchr(range, '-');
        first = strtoull(range + 6, NULL, 10);
        if (dash && dash[1]) last = strtoull(dash + 1, NULL, 10);
        if (dash == range + 6) first = size - last, last = size - 1;
        if (last >= size) last = size - 1;
        if (first > last) return s3_error(reply, 416, "InvalidRange");
        reply->status = 206;
        char text[96];
        snprintf(
            text, sizeof text, "%llu-%llu/%llu", (unsigned long long)first, (unsigned long long)last,
            (unsigned long long)size
        );
        add_header(reply, "Content-Range: bytes %s\r\n", text);
    }
    reply->content_type = "image/jpeg";
    reply->content = (struct content){object, first, size ? last - first + 1 : 0};
    add_header(reply, "ETag: \"%s\"\r\nAccept-Ranges: bytes\r\n", content_etag(object));
    add_header(reply, "Last-Modified: %s\r\n", bucket->modified_header);
    if (!reply->is_head) counts.bytes_sent += (long)reply->content.count;
}

// The source of a copy, from its header: [/]bucket/key[?versionId=…].
static struct bucket *copy_source(const struct request *request, long *object) {
    char text[2048], decoded[2048];
    request_header_text(request, "x-amz-copy-source", text, sizeof text);
    text[strcspn(text, "?")] = 0;
    percent_decode(text, strlen(text), decoded, sizeof decoded);
    char *name = decoded + (decoded[0] == '/'), *key = strchr(name, '/');
    if (!key) return NULL;
    *key++ = 0;
    *object = object_index(key);
    struct bucket *bucket = bucket_named(name);
    return bucket && presence_has(bucket->presence, *object) ? bucket : NULL;
}

static void copy_object(const struct request *request, struct bucket *bucket, long object, struct reply *reply) {
    long from;
    char match[128], none_match[128];
    if (!copy_source(request, &from)) return s3_error(reply, 404, "NoSuchKey");
    request_header_text(request, "x-amz-copy-source-if-match", match, sizeof match);
    request_header_text(request, "x-amz-copy-source-if-none-match", none_match, sizeof none_match);
    if (is_refused(match, none_match, true, content_etag(from)) || is_refused_by(request, bucket, object))
        return s3_error(reply, 412, "PreconditionFailed");
    arrived(bucket, object, from == object);
    buffer_format(
        &reply->body,
        "%s<CopyObjectResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LastModified>%s</LastModified>"
        "<ETag>&quot;%s&quot;</ETag></CopyObjectResult>",
        xml, bucket->modified, content_etag(from)
    );
}

static void copy_part(const struct request *request, const char *id, struct reply *reply) {
    char number[16], range[64];
    long from;
    if (!copy_source(request, &from)) return s3_error(reply, 404, "NoSuchKey");
    query_value(request->query, "partNumber", number, sizeof number);
    request_header_text(request, "x-amz-copy-source-range", range, sizeof range);
    struct content content = {from, 0, (uint64_t)options.object_bytes};
    char *dash = strchr(range, '-');
    if (dash && strlen(range) > 6) {
        content.offset = strtoull(range + 6, NULL, 10);
        content.count = strtoull(dash + 1, NULL, 10) - content.offset + 1;
    }
    upload_part_copy(id, atol(number), content, reply);
}

// Checksums that a client sends are said back as S3 does it, so that the client can compare.
static void echo_checksums(const struct request *request, struct reply *reply) {
    static const char *const names[] = {
        "x-amz-checksum-crc64nvme", "x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-sha256"};
    for (int index = 0; index < 4; index++) {
        char value[96], line[64];
        request_header_text(request, names[index], value, sizeof value);
        snprintf(line, sizeof line, "%s: %%s\r\n", names[index]);
        if (value[0]) add_header(reply, line, value);
    }
}

void objects_put(
    const struct request *request, struct bucket *bucket, const char *key, const struct content_check *check,
    struct reply *reply
) {
    char id[64], number[16];
    reply->content_type = "application/xml";
    // Tags and what else is set on a bucket or an object is taken and forgotten.
    if (query_has(request->query, "tagging") || !key[0]) {
        counts.other_calls++;
        return;
    }
    echo_checksums(request, reply);
    query_value(request->query, "uploadId", id, sizeof id);
    if (id[0]) {
        counts.part_calls++;
        query_value(request->query, "partNumber", number, sizeof number);
        return upload_part(id, atol(number), check, reply);
    }
    counts.put_calls++;
    if (is_refused_by(request, bucket, check->object)) return s3_error(reply, 412, "PreconditionFailed");
    bool is_right = !check->is_wrong && check->offset == 0 && check->count == (uint64_t)options.object_bytes;
    arrived(bucket, check->object, is_right);
    if (check->object >= 0) add_header(reply, "ETag: \"%s\"\r\n", content_etag(check->object));
}

static void delete_objects(const struct request *request, struct bucket *bucket, struct reply *reply) {
    const char *end = request->body + request->body_count, *from = request->body;
    buffer_format(&reply->body, "%s<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", xml);
    while (from && (from = memmem(from, (size_t)(end - from), "<Key>", 5))) {
        const char *close = memmem(from, (size_t)(end - from), "</Key>", 6);
        char key[OBJECT_KEY_BYTES];
        from += 5;
        if (!close || (size_t)(close - from) >= sizeof key) break;
        snprintf(key, sizeof key, "%.*s", (int)(close - from), from);
        removed(bucket, object_index(key));
        buffer_format(&reply->body, "<Deleted><Key>%s</Key></Deleted>", key);
        from = close;
    }
    buffer_text(&reply->body, "</DeleteResult>");
}

// What is asked of a bucket's configuration: there is none.
static void bucket_configuration(const struct request *request, const struct bucket *bucket, struct reply *reply) {
    static const struct {
        const char *parameter, *answer;
    } set[] = {
        {"location", "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>"},
        {"versioning", "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>"},
        {"uploads", "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"},
        {"encryption",
         "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256"
         "</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"},
    };
    static const struct {
        const char *parameter, *code;
    } unset[] = {
        {"object-lock", "ObjectLockConfigurationNotFoundError"}, {"tagging", "NoSuchTagSet"},
        {"cors", "NoSuchCORSConfiguration"}, {"lifecycle", "NoSuchLifecycleConfiguration"},
        {"publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"},
        {"ownershipControls", "OwnershipControlsNotFoundError"}, {"policy", "NoSuchBucketPolicy"},
        {"acl", "AccessControlListNotSupported"}, {"versions", "NotImplemented"},
    };
    for (size_t index = 0; index < sizeof set / sizeof *set; index++) {
        if (!query_has(request->query, set[index].parameter)) continue;
        counts.other_calls++;
        return buffer_format(&reply->body, "%s%s", xml, set[index].answer);
    }
    for (size_t index = 0; index < sizeof unset / sizeof *unset; index++) {
        if (!query_has(request->query, unset[index].parameter)) continue;
        counts.other_calls++;
        return s3_error(reply, 404, unset[index].code);
    }
    list_objects(bucket, request->query, reply);
}

static void bucket_call(const struct request *request, struct bucket *bucket, struct reply *reply) {
    if (!strcmp(request->method, "GET")) return bucket_configuration(request, bucket, reply);
    counts.other_calls++;
    if (reply->is_head) add_header(reply, "x-amz-bucket-region: %s\r\n", "us-east-1");
    else if (!strcmp(request->method, "POST") && query_has(request->query, "delete")) {
        counts.delete_calls++;
        delete_objects(request, bucket, reply);
    }
}

static void post_object(
    const struct request *request, struct bucket *bucket, const char *key, long object, struct reply *reply
) {
    char id[64];
    counts.upload_calls++;
    if (query_has(request->query, "uploads")) return upload_create(object, bucket->name, key, reply);
    query_value(request->query, "uploadId", id, sizeof id);
    if (is_refused_by(request, bucket, object)) return s3_error(reply, 412, "PreconditionFailed");
    bool is_right = upload_complete(id, bucket->name, key, &object, reply);
    if (reply->status == 200) arrived(bucket, object, is_right);
}

void objects_answer(const struct request *request, struct bucket *bucket, const char *key, struct reply *reply) {
    if (!key[0]) return bucket_call(request, bucket, reply);
    long object = object_index(key);
    const char *method = request->method;
    char id[64];
    query_value(request->query, "uploadId", id, sizeof id);
    if (!strcmp(method, "PUT")) {
        if (!request_header(request, "x-amz-copy-source")) {
            // An empty body is no sink's matter.
            struct content_check check = {.object = object};
            return objects_put(request, bucket, key, &check, reply);
        }
        counts.copy_calls++;
        return id[0] ? copy_part(request, id, reply) : copy_object(request, bucket, object, reply);
    }
    if (!strcmp(method, "POST")) return post_object(request, bucket, key, object, reply);
    if (!strcmp(method, "DELETE")) {
        counts.delete_calls++;
        reply->status = 204;
        return id[0] ? upload_abort(id) : removed(bucket, object);
    }
    if (query_has(request->query, "tagging")) {
        counts.other_calls++;
        return buffer_format(&reply->body, "%s<Tagging><TagSet/></Tagging>", xml);
    }
    if (query_has(request->query, "acl") || query_has(request->query, "attributes")) {
        counts.other_calls++;
        return s3_error(reply, 403, "AccessDenied");
    }
    if (id[0]) {
        static const char no_parts[] = "<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>";
        counts.other_calls++;
        return buffer_format(&reply->body, "%s%s", xml, no_parts);
    }
    if (reply->is_head) counts.head_calls++;
    else counts.get_calls++;
    get_object(request, bucket, object, reply);
}
