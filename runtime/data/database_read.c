/* Databases that only read: files are attached so that nothing of them changes,
 * nor anything appears beside them. */
#include <fcntl.h>
#include <sqlite3.h>
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
    sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL); /* of the files' views and triggers */
    sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);        /* "x" is a name, never a text */
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

/* A file in WAL mode that nobody has open is read without locks: SQLite would make -wal and -shm beside it, and leave them. */
static bool take_without_locks(struct database *database, const char *path) {
    struct still_file file;
    if (!is_in_wal_mode(path) || has_beside(path, "-wal") || stat(path, &file.before) != 0) return false;
    file.path = xstrdup(path);
    vec_push(&database->without_locks, file);
    return true;
}

/* "file:<path>?mode=ro" with every byte that means something in a URI as %xx. */
static void read_only_uri(const char *path, bool without_locks, struct buf *out) {
    static const char *const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-~";
    buf_adds(out, "file:");
    for (; *path; path++) {
        if (strchr(plain, *path)) buf_addc(out, *path);
        else buf_addf(out, "%%%02X", (unsigned char)*path);
    }
    buf_adds(out, without_locks ? "?mode=ro&immutable=1" : "?mode=ro");
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

enum status database_attach(struct database *database, const char *name, const char *path, struct error *err) {
    struct error why = ERROR_INIT;
    struct buf uri = BUF_INIT;
    read_only_uri(path, take_without_locks(database, path), &uri);
    const enum status status = attach(database, name, buf_text(&uri), &why);
    buf_release(&uri);
    if (status == OK) return OK;
    err_set(err, status, "`%s` can't be read as an SQLite file: %s", path, strncmp(why.message, "SQLite: ", 8) == 0 ? why.message + 8 : why.message);
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
        err_set(err, ERR_FILE, "`%s` was written to while it was read", database->without_locks.data[i].path);
        return err_hint(err, "run the cell again");
    }
    return OK;
}

void database_forget_files(struct database *database) {
    for (size_t i = 0; i < database->without_locks.len; i++) free(database->without_locks.data[i].path);
    vec_release(&database->without_locks);
}

/* --- queries --- */

static enum status refuse(const char *harm, struct error *err) {
    err_set(err, ERR_VALUE, "sql only reads, and this would %s", harm);
    return err_hint(
        err, "one SELECT a call, over Datasets, Tables and the files that are named: sql(\"select * from shop.orders\", shop=\"shop.sqlite\")");
}

enum status statement_new_query(struct database *database, const char *sql, struct statement **out, struct error *err) {
    struct statement *statement;
    const char *harm = sql_harm(sql);
    if (strlen(sql) > SQL_BYTES_MAX) {
        err_set(err, ERR_LIMIT, "the query has %zu bytes; at most %d are read", strlen(sql), SQL_BYTES_MAX);
        return err_hint(err, "many values belong into a Table, or into the list for the ? of the query");
    }
    if (harm) return refuse(harm, err);
    TRY(statement_new(database, sql, &statement, err));
    if (statement_reads(statement)) {
        *out = statement;
        return OK;
    }
    statement_free(statement);
    return refuse("change rows", err); /* WITH … INSERT and the like */
}
