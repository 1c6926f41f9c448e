/* A small web server in a thread, with the faults of real ones. */
#ifndef TESTS_DATA_WEB_H
#define TESTS_DATA_WEB_H

#include <arpa/inet.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/monitor.h"
#include "runtime/base/str.h"

struct web {
    /* Behaviour, set before requests. */
    bool no_ranges;           /* answers a range with the whole */
    bool hangs;               /* takes a request and says nothing */
    long cut_after;           /* closes after so many bytes of a body; 0: never */
    _Atomic long hangs_after; /* sends so many bytes of a body, then nothing more; 0: never */
    double delay_s;           /* before an answer */
    const char *moved;        /* redirects here */
    const char *mark;         /* a header of every archive, such as ETag: "1"; a range with If-Range of another one gets the whole */
    long shift;               /* answers a range from so many bytes before */
    long longer;              /* announces so many bytes more than it sends */
    /* Content: of NAME.zip, and of NAME.zip.md5 (NULL: 404). */
    struct slice archive;
    const char *sum;
    /* What came. */
    atomic_int n_archive, n_sum;
    atomic_long last_from;   /* of the last range; -1: whole */
    atomic_int n_conditions; /* requests with If-Range */
    int socket;
    atomic_bool over;
    struct own_thread *thread;
    char url[64];
};

static inline void web_send(int client, const void *data, size_t len) {
    const char *at = data;
    while (len) {
        const ssize_t n = send(client, at, len, MSG_NOSIGNAL);
        if (n <= 0) return;
        at += n;
        len -= (size_t)n;
    }
}

static inline void web_body(struct web *web, int client, struct slice body, long from) {
    char head[512];
    const bool part = from >= 0 && !web->no_ranges;
    const size_t skip = part ? (size_t)(from - web->shift) : 0;
    if (part && skip >= body.len) {
        static const char *const refusal = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        web_send(client, refusal, strlen(refusal));
        return;
    }
    size_t len = body.len - skip;
    int n = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n", part ? "206 Partial Content" : "200 OK",
                     len + (size_t)web->longer);
    if (part) n += snprintf(head + n, sizeof head - (size_t)n, "Content-Range: bytes %zu-%zu/%zu\r\n", skip, body.len - 1, body.len);
    if (web->mark) n += snprintf(head + n, sizeof head - (size_t)n, "%s\r\n", web->mark);
    n += snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    web_send(client, head, (size_t)n);
    if (web->cut_after > 0 && len > (size_t)web->cut_after) len = (size_t)web->cut_after;
    if (web->hangs_after > 0 && len > (size_t)web->hangs_after) len = (size_t)web->hangs_after;
    web_send(client, body.data + skip, len);
    while (web->hangs_after > 0 && !web->over) usleep(10000);
}

/* Whether the beginning that the client has is of what there is now. */
static inline bool web_same(struct web *web, const char *request) {
    const char *condition = strstr(request, "If-Range: "), *mark = web->mark ? strstr(web->mark, ": ") : NULL;
    if (!condition) return true;
    web->n_conditions++;
    return mark && strncmp(condition + 10, mark + 2, strlen(mark + 2)) == 0 && condition[10 + strlen(mark + 2)] == '\r';
}

static inline void web_answer(struct web *web, int client, const char *request) {
    static const char *const none = "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot here\n";
    const char *range = strstr(request, "Range: bytes=");
    char moved[256];
    if (web->moved) {
        const int n =
            snprintf(moved, sizeof moved, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", web->moved);
        web_send(client, moved, (size_t)n);
    } else if (strstr(request, ".zip.md5 ")) {
        web->n_sum++;
        if (web->sum) web_body(web, client, slice_of(web->sum), -1);
        else web_send(client, none, strlen(none));
    } else if (strstr(request, ".zip ") && web->archive.data) {
        web->n_archive++;
        web->last_from = range ? strtol(range + 13, NULL, 10) : -1;
        web_body(web, client, web->archive, web_same(web, request) ? (long)web->last_from : -1);
    } else {
        web_send(client, none, strlen(none));
    }
}

static inline void web_client(struct web *web, int client) {
    char request[4096];
    size_t n = 0;
    do {
        const ssize_t got = recv(client, request + n, sizeof request - 1 - n, 0);
        if (got <= 0) return;
        n += (size_t)got;
        request[n] = 0;
    } while (!strstr(request, "\r\n\r\n"));
    while (web->hangs && !web->over) usleep(10000);
    usleep((useconds_t)(web->delay_s * 1e6));
    if (!web->hangs) web_answer(web, client, request);
}

static inline void web_run(void *ctx) {
    struct web *web = ctx;
    while (!web->over) {
        struct pollfd ready = {.fd = web->socket, .events = POLLIN};
        if (poll(&ready, 1, 20) <= 0) continue;
        const int client = accept(web->socket, NULL, NULL);
        web_client(web, client);
        close(client);
    }
}

static inline void web_start(struct web *web) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    web->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(web->socket, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(web->socket, 8), 0);
    assert_int_equal(getsockname(web->socket, (struct sockaddr *)&address, &size), 0);
    snprintf(web->url, sizeof web->url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    web->last_from = -2;
    web->thread = own_thread_start("web", 1 << 18, web_run, web);
    assert_non_null(web->thread);
}

static inline void web_stop(struct web *web) {
    web->over = true;
    assert_true(own_thread_join(web->thread, 10));
    close(web->socket);
}

#endif
