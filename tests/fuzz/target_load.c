/* Text files of ratings and tables. An input is one file or several: a line
 * `@name` and what the file holds. Several make a folder (MovieLens' layouts). */
#include <string.h>
#include <unistd.h>

#include "runtime/data/loaders.h"
#include "runtime/data/table_text.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

#define FILES_MAX 6

static const char *const known[] = {"r.csv",      "r.tsv",     "r.txt",       "r.jsonl",    "r.inter",  "r.item",   "u.data",  "u.item",
                                    "u.user",     "u.genre",   "u.info",      "u1.base",    "u1.test",  "ua.base",  "ua.test", "ratings.dat",
                                    "movies.dat", "users.dat", "ratings.csv", "movies.csv", "tags.csv", "links.csv"};

static const char *known_name(struct slice name) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_eqz(name, known[i])) return known[i];
    return NULL;
}

struct given {
    char *paths[FILES_MAX];
    int n;
};

/* What stands before the next line `@known`. */
static struct slice take_file(struct slice *text) {
    struct slice rest = *text;
    while (rest.len) {
        struct slice after = rest;
        const struct slice line = fuzz_line(&after);
        if (line.len && line.data[0] == '@' && known_name((struct slice){line.data + 1, line.len - 1})) break;
        rest = after;
    }
    const struct slice body = {text->data, text->len - rest.len};
    *text = rest;
    return body;
}

static struct given write_files(struct slice text) {
    struct given given = {0};
    while (text.len && given.n < FILES_MAX) {
        const struct slice line = fuzz_line(&text);
        const char *name = line.len && line.data[0] == '@' ? known_name((struct slice){line.data + 1, line.len - 1}) : NULL;
        const struct slice body = take_file(&text);
        if (name) given.paths[given.n++] = fuzz_file(name, body);
    }
    return given;
}

static void load(const char *path, const char *duplicates, bool skip_bad) {
    const struct load_request request = {.name_or_path = path, .duplicates = duplicates, .skip_bad = skip_bad};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    if (load_dataset(NULL, &request, &dataset, &err) != OK) must(err.message[0] && err.code != ERR_INTERNAL && utf8_valid(slice_of(err.message)));
    else dataset_unref(dataset);
}

static void read_table(const char *path) {
    struct error err = ERROR_INIT;
    struct table *table = NULL;
    if (table_read(NULL, path, &table, &err) != OK) must(err.message[0] && err.code != ERR_INTERNAL && utf8_valid(slice_of(err.message)));
    else table_unref(table);
    err = ERROR_INIT;
    if (table_read_json(NULL, path, &table, &err) != OK) must(err.message[0] && err.code != ERR_INTERNAL && utf8_valid(slice_of(err.message)));
    else table_unref(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct given given = write_files((struct slice){(const char *)data, size});
    if (given.n == 1) load(given.paths[0], size % 2 ? "error" : "last", size % 3 == 0);
    if (given.n == 1) read_table(given.paths[0]);
    if (given.n > 1) load(fuzz_folder(), "error", false);
    for (int i = 0; i < given.n; i++) {
        unlink(given.paths[i]);
        free(given.paths[i]);
    }
    return 0;
}
