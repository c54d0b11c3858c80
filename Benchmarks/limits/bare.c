#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CURLM *multi;
static int under_way;
// As CURLOPT_AWS_SIGV4 wants it; empty: calls are not signed.
static char signs[64];

void bare_start(const char *service) {
    if (service) snprintf(signs, sizeof signs, "aws:amz:us-east-1:%s", service);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    // As many as there are calls: none is opened twice.
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1024L);
}

static size_t keep(char *bytes, size_t size, size_t count, void *context) {
    struct call *call = context;
    count *= size;
    if (call->count + count + 1 > call->capacity) {
        call->capacity = (call->count + count + 1) * 2;
        call->answer = realloc(call->answer, call->capacity);
        if (!call->answer) return 0;
    }
    memcpy(call->answer + call->count, bytes, count);
    call->count += count;
    call->answer[call->count] = 0;
    return count;
}

void call_make(struct call *call, void (*done)(struct call *call)) {
    call->done = done;
    call->handle = curl_easy_init();
    curl_easy_setopt(call->handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(call->handle, CURLOPT_PROXY, "");
    curl_easy_setopt(call->handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(call->handle, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(call->handle, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(call->handle, CURLOPT_PRIVATE, call);
    if (!*signs) return;
    curl_easy_setopt(call->handle, CURLOPT_AWS_SIGV4, signs);
    curl_easy_setopt(call->handle, CURLOPT_USERPWD, "AKIAIOSFODNN7EXAMPLE:none");
}

struct curl_slist *table_headers(const char *operation) {
    char line[100];
    snprintf(line, sizeof line, "X-Amz-Target: DynamoDB_20120810.%s", operation);
    struct curl_slist *headers = curl_slist_append(NULL, line);
    return curl_slist_append(headers, "Content-Type: application/x-amz-json-1.0");
}

void call_table(struct call *call, const char *url, struct curl_slist *headers, const char *body, size_t count) {
    curl_easy_setopt(call->handle, CURLOPT_URL, url);
    curl_easy_setopt(call->handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(call->handle, CURLOPT_POSTFIELDSIZE, (long)count);
    curl_easy_setopt(call->handle, CURLOPT_POSTFIELDS, body);
    call_begin(call);
}

void call_begin(struct call *call) {
    call->count = 0;
    under_way++;
    curl_multi_add_handle(multi, call->handle);
}

void bare_run(void) {
    while (under_way) {
        int running, left;
        curl_multi_perform(multi, &running);
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
            struct call *call;
            CURLcode result = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
            curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &call->status);
            curl_multi_remove_handle(multi, message->easy_handle);
            under_way--;
            if (result != CURLE_OK) {
                fprintf(stderr, "%s\n", curl_easy_strerror(result));
                exit(1);
            }
            call->done(call);
        }
        if (under_way) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
}

void call_fail(const struct call *call) {
    fprintf(stderr, "status %ld: %.*s\n", call->status, call->count < 500 ? (int)call->count : 500, call->answer);
    exit(1);
}

const char *value_end(const char *from, const char *end) {
    int depth = 0;
    for (; from < end; from++) {
        if (*from == '"') {
            for (from++; from < end && *from != '"'; from++)
                if (*from == '\\') from++;
        } else if (*from == '{' || *from == '[') {
            depth++;
        } else if ((*from == '}' || *from == ']') && --depth == 0) {
            return from + 1;
        }
    }
    return end;
}
