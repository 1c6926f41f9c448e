#include "kernel/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"

#define CHUNK_BYTES 16384
#define USUAL_PIPE_BYTES 65536

struct stream {
    int read_fd, saved_fd;
    int capacity; /* of the pipe, in bytes */
    const char *name;
    char tail[4]; /* the beginning of a character whose rest hasn't come */
    size_t tail_len;
};

struct capture {
    struct monitor *monitor;
    struct stream streams[2];
};

static enum status redirect(struct stream *stream, int fd, const char *name, struct error *err) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return err_set(err, ERR_INTERNAL, "no pipe for %s: %s", name, strerror(errno));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    int capacity = fcntl(ends[0], F_GETPIPE_SZ);
    *stream = (struct stream){
        .read_fd = ends[0], .saved_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3), .capacity = capacity > 0 ? capacity : USUAL_PIPE_BYTES, .name = name};
    dup2(ends[1], fd);
    close(ends[1]);
    return OK;
}

enum status capture_open(struct capture **out, struct error *err) {
    struct capture *capture = xnew(struct capture);
    capture->monitor = monitor_new();
    capture->streams[0].read_fd = capture->streams[1].read_fd = -1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    enum status status = redirect(&capture->streams[0], 1, "stdout", err);
    if (status == OK) status = redirect(&capture->streams[1], 2, "stderr", err);
    if (status != OK) {
        capture_close(capture);
        return status;
    }
    *out = capture;
    return OK;
}

void capture_close(struct capture *capture) {
    if (!capture) return;
    fflush(stdout);
    for (int i = 0; i < 2; i++) {
        struct stream *stream = &capture->streams[i];
        if (stream->read_fd < 0) continue;
        if (stream->saved_fd >= 0) {
            dup2(stream->saved_fd, i + 1);
            close(stream->saved_fd);
        }
        close(stream->read_fd);
    }
    monitor_free(capture->monitor);
    free(capture);
}

int capture_saved_stderr(const struct capture *capture) { return capture->streams[1].saved_fd; }

int capture_fd(const struct capture *capture, int i) { return capture->streams[i].read_fd; }

/* Bytes at the end of text that begin a character without ending it. */
static size_t open_tail(const char *text, size_t len) {
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char c = (unsigned char)text[len - back];
        if ((c & 0xC0) == 0x80) continue;
        size_t want = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        return want > back ? back : 0;
    }
    return 0;
}

/* A pipe's worth: all that was there when the call began, and no endless wait on somebody who writes without end. */
static void drain_stream(struct stream *stream, capture_sink sink, void *ctx) {
    char chunk[CHUNK_BYTES];
    for (ssize_t got, left = stream->capacity; left > 0; left -= got) {
        memcpy(chunk, stream->tail, stream->tail_len);
        got = read(stream->read_fd, chunk + stream->tail_len, sizeof chunk - stream->tail_len);
        if (got <= 0) return;
        size_t len = stream->tail_len + (size_t)got, tail = open_tail(chunk, len);
        stream->tail_len = tail;
        memcpy(stream->tail, chunk + len - tail, tail);
        if (len > tail) sink(ctx, stream->name, chunk, len - tail);
    }
}

/* One call for both pipes: mostly there is nothing. */
static bool has_text(const struct capture *capture) {
    struct pollfd fds[2] = {{.fd = capture->streams[0].read_fd, .events = POLLIN}, {.fd = capture->streams[1].read_fd, .events = POLLIN}};
    return poll(fds, 2, 0) > 0;
}

void capture_drain(struct capture *capture, capture_sink sink, void *ctx) {
    if (!capture) return;
    monitor_lock(capture->monitor);
    if (!has_text(capture)) {
        monitor_unlock(capture->monitor);
        return;
    }
    for (int i = 0; i < 2; i++) drain_stream(&capture->streams[i], sink, ctx);
    monitor_unlock(capture->monitor);
}
