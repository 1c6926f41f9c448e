/* Functions of SQLite's whose time grows with the product of their texts'
 * lengths, so that nothing could stop them for minutes: here it grows with the
 * sum, or a cancel ends them. They give what SQLite's give, also for bytes that
 * are no UTF-8: a letter is a byte below 0xC0, or one from there on with all
 * the continuation bytes behind it. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/database_parts.h"

#define STEPS_PER_LOOK 262144 /* of some nanoseconds */

/* False, with the function's result set, when the task was cancelled: looks when so many steps were done. */
static bool goes_on(sqlite3_context *out, size_t *n_steps, size_t n_more) {
    const struct database *database = sqlite3_user_data(out);
    if ((*n_steps += n_more) < STEPS_PER_LOOK) return true;
    *n_steps = 0;
    if (!task_cancelled(database->task)) return true;
    sqlite3_result_error_code(out, SQLITE_INTERRUPT);
    return false;
}

static bool is_null(sqlite3_value *value) { return sqlite3_value_type(value) == SQLITE_NULL; }

/* An empty one where SQLite has no memory for it: it says so by itself. */
static struct slice text_of(sqlite3_value *value) {
    const char *text = (const char *)sqlite3_value_text(value);
    return (struct slice){text ? text : "", text ? (size_t)sqlite3_value_bytes(value) : 0};
}

static struct slice bytes_of(sqlite3_value *value) {
    const char *bytes = sqlite3_value_blob(value);
    return (struct slice){bytes ? bytes : "", bytes ? (size_t)sqlite3_value_bytes(value) : 0};
}

static bool continues(char byte) { return ((unsigned char)byte & 0xC0) == 0x80; }

static bool leads(char byte) { return (unsigned char)byte >= 0xC0; }

/* --- instr, replace --- */

/* Where `wanted` begins at the first byte or at a letter's; NULL: nowhere. */
static const char *find_at_letter(struct slice text, struct slice wanted) {
    const char *const end = text.data + text.len;
    for (const char *from = text.data; from <= end;) {
        const char *found = memmem(from, (size_t)(end - from), wanted.data, wanted.len);
        if (!found || found == text.data || !continues(*found)) return found;
        from = found + 1;
    }
    return NULL;
}

static int64_t letters_until(struct slice text, const char *end) {
    int64_t n = 0;
    for (const char *at = text.data + 1; at <= end; at++) n += !continues(*at);
    return n;
}

static void on_instr(sqlite3_context *out, int n, sqlite3_value **values) {
    (void)n;
    if (is_null(values[0]) || is_null(values[1])) return;
    const bool bytes = sqlite3_value_type(values[0]) == SQLITE_BLOB && sqlite3_value_type(values[1]) == SQLITE_BLOB;
    const struct slice text = bytes ? bytes_of(values[0]) : text_of(values[0]), wanted = bytes ? bytes_of(values[1]) : text_of(values[1]);
    const char *found = text.data;
    if (wanted.len) found = bytes ? memmem(text.data, text.len, wanted.data, wanted.len) : find_at_letter(text, wanted);
    if (!found) sqlite3_result_int64(out, 0);
    else sqlite3_result_int64(out, 1 + (bytes ? found - text.data : letters_until(text, found)));
}

static void replace(sqlite3_context *out, struct slice text, struct slice wanted, struct slice instead) {
    const size_t most = (size_t)sqlite3_limit(sqlite3_context_db_handle(out), SQLITE_LIMIT_LENGTH, -1);
    struct buf made = BUF_INIT;
    size_t n_steps = 0;
    bool whole = true;
    for (const char *found; made.len <= most && (found = memmem(text.data, text.len, wanted.data, wanted.len)) != NULL;) {
        if (!(whole = goes_on(out, &n_steps, 1))) break;
        buf_add(&made, text.data, (size_t)(found - text.data));
        buf_add(&made, instead.data, instead.len);
        text.len -= (size_t)(found - text.data) + wanted.len;
        text.data = found + wanted.len;
    }
    if (whole) buf_add(&made, text.data, text.len);
    if (made.len > most) sqlite3_result_error_toobig(out);
    else if (whole) sqlite3_result_text64(out, buf_text(&made), made.len, SQLITE_TRANSIENT, SQLITE_UTF8);
    buf_release(&made);
}

