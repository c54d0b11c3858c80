// A bare loop around libcurl's multi handle, for the programs that ours are compared with: no checks of what is answered
// beyond its status, one thread.
#pragma once
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

// One request at a time; its connection is used again for the next one.
struct call {
    CURL *handle;
    // The answer's body; the memory is used again.
    char *answer;
    size_t count, capacity;
    long status;
    // Called when the answer is whole; may begin the next request of this or any other call.
    void (*done)(struct call *call);
};

// With a service (dynamodb, s3), libcurl signs every call, as AWS wants them; NULL: no signatures.
void bare_start(const char *service);
void call_make(struct call *call, void (*done)(struct call *call));
// POSTs to DynamoDB; the body must stay where it is.
void call_table(struct call *call, const char *url, struct curl_slist *headers, const char *body, size_t count);
void call_begin(struct call *call);
// Until no call is under way.
void bare_run(void);
// Ends the program with the answer that was not to be.
void call_fail(const struct call *call) __attribute__((noreturn));
struct curl_slist *table_headers(const char *operation);

// Behind the JSON value that begins here.
const char *value_end(const char *from, const char *end);
