#include "runtime/data/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
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
#define UNUSED_S (7 * 86400) /* on file systems whose locks reach no other machine, that is all that protects what is used there */
#define PLACE_TRIES 100      /* a millisecond apart */

struct unpacked {
    int count; /* atomic */
    int fd;    /* of the folder's `from`, locked with others who use it; -1: there was none left */
    char *files;
};

struct unpacked *unpacked_ref(struct unpacked *unpacked) {
    __atomic_add_fetch(&unpacked->count, 1, __ATOMIC_RELAXED);
    return unpacked;
}

void unpacked_unref(struct unpacked *unpacked) {
    if (!unpacked || __atomic_sub_fetch(&unpacked->count, 1, __ATOMIC_ACQ_REL) > 0) return;
    if (unpacked->fd >= 0) close(unpacked->fd);
    free(unpacked->files);
    free(unpacked);
}

const char *unpacked_folder(const struct unpacked *unpacked) { return unpacked->files; }

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

/* --- folders in use --- */

static bool is_same_file(int fd, const char *path) {
    struct stat open, named;
    return fstat(fd, &open) == 0 && stat(path, &named) == 0 && open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

/* The folder's `from`, with a shared lock where the file system has locks; -1: the folder isn't whole, or somebody is taking it away. */
static int hold(const char *folder) {
    char *from = path_join(folder, "from"), *files = path_join(folder, "files");
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    const bool taken = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0 && (taken || !is_same_file(fd, from) || !file_is_dir(files))) {
        close(fd);
        fd = -1;
    }
    free(files);
    free(from);
    return fd;
}

