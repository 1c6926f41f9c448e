/* Registration at the launcher (JEP 66): instead of ports, the launcher tells
 * where its registration socket is; we bind free ports, say which, and wait
 * until it has acknowledged that.
 *
 *     <IDS|MSG> signature {"kernel_id": …, "shell_port": "50001", …}      one signed frame
 *     <IDS|MSG> signature ACK                                             or an object: status "ok", our kernel_id
 *
 * Then we write a connection file, so that other clients can join. */
#ifndef RECKON_REGISTRATION_H
#define RECKON_REGISTRATION_H

#include "kernel/wire/connection.h"
#include "kernel/wire/packet.h"

#define REGISTRATION_WAIT_S 5

/* After the ports are bound: registers at connection->registrar, which must be set, then writes the file. *out_path is its
 * name (owned), for registration_end; NULL where it can't be written (a line is logged). Fails when no right acknowledgement
 * comes within REGISTRATION_WAIT_S. */
enum status registration_begin(const struct connection *connection, char **out_path, struct error *err) MUST_CHECK;
/* Removes the file. Takes path; NULL is fine. */
void registration_end(char *path);

/* Whether an answer of the launcher acknowledges; pure. The packet is borrowed. */
enum status registration_check(const struct connection *connection, const struct packet *answer, struct error *err) MUST_CHECK;

#endif
