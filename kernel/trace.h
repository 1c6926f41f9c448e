/* --trace-wire: a line on stderr for every message that comes or goes. */
#ifndef RECKON_TRACE_H
#define RECKON_TRACE_H

#include "kernel/wire/connection.h"
#include "kernel/wire/packet.h"

/* Any thread. "12.345678 <- shell  execute_request 5f0c…_3 {"code": …}" */
void trace_received(enum channel channel, const struct packet *packet);
void trace_sent(enum channel channel, const struct packet *packet);

#endif
