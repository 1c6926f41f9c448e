#include "runtime/data/runs_store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "runtime/base/file.h"
#include "runtime/base/map.h"
#include "runtime/base/vec.h"
#include "runtime/data/database.h"

#define DISPLACED_MAX 1000 /* runs deleted after one write, so that none takes long */

static const char *const upgrades[] = {
    "CREATE TABLE runs (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, model TEXT, builtin TEXT, params TEXT, seed INTEGER,"
    " data TEXT, split TEXT, fingerprint TEXT, protocol TEXT, epoch INTEGER, seconds REAL, device TEXT, version TEXT);"
    "CREATE TABLE metrics (run INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (run, place))"
    " WITHOUT ROWID",
};

enum { INSERT_RUN, INSERT_METRIC, SELECT_RUNS, SELECT_METRICS, DROP_METRICS, DROP_RUN, SIZE, N_STATEMENTS };

/* ?1 kind, ?2 model, ?3 data, ?4 fingerprint, ?5 how many. */
static const char *const statements[N_STATEMENTS] = {
    [INSERT_RUN] = "INSERT INTO runs (at, kind, model, builtin, params, seed, data, split, fingerprint, protocol, epoch, seconds, device, version)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [INSERT_METRIC] = "INSERT INTO metrics (run, place, name, value) VALUES ((SELECT max(id) FROM runs), ?1, ?2, ?3)",
    [SELECT_RUNS] = "SELECT id, at, kind, model, builtin, params, seed, data, split, fingerprint, protocol, epoch, seconds, device, version FROM runs"
                    " WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR model = ?2 OR builtin = ?2)"
                    " AND ((?3 IS NULL AND ?4 IS NULL) OR data = ?3 OR substr(data, 1, length(?3) + 1) = ?3 || ' ' OR fingerprint = ?4)"
                    " ORDER BY id DESC LIMIT ?5",
    [SELECT_METRICS] = "SELECT name, value FROM metrics WHERE run = ?1 ORDER BY place",
    [DROP_METRICS] = "DELETE FROM metrics WHERE run = (SELECT min(id) FROM runs)",
    [DROP_RUN] = "DELETE FROM runs WHERE id = (SELECT min(id) FROM runs)",
    [SIZE] = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
};

struct runs_store {
    struct database *database;
    const char *version;
    struct statement *statements[N_STATEMENTS];
};

static const char *const kinds[] = {[RUN_FIT] = "fit", [RUN_EVALUATE] = "evaluate"};

/* --- copies --- */

enum { N_TEXTS = 8 };

static void texts_of(struct run_record *run, const char **out[N_TEXTS]) {
    const char **texts[N_TEXTS] = {&run->model, &run->builtin,     &run->params,   &run->data,
                                   &run->split, &run->fingerprint, &run->protocol, &run->device};
    memcpy(out, texts, sizeof texts);
}

/* At `at` in the copy's text. */
static const char *keep_text(const char *text, char **at) {
    if (!text) return NULL;
    const size_t len = strlen(text) + 1;
    char *kept = memcpy(*at, text, len);
    *at += len;
    return kept;
}

struct run_copy *run_copy_new(const struct run_record *run) {
    struct run_copy *copy = xnew(struct run_copy);
    const char **texts[N_TEXTS];
    size_t bytes = 1;
    copy->run = *run;
    copy->at = (int64_t)time(NULL);
    if (copy->run.n_metrics > RUNS_METRICS_MAX) copy->run.n_metrics = RUNS_METRICS_MAX;
    texts_of(&copy->run, texts);
    for (int i = 0; i < N_TEXTS; i++) bytes += *texts[i] ? strlen(*texts[i]) + 1 : 0;
    for (size_t m = 0; m < copy->run.n_metrics; m++) bytes += strlen(run->metrics[m].name) + 1;
    char *at = copy->text = xalloc(bytes);
    for (int i = 0; i < N_TEXTS; i++) *texts[i] = keep_text(*texts[i], &at);
    struct run_metric *metrics = xnew_array(struct run_metric, copy->run.n_metrics + 1);
    for (size_t m = 0; m < copy->run.n_metrics; m++) metrics[m] = (struct run_metric){keep_text(run->metrics[m].name, &at), run->metrics[m].value};
    copy->run.metrics = metrics;
    return copy;
}

