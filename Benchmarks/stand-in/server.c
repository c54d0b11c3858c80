// Sockets, epoll and the wire: reads requests, asks answer() and writes what it says after the latency.
#define _GNU_SOURCE
#include "stand_in.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_BODY = 1 << 20, READ_BYTES = 256 << 10, BLOCK_BYTES = 256 << 10 };

struct connection {
    int descriptor;
    struct buffer input, output;
    size_t sent;
    // Of the body that is being answered or read.
    uint64_t to_generate, to_discard;
    bool is_closed, is_answering, asked_to_continue;
    struct reply reply;
    uint64_t due;
    struct connection *next;
};

struct options options = {.days = 1, .tables = 1, .files = 10};
struct counts counts;
static struct connection *first_delayed, *last_delayed, *waiting_for_event;
static int timer;
static char zeros[BLOCK_BYTES];
static char input[READ_BYTES];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

uint64_t now_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t count) {
    if (buffer->count + count > buffer->capacity) {
        buffer->capacity = (buffer->count + count) * 2;
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        if (!buffer->bytes) fail("memory");
    }
    memcpy(buffer->bytes + buffer->count, bytes, count);
    buffer->count += count;
}

void buffer_text(struct buffer *buffer, const char *text) { buffer_append(buffer, text, strlen(text)); }

void buffer_format(struct buffer *buffer, const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (count < 0 || (size_t)count >= sizeof text) fail("buffer_format");
    buffer_append(buffer, text, (size_t)count);
}

static void release(struct connection *connection) {
    free(connection->input.bytes);
    free(connection->output.bytes);
    free(connection->reply.body.bytes);
    free(connection);
}

static void end(struct connection *connection) {
    if (!connection->is_closed) close(connection->descriptor);
    connection->is_closed = true;
    if (waiting_for_event == connection) waiting_for_event = NULL;
    // One that waits for its latency is released when that is over.
    if (!connection->due) release(connection);
}

// Returns whether the connection is still there.
static bool flush(struct connection *connection) {
    while (connection->sent < connection->output.count || connection->to_generate) {
        const char *from = connection->output.bytes + connection->sent;
        size_t count = connection->output.count - connection->sent;
        if (!count) {
            from = zeros;
            count = connection->to_generate < BLOCK_BYTES ? connection->to_generate : BLOCK_BYTES;
        }
        ssize_t sent = send(connection->descriptor, from, count, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN) return true;
            end(connection);
            return false;
        }
        if (from == zeros) connection->to_generate -= (uint64_t)sent;
        else connection->sent += (size_t)sent;
    }
    connection->output.count = connection->sent = 0;
    return true;
}

static const char *date(void) {
    static char text[40];
    static time_t last;
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
    struct reply *reply = &connection->reply;
    if (reply->is_aws) counts.in_flight--;
    if (connection->is_closed) {
        release(connection);
        return false;
    }
    static unsigned long number;
    buffer_format(
        &connection->output,
        "HTTP/1.1 %d %s\r\nServer: Server\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %llu\r\n"
        "Connection: keep-alive\r\nx-amzn-RequestId: 4S5QGDJ3V1N7KQ0B%020lu\r\n%s\r\n",
        reply->status, reply->status < 300 ? "OK" : "Error", date(), reply->content_type,
        (unsigned long long)(reply->generated ? reply->generated : reply->body.count), number++, reply->headers
    );
    buffer_append(&connection->output, reply->body.bytes ? reply->body.bytes : "", reply->body.count);
    connection->to_generate = reply->generated;
    connection->is_answering = false;
    return flush(connection);
}

