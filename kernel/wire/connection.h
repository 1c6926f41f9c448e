/* The file that the launcher writes: where to bind, and the keys. Either a
 * connection file (JEP 106), which tells the five ports, or a registration file
 * (JEP 66), which tells where to say the ports that we choose ourselves.
 * Unknown fields are ignored; what is there must make sense. */
#ifndef RECKON_CONNECTION_H
#define RECKON_CONNECTION_H

#include "runtime/base/str.h"

enum channel { CHANNEL_SHELL, CHANNEL_CONTROL, CHANNEL_STDIN, CHANNEL_IOPUB, CHANNEL_HB, CHANNEL_COUNT };
const char *channel_name(enum channel channel); /* "shell" */

#define CURVE_KEY_TEXT 41 /* Z85, 40 characters */

struct connection {
    bool ipc;                 /* else tcp */
    char *ip;                 /* host, or the path before "-port" of ipc sockets */
    int ports[CHANNEL_COUNT]; /* 0: chosen when it is bound (registration file) */
    char *key;                /* "" = messages are not signed */
    char *session_name;       /* jupyter_session: the notebook's path; "" = not told */
    bool curve;
    char public_key[CURVE_KEY_TEXT], secret_key[CURVE_KEY_TEXT];
    char *registrar; /* endpoint of the launcher's registration socket; NULL: it was a connection file */
    char *kernel_id; /* that the launcher knows us by; "" = not told */
};

enum status connection_read(const char *path, struct connection *out, struct error *err) MUST_CHECK;
enum status connection_parse(struct slice text, struct connection *out, struct error *err) MUST_CHECK;
/* Writes a connection file (0600) with which other clients can join; its ports must be known. Before any thread: for a
 * moment the umask is another. */
enum status connection_write(const struct connection *connection, const char *path, struct error *err) MUST_CHECK;
void connection_release(struct connection *connection);
/* "tcp://127.0.0.1:5555", "ipc:///run/kernel-1" */
void connection_endpoint(const struct connection *connection, enum channel channel, struct buf *out);

#endif
