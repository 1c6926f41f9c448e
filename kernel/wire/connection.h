/* The connection file that the launcher writes: where to bind, and the keys.
 * Unknown fields are ignored; what is there must make sense. */
#ifndef RECKON_CONNECTION_H
#define RECKON_CONNECTION_H

#include "runtime/base/str.h"

enum channel { CHANNEL_SHELL, CHANNEL_CONTROL, CHANNEL_STDIN, CHANNEL_IOPUB, CHANNEL_HB, CHANNEL_COUNT };
const char *channel_name(enum channel channel); /* "shell" */

#define CURVE_KEY_TEXT 41 /* Z85, 40 characters */

struct connection {
    bool ipc; /* else tcp */
    char *ip; /* host, or the path before "-port" of ipc sockets */
    int ports[CHANNEL_COUNT];
    char *key;          /* "" = messages are not signed */
    char *session_name; /* jupyter_session: the notebook's path; "" = not told */
    bool curve;
    char public_key[CURVE_KEY_TEXT], secret_key[CURVE_KEY_TEXT];
};

enum status connection_read(const char *path, struct connection *out, struct error *err) MUST_CHECK;
enum status connection_parse(struct slice text, struct connection *out, struct error *err) MUST_CHECK;
void connection_release(struct connection *connection);
/* "tcp://127.0.0.1:5555", "ipc:///run/kernel-1" */
void connection_endpoint(const struct connection *connection, enum channel channel, struct buf *out);

#endif
