/* Known data sets from their publisher into the cache. Beside the finished
 * folder NAME stand, while it is made: NAME.lock, NAME.part (the archive as far
 * as it came: an interrupted download goes on there), NAME.mark (the server's
 * own mark of it) and NAME.unpacking. */
#include "runtime/data/download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/mem.h"
#include "runtime/data/md5.h"
#include "runtime/data/net.h"

#define UNPACKED_TIMES 20 /* text shrinks five times; more is a bomb */
#define LEAST_LIMIT_BYTES (1 << 20)
#define FILES_MAX 1000
#define SUM_FILE_BYTES 4096

struct download {
    struct task *task;
    const struct known_dataset *known;
    struct net_api net;
    char *url, *folder, *part, *mark, *unpacking, *lock;
};

/* --- places --- */

static char *with_ending(const char *path, const char *ending) {
    struct buf out = BUF_INIT;
    buf_addf(&out, "%s%s", path, ending);
    return buf_take(&out);
}

/* The mirror holds the archives under their own names. */
static char *archive_url(const char *url) {
    const char *mirror = getenv("RECKON_MIRROR"), *slash = strrchr(url, '/');
    if (!mirror || !*mirror || !slash) return xstrdup(url);
    return path_join(mirror, slash + 1);
}

static struct download places(struct task *task, const struct known_dataset *known) {
    char *parent = cache_dir("datasets");
    struct download down = {.task = task, .known = known, .url = archive_url(known->url), .folder = path_join(parent, known->name)};
    down.part = with_ending(down.folder, ".part");
    down.mark = with_ending(down.folder, ".mark");
    down.unpacking = with_ending(down.folder, ".unpacking");
    down.lock = with_ending(down.folder, ".lock");
    free(parent);
    return down;
}

static void places_release(struct download *down) {
    free(down->url);
    free(down->folder);
    free(down->part);
    free(down->mark);
    free(down->unpacking);
    free(down->lock);
}

static void drop_part(const struct download *down) {
    unlink(down->part);
    unlink(down->mark);
}

static enum status file_failed(const char *what, const char *path, struct error *err) {
    const char *reason = strerrordesc_np(errno);
    return err_set(err, ERR_FILE, "can't %s `%s`: %s", what, path, reason ? reason : "unknown reason");
}

/* --- one process at a time --- */

/* Whether fd is still the file of that name: whoever had the lock before has removed it. */
static bool same_file(int fd, const char *path) {
    struct stat mine, named;
    return fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

static enum status wait_for_lock(const struct download *down, int fd, bool *said, struct error *err) {
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return file_failed("lock", down->lock, err);
        if (!*said) task_printf(down->task, "another process is downloading %s: waiting for it\n", down->known->name);
        *said = true;
        TRY(task_sleep(down->task, 0.1, err));
    }
    return OK;
}

static enum status take_lock(const struct download *down, int *out_fd, struct error *err) {
    bool said = false;
    for (;;) {
        const int fd = open(down->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0) return file_failed("write", down->lock, err);
        const enum status status = wait_for_lock(down, fd, &said, err);
        if (status == OK && same_file(fd, down->lock)) {
            *out_fd = fd;
            return OK;
        }
        close(fd);
        TRY(status);
    }
}

static void give_lock(const struct download *down, int fd) {
    unlink(down->lock);
    close(fd);
}

/* --- the sum --- */

/* The first 32 hex digits that stand alone: "0e33…  ml-100k.zip" and "MD5 (ml-100k.zip) = 0e33…". */
static bool find_sum(const char *text, char out_hex[MD5_HEX]) {
    static const char *const digits = "0123456789abcdefABCDEF";
    for (const char *at = text; *at;) {
        const size_t run = strspn(at, digits);
        if (run == MD5_HEX - 1 && !strchr("_-.", at[run] ? at[run] : ' ')) {
            for (size_t i = 0; i < run; i++) out_hex[i] = (char)(at[i] >= 'A' && at[i] <= 'F' ? at[i] + 32 : at[i]);
            out_hex[run] = 0;
            return true;
        }
        at += run ? run : 1;
    }
    return false;
}

