/* The plugin `net`: opening it, and what its two halves share. */
#include <errno.h>
#include <unistd.h>

#include "runtime/net/net.h"

enum status net_fail(const struct net_api *net, struct error *err, enum status code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    net->host->err_setv(err, code, format, args);
    va_end(args);
    return code;
}

int net_write(int fd, const void *data, size_t len) {
    const char *at = data;
    while (len > 0) {
        const ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

enum status reckon_plugin_open(const struct plugin_hello *hello, void *out_table, size_t table_bytes, struct error *err);
enum status reckon_plugin_open(const struct plugin_hello *hello, void *out_table, size_t table_bytes, struct error *err) {
    const struct net_api net = {.host = hello->host, .fetch = net_fetch, .unpack = net_unpack};
    if (hello->abi != PLUGIN_ABI || table_bytes != sizeof net)
        return net_fail(&net, err, ERR_MISSING, "the plugin `net` is of another build than this kernel");
    if (!net_start()) return net_fail(&net, err, ERR_MISSING, "libcurl can't start");
    *(struct net_api *)out_table = net;
    return OK;
}
