// One connection: reads requests, asks answer() and writes what it says after the latency.
#define _GNU_SOURCE
#include "stand_in.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

// BatchWriteItem takes 16 MB.
enum { MAXIMUM_BODY = 17 << 20, READ_BYTES = 1 << 20 };

struct connection {
    int descriptor;
    // While a sink takes the body, the input is the head alone.
    struct buffer input, output;
    // Of head and body of the answer together.
    size_t sent;
    struct content content;
    struct sink *sink;
    uint64_t to_sink;
    bool is_closed, is_answering, is_writing, asked_to_continue;
    struct reply reply;
    uint64_t due;
    struct connection *next;
};

_Thread_local struct worker worker;
struct counts counts;
static _Thread_local char input[READ_BYTES];

struct connection *connection_new(int descriptor) {
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) fail("memory");
    connection->descriptor = descriptor;
    return connection;
}

static void release(struct connection *connection) {
    free(connection->input.bytes);
    free(connection->output.bytes);
    free(connection->reply.body.bytes);
    sink_free(connection->sink);
    free(connection);
}

static void end(struct connection *connection) {
    if (!connection->is_closed) close(connection->descriptor);
    connection->is_closed = true;
    if (worker.waiting_for_event == connection) worker.waiting_for_event = NULL;
    // One that waits for its latency is released when that is over.
    if (!connection->due) release(connection);
}

// Returns whether the connection is still there.
static bool flush(struct connection *connection) {
    struct buffer *head = &connection->output, *body = &connection->reply.body;
    while (head->count) {
        struct iovec pieces[10];
        char stamps[4][CONTENT_STAMP_BYTES + 1];
        int count = 0;
        size_t body_count = connection->is_writing && !connection->reply.is_head ? body->count : 0;
        size_t sent = connection->sent, behind_head = sent > head->count ? sent - head->count : 0;
        if (sent < head->count) pieces[count++] = (struct iovec){head->bytes + sent, head->count - sent};
        if (behind_head < body_count)
            pieces[count++] = (struct iovec){body->bytes + behind_head, body_count - behind_head};
        count += content_pieces(&connection->content, stamps, pieces + count);
        if (!count) {
            head->count = connection->sent = 0;
            connection->is_writing = false;
            break;
        }
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)count};
        ssize_t done = sendmsg(connection->descriptor, &message, MSG_NOSIGNAL);
        if (done < 0) {
            if (errno == EAGAIN) return true;
            end(connection);
            return false;
        }
        size_t of_bytes = head->count + body_count - connection->sent, moved = (size_t)done;
        if (moved <= of_bytes) {
            connection->sent += moved;
        } else {
            connection->sent += of_bytes;
            connection->content.offset += moved - of_bytes;
            connection->content.count -= moved - of_bytes;
        }
    }
    return true;
}

static const char *date(void) {
    static _Thread_local char text[40];
    static _Thread_local time_t last;
    time_t now = time(NULL);
    if (now != last) {
        struct tm parts;
        last = now;
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
    }
    return text;
}

// Returns whether the connection is still there.
static bool write_reply(struct connection *connection) {
    static _Atomic unsigned long number;
    struct reply *reply = &connection->reply;
    if (reply->is_aws) counts.in_flight--;
    if (connection->is_closed) {
        release(connection);
        return false;
    }
    uint64_t length = reply->content.count ? reply->content.count : reply->body.count;
    char checksum[40] = "";
    if (reply->has_checksum)
        snprintf(
            checksum, sizeof checksum, "x-amz-crc32: %lu\r\n",
            crc32_z(0, (const unsigned char *)reply->body.bytes, reply->body.count)
        );
    buffer_format(
        &connection->output,
        "HTTP/1.1 %d %s\r\nServer: Server\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %llu\r\n"
        "Connection: keep-alive\r\nx-amzn-RequestId: 4S5QGDJ3V1N7KQ0B%020lu\r\n%s%s\r\n",
        reply->status, reply->status < 300 ? "OK" : "Error", date(), reply->content_type, (unsigned long long)length,
        number++, reply->headers, checksum
    );
    if (!reply->is_head) connection->content = reply->content;
    connection->is_answering = false;
    connection->is_writing = true;
    return flush(connection);
}