static void set_timer(void) {
    struct itimerspec when = {0};
    if (first_delayed) {
        when.it_value.tv_sec = (time_t)(first_delayed->due / 1000000000);
        when.it_value.tv_nsec = (long)(first_delayed->due % 1000000000);
    }
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static bool finish_request(struct connection *connection, const struct request *request) {
    struct reply *reply = &connection->reply;
    free(reply->body.bytes);
    *reply = (struct reply){.status = 200, .content_type = "application/x-amz-json-1.0"};
    connection->is_answering = true;
    answer(request, reply);
    if (reply->is_aws) {
        counts.aws_calls++;
        if (++counts.in_flight > counts.maximum_in_flight) counts.maximum_in_flight = counts.in_flight;
    }
    if (reply->waits_for_event) {
        if (!counts.events_left) {
            waiting_for_event = connection;
            return true;
        }
        lambda_event(reply);
    }
    if (!reply->is_aws || !options.latency_microseconds) return write_reply(connection);
    // The latency is the same for all: the queue is in order of what is due.
    connection->due = now_nanoseconds() + (uint64_t)options.latency_microseconds * 1000;
    connection->next = NULL;
    if (last_delayed) last_delayed->next = connection;
    else first_delayed = connection;
    last_delayed = connection;
    if (first_delayed == connection) set_timer();
    return true;
}

// The value of a header in the head that ends at `end`; NULL when it is not there.
static const char *header(const char *head, const char *end, const char *name) {
    size_t length = strlen(name);
    for (const char *line = head; line < end; line = strchr(line, '\n') + 1) {
        if (!strncasecmp(line, name, length) && line[length] == ':') {
            line += length + 1;
            return line + strspn(line, " ");
        }
    }
    return NULL;
}

static void copy_until(char *to, size_t size, const char *from, const char *stops) {
    size_t count = strcspn(from, stops);
    if (count >= size) count = size - 1;
    memcpy(to, from, count);
    to[count] = 0;
}

// Takes the next request out of the input. Returns whether the connection is still there.
static bool read_requests(struct connection *connection) {
    while (connection->input.count && !connection->is_answering) {
        struct buffer *in = &connection->input;
        buffer_append(in, "", 1);
        in->count--;
        char *end = strstr(in->bytes, "\r\n\r\n");
        if (!end) return true;
        end += 4;
        const char *length = header(in->bytes, end, "Content-Length");
        uint64_t body = length ? strtoull(length, NULL, 10) : 0;
        size_t head = (size_t)(end - in->bytes), there = in->count - head;
        if (there < body && header(in->bytes, end, "Expect") && !connection->asked_to_continue) {
            connection->asked_to_continue = true;
            buffer_text(&connection->output, "HTTP/1.1 100 Continue\r\n\r\n");
            if (!flush(connection)) return false;
        }
        struct request request = {.body = end, .body_count = there < body ? there : body};
        if (there < body && body <= MAXIMUM_BODY) return true;
        copy_until(request.method, sizeof request.method, in->bytes, " ");
        const char *path = strchr(in->bytes, ' ') + 1;
        copy_until(request.path, sizeof request.path, path, " ?");
        const char *query = path + strcspn(path, " ?");
        if (*query == '?') copy_until(request.query, sizeof request.query, query + 1, " ");
        const char *target = header(in->bytes, end, "X-Amz-Target");
        if (target) copy_until(request.target, sizeof request.target, target, "\r");
        connection->asked_to_continue = false;
        if (there < body) {
            // A body too large to keep: the answer comes when all of it was thrown away.
            connection->to_discard = body - there;
            in->count = 0;
            return true;
        }
        bool is_there = finish_request(connection, &request);
        if (!is_there) return false;
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
        if (connection->to_discard) {
            size_t discarded = (size_t)count;
            if (discarded > connection->to_discard) discarded = connection->to_discard;
            connection->to_discard -= discarded;
            from += discarded;
            count -= (ssize_t)discarded;
            struct request put = {.method = "PUT", .path = "/bytes"};
            if (!connection->to_discard && !finish_request(connection, &put)) return;
        }
        buffer_append(&connection->input, from, (size_t)count);
        if (!read_requests(connection)) return;
    }
}

static void answer_what_is_due(void) {
    uint64_t ignored, now = now_nanoseconds();
    if (read(timer, &ignored, sizeof ignored) < 0 && errno != EAGAIN) fail("timer");
    while (first_delayed && first_delayed->due <= now) {
        struct connection *connection = first_delayed;
        first_delayed = connection->next;
        if (!first_delayed) last_delayed = NULL;
        connection->due = 0;
        if (write_reply(connection)) read_requests(connection);
    }
    set_timer();
}

static void parse_arguments(int count, char **arguments) {
    for (int index = 1; index + 1 < count; index += 2) {
        long value = atol(arguments[index + 1]);
        if (!strcmp(arguments[index], "--latency-us")) options.latency_microseconds = value;
        else if (!strcmp(arguments[index], "--days")) options.days = value;
        else if (!strcmp(arguments[index], "--tables")) options.tables = value;
        else if (!strcmp(arguments[index], "--files")) options.files = value;
        else {
            fprintf(stderr, "stand-in: unknown option %s\n", arguments[index]);
            exit(64);
        }
    }
}

int main(int count, char **arguments) {
    parse_arguments(count, arguments);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1024) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        fail("stand-in: listening on 127.0.0.1");
    int epoll = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    if (epoll < 0 || timer < 0) fail("stand-in");
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &listener});
    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &timer});
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, -1);
        // Last, because it may release connections that still have an event here.
        bool is_something_due = false;
        for (int index = 0; index < ready; index++) {
            if (events[index].data.ptr == &timer) {
                is_something_due = true;
            } else if (events[index].data.ptr == &listener) {
                int descriptor;
                while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                    struct connection *connection = calloc(1, sizeof *connection);
                    if (!connection) fail("memory");
                    connection->descriptor = descriptor;
                    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    struct epoll_event both = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
                    epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &both);
                }
            } else {
                struct connection *connection = events[index].data.ptr;
                if ((events[index].events & EPOLLOUT) && !flush(connection)) continue;
                if (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(connection);
            }
        }
        if (is_something_due) answer_what_is_due();
        if (waiting_for_event && counts.events_left) {
            struct connection *connection = waiting_for_event;
            waiting_for_event = NULL;
            lambda_event(&connection->reply);
            write_reply(connection);
        }
    }
}
