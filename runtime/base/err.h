/* Errors are values: every function that can fail returns `enum status` and
 * takes `struct error *err` last. The first error wins; on the way up only
 * notes are added. Library code never prints, exits or jumps.
 *
 *     if (n_columns != 3)
 *         return err_set(err, ERR_DATA, "expected 3 columns, got %d", n_columns);
 *
 * message: a lower-case sentence with the values in it; hint: what to try, a
 * field of its own. Lower layers know no spans: the evaluator attaches the
 * span of the smallest expression that failed, the binder that of the argument
 * which err_about names.
 * struct error is fixed-size, lives on the caller's stack, allocates nothing. */
#ifndef RECKON_ERR_H
#define RECKON_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum status {
#define X(code, name) code,
#include "runtime/base/err.def"
#undef X
    STATUS_COUNT
};

/* Half-open byte range [start, end) of a source text. */
struct span {
    uint32_t start, end;
};

struct source; /* kernel/lang/source.h */

struct error {
    enum status code;
    char message[1024];
    char hint[512];  /* "" = none */
    char notes[512]; /* lines "while …", newest last; "" = none */
    char about[32];  /* argument that is wrong, by the name users give it ("test"); "" = none */
    struct span span;
    struct source *source; /* NULL = no place; holds a count, see err_clear */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* An error that says nothing yet. */
#define ERROR_INIT ((struct error){.code = OK})

/* Sets code and message and returns code. A second call keeps the first error. */
enum status err_set(struct error *err, enum status code, const char *format, ...) PRINTF_LIKE(3, 4);
enum status err_setv(struct error *err, enum status code, const char *format, va_list args) PRINTF_LIKE(3, 0);
/* Adds to an error that is set (the first hint stays, notes gather); returns err->code so that `return err_hint(...)` works. */
enum status err_hint(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
enum status err_note(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* Says which argument of the builtin is wrong: the binder underlines it. The first one stays; returns err->code. */
enum status err_about(struct error *err, const char *argument);
/* "DataError" for ERR_DATA. */
const char *err_name(enum status code);
/* Makes *err say nothing. The owner of `source` (kernel/lang) drops the count itself before. */
void err_reset(struct error *err);
/* Appends " (did you mean `x`?)" as the hint when a name in `names` is near
 * `wrong` (Damerau-Levenshtein distance <= 1 + length/4). */
void err_suggest(struct error *err, const char *wrong, const char *const *names, size_t n_names);
/* Nearest of `names` by the same rule, or NULL. */
const char *nearest_name(const char *wrong, const char *const *names, size_t n_names);

#define TRY(expression)                            \
    do {                                           \
        enum status try_status_ = (expression);    \
        if (try_status_ != OK) return try_status_; \
    } while (0)

#endif
