/* Functions of SQLite's whose time grows with the product of their texts'
 * lengths, so that nothing could stop them for minutes: here it grows with the
 * sum. They give the same; only instr's texts begin at whole letters. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/database_parts.h"

static bool any_null(int n, sqlite3_value **values) {
    for (int i = 0; i < n; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL) return true;
    return false;
}

/* An empty one where SQLite has no memory for it: it says so by itself. */
static struct slice text_of(sqlite3_value *value) {
    const char *text = (const char *)sqlite3_value_text(value);
    return (struct slice){text ? text : "", text ? (size_t)sqlite3_value_bytes(value) : 0};
}

static struct slice bytes_of(sqlite3_value *value) {
    const char *bytes = sqlite3_value_blob(value);
    return (struct slice){bytes ? bytes : "", bytes ? (size_t)sqlite3_value_bytes(value) : 0};
}

static void on_instr(sqlite3_context *out, int n, sqlite3_value **values) {
    if (any_null(n, values)) return;
    const bool bytes = sqlite3_value_type(values[0]) == SQLITE_BLOB && sqlite3_value_type(values[1]) == SQLITE_BLOB;
    const struct slice text = bytes ? bytes_of(values[0]) : text_of(values[0]), wanted = bytes ? bytes_of(values[1]) : text_of(values[1]);
    const char *found = wanted.len ? memmem(text.data, text.len, wanted.data, wanted.len) : text.data;
    const size_t before = found ? (size_t)(found - text.data) : 0;
    sqlite3_result_int64(out, !found ? 0 : 1 + (int64_t)(bytes ? before : utf8_count((struct slice){text.data, before})));
}

static void on_replace(sqlite3_context *out, int n, sqlite3_value **values) {
    const size_t most = (size_t)sqlite3_limit(sqlite3_context_db_handle(out), SQLITE_LIMIT_LENGTH, -1);
    struct buf made = BUF_INIT;
    if (any_null(n, values)) return;
    struct slice text = text_of(values[0]);
    const struct slice wanted = text_of(values[1]), instead = text_of(values[2]);
    for (const char *found; wanted.len && made.len <= most && (found = memmem(text.data, text.len, wanted.data, wanted.len)) != NULL;) {
        buf_add(&made, text.data, (size_t)(found - text.data));
        buf_add(&made, instead.data, instead.len);
        text.len -= (size_t)(found - text.data) + wanted.len;
        text.data = found + wanted.len;
    }
    buf_add(&made, text.data, text.len);
    if (made.len > most) sqlite3_result_error_toobig(out);
    else sqlite3_result_text64(out, buf_text(&made), made.len, SQLITE_TRANSIENT, SQLITE_UTF8);
    buf_release(&made);
}

/* --- trim, ltrim, rtrim --- */

struct letters {
    bool ascii[128];
    VEC(uint32_t) others; /* sorted */
};

static int compare_letters(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static struct letters letters_of(struct slice text) {
    struct letters letters = {0};
    uint32_t letter;
    for (size_t n; (n = utf8_decode(text, &letter)) > 0; text.data += n, text.len -= n) {
        if (letter < 128) letters.ascii[letter] = true;
        else vec_push(&letters.others, letter);
    }
    if (letters.others.len) qsort(letters.others.data, letters.others.len, sizeof letter, compare_letters);
    return letters;
}

static bool has_letter(const struct letters *letters, uint32_t letter) {
    if (letter < 128) return letters->ascii[letter];
    return letters->others.len && bsearch(&letter, letters->others.data, letters->others.len, sizeof letter, compare_letters);
}

static size_t last_letter(struct slice text, uint32_t *letter) {
    size_t n = text.len > 0;
    while (n < text.len && n < 4 && ((unsigned char)text.data[text.len - n] & 0xC0) == 0x80) n++;
    (void)utf8_decode((struct slice){text.data + text.len - n, n}, letter);
    return n;
}

#define LEFT 1
#define RIGHT 2

static void on_trim(sqlite3_context *out, int n, sqlite3_value **values) {
    const int sides = *(const int *)sqlite3_user_data(out);
    uint32_t letter;
    if (any_null(n, values)) return;
    struct slice text = text_of(values[0]);
    struct letters letters = letters_of(n > 1 ? text_of(values[1]) : slice_of(" "));
    for (size_t bytes; (sides & LEFT) && (bytes = utf8_decode(text, &letter)) > 0 && has_letter(&letters, letter);)
        text.data += bytes, text.len -= bytes;
    for (size_t bytes; (sides & RIGHT) && (bytes = last_letter(text, &letter)) > 0 && has_letter(&letters, letter);) text.len -= bytes;
    sqlite3_result_text64(out, text.data, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
    vec_release(&letters.others);
}

enum status database_add_functions(struct database *database, struct error *err) {
    static const int both = LEFT | RIGHT, left = LEFT, right = RIGHT;
    static const struct {
        const char *name;
        int n;
        void (*run)(sqlite3_context *out, int n, sqlite3_value **values);
        const int *sides;
    } own[] = {{"instr", 2, on_instr, NULL}, {"replace", 3, on_replace, NULL}, {"trim", 1, on_trim, &both},   {"trim", 2, on_trim, &both},
               {"ltrim", 1, on_trim, &left}, {"ltrim", 2, on_trim, &left},     {"rtrim", 1, on_trim, &right}, {"rtrim", 2, on_trim, &right}};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS; /* files' views may use them, as the ones that they are in place of */
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        void *ctx = (void *)(uintptr_t)own[i].sides;
        if (sqlite3_create_function_v2(database->sqlite, own[i].name, own[i].n, flags, ctx, own[i].run, NULL, NULL, NULL) != SQLITE_OK)
            return database_fail(database, err);
    }
    return OK;
}
