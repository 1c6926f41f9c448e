/* Databases that only read: files are attached so that nothing of them changes,
 * nor anything appears beside them. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/data/database_parts.h"
#include "runtime/data/sql_text.h"

#define SQL_BYTES_MAX (1 << 20)
#define OPS_BETWEEN_LOOKS 64 /* each may be a function of the longest values */

/* --- opening --- */

/* Functions that a query has no use for: one hands out addresses of the process, the other may take minutes that nothing can stop. */
static int on_action(void *ctx, int action, const char *a, const char *function, const char *b, const char *c) {
    static const char *const refused[] = {"fts3_tokenizer", "json_patch"};
    (void)ctx, (void)a, (void)b, (void)c;
    for (size_t i = 0; action == SQLITE_FUNCTION && function && i < sizeof refused / sizeof *refused; i++)
        if (sqlite3_stricmp(function, refused[i]) == 0) return SQLITE_DENY;
    return SQLITE_OK;
}

static enum status open_empty(struct database *database, struct error *err) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
    const int code = sqlite3_open_v2(DATABASE_IN_MEMORY, &database->sqlite, flags, NULL);
    if (!database->sqlite) return err_set(err, ERR_MEMORY, "no memory for a query");
    if (code != SQLITE_OK) return database_fail(database, err);
    database_listen(database, OPS_BETWEEN_LOOKS);
    sqlite3_set_authorizer(database->sqlite, on_action, NULL);
    sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL); /* a file's -wal stays */
    sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);   /* of the files' views and triggers */
    sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);          /* "x" is a name, never a text */
    sqlite3_limit(database->sqlite, SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX);
    sqlite3_limit(database->sqlite, SQLITE_LIMIT_LENGTH, DATABASE_VALUE_BYTES_MAX);
    TRY(database_add_functions(database, err));
    return database_exec(database, "PRAGMA temp_store=FILE", err);
}

/* Many values of a row, each within its limit, could take all that there is: half of it is for the process's other needs. SQLite has one limit for
 * all its databases; those of Reckon's own take next to nothing. */
static void limit_memory(void) {
    const size_t room = mem_room_bytes();
    sqlite3_hard_heap_limit64(room == SIZE_MAX ? 0 : sqlite3_memory_used() + (sqlite3_int64)(room / 2));
}

void database_unlimit_memory(void) { sqlite3_hard_heap_limit64(0); }

enum status database_open_reading(struct database **out, struct error *err) {
    struct database *database = xnew(struct database);
    limit_memory();
    const enum status status = open_empty(database, err);
    if (status == OK) *out = database;
    else database_close(database);
    return status;
}

/* --- files --- */

#define WAL_MODE_AT 18 /* in the header: 2 where the file is in WAL mode */

static bool is_in_wal_mode(const char *path) {
    char byte = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    const bool wal = fd >= 0 && pread(fd, &byte, 1, WAL_MODE_AT) == 1 && byte == 2;
    if (fd >= 0) close(fd);
    return wal;
}

static bool has_beside(const char *path, const char *ending) {
    struct buf name = BUF_INIT;
    buf_addf(&name, "%s%s", path, ending);
    const bool has = file_exists(buf_text(&name));
    buf_release(&name);
    return has;
}

/* From now on the file is looked after: database_check_files. */
static bool keep_eye_on(struct database *database, const char *path, const char *ending, const char *named) {
    struct still_file file;
    struct buf name = BUF_INIT;
    buf_addf(&name, "%s%s", path, ending);
    const bool there = stat(buf_text(&name), &file.before) == 0;
    if (there) {
        file.path = xstrdup(buf_text(&name));
        file.named = xstrdup(named);
        vec_push(&database->without_locks, file);
    }
    buf_release(&name);
    return there;
}

/* How a file is read. One in WAL mode that nobody has open is read without locks: SQLite would make -wal and -shm beside it, and leave them. What a
 * -wal without a -shm holds (a copy of a file in use has that) is read as well, through an index in memory. */
enum reading { READ_WITH_LOCKS, READ_STILL, READ_STILL_WITH_LOG };

static enum reading choose_reading(struct database *database, const char *path, const char *named) {
    const bool log = has_beside(path, "-wal");
    if (!is_in_wal_mode(path) || (log && has_beside(path, "-shm")) || !keep_eye_on(database, path, "", named)) return READ_WITH_LOCKS;
    return log && keep_eye_on(database, path, "-wal", named) ? READ_STILL_WITH_LOG : READ_STILL;
}

/* "file:<path>?mode=ro" with every byte that means something in a URI as %xx. */
static void read_only_uri(const char *path, enum reading reading, struct buf *out) {
    static const char *const endings[] = {"?mode=ro", "?mode=ro&immutable=1", "?mode=ro&vfs=unix-none"};
    static const char *const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-~";
    buf_adds(out, "file:");
    for (; *path; path++) {
        if (strchr(plain, *path)) buf_addc(out, *path);
        else buf_addf(out, "%%%02X", (unsigned char)*path);
    }
    buf_adds(out, endings[reading]);
}

