#include "runtime/base/plugin.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/base/str.h"

#ifndef RECKON_BUILD_ID
#define RECKON_BUILD_ID "unknown"
#endif
#define MAX_PLUGINS 16

static const struct host_api host = {
    .err_setv = err_setv,
    .task_check = task_check,
    .task_report = task_report,
    .task_cancel_fd = task_cancel_fd,
};

/* Plugins stay open as long as the process lives: their code may be on a stack. */
static struct plugin {
    char *name;
    void *table;
    size_t table_bytes;
} opened[MAX_PLUGINS];
static int n_opened;
static _Atomic(struct monitor *) opening;

/* Made at first use by whoever comes first. */
static struct monitor *opening_lock(void) {
    struct monitor *lock = atomic_load(&opening), *none = NULL;
    if (lock) return lock;
    lock = monitor_new();
    if (atomic_compare_exchange_strong(&opening, &none, lock)) return lock;
    monitor_free(lock);
    return none;
}

const char *build_id(void) { return RECKON_BUILD_ID ", gcc " __VERSION__; }

/* --- where --- */

/* Folder of the running binary, owned; "" when the system doesn't tell. */
static char *binary_folder(void) {
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    while (len > 0 && path[len - 1] != '/') len--;
    return xstrndup(path, len > 1 ? (size_t)len - 1 : 0);
}

#define N_FOLDERS 4

/* Folders in the order in which they are searched; owned, NULL = none. */
static void search_folders(char *folders[N_FOLDERS]) {
    const char *own = getenv("RECKON_PLUGINS");
    char *binary = binary_folder();
    folders[0] = own && *own ? path_expand(own) : NULL;
    folders[1] = xstrdup(binary);
    folders[2] = path_join(binary, "../lib/reckon");
    folders[3] = path_join(binary, "lib");
    free(binary);
}

static void free_folders(char *folders[N_FOLDERS]) {
    for (int i = 0; i < N_FOLDERS; i++) free(folders[i]);
}

/* Path of the first libreckon_<name>.so, owned; NULL = none. */
static char *find_library(const char *name, char *folders[N_FOLDERS]) {
    struct buf file = BUF_INIT;
    buf_addf(&file, "libreckon_%s.so", name);
    char *found = NULL;
    for (int i = 0; i < N_FOLDERS && !found; i++) {
        if (!folders[i]) continue;
        found = path_join(folders[i], buf_text(&file));
        if (file_exists(found)) continue;
        free(found);
        found = NULL;
    }
    buf_release(&file);
    return found;
}

static char *chosen_folder(void) {
    char *folders[N_FOLDERS];
    search_folders(folders);
    char *chosen = xstrdup(folders[0] ? folders[0] : file_is_dir(folders[2]) ? folders[2] : folders[1]);
    free_folders(folders);
    return chosen;
}

const char *plugin_folder(void) {
    static _Atomic(char *) known;
    char *folder = atomic_load(&known), *none = NULL;
    if (folder) return folder;
    folder = chosen_folder();
    if (atomic_compare_exchange_strong(&known, &none, folder)) return folder;
    free(folder);
    return none;
}

/* --- opening --- */

static enum status missing(const char *name, const char *brought_by, char *folders[N_FOLDERS], struct error *err) {
    struct buf where = BUF_INIT;
    for (int i = 0; i < N_FOLDERS; i++)
        if (folders[i]) buf_addf(&where, "%s%s", where.len ? ", " : "", folders[i]);
    err_set(err, ERR_MISSING, "the plugin `%s` is not installed: no libreckon_%s.so in %s", name, name, buf_text(&where));
    buf_release(&where);
    return err_hint(err, "%s brings it", brought_by);
}

/* Optional words of a plugin about itself: `const char reckon_plugin_build_id[]`. */
static enum status check_build(void *library, const char *name, const char *path, const char *brought_by, struct error *err) {
    const char *theirs = dlsym(library, "reckon_plugin_build_id");
    if (!theirs || strcmp(theirs, RECKON_BUILD_ID) == 0) return OK;
    err_set(err, ERR_MISSING, "the plugin `%s` (%s) is of build %s, this kernel of build %s", name, path, theirs, RECKON_BUILD_ID);
    return err_hint(err, "%s brings the right one", brought_by);
}

static enum status call_open(void *library, const char *name, const char *path, void *table, size_t table_bytes, struct error *err) {
    plugin_open_fn open_plugin;
    void *symbol = dlsym(library, "reckon_plugin_open");
    if (!symbol) return err_set(err, ERR_MISSING, "`%s` is not a plugin of Reckon: it has no reckon_plugin_open", path);
    memcpy(&open_plugin, &symbol, sizeof open_plugin); /* ISO C has no cast from data to function pointers */
    struct plugin_hello hello = {.abi = PLUGIN_ABI, .build_id = RECKON_BUILD_ID, .host = &host};
    enum status status = open_plugin(&hello, table, table_bytes, err);
    if (status != OK) {
        err_set(err, status, "the plugin `%s` (%s) doesn't fit this kernel", name, path);
        err_note(err, "while opening the plugin `%s`", name);
    }
    return status;
}

static enum status open_library(const char *name, const char *path, const char *brought_by, void *table, size_t table_bytes, struct error *err) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        err_set(err, ERR_MISSING, "the plugin `%s` can't be opened: %s", name, why ? why : "unknown reason");
        return err_hint(err, "install the library that is named there, or build the plugin again: %s brings it", brought_by);
    }
    enum status status = check_build(library, name, path, brought_by, err);
    if (status == OK) status = call_open(library, name, path, table, table_bytes, err);
    if (status != OK) dlclose(library);
    return status;
}

static enum status open_new(const char *name, const char *brought_by, size_t table_bytes, struct error *err) {
    if (n_opened == MAX_PLUGINS) return err_set(err, ERR_INTERNAL, "more than %d plugins", MAX_PLUGINS);
    char *folders[N_FOLDERS];
    search_folders(folders);
    char *path = find_library(name, folders);
    void *table = xalloc(table_bytes);
    enum status status = path ? open_library(name, path, brought_by, table, table_bytes, err) : missing(name, brought_by, folders, err);
    free_folders(folders);
    free(path);
    if (status == OK) opened[n_opened++] = (struct plugin){xstrdup(name), table, table_bytes};
    else free(table);
    return status;
}

static const struct plugin *find_opened(const char *name) {
    for (int i = 0; i < n_opened; i++)
        if (strcmp(opened[i].name, name) == 0) return &opened[i];
    return NULL;
}

enum status plugin_open(const char *name, const char *brought_by, void *out_table, size_t table_bytes, struct error *err) {
    struct monitor *lock = opening_lock();
    monitor_lock(lock);
    const struct plugin *plugin = find_opened(name);
    enum status status = plugin ? OK : open_new(name, brought_by, table_bytes, err);
    if (status == OK) {
        plugin = find_opened(name);
        if (plugin->table_bytes == table_bytes) memcpy(out_table, plugin->table, table_bytes);
        else status = err_set(err, ERR_INTERNAL, "the plugin `%s` has a table of %zu bytes, not %zu", name, plugin->table_bytes, table_bytes);
    }
    monitor_unlock(lock);
    return status;
}
