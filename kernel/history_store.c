#include "kernel/history_store.h"

#include <limits.h>

#include "runtime/base/file.h"
#include "runtime/base/map.h"
#include "runtime/base/vec.h"
#include "runtime/data/database.h"

#define TURNS_BETWEEN_LOOKS (1 << 20)
#define DISPLACED_MAX 1000 /* cells deleted after one write, so that none takes long */

static const char *const upgrades[] = {
    "CREATE TABLE sessions (session INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));"
    "CREATE TABLE cells (id INTEGER PRIMARY KEY, session INTEGER NOT NULL, line INTEGER NOT NULL, input TEXT NOT NULL, output TEXT,"
    " UNIQUE (session, line))",
};

struct history_store {
    struct database *database;
    struct statement *insert, *select, *displace, *size;
    int64_t session;
};

/* --- life --- */

static enum status prepare(struct history_store *store, struct error *err) {
    struct database *database = store->database;
    TRY(statement_new(database, "INSERT INTO cells (session, line, input, output) VALUES (?1, ?2, ?3, ?4)", &store->insert, err));
    TRY(statement_new(database,
                      "SELECT session, line, input, output FROM cells WHERE session BETWEEN ?1 AND ?2 AND line >= ?3 AND line < ?4"
                      " ORDER BY session DESC, line DESC",
                      &store->select, err));
    TRY(statement_new(database, "DELETE FROM cells WHERE id = (SELECT min(id) FROM cells)", &store->displace, err));
    return statement_new(database, "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
                         &store->size, err);
}

static enum status take_number(void *ctx, struct error *err) {
    struct history_store *store = ctx;
    TRY(database_exec(store->database, "INSERT INTO sessions DEFAULT VALUES", err));
    return database_int(store->database, "SELECT last_insert_rowid()", &store->session, err);
}

static enum status open_parts(struct history_store *store, const char *path, struct error *err) {
    TRY(dir_make_above(path, err));
    TRY(database_open(path, &store->database, err));
    TRY(database_upgrade(store->database, upgrades, sizeof upgrades / sizeof *upgrades, err));
    TRY(prepare(store, err));
    return database_transact(store->database, take_number, store, err);
}

enum status history_store_open(const char *path, struct history_store **out, struct error *err) {
    struct history_store *store = xnew(struct history_store);
    enum status status = open_parts(store, path, err);
    if (status == OK) *out = store;
    else history_store_close(store);
    return status;
}

void history_store_close(struct history_store *store) {
    if (!store) return;
    statement_free(store->insert);
    statement_free(store->select);
    statement_free(store->displace);
    statement_free(store->size);
    database_close(store->database);
    free(store);
}

/* --- writing --- */

struct batch {
    struct history_store *store;
    const struct history_cell *first;
};

static enum status used_bytes(struct history_store *store, int64_t *out, struct error *err) {
    bool row = false;
    TRY(statement_step(store->size, &row, err));
    *out = row ? statement_int(store->size, 0) : 0;
    statement_reset(store->size);
    return OK;
}

/* Pages that get free are used again, so the file stays as large as it is now. */
static enum status displace_oldest(struct history_store *store, struct error *err) {
    int64_t used = 0;
    TRY(used_bytes(store, &used, err));
    for (int i = 0; i < DISPLACED_MAX && used > HISTORY_FILE_BYTES_MAX; i++) {
        TRY(statement_run(store->displace, err));
        TRY(used_bytes(store, &used, err));
    }
    return OK;
}

static enum status write_batch(void *ctx, struct error *err) {
    const struct batch *batch = ctx;
    struct statement *insert = batch->store->insert;
    for (const struct history_cell *cell = batch->first; cell; cell = cell->next) {
        statement_bind_int(insert, 1, batch->store->session);
        statement_bind_int(insert, 2, cell->line);
        statement_bind_text(insert, 3, cell->input);
        if (cell->output.data) statement_bind_text(insert, 4, cell->output);
        else statement_bind_null(insert, 4);
        TRY(statement_run(insert, err));
    }
    return displace_oldest(batch->store, err);
}

enum status history_store_write(struct history_store *store, const struct history_cell *first, struct error *err) {
    struct batch batch = {store, first};
    return database_transact(store->database, write_batch, &batch, err);
}

/* --- what was asked for --- */

/* Cells of these sessions and lines, newest first, as far as they match, at most n. */
struct question {
    int64_t first_session, last_session, start, stop, n;
    const json_t *pattern; /* NULL: any */
    bool unique, with_output;
};

/* As Python's slices: from the end where negative. stop 0 or null: to the end. Sessions up to 0 count from this one. */
static enum status ask_range(struct history_store *store, const json_t *query, struct question *out, struct error *err) {
    int64_t session = json_int(query, "session", 0), last = 0;
    if (session <= 0) session = session < -store->session ? -1 : store->session + session;
    out->first_session = out->last_session = session;
    out->start = json_int(query, "start", 1);
    out->stop = json_int(query, "stop", 0);
    if (out->start < 0 || out->stop < 0) {
        struct buf sql = BUF_INIT;
        buf_addf(&sql, "SELECT coalesce(max(line), 0) FROM cells WHERE session = %lld", (long long)session);
        enum status status = database_int(store->database, buf_text(&sql), &last, err);
        buf_release(&sql);
        TRY(status);
    }
    if (out->start < 0) out->start = out->start < -last ? 0 : out->start + last + 1;
    if (out->stop < 0) out->stop = out->stop < -last ? 0 : out->stop + last + 1;
    else if (out->stop == 0) out->stop = INT64_MAX;
    return OK;
}

