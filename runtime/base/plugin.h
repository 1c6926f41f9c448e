/* Heavy libraries come as plugins, opened at first use: libreckon_<name>.so
 * beside the binary (../lib/reckon, or the build folder, or $RECKON_PLUGINS).
 * A plugin exports
 *
 *     enum status reckon_plugin_open(const struct plugin_hello *hello, void *out_table, size_t table_bytes, struct error *err);
 *
 * and fills the table of functions that its owner's header declares. It never
 * links a second copy of base: what it needs comes through hello->host. It may
 * also export `const char reckon_plugin_build_id[]`, which must then be the
 * kernel's own. Any thread may open; an opened plugin stays. */
#ifndef RECKON_PLUGIN_H
#define RECKON_PLUGIN_H

#include <stdarg.h>
#include <stddef.h>

#include "runtime/base/err.h"
#include "runtime/base/task.h"

#define PLUGIN_ABI 1

struct host_api {
    enum status (*err_setv)(struct error *err, enum status code, const char *format, va_list args);
    enum status (*task_check)(const struct task *task, struct error *err);
    void (*task_report)(struct task *task, int64_t done, const char *format, ...);
    int (*task_cancel_fd)(const struct task *task);
};

struct plugin_hello {
    int abi;
    const char *build_id;
    const struct host_api *host;
};

typedef enum status (*plugin_open_fn)(const struct plugin_hello *hello, void *out_table, size_t table_bytes, struct error *err);

/* Opens libreckon_<name>.so once (later calls copy the same table). ERR_MISSING says what brings it: `brought_by`. */
enum status plugin_open(const char *name, const char *brought_by, void *out_table, size_t table_bytes, struct error *err) MUST_CHECK;
/* Folder of the running binary's plugins, for messages; borrowed. */
const char *plugin_folder(void);
/* Git description and compiler of this build. */
const char *build_id(void);

#endif
