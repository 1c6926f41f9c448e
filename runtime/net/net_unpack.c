/* Unpacking by libarchive: regular files, below one folder, within limits. */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/net/net.h"

#define BLOCK_BYTES 65536
#define PATH_BYTES 4096
#define HELD ".reckon-top" /* the top folder while its files move up: so, or with a number behind */

struct unpacking {
    const struct net_api *net;
    struct task *task;
    const struct net_unpack *request;
    struct error *err;
    struct archive *archive;
    int64_t n_bytes, n_files;
    char top[256]; /* the first folder of the first file; "": it has none, or others have another one */
};

static enum status damaged(struct unpacking *un) {
    const char *reason = archive_error_string(un->archive);
    return net_fail(un->net, un->err, ERR_DATA, "the archive `%s` is damaged: %s", un->request->archive, reason ? reason : "unknown reason");
}

/* Names that hinder each other, or that no file can have, are the archive's fault. */
static enum status cannot_write(struct unpacking *un, const char *path, int reason) {
    const char *words = strerrordesc_np(reason);
    if (reason == EEXIST || reason == EISDIR || reason == ENOTDIR || reason == ENAMETOOLONG)
        return net_fail(un->net, un->err, ERR_DATA, "the archive `%s` holds a name twice, or too long a one: `%s`", un->request->archive, path);
    return net_fail(un->net, un->err, ERR_FILE, "can't write `%s`: %s", path, words ? words : "unknown reason");
}

/* --- names --- */

/* No absolute path, no "..", no empty part, no backslash or control character. */
static bool name_is_safe(const char *name) {
    if (!*name || *name == '/') return false;
    for (const char *part = name; *part;) {
        const size_t len = strcspn(part, "/");
        if (len == 0 || (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.')) return false;
        for (size_t i = 0; i < len; i++)
            if (part[i] == '\\' || (unsigned char)part[i] < ' ') return false;
        part += len;
        if (*part == '/') part++;
    }
    return true;
}

/* tar -c . names files ./x; "." is the folder itself, which becomes "". */
static const char *without_dots(const char *name) {
    while (name[0] == '.' && name[1] == '/') name += 2;
    return strcmp(name, ".") == 0 ? "" : name;
}

/* What macOS packs beside the files: __MACOSX/ in zips, ._x in tars. */
static bool is_of_macos(const char *name) {
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
    return strncmp(name, "__MACOSX/", 9) == 0 || strncmp(last, "._", 2) == 0 || strcmp(last, ".DS_Store") == 0;
}

static void note_top(struct unpacking *un, const char *name) {
    const char *slash = strchr(name, '/');
    const size_t len = slash ? (size_t)(slash - name) : 0;
    if (un->n_files == 1 && len < sizeof un->top) memcpy(un->top, name, len);
    if (strlen(un->top) != len || memcmp(un->top, name, len) != 0) un->top[0] = 0;
}

/* Makes the folders on the way to a file. 0 or the errno. */
static int make_parents(char *path, size_t from) {
    for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        const int reason = mkdir(path, 0777) != 0 && errno != EEXIST ? errno : 0;
        *slash = '/';
        if (reason) return reason;
    }
    return 0;
}

/* --- files --- */

static enum status copy_blocks(struct unpacking *un, int fd, const char *path) {
    static const char *const limit = "the archive `%s` unpacks to more than %lld bytes: it is not what was expected";
    char block[BLOCK_BYTES];
    for (;;) {
        TRY(un->net->host->task_check(un->task, un->err));
        const la_ssize_t n = archive_read_data(un->archive, block, sizeof block);
        if (n < 0) return damaged(un);
        if (n == 0) return OK;
        if (n > un->request->max_bytes - un->n_bytes)
            return net_fail(un->net, un->err, ERR_DATA, limit, un->request->archive, (long long)un->request->max_bytes);
        const int reason = net_write(fd, block, (size_t)n);
        if (reason) return cannot_write(un, path, reason);
        un->n_bytes += n;
        un->net->host->task_report(un->task, un->n_bytes, "%s", "");
    }
}

static enum status write_file(struct unpacking *un, const char *name) {
    char path[PATH_BYTES];
    const int len = snprintf(path, sizeof path, "%s/%s", un->request->folder, name);
    if (len < 0 || (size_t)len >= sizeof path) return cannot_write(un, name, ENAMETOOLONG);
    int reason = make_parents(path, strlen(un->request->folder) + 1);
    const int fd = reason ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) return cannot_write(un, path, reason ? reason : errno);
    enum status status = copy_blocks(un, fd, path);
    reason = status == OK && fsync(fd) != 0 ? errno : 0;
    if (close(fd) != 0 && !reason) reason = errno;
    return status == OK && reason ? cannot_write(un, path, reason) : status;
}

