#include "runtime/data/database.h"

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/data/database_parts.h"

#define APPLICATION_ID 0x52636b6e /* "Rckn" in the file's header */
#define OPS_BETWEEN_LOOKS 4000    /* of SQLite's machine: well under a millisecond */

struct statement {
    struct database *database;
    sqlite3_stmt *compiled;
};

/* --- errors --- */

static enum status status_of(int code) {
    switch (code & 0xff) { /* without the details */
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return OK;
    case SQLITE_INTERRUPT: return ERR_INTERRUPTED;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return ERR_DATA;
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_AUTH:
    case SQLITE_RANGE:
    case SQLITE_MISUSE: return ERR_VALUE;
    case SQLITE_TOOBIG: return ERR_LIMIT;
    case SQLITE_NOMEM: return ERR_MEMORY;
    default: return ERR_FILE;
    }
}

static void say(const struct database *database, enum status status, const char *words, struct error *err) {
    const char *message = sqlite3_errmsg(database->sqlite);
    if (!database->path) err_set(err, status, "SQLite: %s%s%s%s", message, words ? " (" : "", words ? words : "", words ? ")" : "");
    else err_set(err, status, "database `%s`: %s%s%s%s", database->path, message, words ? " (" : "", words ? words : "", words ? ")" : "");
}

/* Of a database that only reads. */
static void hint_limit(int code, struct error *err) {
    if (code == SQLITE_TOOBIG)
        err_hint(err, "a text, list or blob has %d MiB at most, and so has a row that is sorted or grouped; leave out what is longer",
                 DATABASE_VALUE_BYTES_MAX >> 20);
    if (code == SQLITE_NOMEM) err_hint(err, "a query's values may take half of what is free; ask for fewer or shorter ones at a time");
}

/* With the system's reason where it has one. */
enum status database_fail(struct database *database, struct error *err) {
    int code = sqlite3_extended_errcode(database->sqlite), reason = sqlite3_system_errno(database->sqlite);
    enum status status = status_of(code);
    bool cancelled = task_cancelled(database->task);
    if (status == ERR_INTERRUPTED || (cancelled && (code & 0xff) == SQLITE_BUSY)) return err_set(err, ERR_INTERRUPTED, "interrupted");
    if (database->why.code != OK) {
        *err = database->why;
        err_reset(&database->why);
        return err->code;
    }
    if (status == OK) status = ERR_INTERNAL;
    const char *words = status == ERR_FILE && reason ? strerrordesc_np(reason) : NULL;
    say(database, status, words, err);
    if ((code & 0xff) == SQLITE_BUSY) err_hint(err, "another program keeps it locked");
    if ((code & 0xff) == SQLITE_FULL) err_hint(err, "free some space there");
    if (!database->path) hint_limit(code & 0xff, err);
    if (status == ERR_DATA && database->path) err_hint(err, "move the file away; a new one will be made");
    return status;
}

/* --- opening --- */

static int on_progress(void *ctx) { return task_cancelled(((struct database *)ctx)->task); }

static int on_busy(void *ctx, int n_waits) {
    struct database *database = ctx;
    struct error ignored = ERROR_INIT;
    if (n_waits == 0) database->busy_since_s = clock_now_s();
    return clock_now_s() - database->busy_since_s < DATABASE_BUSY_S && task_sleep(database->task, n_waits < 10 ? 0.001 : 0.01, &ignored) == OK;
}

void database_listen(struct database *database, int n_operations) {
    sqlite3_busy_handler(database->sqlite, on_busy, database);
    sqlite3_progress_handler(database->sqlite, n_operations, on_progress, database);
}

/* Where several machines may share a file, but not the memory that WAL needs. Numbers of statfs(2). */
static bool on_network(const char *path) {
    static const unsigned numbers[] = {0x6969 /* NFS */,      0x517B /* SMB */,    0xFF534D42 /* CIFS */, 0xFE534D42 /* SMB2 */,
                                       0x5346414F /* AFS */,  0x01021997 /* 9P */, 0x00C36400 /* Ceph */, 0x0BD00BD0 /* Lustre */,
                                       0x65735546 /* FUSE */, 0x73757245 /* Coda */};
    struct statfs info;
    if (statfs(path, &info) != 0) return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if ((unsigned)info.f_type == numbers[i]) return true;
    return false;
}

/* Made by us first because SQLite would let the group and others read it. An old file isn't touched: closing a descriptor of
 * it would drop the locks that this process has there. */
static void make_private(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
}

/* Asks for a journal mode; *out_mode is the one that there is then. Here SQLite doesn't always wait by itself. */
static enum status ask_journal(struct database *database, const char *sql, char out_mode[16], struct error *err) {
    for (int n_waits = 0;; n_waits++) {
        sqlite3_stmt *compiled = NULL;
        int code = sqlite3_prepare_v2(database->sqlite, sql, -1, &compiled, NULL);
        if (code == SQLITE_OK) code = sqlite3_step(compiled);
        if (code == SQLITE_ROW) snprintf(out_mode, 16, "%s", (const char *)sqlite3_column_text(compiled, 0));
        sqlite3_finalize(compiled);
        if (code == SQLITE_ROW) return OK;
        if ((code & 0xff) != SQLITE_BUSY || !on_busy(database, n_waits)) return database_fail(database, err);
    }
}

