/* What libreckon_net.so offers (curl, libarchive): the functions that its
 * reckon_plugin_open puts into a struct net_api. It shares no code with the
 * kernel but what `host` points to. */
#ifndef RECKON_NET_H
#define RECKON_NET_H

#include "runtime/base/plugin.h"

#define NET_PLUGIN "net"
#define NET_BROUGHT_BY \
    "`make` with libcurl4-openssl-dev and libarchive-dev or, where only a library is missing, `apt-get install libcurl4 libarchive13`"

struct net_fetch {
    const char *url;  /* http, https or file */
    const char *path; /* file that grows: bytes that it has already are kept, and only the rest is asked for */
    /* File for the mark that the server gave what `path` holds (ETag, else the time of change): the rest is asked for only while the server still
     * gives that mark, else everything (If-Range). NULL: none. */
    const char *mark_path;
    int64_t max_bytes;
};

struct net_unpack {
    const char *archive, *folder; /* the folder exists and is empty */
    int64_t max_bytes, max_files; /* unpacked */
};

struct net_api {
    const struct host_api *host;
    /* Fetches the whole of a URL. *out_kept: bytes of the file that were kept; 0 when a server that can't continue, or has something else by now,
     * began anew. Whatever came stays in the file after an error. ERR_NETWORK (no connection within 5 s, nothing for 20 s, refused, cut, too large),
     * ERR_FILE (can't write). */
    enum status (*fetch)(const struct net_api *net, struct task *task, const struct net_fetch *request, int64_t *out_kept, struct error *err);
    /* Unpacks a zip or tar; where all files stand below one top folder, without that. ERR_DATA: damaged, names that lead out of the folder or come
     * twice, links, more than the limits; what was written so far stays for the caller to remove. */
    enum status (*unpack)(const struct net_api *net, struct task *task, const struct net_unpack *request, struct error *err);
};

#endif
