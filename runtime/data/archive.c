#include "runtime/data/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/mem.h"
#include "runtime/data/csv.h"
#include "runtime/data/net.h"

#define UNPACKED_TIMES 50 /* text of few different words shrinks a lot; more is a bomb */
#define LEAST_LIMIT_BYTES (1 << 20)
#define FILES_MAX 1000
#define UNUSED_S 86400

bool is_archive(const char *path) {
    static const char *const endings[] = {".zip", ".tar", ".tgz", ".tar.gz"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (path_ends(path, endings[i])) return true;
    return false;
}

/* cache/unpacked/NAME-<hash of path, size and time>: in it `files`, and `from`, which says which archive they are of. Owned. */
static char *place_of(const char *path, const struct stat *info) {
    char *real = realpath(path, NULL), *parent = cache_dir("unpacked");
    const int64_t facts[] = {info->st_size, info->st_mtim.tv_sec, info->st_mtim.tv_nsec};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const uint64_t seed = hash_bytes(facts, sizeof facts, 1);
    struct buf folder = BUF_INIT;
    buf_addf(&folder, "%s/%.*s-%016llx", parent, (int)strcspn(name, "."), name,
             (unsigned long long)hash_bytes(real ? real : path, strlen(real ? real : path), seed));
    free(real);
    free(parent);
    return buf_take(&folder);
}

static enum status unpack_into(struct task *task, const char *path, int64_t size_bytes, const char *folder, struct error *err) {
    struct net_api net;
    const struct net_unpack request = {path, folder, UNPACKED_TIMES * size_bytes + LEAST_LIMIT_BYTES, FILES_MAX};
    TRY(plugin_open(NET_PLUGIN, NET_BROUGHT_BY, &net, sizeof net, err));
    TRY(dir_make(folder, err));
    task_begin(task, "unpack", "byte", 0);
    const enum status status = net.unpack(&net, task, &request, err);
    task_end(task, status == ERR_INTERRUPTED);
    return status;
}

/* Another process may have been first: what it made is as good. */
static enum status put_in_place(const char *made, const char *folder, struct error *err) {
    if (rename(made, folder) == 0 || file_is_dir(folder)) return OK;
    const char *reason = strerrordesc_np(errno);
    return err_set(err, ERR_FILE, "can't write `%s`: %s", folder, reason ? reason : "unknown reason");
}

/* --- what nobody will ask for again --- */

enum origin { ORIGIN_SAME, ORIGIN_CHANGED, ORIGIN_GONE };

/* What became of the archive that the folder is of. */
static enum origin origin_of(const char *folder) {
    char *from = path_join(folder, "from");
    struct buf path = BUF_INIT;
    struct error ignored = ERROR_INIT;
    struct stat info;
    enum origin origin = ORIGIN_GONE;
    if (file_read(from, PATH_MAX, &path, &ignored) == OK && stat(buf_text(&path), &info) == 0) {
        char *place = place_of(buf_text(&path), &info);
        origin = strcmp(place, folder) == 0 ? ORIGIN_SAME : ORIGIN_CHANGED;
        free(place);
    }
    buf_release(&path);
    free(from);
    return origin;
}

/* Another machine that shares the cache may have what isn't here: its archives, and processes that unpack. */
static bool is_unused(const char *folder) {
    struct stat info;
    return stat(folder, &info) == 0 && info.st_mtim.tv_sec + UNUSED_S < time(NULL);
}

static void note_use(const char *folder) { (void)utimensat(AT_FDCWD, folder, NULL, 0); }

static void sweep(void) {
    char *parent = cache_dir("unpacked"), **names;
    struct error ignored = ERROR_INIT;
    size_t n;
    if (dir_list(parent, &names, &n, &ignored) == OK) {
        for (size_t i = 0; i < n; i++) {
            char *folder = path_join(parent, names[i]);
            const enum origin origin = origin_of(folder);
            if (origin == ORIGIN_CHANGED || (origin == ORIGIN_GONE && is_unused(folder))) dir_remove(folder);
            free(folder);
        }
        names_free(names, n);
    }
    free(parent);
}

/* --- unpacking --- */

static enum status write_from(const char *folder, const char *path, struct error *err) {
    char *from = path_join(folder, "from"), *real = realpath(path, NULL);
    struct file_writer writer;
    enum status status = file_writer_open(from, &writer, err);
    if (status == OK) {
        file_writer_add(&writer, real ? real : path, strlen(real ? real : path));
        status = file_writer_close(&writer, true, err);
    }
    free(real);
    free(from);
    return status;
}

static enum status unpack(struct task *task, const char *path, int64_t size_bytes, const char *folder, const char *folder_files, struct error *err) {
    struct buf made = BUF_INIT;
    buf_addf(&made, "%s.%ld", folder, (long)getpid());
    dir_remove(buf_text(&made)); /* of a process of this number that was killed */
    sweep();
    char *files = path_join(buf_text(&made), "files");
    enum status status = unpack_into(task, path, size_bytes, files, err);
    if (status == OK) status = write_from(buf_text(&made), path, err);
    if (status == OK && !file_is_dir(folder_files)) dir_remove(folder); /* somebody took its files away */
    if (status == OK) status = put_in_place(buf_text(&made), folder, err);
    dir_remove(buf_text(&made));
    free(files);
    buf_release(&made);
    if (status == ERR_FILE) err_hint(err, "free some space there, or set RECKON_CACHE to another folder");
    return status;
}

enum status archive_folder(struct task *task, const char *path, char **out_folder, struct error *err) {
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return err_set(err, ERR_FILE, "`%s` is not a regular file", path);
    char *folder = place_of(path, &info);
    char *files = path_join(folder, "files");
    const enum status status = file_is_dir(files) ? OK : unpack(task, path, info.st_size, folder, files, err);
    if (status == OK) note_use(folder);
    if (status == OK) *out_folder = files;
    else free(files);
    free(folder);
    return status;
}
