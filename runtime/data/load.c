/* load(): a known name, a folder of a known layout, or a file by its ending. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/mem.h"
#include "runtime/data/archive.h"
#include "runtime/data/csv.h"
#include "runtime/data/dataset_parts.h"
#include "runtime/data/download.h"
#include "runtime/data/draft_rows.h"
#include "runtime/data/recbole.h"
#include "runtime/data/side_rows.h"

#define NAMES_IN_ERROR 8

bool path_ends(const char *path, const char *ending) {
    const size_t length = strlen(path), wanted = strlen(ending);
    return length >= wanted && strcmp(path + length - wanted, ending) == 0;
}

/* "data/train.csv" → "train", "data/ml-100k/" → "ml-100k". Owned. */
static char *name_of(const char *path, bool without_ending) {
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') start--;
    const char *dot = without_ending ? memrchr(path + start, '.', end - start) : NULL;
    if (dot && dot > path + start) end = (size_t)(dot - path);
    return xstrndup(path + start, end - start);
}

/* --- files --- */

/* What can't be mapped: a pipe would wait forever. */
static enum status check_file(const char *path, struct error *err) {
    static const char *const archives[] = {".gz", ".bz2", ".xz", ".7z", ".zst", ".rar"};
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        err_set(err, ERR_FILE, "`%s` is not a regular file", path);
        return err_hint(err, "load takes files and folders; what comes through a pipe is saved to a file first");
    }
    for (size_t i = 0; i < sizeof archives / sizeof *archives; i++) {
        if (!path_ends(path, archives[i])) continue;
        err_set(err, ERR_DATA, "`%s` is an archive of a kind that load doesn't unpack", path);
        return err_hint(err, "load takes .zip, .tar, .tgz and .tar.gz; unpack others and load the folder or file within");
    }
    if (path_ends(path, ".reckon")) {
        err_set(err, ERR_DATA, "`%s` is a file of Reckon's own", path);
        return err_hint(err, "open(\"%s\") reads it", path);
    }
    return OK;
}

static bool is_json_lines(const char *path) { return path_ends(path, ".jsonl") || path_ends(path, ".ndjson") || path_ends(path, ".json"); }

enum status load_csv(struct task *task, const struct load_request *request, const char *path, struct dataset **out, struct error *err) {
    TRY(check_file(path, err));
    char *name = name_of(path, true);
    struct dataset_draft draft = {.name = name, .origin = path, .task = task};
    enum status status = is_json_lines(path) ? jsonl_draft(task, request, path, &draft, err) : csv_draft(task, request, path, &draft, err);
    if (status == OK && path_ends(path, ".inter")) status = recbole_side_tables(path, request->skip_bad, &draft, err);
    status = draft_finish(status, &draft, out, err);
    free(name);
    return status;
}

/* --- folders --- */

static bool holds(const char *folder, const char *const *files) {
    bool all = true;
    for (; *files && all; files++) {
        char *path = path_join(folder, *files);
        all = file_exists(path);
        free(path);
    }
    return all;
}

static const struct layout *layout_of(const char *folder) {
    static const struct layout *const layouts[] = {&layout_ml100k, &layout_movielens_dat, &layout_movielens_csv, &layout_ncf, &layout_lightgcn};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (holds(folder, layouts[i]->files)) return layouts[i];
    return NULL;
}

static enum status unknown_folder(const char *folder, char *const *files, size_t n_files, struct error *err) {
    struct buf line = BUF_INIT;
    for (size_t i = 0; i < n_files && i < NAMES_IN_ERROR; i++) buf_addf(&line, "%s%.60s", i ? ", " : "", files[i]);
    if (n_files > NAMES_IN_ERROR) buf_addf(&line, " and %zu more", n_files - NAMES_IN_ERROR);
    if (n_files == 0) err_set(err, ERR_DATA, "the folder `%s` is empty", folder);
    else err_set(err, ERR_DATA, "the folder `%s` is no data set that load knows; it holds %s", folder, buf_text(&line));
    buf_release(&line);
    return err_hint(err,
                    "known are MovieLens's (u.data with u.item, u.user and u.genre; ratings.dat with movies.dat; ratings.csv with movies.csv), "
                    "RecBole's (.inter), NCF's (ml-1m.train.rating, ml-1m.test.rating, ml-1m.test.negative) and LightGCN's (train.txt, test.txt); "
                    "a file is loaded by its own path");
}