/* Where nothing is to be replaced a number stays one, whatever comes third; bytes have become text by being looked at. */
static void on_replace(sqlite3_context *out, int n, sqlite3_value **values) {
    (void)n;
    if (is_null(values[0]) || is_null(values[1])) return;
    const struct slice text = text_of(values[0]), wanted = text_of(values[1]);
    if (!wanted.data[0]) sqlite3_result_value(out, values[0]);
    else if (!is_null(values[2])) replace(out, text, wanted, text_of(values[2]));
}

/* --- trim, ltrim, rtrim --- */

/* Letters that are taken away, in their order: of two that fit, the first one is taken. */
struct letter {
    struct slice bytes;
    size_t place;
};
struct letters {
    size_t singles[256]; /* place + 1 of a letter of one byte; 0: there is none */
    VEC(struct letter) longer;
    size_t longest;
};

static int compare_bytes(struct slice a, struct slice b) {
    const int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_letters(const void *a, const void *b) {
    const struct letter *x = a, *y = b;
    const int order = compare_bytes(x->bytes, y->bytes);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

static size_t letter_length(struct slice text) {
    size_t n = 1;
    while (leads(text.data[0]) && n < text.len && continues(text.data[n])) n++;
    return n;
}

/* Up to the first NUL. */
static struct letters letters_of(struct slice text) {
    struct letters letters = {0};
    for (size_t place = 1; text.len && text.data[0]; place++) {
        const size_t n = letter_length(text);
        size_t *single = &letters.singles[(unsigned char)text.data[0]];
        if (n > 1) vec_push(&letters.longer, ((struct letter){{text.data, n}, place}));
        else if (!*single) *single = place;
        if (n > letters.longest) letters.longest = n;
        text.data += n, text.len -= n;
    }
    if (letters.longer.len) qsort(letters.longer.data, letters.longer.len, sizeof *letters.longer.data, compare_letters);
    return letters;
}

/* Its place, 0: it isn't among them. */
static size_t place_of(const struct letters *letters, struct slice bytes) {
    size_t low = 0, high = letters->longer.len;
    if (bytes.len == 1) return letters->singles[(unsigned char)bytes.data[0]];
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_bytes(letters->longer.data[middle].bytes, bytes) < 0) low = middle + 1;
        else high = middle;
    }
    return low < letters->longer.len && slice_eq(letters->longer.data[low].bytes, bytes) ? letters->longer.data[low].place : 0;
}

/* Bytes of the letter that the text begins with; 0: none of them. */
static size_t fit_left(const struct letters *letters, struct slice text) {
    const size_t most = text.len ? letter_length(text) : 0;
    size_t best = 0, bytes = 0;
    for (size_t n = 1; n <= most && n <= letters->longest; n++) {
        const size_t place = place_of(letters, (struct slice){text.data, n});
        if (place && (!best || place < best)) best = place, bytes = n;
    }
    return bytes;
}

/* … that it ends with: its last byte, or that with the lead before it. */
static size_t fit_right(const struct letters *letters, struct slice text) {
    const char *const end = text.data + text.len;
    size_t n = 1, place, single;
    if (!text.len) return 0;
    single = place_of(letters, (struct slice){end - 1, 1});
    while (n < text.len && n < letters->longest && continues(end[-(long)n])) n++;
    place = n > 1 && leads(end[-(long)n]) ? place_of(letters, (struct slice){end - n, n}) : 0;
    return place && (!single || place < single) ? n : single != 0;
}

