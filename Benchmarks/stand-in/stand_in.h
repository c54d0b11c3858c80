// A stand-in for AWS that costs next to nothing, so that the client is what a benchmark measures: one thread, epoll,
// canned or generated answers, a chosen latency. It checks no signatures and keeps no data.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes that grow at their end.
struct buffer {
    char *bytes;
    size_t count, capacity;
};
void buffer_append(struct buffer *buffer, const void *bytes, size_t count);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

// A request whose body, up to MAXIMUM_BODY bytes, has been read.
struct request {
    char method[8];
    // Percent-encoded, without the query.
    char path[2048];
    char query[4096];
    // Service and operation of the JSON protocols, as DynamoDB_20120810.DescribeTable.
    char target[128];
    char *body;
    size_t body_count;
};

// What to answer.
struct reply {
    int status;
    const char *content_type;
    // Further header lines, each with its line end.
    char headers[512];
    struct buffer body;
    // In place of a body: so many zeros.
    uint64_t generated;
    // Whether this is a call of an AWS service, which is counted and takes the latency.
    bool is_aws;
    // Lambda's /next: answered when there is an event.
    bool waits_for_event;
};

struct options {
    long latency_microseconds;
    // The bucket's content: backups of so many days and tables, each with so many data files.
    long days, tables, files;
};
extern struct options options;

// What GET /stand-in/counts tells. Times are CLOCK_MONOTONIC, in nanoseconds.
struct counts {
    long aws_calls, in_flight, maximum_in_flight;
    long next_calls, answers, errors, events_left;
    uint64_t first_next_at, last_event_at, last_answer_at;
};
extern struct counts counts;

uint64_t now_nanoseconds(void);

// replies.c: the answer to a request. An event for Lambda's /next is filled in by lambda_event().
void answer(const struct request *request, struct reply *reply);
void lambda_event(struct reply *reply);

// listing.c: ListObjectsV2 over the generated bucket.
void list_objects(const char *query, struct reply *reply);
