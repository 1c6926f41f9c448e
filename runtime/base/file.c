#include "runtime/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "runtime/base/vec.h"

/* "can't read `x.csv`: No such file or directory" */
static enum status file_error(const char *what, const char *path, int reason, struct error *err) {
    const char *words = strerrordesc_np(reason);
    return err_set(err, ERR_FILE, "can't %s `%s`: %s", what, path, words ? words : "unknown reason");
}

static enum status open_to_read(const char *path, int *out_fd, struct stat *out_info, struct error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return file_error("read", path, errno, err);
    int reason = fstat(fd, out_info) != 0 ? errno : S_ISDIR(out_info->st_mode) ? EISDIR : 0;
    if (reason) {
        close(fd);
        return file_error("read", path, reason, err);
    }
    *out_fd = fd;
    return OK;
}

static enum status too_large(const char *path, size_t max_bytes, struct error *err) {
    struct buf most = BUF_INIT;
    buf_add_bytes(&most, (double)max_bytes);
    err_set(err, ERR_FILE, "`%s` is too large: at most %s are read", path, buf_text(&most));
    buf_release(&most);
    return ERR_FILE;
}

/* Reads to the end; pipes and files that grow have no size worth trusting. */
static enum status read_all(int fd, const char *path, size_t max_bytes, struct buf *text, struct error *err) {
    for (;;) {
        char block[16384];
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_error("read", path, errno, err);
        if (n == 0) return OK;
        if ((size_t)n > max_bytes - text->len) return too_large(path, max_bytes, err);
        buf_add(text, block, (size_t)n);
    }
}

enum status file_read(const char *path, size_t max_bytes, struct buf *out, struct error *err) {
    int fd;
    struct stat info;
    TRY(open_to_read(path, &fd, &info, err));
    struct buf text = BUF_INIT;
    enum status status = OK;
    size_t size = info.st_size > 0 ? (size_t)info.st_size : 0;
    if (S_ISREG(info.st_mode) && size > max_bytes) status = too_large(path, max_bytes, err);
    void *data = NULL;
    if (status == OK) status = mem_try(1, size + 1, path, &data, err);
    if (status == OK) {
        text = (struct buf){.data = data, .cap = size + 1};
        status = read_all(fd, path, max_bytes, &text, err);
    }
    close(fd);
    if (status != OK) {
        buf_release(&text);
        return status;
    }
    *out = text;
    return OK;
}

static const char empty_file[1] = "";

enum status file_map_open(const char *path, struct file_map *out, struct error *err) {
    int fd;
    struct stat info;
    TRY(open_to_read(path, &fd, &info, err));
    void *data = info.st_size > 0 ? mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : (void *)empty_file;
    int reason = errno;
    close(fd);
    if (data == MAP_FAILED) return file_error("read", path, reason, err);
    *out = (struct file_map){data, info.st_size > 0 ? (size_t)info.st_size : 0};
    return OK;
}

void file_map_close(struct file_map *map) {
    if (map->len) munmap((void *)map->data, map->len);
    *map = (struct file_map){0};
}

void file_map_done(const struct file_map *map, size_t from, size_t to) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), start = (from + page - 1) / page * page, end = to / page * page;
    if (start < end) madvise((char *)(uintptr_t)map->data + start, end - start, MADV_DONTNEED);
}

/* --- atomic writing --- */

/* Where a symbolic link points, so that writing replaces the file and not the link; owned. */
static char *real_target(const char *path) {
    char *real = realpath(path, NULL);
    return real ? real : xstrdup(path);
}

