// The limit that the HTTP client is compared with: the same transfers by a bare loop around libcurl's multi handle.
//
//   http_client PORT small COUNT IN-FLIGHT     POSTs of 500 bytes, each with other header lines and its own answer
//   http_client PORT client COUNT IN-FLIGHT    the same with 10,000 bytes, as a BatchWriteItem of 25 items has
//   http_client PORT download BYTES            one answer, in memory never whole
//   http_client PORT upload BYTES              one body, likewise
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct transfer {
    struct curl_slist *headers;
    char head[4096], body[4096];
    size_t head_count, body_count;
};

static unsigned long long streamed;

static size_t keep_head(char *bytes, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    if (transfer->head_count + count * size > sizeof transfer->head) return 0;
    memcpy(transfer->head + transfer->head_count, bytes, count * size);
    transfer->head_count += count * size;
    return count * size;
}

static size_t keep_body(char *bytes, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    if (transfer->body_count + count * size > sizeof transfer->body) return 0;
    memcpy(transfer->body + transfer->body_count, bytes, count * size);
    transfer->body_count += count * size;
    return count * size;
}

// libcurl wants its buffer back: whoever does something with the bytes copies them once, to pieces of 256 KB here.
static size_t take_body(char *bytes, size_t size, size_t count, void *context) {
    static char piece[256 << 10];
    static size_t held;
    (void)context;
    for (size_t done = 0; done < size * count;) {
        size_t part = size * count - done < sizeof piece - held ? size * count - done : sizeof piece - held;
        memcpy(piece + held, bytes + done, part);
        held = (held + part) % sizeof piece;
        done += part;
    }
    streamed += count * size;
    return count * size;
}

static size_t make_body(char *bytes, size_t size, size_t count, void *left_to_make) {
    unsigned long long *left = left_to_make;
    size_t made = *left < size * count ? *left : size * count;
    memset(bytes, 'b', made);
    *left -= made;
    streamed += made;
    return made;
}

static void check(CURLcode code) {
    if (code == CURLE_OK) return;
    fprintf(stderr, "http_client: %s\n", curl_easy_strerror(code));
    exit(1);
}

static CURL *make_handle(const char *url) {
    CURL *handle = curl_easy_init();
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    return handle;
}

// Made beforehand: what is measured is how they are sent.
static char lines[100][8][64];

static void make_lines(void) {
    for (int number = 0; number < 100; number++) {
        for (int index = 0; index < 8; index++) {
            snprintf(lines[number][index], sizeof lines[number][index],
                     "X-Header-%d: some value of header %d of request %d", index, index, number);
        }
    }
}

// What is the same for every request is set once; its header lines are others each time, as those of signed requests are.
static void begin(CURLM *multi, CURL *handle, struct transfer *transfer, int number) {
    curl_slist_free_all(transfer->headers);
    transfer->headers = curl_slist_append(NULL, "Expect:");
    transfer->headers = curl_slist_append(transfer->headers, "Accept:");
    transfer->headers = curl_slist_append(transfer->headers, "Content-Type: application/x-amz-json-1.0");
    for (int index = 0; index < 8; index++) {
        transfer->headers = curl_slist_append(transfer->headers, lines[number % 100][index]);
    }
    transfer->head_count = transfer->body_count = 0;
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, transfer->headers);
    curl_multi_add_handle(multi, handle);
}

static void send_small(const char *url, int total, int in_flight, long body_bytes) {
    char *body = malloc((size_t)body_bytes);
    memset(body, 'b', (size_t)body_bytes);
    make_lines();
    CURLM *multi = curl_multi_init();
    struct transfer *transfers = calloc((size_t)in_flight, sizeof *transfers);
    int started = 0, done = 0, running;
    for (; started < in_flight; started++) {
        CURL *handle = make_handle(url);
        curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, keep_head);
        curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfers[started]);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep_body);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfers[started]);
        curl_easy_setopt(handle, CURLOPT_PRIVATE, &transfers[started]);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, body_bytes);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body);
        begin(multi, handle, &transfers[started], started);
    }
    while (done < total) {
        curl_multi_perform(multi, &running);
        int left;
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
            CURL *handle = message->easy_handle;
            struct transfer *transfer;
            check(message->data.result);
            curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer);
            streamed += transfer->body_count;
            curl_multi_remove_handle(multi, handle);
            done++;
            if (started < total) begin(multi, handle, transfer, started++);
        }
        if (done < total) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
}

static void run_alone(CURL *handle) {
    CURLM *multi = curl_multi_init();
    int running = 1, left;
    curl_multi_add_handle(multi, handle);
    while (running) {
        curl_multi_perform(multi, &running);
        if (running) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) check(message->data.result);
}

int main(int count, char **arguments) {
    if (count < 4) return 64;
    char url[200];
    unsigned long long amount = strtoull(arguments[3], NULL, 10), left = amount;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    bool is_client = !strcmp(arguments[2], "client");
    if ((is_client || !strcmp(arguments[2], "small")) && count == 5) {
        snprintf(url, sizeof url, "http://127.0.0.1:%s/small", arguments[1]);
        send_small(url, (int)amount, atoi(arguments[4]), is_client ? 10000 : 500);
    } else if (!strcmp(arguments[2], "download")) {
        snprintf(url, sizeof url, "http://127.0.0.1:%s/bytes/%llu", arguments[1], amount);
        CURL *handle = make_handle(url);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L << 10);
        run_alone(handle);
    } else if (!strcmp(arguments[2], "upload")) {
        snprintf(url, sizeof url, "http://127.0.0.1:%s/bytes", arguments[1]);
        CURL *handle = make_handle(url);
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)amount);
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, make_body);
        curl_easy_setopt(handle, CURLOPT_READDATA, &left);
        curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, curl_slist_append(NULL, "Expect:"));
        run_alone(handle);
    } else {
        return 64;
    }
    printf("{\"bytes\":%llu}\n", streamed);
    return 0;
}