static void trim(sqlite3_context *out, int n, sqlite3_value **values, bool left, bool right) {
    size_t n_steps = 0;
    bool whole = true;
    if (is_null(values[0]) || (n > 1 && is_null(values[1]))) return;
    struct slice text = text_of(values[0]);
    struct letters letters = letters_of(n > 1 ? text_of(values[1]) : slice_of(" "));
    for (size_t bytes; left && whole && (bytes = fit_left(&letters, text)) > 0; whole = goes_on(out, &n_steps, 1))
        text.data += bytes, text.len -= bytes;
    for (size_t bytes; right && whole && (bytes = fit_right(&letters, text)) > 0; whole = goes_on(out, &n_steps, 1)) text.len -= bytes;
    if (whole) sqlite3_result_text64(out, text.data, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
    vec_release(&letters.longer);
}

static void on_trim(sqlite3_context *out, int n, sqlite3_value **values) { trim(out, n, values, true, true); }

static void on_ltrim(sqlite3_context *out, int n, sqlite3_value **values) { trim(out, n, values, true, false); }

static void on_rtrim(sqlite3_context *out, int n, sqlite3_value **values) { trim(out, n, values, false, true); }

/* --- LIKE, GLOB --- */

/* Letters that mean something; 0: nothing means that. */
struct like {
    uint32_t all, one, escape, set; /* LIKE: % _ and ESCAPE's; GLOB: * ? and [ */
    bool any_case;                  /* of ASCII */
    bool plain[256];                /* letters of ASCII that mean themselves; never the end of a text */
};

static void set_plain(struct like *like) {
    for (uint32_t c = 1; c < 128; c++) like->plain[c] = c != like->all && c != like->one && c != like->escape && c != like->set;
}

static uint32_t read_letter(const unsigned char **at) {
    uint32_t letter = *(*at)++;
    if (letter < 0xC0) return letter;
    letter &= letter < 0xE0 ? 0x1F : letter < 0xF0 ? 0x0F : letter < 0xF8 ? 0x07 : letter < 0xFC ? 0x03 : letter < 0xFE ? 0x01 : 0;
    while (continues((char)**at)) letter = letter << 6 | (*(*at)++ & 0x3F);
    return letter < 0x80 || (letter & 0xFFFFF800) == 0xD800 || (letter & 0xFFFFFFFE) == 0xFFFE ? 0xFFFD : letter;
}

static uint32_t lower(uint32_t letter) { return letter >= 'A' && letter <= 'Z' ? letter + 32 : letter; }

/* [abc], [^abc], [a-z], []abc]: *pattern is behind the bracket, and afterwards behind its end. */
static bool in_set(const unsigned char **pattern, uint32_t letter) {
    uint32_t before = 0, each = read_letter(pattern);
    const bool inverted = each == '^';
    bool found = false;
    if (inverted) each = read_letter(pattern);
    if (each == ']') {
        found = letter == ']';
        each = read_letter(pattern);
    }
    while (each && each != ']') {
        if (each == '-' && **pattern != ']' && **pattern && before) {
            each = read_letter(pattern);
            found |= letter >= before && letter <= each;
            before = 0;
        } else {
            found |= letter == each;
            before = each;
        }
        each = read_letter(pattern);
    }
    return each && found != inverted;
}

/* One letter of a text that isn't at its end. */
static bool fits_one(const struct like *like, const unsigned char **pattern, const unsigned char **text) {
    uint32_t wanted = read_letter(pattern);
    const uint32_t letter = read_letter(text);
    const bool escaped = wanted == like->escape;
    if (wanted == like->set) return in_set(pattern, letter);
    if (escaped) wanted = read_letter(pattern);
    if (!wanted) return false;
    return wanted == letter || (like->any_case && lower(wanted) == lower(letter)) || (!escaped && wanted == like->one);
}

/* The next place for a % to end at: behind a letter, before one that may fit. */
static const unsigned char *next_place(const struct like *like, const unsigned char *pattern, const unsigned char *text) {
    (void)read_letter(&text);
    if (!like->plain[*pattern]) return text;
    const uint32_t wanted = lower(*pattern);
    while (*text && *text != *pattern && (!like->any_case || lower(*text) != wanted)) text++;
    return text;
}

/* Where something doesn't fit, the last % takes more: what the ones before it took is as good. */
static bool fits(sqlite3_context *out, const struct like *like, const unsigned char *pattern, const unsigned char *text, bool *whole) {
    const unsigned char *again_pattern = NULL, *again_text = NULL;
    size_t n_steps = 0;
    for (;;) {
        while (like->plain[*pattern] && *pattern == *text) pattern++, text++;
        const unsigned char *next = pattern, *next_text = text;
        if (*pattern && read_letter(&next) == like->all) {
            pattern = again_pattern = next;
            again_text = text;
            if (!*pattern) return true;
            continue;
        }
        next = pattern;
        if (!*pattern && !*text) return true;
        if (*pattern && *text && fits_one(like, &next, &next_text)) {
            pattern = next;
            text = next_text;
            continue;
        }
        if (!again_pattern || !*again_text) return false;
        if (!(*whole = goes_on(out, &n_steps, 1 + (size_t)(text - again_text)))) return false;
        pattern = again_pattern;
        text = again_text = next_place(like, pattern, again_text);
    }
}

/* What is said before the texts are looked at; false: nothing more is to be said. */
static bool can_match(sqlite3_context *out, sqlite3_value **values) {
    const bool bytes = sqlite3_value_type(values[0]) == SQLITE_BLOB || sqlite3_value_type(values[1]) == SQLITE_BLOB;
    if (bytes && sqlite3_compileoption_used("LIKE_DOESNT_MATCH_BLOBS")) return sqlite3_result_int(out, 0), false;
    if (sqlite3_value_bytes(values[0]) <= sqlite3_limit(sqlite3_context_db_handle(out), SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1)) return true;
    return sqlite3_result_error(out, "LIKE or GLOB pattern too complex", -1), false;
}

static void match(sqlite3_context *out, struct like *like, sqlite3_value **values) {
    bool whole = true;
    if (is_null(values[0]) || is_null(values[1])) return;
    const unsigned char *pattern = (const unsigned char *)text_of(values[0]).data, *text = (const unsigned char *)text_of(values[1]).data;
    set_plain(like);
    const bool fit = fits(out, like, pattern, text, &whole);
    if (whole) sqlite3_result_int(out, fit);
}

static bool set_escape(struct like *like, sqlite3_value *value) {
    const unsigned char *escape = (const unsigned char *)text_of(value).data;
    like->escape = *escape ? read_letter(&escape) : 0;
    if (like->escape == like->all) like->all = 0;
    if (like->escape == like->one) like->one = 0;
    return like->escape && !*escape;
}

/* The pattern comes first. */
static void on_like(sqlite3_context *out, int n, sqlite3_value **values) {
    struct like like = {.all = '%', .one = '_', .any_case = true};
    if (!can_match(out, values) || (n == 3 && is_null(values[2]))) return;
    if (n == 3 && !set_escape(&like, values[2])) sqlite3_result_error(out, "ESCAPE expression must be a single character", -1);
    else match(out, &like, values);
}

static void on_glob(sqlite3_context *out, int n, sqlite3_value **values) {
    struct like glob = {.all = '*', .one = '?', .set = '['};
    (void)n;
    if (can_match(out, values)) match(out, &glob, values);
}

enum status database_add_functions(struct database *database, struct error *err) {
    static const struct {
        const char *name;
        int n;
        void (*run)(sqlite3_context *out, int n, sqlite3_value **values);
    } own[] = {{"instr", 2, on_instr}, {"replace", 3, on_replace}, {"trim", 1, on_trim},   {"trim", 2, on_trim},
               {"ltrim", 1, on_ltrim}, {"ltrim", 2, on_ltrim},     {"rtrim", 1, on_rtrim}, {"rtrim", 2, on_rtrim},
               {"like", 2, on_like},   {"like", 3, on_like},       {"glob", 2, on_glob}};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS; /* files' views may use them, as the ones that they are in place of */
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (sqlite3_create_function_v2(database->sqlite, own[i].name, own[i].n, flags, database, own[i].run, NULL, NULL, NULL) != SQLITE_OK)
            return database_fail(database, err);
    return OK;
}
