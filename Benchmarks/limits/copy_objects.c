// The limit that a server-side `sync bucket` is compared with: the source's listing, page after page, and a CopyObject
// for every key in it. Nothing is compared and nothing verified.
//
//   copy_objects PORT IN-FLIGHT [signed]     from bucket source to bucket target, both on this port
#define _GNU_SOURCE
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct copy {
    struct call call;
    struct curl_slist *headers;
    bool is_idle;
};

static char base[64];
static struct call listing;
static int in_flight;
static struct copy *copies;
// The keys of the page that is being copied; the next one is asked for when they are all under way.
static char *page, *next_key, token[1100];
static bool signs, is_listing;
static long copied;

static void list(void) {
    char url[1300];
    is_listing = true;
    snprintf(url, sizeof url, "%s/source?list-type=2%s%s", base, token[0] ? "&continuation-token=" : "", token);
    curl_easy_setopt(listing.handle, CURLOPT_URL, url);
    call_begin(&listing);
}

static void copy_next(struct copy *copy) {
    static const char open_key[] = "<Key>";
    char url[1200], source[1200];
    copy->is_idle = true;
    char *key = next_key ? strstr(next_key, open_key) : NULL;
    if (!key) {
        next_key = NULL;
        if (token[0] && !is_listing) list();
        return;
    }
    copy->is_idle = false;
    key += sizeof open_key - 1;
    next_key = strchr(key, '<');
    int count = (int)(next_key - key);
    snprintf(url, sizeof url, "%s/target/%.*s", base, count, key);
    snprintf(source, sizeof source, "x-amz-copy-source: source/%.*s", count, key);
    curl_slist_free_all(copy->headers);
    copy->headers = curl_slist_append(curl_slist_append(NULL, source), "Content-Type: application/octet-stream");
    // Of no bytes.
    static const char hash[] =
        "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    if (signs) copy->headers = curl_slist_append(copy->headers, hash);
    curl_easy_setopt(copy->call.handle, CURLOPT_URL, url);
    curl_easy_setopt(copy->call.handle, CURLOPT_HTTPHEADER, copy->headers);
    call_begin(&copy->call);
}

static void is_copied(struct call *call) {
    if (call->status != 200) call_fail(call);
    copied++;
    copy_next((struct copy *)call);
}

static void is_listed(struct call *call) {
    static const char open_token[] = "<NextContinuationToken>";
    if (call->status != 200) call_fail(call);
    is_listing = false;
    // The call gets new memory for its next answer.
    free(page);
    page = next_key = call->answer;
    char *found = strstr(page, open_token);
    token[0] = 0;
    if (found) sscanf(found + sizeof open_token - 1, "%1023[^<]", token);
    call->answer = NULL;
    call->capacity = 0;
    for (int index = 0; index < in_flight && next_key; index++)
        if (copies[index].is_idle) copy_next(&copies[index]);
}

int main(int count, char **arguments) {
    if (count < 3) return 64;
    snprintf(base, sizeof base, "http://127.0.0.1:%s", arguments[1]);
    in_flight = atoi(arguments[2]);
    signs = count > 3;
    bare_start(signs ? "s3" : NULL);
    copies = calloc((size_t)in_flight, sizeof *copies);
    for (int index = 0; index < in_flight; index++) {
        call_make(&copies[index].call, is_copied);
        curl_easy_setopt(copies[index].call.handle, CURLOPT_CUSTOMREQUEST, "PUT");
        curl_easy_setopt(copies[index].call.handle, CURLOPT_POSTFIELDS, "");
        copies[index].is_idle = true;
    }
    call_make(&listing, is_listed);
    list();
    bare_run();
    printf("{\"objects\":%ld}\n", copied);
    return 0;
}
