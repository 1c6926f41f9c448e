#include "kernel/lang/candidates.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/base/map.h"

#define SCANNED_PATHS 20000 /* entries of a folder that are looked at */

void candidates_add(struct candidates *candidates, const char *text, const char *type, const char *signature) {
    struct candidate candidate = {xstrdup(text), type, xstrdup(signature ? signature : ""), candidates->group, 0};
    vec_push(&candidates->all, candidate);
}

static void add_escaped(struct buf *out, const char *text) {
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') buf_addc(out, '\\');
        buf_addc(out, *text);
    }
}

void candidates_add_text(struct candidates *candidates, const char *text, const char *type) {
    struct buf quoted = BUF_INIT;
    buf_adds(&quoted, candidates->quote);
    add_escaped(&quoted, text);
    buf_adds(&quoted, candidates->quote);
    candidates_add(candidates, buf_text(&quoted), type, "");
    candidates->all.data[candidates->all.len - 1].skip = strlen(candidates->quote);
    buf_release(&quoted);
}

/* --- sifting --- */

static bool begins(const char *text, struct slice word) { return strncmp(text, word.data, word.len) == 0; }

static int fold(char c) { return tolower((unsigned char)c); }

static bool begins_loosely(const char *text, struct slice word) {
    for (size_t i = 0; i < word.len; i++)
        if (fold(text[i]) != fold(word.data[i])) return false; /* ends at text's NUL too: a word holds none */
    return true;
}

static bool holds_letters(const char *text, struct slice word) {
    size_t i = 0;
    for (; *text && i < word.len; text++)
        if (fold(*text) == fold(word.data[i])) i++;
    return i == word.len && word.len >= 2;
}

typedef bool (*fit)(const char *text, struct slice word);

static int by_place(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->group != y->group) return x->group - y->group;
    return strcmp(x->text, y->text);
}

static size_t count_fitting(const struct candidates *candidates, fit fits, struct slice word) {
    size_t n = 0;
    for (size_t i = 0; i < candidates->all.len; i++) n += fits(candidates->all.data[i].text + candidates->all.data[i].skip, word);
    return n;
}

static void take(struct candidates *candidates, fit fits, struct slice word, struct completions *out) {
    struct str_map *seen = str_map_new();
    for (size_t i = 0; i < candidates->all.len; i++) {
        struct candidate *candidate = &candidates->all.data[i];
        if (!fits(candidate->text + candidate->skip, word) || !str_map_put(seen, slice_of(candidate->text), 1, false)) continue;
        out->items[out->n_items++] = (struct completion){candidate->text, candidate->type, candidate->signature};
        candidate->text = candidate->signature = NULL;
    }
    str_map_free(seen);
}

void candidates_sift(struct candidates *candidates, struct slice word, struct completions *out) {
    static const fit ways[] = {begins, begins_loosely, holds_letters};
    if (candidates->all.len) qsort(candidates->all.data, candidates->all.len, sizeof *candidates->all.data, by_place);
    for (size_t way = 0; way < 3; way++) {
        size_t n = count_fitting(candidates, ways[way], word);
        if (!n) continue;
        out->items = xnew_array(struct completion, n);
        take(candidates, ways[way], word, out);
        break;
    }
    for (size_t i = 0; i < candidates->all.len; i++) {
        free(candidates->all.data[i].text);
        free(candidates->all.data[i].signature);
    }
    vec_release(&candidates->all);
}

/* --- sources --- */

void candidates_add_source(struct candidates *candidates, const struct name_source *source, struct slice word, const char *type) {
    static const fit ways[] = {begins_loosely, holds_letters};
    const size_t before = candidates->all.len;
    for (size_t way = 0; way < 2 && candidates->all.len == before; way++)
        for (int64_t i = 0; i < source->n && candidates->n_scanned < COMPLETE_SCANNED && candidates->all.len < before + COMPLETE_ITEMS; i++) {
            const char *name = source->at(source->of, i);
            candidates->n_scanned++;
            if (name && ways[way](name, word)) candidates_add_text(candidates, name, type);
        }
}

/* --- paths --- */

static bool entry_is_dir(const struct dirent *entry, const char *folder) {
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK) return entry->d_type == DT_DIR;
    char *path = path_join(folder, entry->d_name);
    bool is_dir = file_is_dir(path);
    free(path);
    return is_dir;
}

static void add_entries(struct candidates *candidates, DIR *dir, const char *folder, struct slice typed_folder, struct slice prefix) {
    struct dirent *entry;
    struct buf text = BUF_INIT;
    size_t added = 0;
    for (size_t scanned = 0; scanned < SCANNED_PATHS && added < COMPLETE_PATHS && (entry = readdir(dir)); scanned++) {
        if (entry->d_name[0] == '.' && (prefix.len == 0 || prefix.data[0] != '.')) continue;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || !utf8_valid(slice_of(entry->d_name))) continue;
        if (!begins_loosely(entry->d_name, prefix)) continue;
        buf_clear(&text);
        buf_add(&text, typed_folder.data, typed_folder.len);
        buf_adds(&text, entry->d_name);
        if (entry_is_dir(entry, folder)) buf_addc(&text, '/');
        candidates_add_text(candidates, buf_text(&text), "path");
        added++;
    }
    buf_release(&text);
}

void candidates_add_paths(struct candidates *candidates, struct slice word) {
    size_t cut = word.len;
    while (cut > 0 && word.data[cut - 1] != '/') cut--;
    struct slice folder = {word.data, cut}, prefix = {word.data + cut, word.len - cut};
    if (memchr(word.data ? word.data : "", '\0', word.len)) return;
    char *typed = folder.len ? xstrndup(folder.data, folder.len) : xstrdup(".");
    char *path = path_expand(typed);
    DIR *dir = opendir(path);
    if (dir) {
        add_entries(candidates, dir, path, folder, prefix);
        closedir(dir);
    }
    free(path);
    free(typed);
}