/* The file is looked into here: an error names it, and not a query. */
static enum status attach(struct database *database, const char *name, const char *uri, struct error *err) {
    struct statement *statement;
    struct buf look = BUF_INIT;
    int64_t n;
    TRY(statement_new(database, "ATTACH ?1 AS ?2", &statement, err));
    statement_bind_text(statement, 1, slice_of(uri));
    statement_bind_text(statement, 2, slice_of(name));
    enum status status = statement_run(statement, err);
    statement_free(statement);
    buf_adds(&look, "SELECT count(*) FROM ");
    buf_add_sql_name(&look, name);
    buf_adds(&look, ".sqlite_master");
    if (status == OK) status = database_int(database, buf_text(&look), &n, err);
    buf_release(&look);
    return status;
}

static enum status attach_file(struct database *database, const char *name, const char *path, const char *named, struct error *err) {
    const enum reading reading = choose_reading(database, path, named);
    struct buf uri = BUF_INIT;
    enum status status = OK;
    read_only_uri(path, reading, &uri);
    if (reading == READ_STILL_WITH_LOG) status = database_exec(database, "PRAGMA locking_mode=EXCLUSIVE", err); /* needs no -shm */
    if (status == OK) status = attach(database, name, buf_text(&uri), err);
    buf_release(&uri);
    if (status == OK && reading == READ_STILL_WITH_LOG) status = database_exec(database, "PRAGMA locking_mode=NORMAL", err); /* of the others */
    return status;
}

enum status database_attach(struct database *database, const char *name, const char *path, struct error *err) {
    struct error why = ERROR_INIT;
    char *real = realpath(path, NULL); /* what lies beside a link's file counts, as it does to SQLite */
    const enum status status = attach_file(database, name, real ? real : path, path, &why);
    free(real);
    if (status == OK) return OK;
    err_set(err, status, "`%s` can't be read as an SQLite file: %s", path, strncmp(why.message, "SQLite: ", 8) == 0 ? why.message + 8 : why.message);
    const char *ending = strrchr(path, '.');
    if (ending && (strcmp(ending, ".csv") == 0 || strcmp(ending, ".tsv") == 0 || strcmp(ending, ".jsonl") == 0))
        err_hint(err, "make a Table of it first, t = table(\"%s\"), and ask that: sql(\"select * from t\")", path);
    return why.hint[0] ? err_hint(err, "%s", why.hint) : status;
}

static bool is_as_before(const struct still_file *file) {
    struct stat now;
    return stat(file->path, &now) == 0 && now.st_ino == file->before.st_ino && now.st_size == file->before.st_size &&
           now.st_mtim.tv_sec == file->before.st_mtim.tv_sec && now.st_mtim.tv_nsec == file->before.st_mtim.tv_nsec;
}

enum status database_check_files(const struct database *database, struct error *err) {
    for (size_t i = 0; i < database->without_locks.len; i++) {
        if (is_as_before(&database->without_locks.data[i])) continue;
        err_set(err, ERR_FILE, "`%s` was written to while it was read", database->without_locks.data[i].named);
        return err_hint(err, "run the cell again");
    }
    return OK;
}

void database_forget_files(struct database *database) {
    for (size_t i = 0; i < database->without_locks.len; i++) {
        free(database->without_locks.data[i].path);
        free(database->without_locks.data[i].named);
    }
    vec_release(&database->without_locks);
}

/* --- queries --- */

static enum status refuse(const char *harm, struct error *err) {
    err_set(err, ERR_VALUE, "sql only reads, and this would %s", harm);
    return err_hint(
        err, "one SELECT a call, over Datasets, Tables and the files that are named: sql(\"select * from shop.orders\", shop=\"shop.sqlite\")");
}

static enum status refuse_explain(struct error *err) {
    err_set(err, ERR_VALUE, "sql gives the rows of a query; EXPLAIN, which tells how SQLite would find them, isn't one");
    return err_hint(err, "leave EXPLAIN away; timeit(sql(…)) says how long a query takes");
}

enum status statement_new_query(struct database *database, const char *sql, struct statement **out, struct error *err) {
    struct statement *statement;
    const char *harm = sql_harm(sql);
    if (strlen(sql) > SQL_BYTES_MAX) {
        err_set(err, ERR_LIMIT, "the query has %zu bytes; at most %d are read", strlen(sql), SQL_BYTES_MAX);
        return err_hint(err, "many values belong into a Table, or into the list for the ? of the query");
    }
    if (sql_explains(sql)) return refuse_explain(err);
    if (harm) return refuse(harm, err);
    TRY(statement_new(database, sql, &statement, err));
    if (statement_reads(statement)) {
        *out = statement;
        return OK;
    }
    statement_free(statement);
    return refuse("change rows", err); /* WITH … INSERT and the like */
}
