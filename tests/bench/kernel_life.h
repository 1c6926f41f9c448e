/* A kernel process and a bare client of it, over tcp: signed requests, what
 * comes back, the time of each message. Any kernel; nothing here blocks on one
 * that is dead or silent. */
#ifndef RECKON_BENCH_KERNEL_LIFE_H
#define RECKON_BENCH_KERNEL_LIFE_H

#include <sys/types.h>

#include "kernel/wire/message.h"

/* Its command line has "{}" where the connection file goes; the rest is its language's. */
struct subject {
    const char *name;
    const char *argv[8];
    const char *prints;  /* code: 5,000 lines 0 … 4999, flushed one by one; NULL: it computes nothing */
    const char *loop;    /* code without end */
    int n_pipelined;     /* cells that are sent at once */
    const char *package; /* before its version in the list of what is installed; NULL: it knows its version */
};

struct life {
    const struct subject *subject;
    void *context, *sockets[CHANNEL_COUNT];
    char path[64]; /* of the connection file */
    struct connection connection;
    struct wire wire;
    struct packet packet; /* the message heard last */
    pid_t child;
    int child_fd; /* readable when the child has ended */
    int n_sent;
    double began_s;
};

void life_start(struct life *life, const struct subject *subject);
void life_end(struct life *life); /* kills it */
/* True when the process has ended by itself within `seconds`. */
bool life_is_over(struct life *life, double seconds);

/* content is JSON text. Returns the request's number. */
int life_send(struct life *life, enum channel channel, const char *type, const char *content);

/* One message: borrowed until the next one is heard. */
struct heard {
    enum channel channel;
    int number; /* of the request that it answers; 0: of none of ours */
    double at_s;
    struct slice header, content;
};
bool heard_says(struct slice part, const char *word); /* whether a word stands in it, in quotes */

/* Next message of the channels (bits). NULL, or why there is none. */
const char *life_hear(struct life *life, unsigned channels, double seconds, struct heard *out);

/* What a request brought; times in seconds since it was sent. */
struct answer {
    double reply_s, idle_s; /* 0: has not come */
    bool failed;            /* the reply's status is "error" */
    int n_streams;
    size_t n_chars; /* of streams */
};
/* The reply and idle of a request on the shell channel, sent at sent_s. NULL, or what is missing and why. */
const char *life_await(struct life *life, int number, double sent_s, double seconds, struct answer *out);
const char *life_ask(struct life *life, const char *type, const char *content, double seconds, struct answer *out);
/* The reply alone, on shell or control; *out_s since the call. out NULL: no matter what it says. */
const char *life_reply(struct life *life, enum channel channel, const char *type, const char *content, double seconds, double *out_s,
                       struct buf *out);
/* Until iopub is connected and still: kernel_info is asked until its states are heard. */
const char *life_settle(struct life *life);
/* An echo on the heartbeat channel. */
const char *life_beat(struct life *life, double seconds, double *out_s);

/* kernel_empty.c: a kernel of one thread that answers at once, always the same, and computes nothing. Never returns. */
void serve_nothing(const char *connection_file);

#endif