/* The publisher's own file beside the archive, for data sets that are replaced now and then. */
static enum status fetch_sum(const struct download *down, char out_hex[MD5_HEX], struct error *err) {
    char *url = with_ending(down->url, ".md5"), *path = with_ending(down->part, ".md5");
    struct buf text = BUF_INIT;
    int64_t kept;
    unlink(path);
    enum status status = down->net.fetch(&down->net, down->task, &(struct net_fetch){url, path, NULL, SUM_FILE_BYTES}, &kept, err);
    if (status == OK) status = file_read(path, SUM_FILE_BYTES, &text, err);
    if (status == OK && !find_sum(buf_text(&text), out_hex)) {
        err_set(err, ERR_DATA, "%s holds no md5", url);
        status = err_hint(err, "load(\"%s\") asks for it again", down->known->name);
    }
    unlink(path);
    buf_release(&text);
    free(path);
    free(url);
    return status;
}

static enum status wanted_sum(const struct download *down, char out_hex[MD5_HEX], struct error *err) {
    if (!down->known->md5) return fetch_sum(down, out_hex, err);
    memcpy(out_hex, down->known->md5, MD5_HEX);
    return OK;
}

/* --- the archive --- */

static int64_t limit_bytes(const struct known_dataset *known, int64_t times) { return times * known->size_bytes + LEAST_LIMIT_BYTES; }

/* Fetches the archive; *out_right: its sum is `wanted`, written to `got`. A wrong one is removed. */
static enum status fetch_once(const struct download *down, const char *wanted, char got[MD5_HEX], bool *out_right, int64_t *out_kept,
                              struct error *err) {
    const struct net_fetch request = {down->url, down->part, down->mark, limit_bytes(down->known, 2)};
    task_begin(down->task, "download", "byte", down->known->size_bytes);
    enum status status = down->net.fetch(&down->net, down->task, &request, out_kept, err);
    task_end(down->task, status == ERR_INTERRUPTED);
    if (status == OK) status = md5_file(down->task, down->part, got, err);
    *out_right = status == OK && strcmp(got, wanted) == 0;
    if (status == OK && !*out_right) drop_part(down);
    return status;
}

/* The beginning that an earlier try left may be of another archive: then once more, from nothing. */
static enum status fetch_archive(const struct download *down, struct error *err) {
    char wanted[MD5_HEX], got[MD5_HEX];
    bool right = false;
    int64_t kept = 0;
    TRY(wanted_sum(down, wanted, err));
    TRY(fetch_once(down, wanted, got, &right, &kept, err));
    if (!right && kept > 0) TRY(fetch_once(down, wanted, got, &right, &kept, err));
    if (right) return OK;
    return err_set(err, ERR_DATA, "the archive from %s has md5 %s, its publisher says %s", down->url, got, wanted);
}

/* --- the files --- */

struct sum {
    const char *file, *sha256;
};

/* MovieLens 100K never changes: every file that is read, as published. */
static const struct sum ml100k_sums[] = {
    {"u.data", "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490"},
    {"u.item", "553841ebc7de3a0fd0d6b62a204ea30c1e651aacfb2814c7a6584ac52f2c5701"},
    {"u.user", "f120e114da2e8cf314fd28f99417c94ae9ddf1cb6db8ce0e4b5995d40e90e62c"},
    {"u.genre", "9757e0d3e6b298159a80dd48eaf938114690e911e39af97a76949ef1663610bb"},
    {"u1.base", "ce253ec86c448b44fb3ba9a30d12dcfc2e9210cbde71efada3730c22e9ac212a"},
    {"u1.test", "18c6014a4b2c7324f250a63f8904a7b16b2b19f911129e346141507b0cbac950"},
    {"u2.base", "6c06f0b5df4b256da1a994f3ac66edc8da4d3f09bc9282df6b14d893366d703e"},
    {"u2.test", "4de658d1e04ed9104629509a2e2528fce833ac8e048280183f1df167632038c3"},
    {"u3.base", "afdc155c291c6edc41c0407e39d7462eb98d341e064f0b0a12175b80b3c4af5d"},
    {"u3.test", "0f548b51c78327de4c156461d3e430b7e5579fe2b5681586a59416e48fd35f6d"},
    {"u4.base", "219f0f4d40dfe9c5141d425f53fa91ee23ed275f14e280bbf1b50117afb064ca"},
    {"u4.test", "7c02ad0a1e7ab1083c8b9d4b627203a051dd7b5eab46d99fa44de33470de8db9"},
    {"u5.base", "a9574e59ce961eec2121627760b6e9b0974ce1637b3fe69ac32cb14a4bfab485"},
    {"u5.test", "351cc52e0d15b6c721466276fc24671d40936899e3d01fadeaf312915b8c5634"},
    {"ua.base", "67b5bcdb380c29f85d56a012ecd88612ae020f30a6730d117a334ee8203b91f2"},
    {"ua.test", "d0497e202417720f57a184ec8c66be2d1afa4ff41bb53787c57b28d6bf79bc42"},
    {"ub.base", "237254d253b6ad7de84f919d041055428646254f34ed8f562703c899430cd881"},
    {"ub.test", "d54a72d05730d5892062734b2bec73e976f9b713d18c828a18b968d6cce442da"},
};

