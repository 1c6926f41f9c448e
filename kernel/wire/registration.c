#include "kernel/wire/registration.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/wire/frames.h"
#include "kernel/wire/transport.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"

/* --- what we say --- */

static void add_ports(const struct connection *connection, struct buf *out) {
    buf_adds(out, "{\"kernel_id\":");
    buf_add_json_string(out, slice_of(connection->kernel_id));
    for (int c = 0; c < CHANNEL_COUNT; c++) buf_addf(out, ",\"%s_port\":\"%d\"", channel_name((enum channel)c), connection->ports[c]);
    buf_addc(out, '}');
}

static struct packet say_ports(const struct connection *connection) {
    struct packet packet = PACKET_INIT;
    struct signer signer = signer_of(connection->key);
    struct buf content = BUF_INIT;
    char signature[HASH_SHA256_HEX];
    add_ports(connection, &content);
    sign_frame(&signer, (struct slice){content.data, content.len}, signature);
    packet_adds(&packet, slice_of(FRAMES_DELIMITER));
    packet_adds(&packet, slice_of(signature));
    packet_adds(&packet, (struct slice){content.data, content.len});
    buf_release(&content);
    return packet;
}

/* --- what we hear --- */

static enum status check_object(const struct connection *connection, const json_t *json, struct error *err) {
    const char *said = json_text(json, "status", "ok"), *id = json_text(json, "kernel_id", connection->kernel_id);
    if (!json_is_object(json)) return err_set(err, ERR_PROTOCOL, "the launcher's acknowledgement is neither ACK nor an object");
    if (strcmp(said, "ok") != 0) return err_set(err, ERR_PROTOCOL, "the launcher answers the registration with status \"%s\"", said);
    if (strcmp(id, connection->kernel_id) != 0)
        return err_set(err, ERR_PROTOCOL, "the launcher acknowledges kernel \"%s\", but this is \"%s\"", id, connection->kernel_id);
    return OK;
}

/* xeus sends the bare word, others an object. */
static enum status check_content(const struct connection *connection, struct slice content, struct error *err) {
    json_t *json = NULL;
    struct error ignored = ERROR_INIT;
    if (slice_eqz(content, "ACK")) return OK;
    if (json_parse(content, &json, &ignored) != OK) json = NULL;
    enum status status = check_object(connection, json, err);
    json_decref(json);
    return status;
}

enum status registration_check(const struct connection *connection, const struct packet *answer, struct error *err) {
    struct signer signer = signer_of(connection->key);
    size_t at;
    TRY(frames_delimiter(answer, &at, err));
    if (answer->n != at + 3)
        return err_set(err, ERR_PROTOCOL, "the launcher's acknowledgement has %zu frames after " FRAMES_DELIMITER "; signature and content make 2",
                       answer->n - at - 1);
    struct slice content = packet_frame(answer, at + 2);
    if (!sign_check_frame(&signer, content, packet_frame(answer, at + 1)))
        return err_set(err, ERR_PROTOCOL, "the launcher's acknowledgement has a wrong signature");
    return check_content(connection, content, err);
}

static enum status announce(const struct connection *connection, struct error *err) {
    struct packet question = say_ports(connection), answer = PACKET_INIT;
    enum status status = transport_zmq_ask(connection->registrar, &question, REGISTRATION_WAIT_S * 1000, &answer, err);
    if (status == OK) status = registration_check(connection, &answer, err);
    if (status != OK) err_note(err, "while registering at the launcher's %s", connection->registrar);
    packet_release(&question);
    packet_release(&answer);
    return status;
}

/* --- the file --- */

/* Where Jupyter's programs look for connection files; owned. */
static char *runtime_dir(void) {
    const char *runtime = getenv("JUPYTER_RUNTIME_DIR");
    return runtime && *runtime ? path_expand(runtime) : jupyter_home("runtime");
}

static enum status make_private(const char *folder, struct error *err) {
    if (*folder == '~') return err_set(err, ERR_FILE, "HOME is not set");
    mode_t before = umask(0077);
    enum status status = dir_make(folder, err);
    umask(before);
    return status;
}

/* Its name; NULL where it can't be: the launcher doesn't need it. */
static char *write_file(const struct connection *connection) {
    struct buf name = BUF_INIT;
    struct error err = ERROR_INIT;
    char *folder = runtime_dir();
    buf_addf(&name, "kernel-%ld.json", (long)getpid());
    char *path = path_join(folder, buf_text(&name));
    if (make_private(folder, &err) != OK || connection_write(connection, path, &err) != OK) {
        log_line(LOG_ERROR, "no connection file for other clients: %s", err.message);
        free(path);
        path = NULL;
    }
    buf_release(&name);
    free(folder);
    return path;
}

enum status registration_begin(const struct connection *connection, char **out_path, struct error *err) {
    TRY(announce(connection, err));
    *out_path = write_file(connection);
    return OK;
}

void registration_end(char *path) {
    if (path) unlink(path);
    free(path);
}