/* A fresh file beside the target; the umask gives its mode, an old file of the name keeps its own. */
static int open_temporary(const char *target, char **out_name) {
    static atomic_uint counter;
    for (int attempt = 0; attempt < 100; attempt++) {
        struct buf name = BUF_INIT;
        buf_addf(&name, "%s.%ld-%u.tmp", target, (long)getpid(), atomic_fetch_add(&counter, 1));
        int fd = open(buf_text(&name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        int reason = errno;
        if (fd >= 0) {
            *out_name = buf_take(&name);
            return fd;
        }
        buf_release(&name);
        errno = reason;
        if (reason != EEXIST) break;
    }
    return -1;
}

enum status file_writer_open(const char *path, struct file_writer *out, struct error *err) {
    struct stat old;
    bool is_there = stat(path, &old) == 0;
    if (is_there && S_ISDIR(old.st_mode)) return file_error("write", path, EISDIR, err);
    if (is_there && !S_ISREG(old.st_mode)) /* the new file would take the place of a device */
        return err_set(err, ERR_FILE, "can't write `%s`: it is no ordinary file", path);
    struct file_writer writer = {.path = real_target(path)};
    int fd = open_temporary(writer.path, &writer.temporary);
    if (fd < 0) {
        file_error("write", path, errno, err);
        free(writer.path);
        return ERR_FILE;
    }
    bool same_mode = !is_there || fchmod(fd, old.st_mode & 0777) == 0;
    (void)same_mode; /* else the umask's mode stands: no reason to refuse */
    writer.stream = fdopen(fd, "wb");
    if (!writer.stream) {
        file_error("write", path, errno, err);
        close(fd);
        unlink(writer.temporary);
        free(writer.temporary);
        free(writer.path);
        return ERR_FILE;
    }
    *out = writer;
    return OK;
}

/* Makes the rename itself survive a power cut. Some file systems can't sync a folder: then nothing more can be done. */
static void sync_folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? xstrndup(path, slash == path ? 1 : (size_t)(slash - path)) : xstrdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

/* 0, or the errno of the step that failed. Closes the stream. */
static int end_stream(FILE *stream, bool keep) {
    int reason = 0;
    errno = 0;
    if (keep && (fflush(stream) != 0 || ferror(stream) || fsync(fileno(stream)) != 0)) reason = errno ? errno : EIO;
    if (fclose(stream) != 0 && keep && !reason) reason = errno ? errno : EIO;
    return reason;
}

void file_writer_add(struct file_writer *writer, const void *data, size_t len) {
    errno = 0;
    if (len && fwrite(data, 1, len, writer->stream) != len && !writer->reason) writer->reason = errno ? errno : EIO;
}

enum status file_writer_close(struct file_writer *writer, bool keep, struct error *err) {
    int reason = end_stream(writer->stream, keep);
    if (keep && writer->reason) reason = writer->reason;
    if (keep && !reason && rename(writer->temporary, writer->path) != 0) reason = errno;
    if (!keep || reason) unlink(writer->temporary);
    else sync_folder_of(writer->path);
    if (reason) file_error("write", writer->path, reason, err);
    if (reason == ENOSPC) err_hint(err, "free some space there or save to another folder; the old file, if any, is as it was");
    free(writer->path);
    free(writer->temporary);
    *writer = (struct file_writer){0};
    return reason ? ERR_FILE : OK;
}

enum status file_write(const char *path, struct slice text, struct error *err) {
    struct file_writer writer;
    TRY(file_writer_open(path, &writer, err));
    file_writer_add(&writer, text.data, text.len);
    return file_writer_close(&writer, true, err);
}

/* --- names and folders --- */

bool file_exists(const char *path) { return access(path, F_OK) == 0; }

bool file_is_dir(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int64_t file_size(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) ? (int64_t)info.st_size : -1;
}

enum status dir_make(const char *path, struct error *err) {
    char *part = xstrdup(path);
    int reason = *part ? 0 : ENOENT;
    for (char *at = part; *at && !reason; at++) {
        if (at[1] != '/' && at[1] != 0) continue;
        char kept = at[1];
        at[1] = 0;
        if (mkdir(part, 0777) != 0) reason = errno;
        if (reason && file_is_dir(part)) reason = 0;
        at[1] = kept;
    }
    free(part);
    return reason ? file_error("make the folder", path, reason == EEXIST ? ENOTDIR : reason, err) : OK;
}

enum status dir_make_above(const char *path, struct error *err) {
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path) return OK;
    char *folder = xstrndup(path, (size_t)(slash - path));
    const enum status status = dir_make(folder, err);
    free(folder);
    return status;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void dir_remove(const char *path) { nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

char *path_join(const char *folder, const char *name) {
    struct buf path = BUF_INIT;
    if (*name != '/') {
        buf_adds(&path, folder);
        if (path.len && path.data[path.len - 1] != '/' && *name) buf_addc(&path, '/');
    }
    buf_adds(&path, name);
    return buf_take(&path);
}

char *path_expand(const char *path) {
    const char *home = getenv("HOME");
    if (path[0] != '~' || (path[1] && path[1] != '/') || !home || !*home) return xstrdup(path);
    struct buf out = BUF_INIT;
    buf_adds(&out, home);
    buf_adds(&out, path + 1);
    return buf_take(&out);
}

/* own (NULL: there is no such variable), else xdg/name, else ~/fallback/name */
static char *user_dir(const char *own, const char *xdg, const char *fallback, const char *name, const char *below) {
    const char *chosen = own ? getenv(own) : NULL;
    char *base;
    if (chosen && *chosen) {
        base = path_expand(chosen);
    } else if ((chosen = getenv(xdg)) && *chosen == '/') { /* the XDG standard: relative ones are ignored */
        base = path_join(chosen, name);
    } else {
        char *home = path_expand(fallback);
        base = path_join(home, name);
        free(home);
    }
    char *out = path_join(base, below ? below : "");
    free(base);
    return out;
}

char *cache_dir(const char *below) { return user_dir("RECKON_CACHE", "XDG_CACHE_HOME", "~/.cache", "reckon", below); }

char *data_home(const char *below) { return user_dir(NULL, "XDG_DATA_HOME", "~/.local/share", "reckon", below); }

char *user_file(const char *variable, const char *name) {
    const char *chosen = getenv(variable);
    if (chosen && strcmp(chosen, "off") == 0) return NULL;
    if (chosen && *chosen) return path_expand(chosen);
    char *path = data_home(name);
    if (*path == '/') return path;
    free(path);
    return NULL;
}

char *jupyter_home(const char *below) { return user_dir("JUPYTER_DATA_DIR", "XDG_DATA_HOME", "~/.local/share", "jupyter", below); }

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

enum status dir_list(const char *path, char ***out_names, size_t *out_n, struct error *err) {
    DIR *folder = opendir(path);
    if (!folder) return file_error("list the folder", path, errno, err);
    VEC(char *) names = {0};
    vec_reserve(&names, 1); /* an empty folder still gives an array */
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) vec_push(&names, xstrdup(entry->d_name));
    closedir(folder);
    qsort(names.data, names.len, sizeof *names.data, compare_names);
    *out_names = names.data;
    *out_n = names.len;
    return OK;
}

void names_free(char **names, size_t n_names) {
    for (size_t i = 0; names && i < n_names; i++) free(names[i]);
    free(names);
}