static enum status unpack_entry(struct unpacking *un, struct archive_entry *entry) {
    const struct net_unpack *request = un->request;
    const char *full = archive_entry_pathname_utf8(entry);
    if (!full) full = archive_entry_pathname(entry);
    const bool is_folder = archive_entry_filetype(entry) == AE_IFDIR;
    const char *name = full ? without_dots(full) : "";
    if (is_folder && full && !*name) return OK;
    if (!name_is_safe(name))
        return net_fail(un->net, un->err, ERR_DATA, "the archive `%s` holds a name that leads elsewhere: \"%s\"", request->archive, full ? full : "");
    if (is_folder || is_of_macos(name)) return OK;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
        return net_fail(un->net, un->err, ERR_DATA, "the archive `%s` holds something other than a file: \"%s\"", request->archive, name);
    if (++un->n_files > request->max_files)
        return net_fail(un->net, un->err, ERR_DATA, "the archive `%s` holds more than %lld files", request->archive, (long long)request->max_files);
    note_top(un, name);
    return write_file(un, name);
}

/* --- the one top folder --- */

static enum status move(struct unpacking *un, const char *from_folder, const char *from, const char *to) {
    char source[PATH_BYTES], target[PATH_BYTES];
    const char *folder = un->request->folder, *between = *from_folder ? "/" : "";
    const int n_source = snprintf(source, sizeof source, "%s/%s%s%s", folder, from_folder, between, from);
    const int n_target = snprintf(target, sizeof target, "%s/%s", folder, to);
    if (n_source >= PATH_BYTES || n_target >= PATH_BYTES) return cannot_write(un, from, ENAMETOOLONG);
    return rename(source, target) == 0 ? OK : cannot_write(un, target, errno);
}

/* A name for the top folder beside its files: one that none of them has. */
static enum status held_name(struct unpacking *un, char out[sizeof HELD + 12]) {
    char path[PATH_BYTES];
    struct stat info;
    for (int i = 0;; i++) {
        snprintf(out, sizeof HELD + 12, i ? HELD "%d" : HELD, i);
        if (snprintf(path, sizeof path, "%s/%s/%s", un->request->folder, un->top, out) >= PATH_BYTES) return cannot_write(un, un->top, ENAMETOOLONG);
        if (lstat(path, &info) != 0) return OK;
    }
}

/* Its files move up, and it goes. */
static enum status drop_top(struct unpacking *un) {
    char held[PATH_BYTES], name[sizeof HELD + 12];
    TRY(held_name(un, name));
    TRY(move(un, "", un->top, name));
    if (snprintf(held, sizeof held, "%s/%s", un->request->folder, name) >= PATH_BYTES) return cannot_write(un, un->top, ENAMETOOLONG);
    DIR *files = opendir(held);
    if (!files) return cannot_write(un, held, errno);
    enum status status = OK;
    for (const struct dirent *file; status == OK && (file = readdir(files)) != NULL;)
        if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0) status = move(un, name, file->d_name, file->d_name);
    closedir(files);
    return status == OK && rmdir(held) != 0 ? cannot_write(un, held, errno) : status;
}

static enum status unpack_all(struct unpacking *un) {
    struct archive_entry *entry;
    for (;;) {
        const int code = archive_read_next_header(un->archive, &entry);
        if (code == ARCHIVE_EOF) return OK;
        if (code < ARCHIVE_WARN) return damaged(un);
        TRY(un->net->host->task_check(un->task, un->err));
        TRY(unpack_entry(un, entry));
    }
}

enum status net_unpack(const struct net_api *net, struct task *task, const struct net_unpack *request, struct error *err) {
    struct unpacking un = {.net = net, .task = task, .request = request, .err = err, .archive = archive_read_new()};
    if (!un.archive) return net_fail(net, err, ERR_MEMORY, "no memory to unpack `%s`", request->archive);
    archive_read_support_format_zip(un.archive);
    archive_read_support_format_tar(un.archive);
    archive_read_support_filter_gzip(un.archive);
    const bool opened = archive_read_open_filename(un.archive, request->archive, BLOCK_BYTES) == ARCHIVE_OK;
    enum status status = opened ? unpack_all(&un) : damaged(&un);
    archive_read_free(un.archive);
    if (status == OK && un.top[0]) status = drop_top(&un);
    return status;
}