/* For our own use alone, where nobody else uses it; a folder without `from` was never whole. */
static bool grab(const char *folder, int *out_fd) {
    char *from = path_join(folder, "from");
    *out_fd = open(from, O_RDWR | O_CLOEXEC);
    const bool missing = *out_fd < 0 && errno == ENOENT;
    free(from);
    if (*out_fd >= 0 && flock(*out_fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (*out_fd >= 0) close(*out_fd);
    *out_fd = -1;
    return missing;
}

/* A new folder of the name and six letters more, for us alone. Owned; NULL: it can't be made. */
static char *fresh_folder(const char *folder) {
    struct buf name = BUF_INIT;
    buf_addf(&name, "%s.XXXXXX", folder);
    char *made = buf_take(&name);
    if (mkdtemp(made)) return made;
    free(made);
    return NULL;
}

/* Whether it is the folder that was grabbed, and not one that somebody put there in between. */
static bool is_grabbed(const char *folder, int fd) {
    char *from = path_join(folder, "from");
    const bool is = fd < 0 ? !file_exists(from) : is_same_file(fd, from);
    free(from);
    return is;
}

/* A folder that was grabbed: at once out of the place where others look for it, then away. */
static void take_away(const char *folder, int fd) {
    char *aside = fresh_folder(folder), *whole = aside ? path_join(aside, "whole") : NULL;
    if (aside) {
        if (rename(folder, whole) == 0 && !is_grabbed(whole, fd)) (void)rename(whole, folder);
        dir_remove(aside);
    }
    free(whole);
    free(aside);
}

/* --- what nobody will ask for again --- */

/* Whether the archive that the folder is of is there, and as it was. Another machine that shares the cache may have what isn't here. */
static bool origin_is_same(const char *folder) {
    char *from = path_join(folder, "from");
    struct buf path = BUF_INIT;
    struct error ignored = ERROR_INIT;
    struct stat info;
    bool same = false;
    if (file_read(from, PATH_MAX, &path, &ignored) == OK && stat(buf_text(&path), &info) == 0) {
        char *place = place_of(buf_text(&path), &info);
        same = strcmp(place, folder) == 0;
        free(place);
    }
    buf_release(&path);
    free(from);
    return same;
}

static bool is_unused(const char *folder) {
    struct stat info;
    return stat(folder, &info) == 0 && info.st_mtim.tv_sec + UNUSED_S < time(NULL);
}

static void note_use(const char *folder) { (void)utimensat(AT_FDCWD, folder, NULL, 0); }

static void sweep_one(const char *folder) {
    int fd;
    if (!is_unused(folder) || origin_is_same(folder) || !grab(folder, &fd)) return;
    if (is_unused(folder)) take_away(folder, fd); /* still, though somebody may have used it before it was grabbed */
    if (fd >= 0) close(fd);
}

static void sweep(void) {
    char *parent = cache_dir("unpacked"), **names;
    struct error ignored = ERROR_INIT;
    size_t n;
    if (dir_list(parent, &names, &n, &ignored) == OK) {
        for (size_t i = 0; i < n; i++) {
            char *folder = path_join(parent, names[i]);
            sweep_one(folder);
            free(folder);
        }
        names_free(names, n);
    }
    free(parent);
}

/* --- unpacking --- */

static enum status write_from(const char *folder, const char *path, struct error *err) {
    char *from = path_join(folder, "from"), *real = realpath(path, NULL);
    const enum status status = file_write(from, slice_of(real ? real : path), err);
    free(real);
    free(from);
    return status;
}

static enum status cannot_write(const char *folder, int reason, struct error *err) {
    const char *words = strerrordesc_np(reason);
    return err_set(err, ERR_FILE, "can't write `%s`: %s", folder, words ? words : "unknown reason");
}

/* Another process may have been first: what it made is as good. What has lost its files, which somebody took away, makes room. */
static enum status put_in_place(struct task *task, const char *whole, const char *folder, int *fd, struct error *err) {
    for (int tries = 0;; tries++) {
        if (rename(whole, folder) == 0) return OK;
        const int reason = errno, other = hold(folder);
        if (other >= 0) {
            if (*fd >= 0) close(*fd);
            *fd = other;
            return OK;
        }
        int broken;
        if ((reason != ENOTEMPTY && reason != EEXIST) || tries == PLACE_TRIES) return cannot_write(folder, reason, err);
        if (grab(folder, &broken)) take_away(folder, broken);
        if (broken >= 0) close(broken);
        TRY(task_sleep(task, 0.001, err));
    }
}

/* In a folder of its own, which is no other process's or machine's. */
static enum status unpack_aside(struct task *task, const char *path, int64_t size_bytes, const char *aside, const char *folder, int *fd,
                                struct error *err) {
    char *whole = path_join(aside, "whole"), *whole_files = path_join(whole, "files");
    enum status status = unpack_into(task, path, size_bytes, whole_files, err);
    if (status == OK) status = write_from(whole, path, err);
    if (status == OK) *fd = hold(whole);
    if (status == OK) status = put_in_place(task, whole, folder, fd, err);
    free(whole_files);
    free(whole);
    return status;
}

static enum status unpack(struct task *task, const char *path, int64_t size_bytes, const char *folder, int *fd, struct error *err) {
    sweep();
    enum status status = dir_make_above(folder, err);
    char *aside = status == OK ? fresh_folder(folder) : NULL;
    if (status == OK && !aside) status = cannot_write(folder, errno, err);
    if (status == OK) status = unpack_aside(task, path, size_bytes, aside, folder, fd, err);
    if (aside) dir_remove(aside);
    free(aside);
    if (status != OK && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    if (status == ERR_FILE) err_hint(err, "free some space there, or set RECKON_CACHE to another folder");
    return status;
}

enum status archive_unpack(struct task *task, const char *path, struct unpacked **out, struct error *err) {
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return err_set(err, ERR_FILE, "`%s` is not a regular file", path);
    char *folder = place_of(path, &info), *files = path_join(folder, "files");
    int fd = hold(folder);
    const enum status status = fd < 0 ? unpack(task, path, info.st_size, folder, &fd, err) : OK;
    if (status == OK) {
        note_use(folder);
        *out = xnew(struct unpacked);
        **out = (struct unpacked){1, fd, files};
    } else {
        free(files);
    }
    free(folder);
    return status;
}