static enum status set_journal(struct database *database, struct error *err) {
    char mode[16] = "";
    if (strcmp(database->path, DATABASE_IN_MEMORY) == 0) return OK;
    TRY(ask_journal(database, on_network(database->path) ? "PRAGMA journal_mode=DELETE" : "PRAGMA journal_mode=WAL", mode, err));
    return database_exec(database, strcmp(mode, "wal") == 0 ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", err);
}

static enum status open_file(struct database *database, struct error *err) {
    if (strcmp(database->path, DATABASE_IN_MEMORY) != 0) make_private(database->path);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(database->path, &database->sqlite, flags, NULL);
    if (!database->sqlite) return err_set(err, ERR_MEMORY, "no memory to open the database `%s`", database->path);
    if (code != SQLITE_OK) return database_fail(database, err);
    if (sqlite3_db_readonly(database->sqlite, "main") == 1) return err_set(err, ERR_FILE, "database `%s`: can't be written", database->path);
    database_listen(database, OPS_BETWEEN_LOOKS);
    TRY(database_exec(database, "PRAGMA cache_size=-1000; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=4194304", err));
    return set_journal(database, err);
}

enum status database_open(const char *path, struct database **out, struct error *err) {
    struct database *database = xnew(struct database);
    database->path = xstrdup(path);
    enum status status = open_file(database, err);
    if (status == OK) *out = database;
    else database_close(database);
    return status;
}

void database_close(struct database *database) {
    if (!database) return;
    sqlite3_close(database->sqlite);
    if (!database->path) database_unlimit_memory();
    database_forget_files(database);
    free(database->path);
    free(database);
}

void database_obey(struct database *database, const struct task *task) { database->task = task; }

int database_error_offset(const struct database *database) {
#if SQLITE_VERSION_NUMBER >= 3038000
    return sqlite3_error_offset(database->sqlite);
#else
    (void)database;
    return -1;
#endif
}

/* --- whole statements --- */

enum status database_exec(struct database *database, const char *sql, struct error *err) {
    return sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : database_fail(database, err);
}

enum status database_int(struct database *database, const char *sql, int64_t *out, struct error *err) {
    struct statement *statement;
    bool row = false;
    TRY(statement_new(database, sql, &statement, err));
    enum status status = statement_step(statement, &row, err);
    if (status == OK && !row) status = err_set(err, ERR_VALUE, "database `%s`: `%s` gives no row", database->path, sql);
    if (status == OK) *out = statement_int(statement, 0);
    statement_free(statement);
    return status;
}

/* IMMEDIATE: who wants to write waits here, where waiting can't fail on what was read before. */
enum status database_transact(struct database *database, enum status (*body)(void *ctx, struct error *err), void *ctx, struct error *err) {
    struct error ignored = ERROR_INIT;
    TRY(database_exec(database, "BEGIN IMMEDIATE", err));
    enum status status = body(ctx, err);
    if (status == OK) status = database_exec(database, "COMMIT", err);
    if (status != OK && !sqlite3_get_autocommit(database->sqlite)) {
        const struct task *task = database->task;
        database->task = NULL; /* a cancelled one would stop this too */
        if (database_exec(database, "ROLLBACK", &ignored) != OK) err_note(err, "while undoing it: %s", ignored.message);
        database->task = task;
    }
    return status;
}

/* --- versions --- */

struct upgrade {
    struct database *database;
    const char *const *steps;
    int n_steps;
};

static enum status check_owner(struct database *database, int64_t version, struct error *err) {
    int64_t owner = 0, n_tables = 0;
    TRY(database_int(database, "PRAGMA application_id", &owner, err));
    TRY(database_int(database, "SELECT count(*) FROM sqlite_master", &n_tables, err));
    if (owner == APPLICATION_ID || (owner == 0 && version == 0 && n_tables == 0)) return OK;
    return err_set(err, ERR_DATA, "database `%s` is another program's", database->path);
}

/* Looks again as the one writer: another process may have been first. */
static enum status upgrade(void *ctx, struct error *err) {
    struct upgrade *up = ctx;
    int64_t version = 0;
    struct buf mark = BUF_INIT;
    TRY(database_int(up->database, "PRAGMA user_version", &version, err));
    TRY(check_owner(up->database, version, err));
    for (int64_t i = version; i < up->n_steps; i++) TRY(database_exec(up->database, up->steps[i], err));
    buf_addf(&mark, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID, up->n_steps);
    enum status status = version < up->n_steps ? database_exec(up->database, buf_text(&mark), err) : OK;
    buf_release(&mark);
    return status;
}

enum status database_upgrade(struct database *database, const char *const *steps, int n_steps, struct error *err) {
    struct upgrade up = {database, steps, n_steps};
    int64_t version = 0;
    TRY(database_int(database, "PRAGMA user_version", &version, err));
    if (version < n_steps) return database_transact(database, upgrade, &up, err);
    TRY(check_owner(database, version, err)); /* looks more than once: only of what is made is that sound without a transaction */
    if (version > n_steps)
        return err_set(err, ERR_DATA, "database `%s` was written by a newer Reckon: its tables have version %lld, known are those up to %d",
                       database->path, (long long)version, n_steps);
    return OK;
}

/* --- statements --- */

/* Whether nothing but spaces and comments is left. */
static bool is_end(const struct database *database, const char *rest) {
    sqlite3_stmt *more = NULL;
    while (*rest == ' ' || *rest == '\n' || *rest == ';') rest++;
    if (!*rest) return true;
    const int code = sqlite3_prepare_v3(database->sqlite, rest, -1, 0, &more, NULL);
    sqlite3_finalize(more);
    return code == SQLITE_OK && !more;
}

enum status statement_new(struct database *database, const char *sql, struct statement **out, struct error *err) {
    sqlite3_stmt *compiled = NULL;
    const char *rest = NULL;
    err_reset(&database->why);
    if (sqlite3_prepare_v3(database->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &compiled, &rest) != SQLITE_OK) return database_fail(database, err);
    if (!compiled) {
        err_set(err, ERR_VALUE, "%s: an empty statement", database->path ? database->path : "SQLite");
        return err_hint(err, "write one: select * from …");
    }
    if (!is_end(database, rest)) {
        sqlite3_finalize(compiled);
        err_set(err, ERR_VALUE, "one statement at a time: after its end comes `%.*s`", (int)strcspn(rest, "\n"), rest);
        return err_hint(err, "run the others each by itself");
    }
    struct statement *statement = xnew(struct statement);
    *statement = (struct statement){database, compiled};
    *out = statement;
    return OK;
}

void statement_free(struct statement *statement) {
    if (!statement) return;
    sqlite3_finalize(statement->compiled);
    free(statement);
}

void statement_bind_int(struct statement *statement, int parameter, int64_t value) { sqlite3_bind_int64(statement->compiled, parameter, value); }

void statement_bind_double(struct statement *statement, int parameter, double value) { sqlite3_bind_double(statement->compiled, parameter, value); }

void statement_bind_text(struct statement *statement, int parameter, struct slice text) {
    sqlite3_bind_text64(statement->compiled, parameter, text.data ? text.data : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

void statement_bind_null(struct statement *statement, int parameter) { sqlite3_bind_null(statement->compiled, parameter); }

void statement_reset(struct statement *statement) { sqlite3_reset(statement->compiled); }

enum status statement_step(struct statement *statement, bool *out_row, struct error *err) {
    int code = sqlite3_step(statement->compiled);
    enum status status = code == SQLITE_ROW || code == SQLITE_DONE ? OK : database_fail(statement->database, err);
    if (code != SQLITE_ROW) statement_reset(statement);
    if (status == OK) *out_row = code == SQLITE_ROW;
    return status;
}

enum status statement_run(struct statement *statement, struct error *err) {
    bool row = false;
    enum status status = statement_step(statement, &row, err);
    if (row) statement_reset(statement);
    return status;
}

bool statement_reads(const struct statement *statement) { return sqlite3_stmt_readonly(statement->compiled); }

int statement_n_columns(const struct statement *statement) { return sqlite3_column_count(statement->compiled); }

const char *statement_column_name(const struct statement *statement, int column) { return sqlite3_column_name(statement->compiled, column); }

const char *statement_declared(const struct statement *statement, int column) {
    const char *type = sqlite3_column_decltype(statement->compiled, column);
    return type ? type : "";
}

int statement_n_parameters(const struct statement *statement) { return sqlite3_bind_parameter_count(statement->compiled); }

enum column_kind statement_kind(const struct statement *statement, int column) {
    switch (sqlite3_column_type(statement->compiled, column)) {
    case SQLITE_INTEGER: return COLUMN_INT;
    case SQLITE_FLOAT: return COLUMN_DOUBLE;
    case SQLITE_TEXT: return COLUMN_TEXT;
    case SQLITE_BLOB: return COLUMN_BYTES;
    default: return COLUMN_NULL;
    }
}

int64_t statement_int(const struct statement *statement, int column) { return sqlite3_column_int64(statement->compiled, column); }

double statement_double(const struct statement *statement, int column) { return sqlite3_column_double(statement->compiled, column); }

struct slice statement_text(const struct statement *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement->compiled, column);
    return (struct slice){text ? text : "", text ? (size_t)sqlite3_column_bytes(statement->compiled, column) : 0};
}
