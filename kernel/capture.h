/* What libraries and child processes write to descriptors 1 and 2, as text of
 * the running cell. Two pipes; whoever drains takes all that is there. */
#ifndef RECKON_CAPTURE_H
#define RECKON_CAPTURE_H

#include "runtime/base/err.h"

struct capture;
typedef void (*capture_sink)(void *ctx, const char *name, const char *text, size_t len);

/* Redirects 1 and 2. The old stderr is kept for our own diagnostics: capture_saved_stderr. */
enum status capture_open(struct capture **out, struct error *err) MUST_CHECK;
void capture_close(struct capture *capture); /* puts the descriptors back; NULL is fine */
int capture_saved_stderr(const struct capture *capture);
int capture_fd(const struct capture *capture, int i); /* i: 0 = stdout's pipe, 1 = stderr's; for poll */
/* Any thread. All that is there when the call begins; whole characters only, a broken tail waits for its rest. */
void capture_drain(struct capture *capture, capture_sink sink, void *ctx);

#endif