static void set_timer(void) {
    struct itimerspec when = {0};
    if (worker.first_delayed) {
        when.it_value.tv_sec = (time_t)(worker.first_delayed->due / 1000000000);
        when.it_value.tv_nsec = (long)(worker.first_delayed->due % 1000000000);
    }
    timerfd_settime(worker.timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void count_call(void) {
    counts.aws_calls++;
    long now = atomic_fetch_add(&counts.in_flight, 1) + 1, most = counts.maximum_in_flight;
    while (now > most && !atomic_compare_exchange_weak(&counts.maximum_in_flight, &most, now)) {}
}

static bool finish_request(struct connection *connection, const struct request *request) {
    struct reply *reply = &connection->reply;
    struct buffer body = reply->body;
    body.count = 0;
    *reply = (struct reply){.status = 200, .content_type = "application/x-amz-json-1.0", .body = body};
    reply->is_head = !strcmp(request->method, "HEAD");
    connection->is_answering = true;
    if (connection->sink) {
        sink_end(connection->sink, request, reply);
        sink_free(connection->sink);
        connection->sink = NULL;
    } else {
        answer(request, reply);
    }
    if (reply->is_aws) count_call();
    if (reply->waits_for_event) {
        if (!counts.events_left) {
            worker.waiting_for_event = connection;
            return true;
        }
        lambda_event(reply);
    }
    if (!reply->is_aws || !options.latency_microseconds) return write_reply(connection);
    // The latency is the same for all: the queue is in order of what is due.
    connection->due = now_nanoseconds() + (uint64_t)options.latency_microseconds * 1000;
    connection->next = NULL;
    if (worker.last_delayed) worker.last_delayed->next = connection;
    else worker.first_delayed = connection;
    worker.last_delayed = connection;
    if (worker.first_delayed == connection) set_timer();
    return true;
}

static void copy_until(char *to, size_t size, const char *from, const char *stops) {
    size_t count = strcspn(from, stops);
    if (count >= size) count = size - 1;
    memcpy(to, from, count);
    to[count] = 0;
}

static void parse_head(const char *head, const char *end, struct request *request) {
    request->head = head;
    request->head_end = end;
    copy_until(request->method, sizeof request->method, head, " ");
    const char *path = strchr(head, ' ') + 1;
    copy_until(request->path, sizeof request->path, path, " ?");
    const char *query = path + strcspn(path, " ?");
    request->query[0] = 0;
    if (*query == '?') copy_until(request->query, sizeof request->query, query + 1, " ");
    request_header_text(request, "X-Amz-Target", request->target, sizeof request->target);
}

// The input is a head, and its sink has had all of the body.
static bool finish_sink(struct connection *connection) {
    struct request request;
    request.body = NULL;
    request.body_count = 0;
    parse_head(connection->input.bytes, connection->input.bytes + connection->input.count, &request);
    connection->input.count = 0;
    return finish_request(connection, &request);
}

// Takes the next request out of the input. Returns whether the connection is still there.
static bool read_requests(struct connection *connection) {
    while (connection->input.count && !connection->is_answering && !connection->is_writing && !connection->sink) {
        struct buffer *in = &connection->input;
        *buffer_reserve(in, 1) = 0;
        char *end = strstr(in->bytes, "\r\n\r\n");
        if (!end) return true;
        end += 4;
        struct request request;
        parse_head(in->bytes, end, &request);
        const char *length = request_header(&request, "Content-Length");
        uint64_t body = length ? strtoull(length, NULL, 10) : 0;
        size_t head = (size_t)(end - in->bytes), there = in->count - head;
        if (there < body && !connection->asked_to_continue && request_header(&request, "Expect")) {
            connection->asked_to_continue = true;
            buffer_text(&connection->output, "HTTP/1.1 100 Continue\r\n\r\n");
            if (!flush(connection)) return false;
        }
        if (body && !request.target[0] && (!strcmp(request.method, "PUT") || body > MAXIMUM_BODY)) {
            connection->asked_to_continue = false;
            connection->sink = sink_begin(&request);
            size_t taken = there < body ? there : body;
            sink_take(connection->sink, end, taken);
            connection->to_sink = body - taken;
            in->count = head;
            // Nobody sends a request behind a body without having had the answer.
            if (!connection->to_sink) return finish_sink(connection);
            return true;
        }
        if (there < body) return true;
        connection->asked_to_continue = false;
        request.body = end;
        request.body_count = body;
        if (!finish_request(connection, &request)) return false;
        memmove(in->bytes, in->bytes + head + body, in->count - head - body);
        in->count -= head + body;
    }
    return true;
}

static void receive(struct connection *connection) {
    for (;;) {
        ssize_t count = recv(connection->descriptor, input, sizeof input, 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) return end(connection);
        const char *from = input;
        if (connection->to_sink) {
            size_t taken = (size_t)count < connection->to_sink ? (size_t)count : connection->to_sink;
            sink_take(connection->sink, from, taken);
            connection->to_sink -= taken;
            from += taken;
            count -= (ssize_t)taken;
            if (!connection->to_sink && !finish_sink(connection)) return;
        }
        if (!count) continue;
        buffer_append(&connection->input, from, (size_t)count);
        if (!read_requests(connection)) return;
    }
}

void connection_ready(struct connection *connection, uint32_t events) {
    if (events & EPOLLOUT) {
        bool was_writing = connection->is_writing;
        if (!flush(connection)) return;
        if (was_writing && !connection->is_writing && !read_requests(connection)) return;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(connection);
}

void answer_what_is_due(void) {
    uint64_t ignored, now = now_nanoseconds();
    if (read(worker.timer, &ignored, sizeof ignored) < 0 && errno != EAGAIN) fail("timer");
    while (worker.first_delayed && worker.first_delayed->due <= now) {
        struct connection *connection = worker.first_delayed;
        worker.first_delayed = connection->next;
        if (!worker.first_delayed) worker.last_delayed = NULL;
        connection->due = 0;
        if (write_reply(connection)) read_requests(connection);
    }
    set_timer();
}

void answer_waiting_for_event(void) {
    if (!worker.waiting_for_event || !counts.events_left) return;
    struct connection *connection = worker.waiting_for_event;
    worker.waiting_for_event = NULL;
    lambda_event(&connection->reply);
    write_reply(connection);
}