void run_copy_free(struct run_copy *copy) {
    if (!copy) return;
    free((void *)(uintptr_t)copy->run.metrics);
    free(copy->text);
    free(copy);
}

/* --- life --- */

static enum status open_parts(struct runs_store *store, const char *path, struct error *err) {
    if (strcmp(path, DATABASE_IN_MEMORY) != 0) TRY(dir_make_above(path, err));
    TRY(database_open(path, &store->database, err));
    TRY(database_upgrade(store->database, upgrades, sizeof upgrades / sizeof *upgrades, err));
    for (int i = 0; i < N_STATEMENTS; i++) TRY(statement_new(store->database, statements[i], &store->statements[i], err));
    return OK;
}

enum status runs_store_open(const char *path, const char *version, struct runs_store **out, struct error *err) {
    struct runs_store *store = xnew(struct runs_store);
    store->version = version;
    const enum status status = open_parts(store, path, err);
    if (status == OK) *out = store;
    else runs_store_close(store);
    return status;
}

void runs_store_close(struct runs_store *store) {
    if (!store) return;
    for (int i = 0; i < N_STATEMENTS; i++) statement_free(store->statements[i]);
    database_close(store->database);
    free(store);
}

/* --- writing --- */

static void bind_text(struct statement *statement, int parameter, const char *text) {
    if (text) statement_bind_text(statement, parameter, slice_of(text));
    else statement_bind_null(statement, parameter);
}

static enum status write_run(struct runs_store *store, const struct run_copy *copy, struct error *err) {
    struct statement *insert = store->statements[INSERT_RUN];
    const struct run_record *run = &copy->run;
    const char *const texts[] = {kinds[run->kind], run->model, run->builtin, run->params};
    const char *const about[] = {run->data, run->split, run->fingerprint, run->protocol};
    statement_bind_int(insert, 1, copy->at);
    for (int i = 0; i < 4; i++) bind_text(insert, 2 + i, texts[i]);
    statement_bind_int(insert, 6, (int64_t)run->seed);
    for (int i = 0; i < 4; i++) bind_text(insert, 7 + i, about[i]);
    if (run->epoch) statement_bind_int(insert, 11, run->epoch);
    else statement_bind_null(insert, 11);
    statement_bind_double(insert, 12, run->seconds);
    bind_text(insert, 13, run->device);
    statement_bind_text(insert, 14, (struct slice){store->version, strcspn(store->version, ",")}); /* the rest names compilers */
    return statement_run(insert, err);
}

static enum status write_metrics(struct runs_store *store, const struct run_record *run, struct error *err) {
    struct statement *insert = store->statements[INSERT_METRIC];
    for (size_t m = 0; m < run->n_metrics; m++) {
        if (isnan(run->metrics[m].value)) continue;
        statement_bind_int(insert, 1, (int64_t)m);
        statement_bind_text(insert, 2, slice_of(run->metrics[m].name));
        statement_bind_double(insert, 3, run->metrics[m].value);
        TRY(statement_run(insert, err));
    }
    return OK;
}

static enum status used_bytes(struct runs_store *store, int64_t *out, struct error *err) {
    bool row = false;
    TRY(statement_step(store->statements[SIZE], &row, err));
    *out = row ? statement_int(store->statements[SIZE], 0) : 0;
    statement_reset(store->statements[SIZE]);
    return OK;
}

static enum status displace_oldest(struct runs_store *store, struct error *err) {
    int64_t used = 0;
    TRY(used_bytes(store, &used, err));
    for (int i = 0; i < DISPLACED_MAX && used > RUNS_FILE_BYTES_MAX; i++) {
        TRY(statement_run(store->statements[DROP_METRICS], err));
        TRY(statement_run(store->statements[DROP_RUN], err));
        TRY(used_bytes(store, &used, err));
    }
    return OK;
}

struct batch {
    struct runs_store *store;
    const struct run_copy *first;
};

static enum status write_batch(void *ctx, struct error *err) {
    const struct batch *batch = ctx;
    for (const struct run_copy *copy = batch->first; copy; copy = copy->next) {
        TRY(write_run(batch->store, copy, err));
        TRY(write_metrics(batch->store, &copy->run, err));
    }
    return displace_oldest(batch->store, err);
}

