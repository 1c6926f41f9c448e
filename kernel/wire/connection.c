#include "kernel/wire/connection.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"

#define CONNECTION_BYTES_MAX ((size_t)1 << 20)

static const char *const names[CHANNEL_COUNT] = {"shell", "control", "stdin", "iopub", "hb"};

const char *channel_name(enum channel channel) { return names[channel]; }

/* JEP 106: a port is an integer, or a string of digits. */
static enum status read_port(const json_t *file, const char *name, int *out, struct error *err) {
    char field[32];
    snprintf(field, sizeof field, "%s_port", name);
    const json_t *value = json_object_get(file, field);
    int64_t port = -1;
    if (json_is_integer(value)) port = json_integer_value(value);
    if (json_is_string(value) && !parse_int64(slice_of(json_string_value(value)), &port)) port = -1;
    if (!value) return err_set(err, ERR_PROTOCOL, "the connection file has no `%s`", field);
    if (port < 1 || port > 65535) return err_set(err, ERR_PROTOCOL, "`%s` in the connection file is not a port (1 to 65535)", field);
    *out = (int)port;
    return OK;
}

static enum status read_transport(const json_t *file, struct connection *out, struct error *err) {
    const char *transport = json_text(file, "transport", "tcp");
    if (strcmp(transport, "tcp") != 0 && strcmp(transport, "ipc") != 0)
        return err_set(err, ERR_PROTOCOL, "transport \"%s\" in the connection file: only \"tcp\" and \"ipc\" are known", transport);
    const char *scheme = json_text(file, "signature_scheme", "hmac-sha256");
    const char *key = json_text(file, "key", "");
    if (*key && strcmp(scheme, "hmac-sha256") != 0)
        return err_set(err, ERR_PROTOCOL, "signature_scheme \"%s\" in the connection file: only \"hmac-sha256\" is known", scheme);
    out->ipc = strcmp(transport, "ipc") == 0;
    return OK;
}

static enum status read_curve(const json_t *file, struct connection *out, struct error *err) {
    const char *public_key = json_text(file, "curve_publickey", ""), *secret_key = json_text(file, "curve_secretkey", "");
    if (!*public_key && !*secret_key) return OK;
    if (strlen(public_key) != CURVE_KEY_TEXT - 1 || strlen(secret_key) != CURVE_KEY_TEXT - 1)
        return err_set(err, ERR_PROTOCOL,
                       "curve_publickey and curve_secretkey in the connection file must both be 40 characters (they have %zu and %zu)",
                       strlen(public_key), strlen(secret_key));
    memcpy(out->public_key, public_key, CURVE_KEY_TEXT);
    memcpy(out->secret_key, secret_key, CURVE_KEY_TEXT);
    out->curve = true;
    return OK;
}

static void add_endpoint(bool ipc, const char *ip, int port, struct buf *out) {
    if (ipc) buf_addf(out, "ipc://%s-%d", ip, port);
    else if (strchr(ip, ':') && ip[0] != '[') buf_addf(out, "tcp://[%s]:%d", ip, port);
    else buf_addf(out, "tcp://%s:%d", ip, port);
}

/* The ports that we will bind, or where to register them. Both kinds of files may leave their addresses out. */
static enum status read_addresses(const json_t *file, struct connection *out, struct error *err) {
    const char *registration_ip = json_text(file, "registration_ip", json_text(file, "ip", "127.0.0.1"));
    bool registers = json_object_get(file, "registration_port") || json_object_get(file, "registration_ip");
    int registration_port = 0;
    struct buf endpoint = BUF_INIT;
    if (registers) TRY(read_port(file, "registration", &registration_port, err));
    for (int c = 0; c < CHANNEL_COUNT && !registers; c++) TRY(read_port(file, names[c], &out->ports[c], err));
    TRY(read_curve(file, out, err));
    add_endpoint(out->ipc, registration_ip, registration_port, &endpoint);
    if (registers) out->registrar = xstrdup(buf_text(&endpoint));
    out->ip = xstrdup(json_text(file, "ip", registers ? registration_ip : "127.0.0.1"));
    buf_release(&endpoint);
    return OK;
}

static enum status read_fields(const json_t *file, struct connection *out, struct error *err) {
    if (!json_is_object(file)) return err_set(err, ERR_PROTOCOL, "the connection file is not a JSON object");
    TRY(read_transport(file, out, err));
    TRY(read_addresses(file, out, err));
    out->key = xstrdup(json_text(file, "key", ""));
    out->session_name = xstrdup(json_text(file, "jupyter_session", ""));
    out->kernel_id = xstrdup(json_text(file, "kernel_id", ""));
    return OK;
}

enum status connection_parse(struct slice text, struct connection *out, struct error *err) {
    json_t *file = NULL;
    struct connection made = {0};
    enum status status = json_parse(text, &file, err);
    if (status == OK) status = read_fields(file, &made, err);
    if (status == OK) *out = made;
    json_decref(file);
    return status;
}

enum status connection_read(const char *path, struct connection *out, struct error *err) {
    struct buf text = BUF_INIT;
    TRY(file_read(path, CONNECTION_BYTES_MAX, &text, err));
    enum status status = connection_parse((struct slice){buf_text(&text), text.len}, out, err);
    if (status != OK) err_note(err, "while reading %s", path);
    buf_release(&text);
    return status;
}

static void add_text(struct buf *out, const char *name, const char *value) {
    buf_addf(out, ",\n \"%s\": ", name);
    buf_add_json_string(out, slice_of(value));
}

static void add_file(const struct connection *connection, struct buf *out) {
    buf_adds(out, "{\"kernel_name\": \"reckon\"");
    for (int c = 0; c < CHANNEL_COUNT; c++) buf_addf(out, ",\n \"%s_port\": %d", names[c], connection->ports[c]);
    add_text(out, "transport", connection->ipc ? "ipc" : "tcp");
    add_text(out, "ip", connection->ip);
    add_text(out, "signature_scheme", "hmac-sha256");
    add_text(out, "key", connection->key);
    if (*connection->session_name) add_text(out, "jupyter_session", connection->session_name);
    if (connection->curve) {
        add_text(out, "curve_publickey", connection->public_key);
        add_text(out, "curve_secretkey", connection->secret_key);
    }
    buf_adds(out, "}\n");
}

enum status connection_write(const struct connection *connection, const char *path, struct error *err) {
    struct buf text = BUF_INIT;
    add_file(connection, &text);
    unlink(path); /* an old file would keep its mode */
    mode_t before = umask(0077);
    enum status status = file_write(path, (struct slice){text.data, text.len}, err);
    umask(before);
    buf_release(&text);
    return status;
}

void connection_release(struct connection *connection) {
    free(connection->ip);
    free(connection->key);
    free(connection->session_name);
    free(connection->registrar);
    free(connection->kernel_id);
    *connection = (struct connection){0};
}

void connection_endpoint(const struct connection *connection, enum channel channel, struct buf *out) {
    add_endpoint(connection->ipc, connection->ip, connection->ports[channel], out);
}
