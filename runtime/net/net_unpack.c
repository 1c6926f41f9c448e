/* Unpacking by libarchive: regular files, below one folder, within limits. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/net/net.h"

#define BLOCK_BYTES 65536
#define PATH_BYTES 4096

struct unpacking {
    const struct net_api *net;
    struct task *task;
    const struct net_unpack *request;
    struct error *err;
    struct archive *archive;
    int64_t n_bytes, n_files;
};

static enum status damaged(struct unpacking *un) {
    const char *reason = archive_error_string(un->archive);
    return net_fail(un->net, un->err, ERR_DATA, "the archive `%s` is damaged: %s", un->request->archive, reason ? reason : "unknown reason");
}

static enum status cannot_write(struct unpacking *un, const char *path, int reason) {
    const char *words = strerrordesc_np(reason);
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

/* The name without the archive's top folder; "" for that folder itself. */
static const char *below_top(const char *name) {
    const char *slash = strchr(name, '/');
    return slash ? slash + 1 : name;
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
    const char *name = archive_entry_pathname_utf8(entry);
    if (!name) name = archive_entry_pathname(entry);
    if (!name || !name_is_safe(name))
        return net_fail(un->net, un->err, ERR_DATA, "the archive `%s` holds a name that leads elsewhere: \"%s\"", request->archive, name ? name : "");
    if (archive_entry_filetype(entry) == AE_IFDIR || strncmp(name, "__MACOSX/", 9) == 0) return OK;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
        return net_fail(un->net, un->err, ERR_DATA, "the archive `%s` holds something other than a file: \"%s\"", request->archive, name);
    if (++un->n_files > request->max_files)
        return net_fail(un->net, un->err, ERR_DATA, "the archive `%s` holds more than %lld files", request->archive, (long long)request->max_files);
    return write_file(un, below_top(name));
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
    const enum status status = opened ? unpack_all(&un) : damaged(&un);
    archive_read_free(un.archive);
    return status;
}