enum status runs_store_write(struct runs_store *store, const struct run_copy *first, const struct task *task, struct error *err) {
    struct batch batch = {store, first};
    database_obey(store->database, task);
    const enum status status = database_transact(store->database, write_batch, &batch, err);
    database_obey(store->database, NULL);
    return status;
}

/* --- reading --- */

struct found_run {
    int64_t id, at, seed, epoch;
    double seconds;
    char *kind, *model, *recipe, *data, *split, *fingerprint, *protocol, *device, *version; /* owned until they are cells */
};

struct found_value {
    int64_t run, metric;
    double value;
};

struct answer {
    VEC(struct found_run) runs; /* newest first */
    VEC(struct found_value) values;
    struct str_map *metrics; /* names, in the order of their first appearance among the newest */
};

static char *text_at(const struct statement *row, int column) {
    if (statement_kind(row, column) == COLUMN_NULL) return NULL;
    const struct slice text = statement_text(row, column);
    return xstrndup(text.data, text.len);
}

static struct found_run read_run(const struct statement *row) {
    struct buf recipe = BUF_INIT;
    const struct slice builtin = statement_text(row, 4), params = statement_text(row, 5);
    buf_add(&recipe, builtin.data, builtin.len);
    buf_addc(&recipe, '(');
    buf_add(&recipe, params.data, params.len);
    buf_addc(&recipe, ')');
    return (struct found_run){.id = statement_int(row, 0),
                              .at = statement_int(row, 1),
                              .kind = text_at(row, 2),
                              .model = text_at(row, 3),
                              .recipe = buf_take(&recipe),
                              .seed = statement_int(row, 6),
                              .data = text_at(row, 7),
                              .split = text_at(row, 8),
                              .fingerprint = text_at(row, 9),
                              .protocol = text_at(row, 10),
                              .epoch = statement_int(row, 11),
                              .seconds = statement_double(row, 12),
                              .device = text_at(row, 13),
                              .version = text_at(row, 14)};
}

static enum status read_runs(struct runs_store *store, const struct runs_filter *filter, const struct task *task, struct answer *answer,
                             struct error *err) {
    struct statement *select = store->statements[SELECT_RUNS];
    bind_text(select, 1, filter->kind < 0 ? NULL : kinds[filter->kind]);
    bind_text(select, 2, filter->model);
    bind_text(select, 3, filter->data);
    bind_text(select, 4, filter->data_fingerprint);
    statement_bind_int(select, 5, filter->last && filter->last < RUNS_READ_MAX ? filter->last : RUNS_READ_MAX);
    for (bool more = true; more;) {
        TRY(statement_step(select, &more, err));
        if (more) vec_push(&answer->runs, read_run(select));
        TRY(task_check(task, err));
    }
    return OK;
}

/* What is beyond RUNS_METRICS_MAX columns is left out. */
static enum status read_metrics(struct runs_store *store, size_t run, struct answer *answer, struct error *err) {
    struct statement *select = store->statements[SELECT_METRICS];
    statement_bind_int(select, 1, answer->runs.data[run].id);
    for (bool more = true; more;) {
        TRY(statement_step(select, &more, err));
        if (!more) break;
        const struct slice name = statement_text(select, 0);
        int64_t metric = (int64_t)str_map_len(answer->metrics);
        if (metric < RUNS_METRICS_MAX) str_map_put(answer->metrics, name, metric, false);
        if (!str_map_get(answer->metrics, name, &metric)) continue;
        vec_push(&answer->values, ((struct found_value){(int64_t)run, metric, statement_double(select, 1)}));
    }
    return OK;
}

static enum status collect(struct runs_store *store, const struct runs_filter *filter, const struct task *task, struct answer *answer,
                           struct error *err) {
    const enum status status = read_runs(store, filter, task, answer, err);
    statement_reset(store->statements[SELECT_RUNS]);
    TRY(status);
    for (size_t i = 0; i < answer->runs.len; i++) {
        TRY(read_metrics(store, i, answer, err));
        TRY(task_check(task, err));
    }
    return OK;
}

/* --- the table --- */

#define ADD_TEXTS(table, answer, name, field)                                                                              \
    do {                                                                                                                   \
        char **cells_ = table_add_strs(table, name);                                                                       \
        for (int64_t i_ = 0; i_ < (table)->n_rows; i_++) cells_[i_] = (answer)->runs.data[(table)->n_rows - 1 - i_].field; \
        null_texts(table);                                                                                                 \
    } while (0)