/* The folder's only .inter file, owned; NULL: none, or several. */
static char *only_inter(const char *folder, char *const *files, size_t n_files) {
    char *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < n_files; i++) {
        if (!path_ends(files[i], ".inter")) continue;
        char *path = path_join(folder, files[i]);
        const bool is_file = !file_is_dir(path);
        n += is_file;
        if (is_file && n == 1) found = path;
        else free(path);
    }
    if (n == 1) return found;
    free(found);
    return NULL;
}

static enum status load_by_files(struct task *task, const struct load_request *request, const char *folder, struct dataset **out, struct error *err) {
    char **files;
    size_t n_files;
    TRY(dir_list(folder, &files, &n_files, err));
    char *inter = only_inter(folder, files, n_files);
    const enum status status = inter ? load_csv(task, request, inter, out, err) : unknown_folder(folder, files, n_files, err);
    free(inter);
    names_free(files, n_files);
    return status;
}

/* Files of a known layout say themselves what their columns are. */
static enum status check_no_columns(const struct load_request *request, const char *name, struct error *err) {
    const char *const given[] = {request->user, request->item, request->rating, request->time, request->separator};
    static const char *const called[] = {"user", "item", "rating", "time", "separator"};
    const size_t n = sizeof given / sizeof *given;
    for (size_t i = 0; i <= n; i++) {
        if (i < n ? !given[i] : !request->header_given) continue;
        err_set(err, ERR_VALUE, "%s= is about a CSV file's columns, and those of `%s` are known", i < n ? called[i] : "header", name);
        err_hint(err, "leave it out");
        return err_about(err, i < n ? called[i] : "header");
    }
    return OK;
}

static enum status load_folder(struct task *task, const struct load_request *request, const char *folder, const char *name, const char *licence,
                               struct dataset **out, struct error *err) {
    const struct layout *layout = layout_of(folder);
    if (!layout) return load_by_files(task, request, folder, out, err);
    TRY(check_no_columns(request, name, err));
    return layout->load(task, folder, name, licence, out, err);
}

/* --- archives --- */

/* The one folder beside loose files that are no data set themselves: its path, owned; else NULL. */
static char *folder_within(const char *folder, char *const *files, size_t n_files) {
    char *found = NULL, *inter = only_inter(folder, files, n_files);
    size_t n = 0;
    for (size_t i = 0; i < n_files; i++) {
        char *path = path_join(folder, files[i]);
        const bool is_folder = file_is_dir(path);
        n += is_folder;
        if (is_folder && n == 1) found = path;
        else free(path);
    }
    if (n == 1 && !inter && !layout_of(folder)) return found;
    free(inter);
    free(found);
    return NULL;
}

/* What was unpacked: a data set's folder, or one file alone. */
static enum status load_unpacked(struct task *task, const struct load_request *request, const char *folder, const char *name, const char *licence,
                                 struct dataset **out, struct error *err) {
    char **files;
    size_t n_files;
    TRY(dir_list(folder, &files, &n_files, err));
    char *only = n_files == 1 ? path_join(folder, files[0]) : NULL;
    char *within = folder_within(folder, files, n_files);
    const enum status status =
        only && !within ? load_csv(task, request, only, out, err) : load_folder(task, request, within ? within : folder, name, licence, out, err);
    free(within);
    free(only);
    names_free(files, n_files);
    return status;
}

