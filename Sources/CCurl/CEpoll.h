#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

// epoll, which Swift's Glibc module leaves out, for CurlEventQueue. epoll_event is a packed structure with a union, which
// Swift cannot lay out on every processor: it stays on this side.

// A descriptor on which something is possible.
struct cepoll_ready {
    int32_t descriptor;
    uint32_t events;
};

static const uint32_t cepoll_in = EPOLLIN;
static const uint32_t cepoll_out = EPOLLOUT;
// Told once each time it happens, and not as long as it lasts.
static const uint32_t cepoll_once = EPOLLET;
// Nobody asks for these two; they come by themselves.
static const uint32_t cepoll_failed = EPOLLERR | EPOLLHUP;

static inline int cepoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}
// Adds a descriptor, or changes what is waited for on it. 0, or -1 and errno.
static inline int cepoll_add(int queue, int descriptor, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    return epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event);
}
static inline int cepoll_change(int queue, int descriptor, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    return epoll_ctl(queue, EPOLL_CTL_MOD, descriptor, &event);
}
static inline void cepoll_remove(int queue, int descriptor) {
    struct epoll_event event = {0};
    epoll_ctl(queue, EPOLL_CTL_DEL, descriptor, &event);
}
enum { cepoll_capacity = 128 };
// Waits for so many milliseconds, -1 for ever. The number of descriptors in `ready`, 0 also after a signal.
static inline int cepoll_wait(int queue, struct cepoll_ready *ready, int timeout) {
    struct epoll_event events[cepoll_capacity];
    int count = epoll_wait(queue, events, cepoll_capacity, timeout);
    for (int index = 0; index < count; index++) {
        ready[index].descriptor = events[index].data.fd;
        ready[index].events = events[index].events;
    }
    return count < 0 ? 0 : count;
}
// A descriptor that cepoll_wake makes readable from any thread; -1 and errno.
static inline int cepoll_create_wakeup(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}
static inline void cepoll_wake(int wakeup) {
    uint64_t one = 1;
    // Fails only when as good as countless wake-ups are waiting already.
    ssize_t written = write(wakeup, &one, sizeof one);
    (void)written;
}
