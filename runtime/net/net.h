/* What the files of the plugin share. */
#ifndef RECKON_NET_PARTS_H
#define RECKON_NET_PARTS_H

#include "runtime/data/net.h"

enum status net_fetch(const struct net_api *net, struct task *task, const struct net_fetch *request, int64_t *out_kept, struct error *err);
enum status net_unpack(const struct net_api *net, struct task *task, const struct net_unpack *request, struct error *err);
/* err_set of the host. */
enum status net_fail(const struct net_api *net, struct error *err, enum status code, const char *format, ...) PRINTF_LIKE(4, 5);
/* Writes all bytes; 0 or the errno. */
int net_write(int fd, const void *data, size_t len);
/* Once, before the first fetch. */
bool net_start(void);

#endif