static void null_texts(struct table *table) {
    struct column *column = &table->columns[table->n_columns - 1];
    for (int64_t i = 0; i < table->n_rows; i++)
        if (!column->u.strs[i]) table_set_null(column, table->n_rows, i);
}

/* A function of the user's may be named like a column of ours: "seconds (metric)". */
static char *name_of_metric(const struct table *table, struct slice name) {
    static const char *const ours[] = {"epoch", "seconds", "seed", "split", "fingerprint", "protocol", "device", "version"};
    struct buf text = BUF_INIT;
    bool taken = false;
    buf_add(&text, name.data, name.len);
    for (size_t i = 0; i < table->n_columns; i++) taken = taken || strcasecmp(table->columns[i].name, buf_text(&text)) == 0;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) taken = taken || strcasecmp(ours[i], buf_text(&text)) == 0;
    if (taken) buf_adds(&text, " (metric)");
    return buf_take(&text);
}

static void add_metrics(const struct answer *answer, struct table *table) {
    const size_t n = str_map_len(answer->metrics), first = table->n_columns;
    for (size_t m = 0; m < n; m++) {
        const struct slice name = str_map_key(answer->metrics, m);
        char *text = name_of_metric(table, name);
        table_add_floats(table, text, 4);
        for (int64_t i = 0; i < table->n_rows; i++) table_set_null(&table->columns[first + m], table->n_rows, i);
        free(text);
    }
    for (size_t v = 0; v < answer->values.len; v++) {
        const struct found_value *value = &answer->values.data[v];
        struct column *column = &table->columns[first + (size_t)value->metric];
        const int64_t row = table->n_rows - 1 - value->run;
        column->u.floats[row] = value->value;
        column->nulls[row] = false;
    }
}

static void add_numbers(const struct answer *answer, struct table *table) {
    const int64_t n = table->n_rows;
    int64_t *epochs = table_add_ints(table, "epoch");
    struct column *column = &table->columns[table->n_columns - 1];
    for (int64_t i = 0; i < n; i++) {
        epochs[i] = answer->runs.data[n - 1 - i].epoch;
        if (epochs[i] == 0) table_set_null(column, n, i);
    }
    double *seconds = table_add_floats(table, "seconds", 2);
    for (int64_t i = 0; i < n; i++) seconds[i] = answer->runs.data[n - 1 - i].seconds;
    int64_t *seeds = table_add_ints(table, "seed");
    for (int64_t i = 0; i < n; i++) seeds[i] = answer->runs.data[n - 1 - i].seed;
}

/* Texts move into the table. */
static struct table *table_of(const struct answer *answer) {
    struct table *table = table_new((int64_t)answer->runs.len);
    int64_t *times = table_add_times(table, "when");
    for (int64_t i = 0; i < table->n_rows; i++) times[i] = answer->runs.data[table->n_rows - 1 - i].at;
    ADD_TEXTS(table, answer, "kind", kind);
    ADD_TEXTS(table, answer, "model", model);
    ADD_TEXTS(table, answer, "recipe", recipe);
    ADD_TEXTS(table, answer, "data", data);
    add_metrics(answer, table);
    add_numbers(answer, table);
    ADD_TEXTS(table, answer, "split", split);
    ADD_TEXTS(table, answer, "fingerprint", fingerprint);
    ADD_TEXTS(table, answer, "protocol", protocol);
    ADD_TEXTS(table, answer, "device", device);
    ADD_TEXTS(table, answer, "version", version);
    return table;
}

static void drop_texts(struct answer *answer) {
    for (size_t i = 0; i < answer->runs.len; i++) {
        struct found_run *run = &answer->runs.data[i];
        char *const texts[] = {run->kind, run->model, run->recipe, run->data, run->split, run->fingerprint, run->protocol, run->device, run->version};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) free(texts[t]);
    }
}

enum status runs_store_read(struct runs_store *store, const struct runs_filter *filter, const struct task *task, struct table **out,
                            struct error *err) {
    struct answer answer = {.metrics = str_map_new()};
    database_obey(store->database, task);
    const enum status status = collect(store, filter, task, &answer, err);
    database_obey(store->database, NULL);
    if (status == OK) *out = table_of(&answer);
    else drop_texts(&answer);
    vec_release(&answer.runs);
    vec_release(&answer.values);
    str_map_free(answer.metrics);
    return status;
}