static enum status load_place(struct task *task, const struct load_request *request, const char *path, const char *name, const char *licence,
                              struct dataset **out, struct error *err) {
    struct unpacked *unpacked;
    if (!is_archive(path)) return load_folder(task, request, path, name, licence, out, err);
    TRY(archive_unpack(task, path, &unpacked, err));
    const enum status status = load_unpacked(task, request, unpacked_folder(unpacked), name, licence, out, err);
    if (status == OK) dataset_keep_unpacked(*out, unpacked); /* its published parts are read from there */
    unpacked_unref(unpacked);
    return status == OK ? OK : err_note(err, "while reading what the archive `%s` holds", path);
}

/* --- names --- */

static enum status load_known(struct task *task, const struct load_request *request, const struct known_dataset *known, struct dataset **out,
                              struct error *err) {
    char *folder = known_dataset_folder(known->name);
    if (!folder && (!request->download || !known->url)) {
        err_set(err, ERR_FILE, "`%s` is not on this machine", known->name);
        return err_hint(err, "put its files%s%s into $RECKON_DATA/%s", known->files ? ", " : "", known->files ? known->files : "", known->folder);
    }
    if (!folder) TRY(download_dataset(task, known, &folder, err));
    const enum status status = load_place(task, request, folder, known->name, known->licence, out, err);
    free(folder);
    return status;
}

static enum status unknown_name(const char *name, struct error *err) {
    const struct known_dataset *known;
    const size_t n = known_datasets(&known);
    const char **names = xnew_array(const char *, n + 1);
    for (size_t i = 0; i < n; i++) names[i] = known[i].name;
    const char *near = nearest_name(name, names, n);
    err_set(err, ERR_FILE, "there is no data set or file \"%s\"", name);
    if (near) err_hint(err, "did you mean \"%s\"? datasets() lists the known ones", near);
    else err_hint(err, "datasets() lists the known data sets; a file is named with its ending: load(\"ratings.csv\")");
    free(names);
    return ERR_FILE;
}

/* --- paths --- */

/* Folder of a path that isn't there: "." for a bare name. Owned. */
static char *parent_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static enum status missing_path(const char *path, struct error *err) {
    struct error ignored = ERROR_INIT;
    char *folder = parent_of(path), *file = name_of(path, false), **files = NULL;
    size_t n_files = 0;
    err_set(err, ERR_FILE, "there is no file or folder \"%s\"", path);
    if (dir_list(folder, &files, &n_files, &ignored) != OK) {
        err_hint(err, "the folder \"%s\" isn't there either", folder);
    } else {
        const char *near = nearest_name(file, (const char *const *)files, n_files);
        if (near) err_hint(err, "did you mean \"%s\", which is in %s?", near, strcmp(folder, ".") == 0 ? "this folder" : folder);
        else err_hint(err, "paths begin at the folder that the notebook runs in");
        names_free(files, n_files);
    }
    free(folder);
    free(file);
    return ERR_FILE;
}

/* "ml-100k" is a name; "data/x" and "x.csv" are paths. */
static bool is_path(const char *text) { return strchr(text, '/') || strchr(text, '.') || text[0] == '~'; }

static enum status load_path(struct task *task, const struct load_request *request, const char *path, struct dataset **out, struct error *err) {
    if (!file_exists(path)) return missing_path(path, err);
    if (!file_is_dir(path) && !is_archive(path)) return load_csv(task, request, path, out, err);
    char *name = name_of(path, !file_is_dir(path));
    const struct known_dataset *known = known_dataset_find(name);
    const enum status status = load_place(task, request, path, name, known ? known->licence : NULL, out, err);
    free(name);
    return status;
}

enum status load_dataset(struct task *task, const struct load_request *request, struct dataset **out, struct error *err) {
    const struct known_dataset *known = known_dataset_find(request->name_or_path);
    TRY(check_duplicates(request->duplicates, err));
    if (known) return load_known(task, request, known, out, err);
    char *path = path_expand(request->name_or_path);
    const bool is_name = !is_path(request->name_or_path) && !file_exists(path);
    const enum status status = is_name ? unknown_name(request->name_or_path, err) : load_path(task, request, path, out, err);
    free(path);
    return status;
}
