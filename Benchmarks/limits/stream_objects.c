// The limit that `sync bucket --stream` is compared with: parts of the source's objects, read and sent on. Nothing is
// hashed.
//
//   stream_objects SOURCE-PORT TARGET-PORT OBJECTS BYTES PART-BYTES IN-FLIGHT
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct object {
    struct call call;
    char key[64], upload[128];
    long parts_left;
};
struct part {
    struct call call;
    struct object *object;
    long number;
    bool is_sent;
};

static char source[64], target[64];
static long object_count, object_bytes, part_bytes, in_flight, parts_of_object, parts_begun, uploads_ready;
static struct object *objects;
static struct part *parts;
static unsigned long long streamed;

static void read_part(struct part *part) {
    char url[200], range[64];
    if (parts_begun == object_count * parts_of_object) return;
    long index = parts_begun++;
    part->object = &objects[index / parts_of_object];
    part->number = index % parts_of_object + 1;
    part->is_sent = false;
    long first = (part->number - 1) * part_bytes, last = first + part_bytes - 1;
    if (last >= object_bytes) last = object_bytes - 1;
    snprintf(url, sizeof url, "%s%s", source, part->object->key);
    snprintf(range, sizeof range, "%ld-%ld", first, last);
    curl_easy_setopt(part->call.handle, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(part->call.handle, CURLOPT_CUSTOMREQUEST, NULL);
    curl_easy_setopt(part->call.handle, CURLOPT_URL, url);
    curl_easy_setopt(part->call.handle, CURLOPT_RANGE, range);
    call_begin(&part->call);
}

// From the memory it was read into: what is answered comes after all of it was sent.
static void send_part(struct part *part) {
    char url[400];
    snprintf(
        url, sizeof url, "%s%s?partNumber=%ld&uploadId=%s", target, part->object->key, part->number,
        part->object->upload
    );
    part->is_sent = true;
    streamed += part->call.count;
    curl_easy_setopt(part->call.handle, CURLOPT_URL, url);
    curl_easy_setopt(part->call.handle, CURLOPT_RANGE, NULL);
    curl_easy_setopt(part->call.handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)part->call.count);
    curl_easy_setopt(part->call.handle, CURLOPT_POSTFIELDS, part->call.answer);
    curl_easy_setopt(part->call.handle, CURLOPT_CUSTOMREQUEST, "PUT");
    call_begin(&part->call);
}

static void complete(struct object *object) {
    char url[400];
    snprintf(url, sizeof url, "%s%s?uploadId=%s", target, object->key, object->upload);
    curl_easy_setopt(object->call.handle, CURLOPT_URL, url);
    // The stand-in knows the parts by itself.
    curl_easy_setopt(object->call.handle, CURLOPT_POSTFIELDS, "<CompleteMultipartUpload/>");
    call_begin(&object->call);
}

static void part_done(struct call *call) {
    struct part *part = (struct part *)call;
    if (call->status >= 300) call_fail(call);
    if (!part->is_sent) return send_part(part);
    if (--part->object->parts_left == 0) complete(part->object);
    read_part(part);
}

static void object_done(struct call *call) {
    static const char open_id[] = "<UploadId>";
    struct object *object = (struct object *)call;
    if (call->status != 200) call_fail(call);
    if (object->upload[0]) return;
    const char *found = strstr(call->answer, open_id);
    if (!found || sscanf(found + sizeof open_id - 1, "%127[^<]", object->upload) != 1) call_fail(call);
    if (++uploads_ready < object_count) return;
    for (long index = 0; index < in_flight; index++) read_part(&parts[index]);
}

int main(int count, char **arguments) {
    if (count != 7) return 64;
    snprintf(source, sizeof source, "http://127.0.0.1:%s/source/", arguments[1]);
    snprintf(target, sizeof target, "http://127.0.0.1:%s/target/", arguments[2]);
    object_count = atol(arguments[3]);
    object_bytes = atol(arguments[4]);
    part_bytes = atol(arguments[5]);
    in_flight = atol(arguments[6]);
    parts_of_object = (object_bytes + part_bytes - 1) / part_bytes;
    bare_start(NULL);
    parts = calloc((size_t)in_flight, sizeof *parts);
    struct curl_slist *headers = curl_slist_append(curl_slist_append(NULL, "Expect:"), "Content-Type:");
    for (long index = 0; index < in_flight; index++) {
        call_make(&parts[index].call, part_done);
        curl_easy_setopt(parts[index].call.handle, CURLOPT_BUFFERSIZE, 256L << 10);
        curl_easy_setopt(parts[index].call.handle, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
        curl_easy_setopt(parts[index].call.handle, CURLOPT_HTTPHEADER, headers);
    }
    objects = calloc((size_t)object_count, sizeof *objects);
    for (long index = 0; index < object_count; index++) {
        char url[200];
        struct object *object = &objects[index];
        object->parts_left = parts_of_object;
        snprintf(object->key, sizeof object->key, "photos/%04ld/object-%09ld.jpg", index / 1000, index);
        call_make(&object->call, object_done);
        snprintf(url, sizeof url, "%s%s?uploads", target, object->key);
        curl_easy_setopt(object->call.handle, CURLOPT_URL, url);
        curl_easy_setopt(object->call.handle, CURLOPT_POSTFIELDS, "");
        call_begin(&object->call);
    }
    bare_run();
    printf("{\"bytes\":%llu}\n", streamed);
    return 0;
}