static enum status check_sums(const struct download *down, struct error *err) {
    if (strcmp(down->known->name, "ml-100k") != 0) return OK;
    for (size_t i = 0; i < sizeof ml100k_sums / sizeof *ml100k_sums; i++) {
        char hex[HASH_SHA256_HEX] = "";
        char *path = path_join(down->unpacking, ml100k_sums[i].file);
        const bool right = sha256_file(path, hex) && strcmp(hex, ml100k_sums[i].sha256) == 0;
        free(path);
        if (!right)
            return err_set(err, ERR_DATA, "%s of the archive from %s is %s", ml100k_sums[i].file, down->url,
                           *hex ? "not the published file" : "missing");
        TRY(task_check(down->task, err));
    }
    return OK;
}

static enum status unpack(const struct download *down, struct error *err) {
    const struct net_unpack request = {down->part, down->unpacking, limit_bytes(down->known, UNPACKED_TIMES), FILES_MAX};
    dir_remove(down->unpacking);
    TRY(dir_make(down->unpacking, err));
    task_begin(down->task, "unpack", "byte", 0);
    enum status status = down->net.unpack(&down->net, down->task, &request, err);
    task_end(down->task, status == ERR_INTERRUPTED);
    TRY(status);
    TRY(check_sums(down, err));
    if (!folder_holds_ratings(down->unpacking)) return err_set(err, ERR_DATA, "the archive from %s holds no ratings", down->url);
    return OK;
}

static enum status put_in_place(const struct download *down, struct error *err) {
    if (rename(down->unpacking, down->folder) == 0) return OK;
    if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) return file_failed("write", down->folder, err);
    err_set(err, ERR_FILE, "`%s` exists and is not %s", down->folder, down->known->name);
    return err_hint(err, "move it away, then load again");
}

/* --- the whole --- */

/* A disk that is full or an interrupt leaves a good archive to go on with; one that can't be used is removed. */
static enum status fetch_and_unpack(const struct download *down, struct error *err) {
    enum status status = fetch_archive(down, err);
    if (status == OK) {
        status = unpack(down, err);
        if (status == OK) status = put_in_place(down, err);
        if (status != OK) dir_remove(down->unpacking);
        if (status == OK || status == ERR_DATA) drop_part(down);
    }
    if (file_size(down->part) <= 0) drop_part(down);
    return status;
}

static void show_licence(const struct download *down) {
    struct buf size = BUF_INIT;
    buf_add_bytes(&size, (double)down->known->size_bytes);
    task_printf(down->task, "%s: %s\ndownloading %s (%s)\n", down->known->name, down->known->licence, down->url, buf_text(&size));
    buf_release(&size);
}

static void say_what_else(const struct download *down, enum status status, struct error *err) {
    const char *name = down->known->name;
    if (status == ERR_NETWORK)
        err_hint(err,
                 "load(\"%s\") goes on where it stopped; without a network put the unpacked files into $RECKON_DATA/%s, name a folder with the "
                 "archives in RECKON_MIRROR (file:///…), or use synth()",
                 name, name);
    if (status == ERR_DATA) err_hint(err, "it was thrown away: load(\"%s\") tries again", name);
    if (status == ERR_FILE) err_hint(err, "free some space there, or set RECKON_CACHE to another folder");
}

static enum status download_locked(const struct download *down, struct error *err) {
    int lock = -1;
    TRY(take_lock(down, &lock, err));
    enum status status = OK;
    if (!folder_holds_ratings(down->folder)) { /* else another process has just brought it */
        show_licence(down);
        status = fetch_and_unpack(down, err);
    }
    give_lock(down, lock);
    return status;
}

enum status download_dataset(struct task *task, const struct known_dataset *known, char **out_folder, struct error *err) {
    struct download down = places(task, known);
    char *parent = cache_dir("datasets");
    enum status status = plugin_open(NET_PLUGIN, NET_BROUGHT_BY, &down.net, sizeof down.net, err);
    if (status == OK) status = dir_make(parent, err);
    if (status == OK) status = download_locked(&down, err);
    if (status == OK) *out_folder = xstrdup(down.folder);
    else say_what_else(&down, status, err);
    free(parent);
    places_release(&down);
    return status;
}
