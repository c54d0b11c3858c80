// The options, and one loop around epoll in each thread. The first thread accepts for all and deals the connections out.
#define _GNU_SOURCE
#include "stand_in.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

enum { MAXIMUM_THREADS = 16 };

struct options options = {.threads = 1, .days = 1, .tables = 1, .files = 10, .object_bytes = 4096};
static int epolls[MAXIMUM_THREADS];
static int listener;

static void parse_arguments(int count, char **arguments) {
    static const struct {
        const char *name;
        long *value;
    } known[] = {
        {"--port", &options.port},
        {"--threads", &options.threads},
        {"--latency-us", &options.latency_microseconds},
        {"--days", &options.days},
        {"--tables", &options.tables},
        {"--files", &options.files},
        {"--items", &options.items},
        {"--different-items", &options.different_items},
        {"--reversed-copy", &options.reversed_copy},
        {"--copy-page-bytes", &options.copy_page_bytes},
        {"--unprocessed-permille", &options.unprocessed_permille},
        {"--throttled-permille", &options.throttled_permille},
        {"--objects", &options.objects},
        {"--object-bytes", &options.object_bytes},
    };
    for (int index = 1; index < count; index += 2) {
        size_t option = 0;
        while (option < sizeof known / sizeof *known && strcmp(arguments[index], known[option].name)) option++;
        if (option == sizeof known / sizeof *known || index + 1 == count) {
            fprintf(stderr, "stand-in: unknown option or no value: %s\n", arguments[index]);
            exit(64);
        }
        *known[option].value = atol(arguments[index + 1]);
    }
    if (options.threads < 1 || options.threads > MAXIMUM_THREADS) options.threads = 1;
    if (options.different_items > options.items) options.different_items = options.items;
}

static void accept_all(void) {
    static long accepted;
    int descriptor, one = 1;
    while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event both = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection_new(descriptor)};
        epoll_ctl(epolls[accepted++ % options.threads], EPOLL_CTL_ADD, descriptor, &both);
    }
}

static void *work(void *number) {
    int epoll = epolls[(intptr_t)number];
    worker.epoll = epoll;
    worker.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (worker.timer < 0) fail("stand-in");
    epoll_ctl(epoll, EPOLL_CTL_ADD, worker.timer, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &worker.timer});
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, -1);
        // Last, because it may release connections that still have an event here.
        bool is_something_due = false;
        for (int index = 0; index < ready; index++) {
            void *what = events[index].data.ptr;
            if (what == &worker.timer) is_something_due = true;
            else if (what == &listener) accept_all();
            else connection_ready(what, events[index].events);
        }
        if (is_something_due) answer_what_is_due();
        answer_waiting_for_event();
    }
    return NULL;
}

int main(int count, char **arguments) {
    parse_arguments(count, arguments);
    tables_prepare();
    content_prepare();
    buckets_prepare();
    int one = 1;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
        bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1024) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        fail("stand-in: listening on 127.0.0.1");
    for (long index = 0; index < options.threads; index++)
        if ((epolls[index] = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("stand-in");
    epoll_ctl(epolls[0], EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &listener});
    for (long index = 1; index < options.threads; index++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, (void *)(intptr_t)index)) fail("stand-in");
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    work(0);
}