static enum status read_question(struct history_store *store, const json_t *query, struct question *out, struct error *err) {
    struct slice way = slice_of(json_text(query, "hist_access_type", "tail"));
    *out = (struct question){.last_session = INT64_MAX, .stop = INT64_MAX, .n = INT64_MAX, .with_output = json_flag(query, "output", false)};
    if (slice_eqz(way, "range")) return ask_range(store, query, out, err);
    if (slice_eqz(way, "tail")) {
        out->n = json_int(query, "n", 10);
        return OK;
    }
    if (!slice_eqz(way, "search"))
        return err_set(err, ERR_PROTOCOL, "hist_access_type \"%s\": only \"tail\", \"range\" and \"search\" are known", way.data);
    out->n = json_int(query, "n", INT64_MAX);
    out->pattern = json_object_get(query, "pattern");
    out->unique = json_flag(query, "unique", false);
    if (out->pattern && !json_is_string(out->pattern)) return err_set(err, ERR_PROTOCOL, "`pattern` of a history_request is a string");
    if (json_string_length(out->pattern) > HISTORY_PATTERN_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "`pattern` of a history_request has %zu bytes; at most %zu are searched for", json_string_length(out->pattern),
                       HISTORY_PATTERN_BYTES_MAX);
    return OK;
}

/* --- globs --- */

/* Bytes of the character at the beginning of a text that isn't empty. */
static size_t char_len(struct slice text) {
    size_t len = 1;
    while (len < text.len && ((unsigned char)text.data[len] & 0xC0) == 0x80) len++;
    return len;
}

static struct slice after(struct slice text, size_t n_bytes) { return (struct slice){text.data + n_bytes, text.len - n_bytes}; }

bool glob_match(struct slice pattern, struct slice text, const struct task *task) {
    struct slice star = {0}, retry = {0};
    for (size_t turn = 1; text.len; turn++) {
        if (turn % TURNS_BETWEEN_LOOKS == 0 && task_cancelled(task)) return false;
        char want = pattern.len ? *pattern.data : 0;
        if (pattern.len && want == '*') {
            star = pattern = after(pattern, 1);
            retry = text;
        } else if (pattern.len && (want == '?' || want == *text.data)) {
            text = after(text, want == '?' ? char_len(text) : 1);
            pattern = after(pattern, 1);
        } else if (star.data) {
            text = retry = after(retry, char_len(retry));
            pattern = star;
        } else return false;
    }
    while (pattern.len && *pattern.data == '*') pattern = after(pattern, 1);
    return pattern.len == 0;
}

/* --- the answer --- */

/* Its items come newest first and are wanted oldest first. */
struct answer {
    struct buf items;
    VEC(size_t) starts;
    struct str_map *seen; /* NULL: inputs may repeat */
};

static bool fits(const struct question *question, const struct answer *answer, struct slice input, const struct task *task) {
    struct slice pattern = {json_string_value(question->pattern), json_string_length(question->pattern)};
    if (question->pattern && !glob_match(pattern, input, task)) return false;
    return !answer->seen || str_map_put(answer->seen, input, 1, false);
}

static void add_item(const struct statement *row, bool with_output, struct buf *out) {
    buf_addf(out, "[%lld,%lld,%s", (long long)statement_int(row, 0), (long long)statement_int(row, 1), with_output ? "[" : "");
    buf_add_json_string(out, statement_text(row, 2));
    if (with_output) buf_addc(out, ',');
    if (with_output && statement_kind(row, 3) == COLUMN_TEXT) buf_add_json_string(out, statement_text(row, 3));
    else if (with_output) buf_adds(out, "null");
    buf_adds(out, with_output ? "]]" : "]");
}

static enum status collect(struct statement *row, const struct question *question, const struct task *task, struct answer *answer,
                           struct error *err) {
    for (bool more = true; question->n > 0 && (int64_t)answer->starts.len < question->n;) {
        TRY(statement_step(row, &more, err));
        if (!more) return OK;
        TRY(task_check(task, err));
        if (!fits(question, answer, statement_text(row, 2), task)) continue;
        size_t start = answer->items.len;
        add_item(row, question->with_output, &answer->items);
        if (answer->items.len > HISTORY_ANSWER_BYTES_MAX) {
            answer->items.len = start;
            break;
        }
        vec_push(&answer->starts, start);
    }
    return OK;
}

static void write_answer(const struct answer *answer, struct buf *out) {
    size_t end = answer->items.len;
    buf_reserve(out, end + answer->starts.len + 2);
    buf_addc(out, '[');
    for (size_t i = answer->starts.len; i-- > 0;) {
        buf_add(out, answer->items.data + answer->starts.data[i], end - answer->starts.data[i]);
        end = answer->starts.data[i];
        if (i) buf_addc(out, ',');
    }
    buf_addc(out, ']');
}

static enum status find(struct history_store *store, const json_t *query, const struct task *task, struct answer *answer, struct error *err) {
    struct question question;
    TRY(read_question(store, query, &question, err));
    if (question.unique) answer->seen = str_map_new();
    const int64_t bounds[] = {question.first_session, question.last_session, question.start, question.stop};
    for (int i = 0; i < 4; i++) statement_bind_int(store->select, i + 1, bounds[i]);
    enum status status = collect(store->select, &question, task, answer, err);
    statement_reset(store->select);
    return status;
}

enum status history_store_query(struct history_store *store, const json_t *query, const struct task *task, struct buf *out, struct error *err) {
    struct answer answer = {0};
    database_obey(store->database, task);
    enum status status = find(store, query, task, &answer, err);
    database_obey(store->database, NULL);
    if (status == OK) write_answer(&answer, out);
    buf_release(&answer.items);
    vec_release(&answer.starts);
    str_map_free(answer.seen);
    return status;
}
