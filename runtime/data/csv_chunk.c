#include "runtime/data/csv_chunk.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/csv_numbers.h"

#define RECORDS_BETWEEN_CHECKS 1024

struct csv_plan csv_plan_of(const struct csv_format *format, int n_columns, const int columns[N_ROLES]) {
    struct csv_plan plan = {.line_end = format->line_end, .quotes = format->quotes, .n_columns = n_columns};
    int n_roles = 0;
    plan.separator_bytes = (int)strlen(format->separator);
    plan.usable = n_columns <= CSV_PLAN_COLUMNS && plan.separator_bytes <= 2 && !strpbrk(format->separator, "0123456789. ");
    if (!plan.usable) return plan;
    memcpy(plan.separator, format->separator, (size_t)plan.separator_bytes);
    memset(plan.roles, -1, sizeof plan.roles);
    for (int r = 0; r < N_ROLES; r++)
        if (columns[r] >= 0) plan.roles[columns[r]] = (signed char)r, n_roles++;
    plan.all_roles = n_roles == n_columns;
    return plan;
}

/* --- plain records: a line's end and PEEK_BYTES stand behind all of them, so that no loop has to look for the file's end --- */

#define PEEK_BYTES NUMBERS_BEHIND

static inline bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }

/* Up to eight digits at once, without a jump that depends on how many there are; *n: so many. */
static inline uint64_t eight_digits(const char *at, int *n) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    const uint64_t high = 0xF0F0F0F0F0F0F0F0u, zeros = 0x3030303030303030u;
    uint64_t word;
    memcpy(&word, at, 8);
    const uint64_t others = ((word & high) ^ zeros) | (((word + 0x0606060606060606u) & high) ^ zeros);
    *n = others ? __builtin_ctzll(others) / 8 : 8;
    if (*n == 0) return 0;
    word = (word & 0x0F0F0F0F0F0F0F0Fu) << 8 * (8 - *n); /* zeros before the first digit */
    word = word * 10 + (word >> 8);                      /* pairs, */
    return ((word & 0x000000FF000000FFu) * 0x000F424000000064u + ((word >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u) >> 32;
#else
    uint64_t value = 0;
    for (*n = 0; *n < 8 && is_digit(at[*n]); (*n)++) value = value * 10 + (uint64_t)(at[*n] - '0');
    return value;
#endif
}

/* Digits from `at`; NULL: none, or more than fit. */
static inline const char *take_digits(const char *at, uint64_t *out) {
    int n;
    uint64_t value = eight_digits(at, &n);
    const char *start = at;
    at += n;
    if (n == 8)
        for (; is_digit(*at); at++) value = value * 10 + (uint64_t)(*at - '0');
    *out = value;
    return n > 0 && at - start <= DIGITS_MAX ? at : NULL;
}

/* As it would be written: 007 is a text. */
static inline const char *take_whole(const char *at, int64_t *out) {
    uint64_t value;
    const char *end = take_digits(at, &value);
    *out = (int64_t)value;
    return end && (*at != '0' || end == at + 1) ? end : NULL;
}

static inline const char *take_rating(const char *at, float *out) {
    static const double powers[] = POWERS_OF_TEN;
    const char *start = at;
    uint64_t value = 0;
    for (; is_digit(*at); at++) value = value * 10 + (uint64_t)(*at - '0');
    int n_digits = (int)(at - start), n_fraction = 0;
    if (n_digits == 0 || n_digits > DIGITS_MAX) return NULL;
    if (*at == '.') {
        const char *point = at++;
        for (; is_digit(*at); at++) value = value * 10 + (uint64_t)(*at - '0');
        n_fraction = (int)(at - point) - 1;
        if (n_digits + n_fraction > DIGITS_MAX) return NULL;
    }
    *out = (float)((double)value / powers[n_fraction]); /* both exact: rounded once, as slice_take_decimal does */
    return at;
}

/* Seconds; a fraction is left out. */
static inline const char *take_time(const char *at, int64_t *out) {
    uint64_t value;
    at = take_digits(at, &value);
    if (!at) return NULL;
    *out = (int64_t)value;
    if (*at == '.')
        for (at++; is_digit(*at); at++) continue;
    return at;
}

/* A text of letters that stand for themselves. */
static inline const char *take_name(const struct csv_plan *plan, const char *at, struct str_map *names, int64_t *out) {
    const char *start = at;
    for (; *at != plan->line_end && !csv_at_separator(plan, at); at++)
        if (*at <= ' ' || *at == '"' || (unsigned char)*at >= 127) return NULL;
    if (at == start) return NULL;
    *out = draft_intern(names, (struct slice){start, (size_t)(at - start)});
    return at;
}

static inline const char *pass_over(const struct csv_plan *plan, const char *at) {
    if (plan->quotes && *at == '"') return NULL;
    while (*at != plan->line_end && !csv_at_separator(plan, at)) at++;
    return at;
}

static inline const char *take_id(const struct csv_plan *plan, const char *at, struct str_map *names, int64_t *out) {
    return names ? take_name(plan, at, names, out) : take_whole(at, out);
}

static inline const char *take_column(const struct csv_plan *plan, int column, const char *at, struct draft_rows *rows) {
    struct dataset_draft *part = rows->draft;
    const int64_t row = part->n_events;
    switch (plan->roles[column]) {
    case ROLE_USER: return take_id(plan, at, rows->names[0], &part->user_ids[row]);
    case ROLE_ITEM: return take_id(plan, at, rows->names[1], &part->item_ids[row]);
    case ROLE_RATING: return take_rating(at, &part->ratings[row]);
    case ROLE_TIME: return take_time(at, &part->times[row]);
    default: return pass_over(plan, at);
    }
}

/* Where the next record begins; NULL: this one isn't plain, and no row of it is there. */
static const char *read_plain(const struct csv_plan *plan, const char *at, struct draft_rows *rows) {
    for (int column = 0;; column++) {
        at = take_column(plan, column, at, rows);
        if (!at) return NULL;
        if (column == plan->n_columns - 1) break;
        if (!csv_at_separator(plan, at)) return NULL;
        at += plan->separator_bytes;
    }
    if (*at == '\r' && plan->line_end == '\n') at++;
    if (*at != plan->line_end) return NULL;
    rows->draft->n_events++;
    return at + 1;
}

/* --- all others --- */

/* A field as its bytes, except where something has to change: numbers never do. */
static struct slice cell_of(const struct csv_field *field, struct buf *scratch) {
    struct slice text = field->text;
    bool plain = !field->doubled;
    for (size_t i = 0; plain && i < text.len; i++) plain = (unsigned char)text.data[i] < 128;
    if (!plain) text = csv_field_text(field, scratch);
    if (field->quoted) return text;
    while (text.len && text.data[0] == ' ') text.data++, text.len--;
    while (text.len && text.data[text.len - 1] == ' ') text.len--;
    return text;
}

/* To the next line: what stands in between can't be cut. */
static void pass_line(struct csv *csv) {
    const char *at = csv->scan.at, *end = csv->scan.end;
    if (at > csv->scan.start && at[-1] == csv->format.line_end) return; /* cut whole */
    const char *found = at < end ? memchr(at, csv->format.line_end, (size_t)(end - at)) : NULL;
    csv->scan.at = found ? found + 1 : end;
    csv->scan.line++;
}

static enum status read_record(struct csv *csv, const int columns[N_ROLES], struct draft_rows *rows, struct buf scratch[N_ROLES], struct error *err) {
    struct slice cells[N_ROLES] = {{0}};
    enum status status = OK;
    if (!csv_next(csv, &status, err)) {
        if (status != OK && !csv->is_lost && is_bad_row(status)) pass_line(csv);
        return status;
    }
    for (int r = 0; r < N_ROLES; r++)
        if (columns[r] >= 0) cells[r] = cell_of(&csv->fields[columns[r]], &scratch[r]);
    return draft_rows_add(rows, csv->line, cells, err);
}

/* One record, or the empty lines before the stop. A bad one is taken note of. */
static enum status read_any(struct csv *csv, const int columns[N_ROLES], struct draft_rows *rows, struct buf scratch[N_ROLES], struct error *err) {
    const enum status status = read_record(csv, columns, rows, scratch, err);
    if (status == OK || csv->is_lost || !is_bad_row(status)) return status;
    bad_rows_take(&rows->bad, csv->line, err);
    return OK;
}

/* --- the chunk --- */

/* Behind the chunk's last line's end that has enough behind it. */
static const char *plain_end(const struct csv_chunk *chunk, const struct csv_plan *plan, const char *file_end) {
    if (file_end - chunk->start <= PEEK_BYTES) return chunk->start;
    const char *stop = file_end - chunk->stop > PEEK_BYTES ? chunk->stop : file_end - PEEK_BYTES;
    const char *last = plan->usable && stop > chunk->start ? memrchr(chunk->start, plan->line_end, (size_t)(stop - chunk->start)) : NULL;
    return last ? last + 1 : chunk->start;
}

/* Those of digits alone. They tell no lines. */
static void read_numbers(struct csv_chunk *chunk, struct scan *scan, const struct csv_plan *plan, const char *plain) {
    struct dataset_draft *part = &chunk->part;
    const int64_t row = part->n_events;
    const struct csv_fields to = {part->user_ids + row, part->item_ids + row, part->times ? part->times + row : NULL,
                                  part->ratings ? part->ratings + row : NULL};
    if (!plan->all_roles || chunk->rows.names[0] || chunk->rows.names[1] || scan->at - scan->start < NUMBERS_BEFORE) return;
    const int64_t n = HOT_PICK(csv_numbers)(plan, &scan->at, plain, to);
    part->n_events += n;
    scan->line += n;
}

/* Once, before the first record that isn't plain: no plain one begins a field with a quote. */
static bool finds_quotes(struct csv_chunk *chunk, const struct csv *csv) {
    if (!chunk->minds_quotes || !csv->format.quotes) return false;
    chunk->minds_quotes = false;
    chunk->has_quotes = memchr(csv->scan.at, '"', (size_t)(chunk->stop - csv->scan.at)) != NULL;
    return chunk->has_quotes;
}

static enum status read_records(struct csv_chunk *chunk, struct csv *csv, const struct csv_plan *plan, const int columns[N_ROLES], int64_t *lines,
                                const struct task *task, struct buf scratch[N_ROLES]) {
    const char *plain = plain_end(chunk, plan, csv->scan.end), *next;
    struct scan *scan = &csv->scan;
    for (unsigned n_others = 0; scan->at < chunk->stop;) {
        if (!lines) read_numbers(chunk, scan, plan, plain);
        if (scan->at >= chunk->stop) break;
        const int64_t row = chunk->part.n_events;
        next = scan->at < plain ? read_plain(plan, scan->at, &chunk->rows) : NULL;
        if (next) {
            scan->at = next;
            csv->line = ++scan->line;
        } else {
            if (finds_quotes(chunk, csv)) return OK;
            if (n_others++ % RECORDS_BETWEEN_CHECKS == 0) TRY(task_check(task, &chunk->err));
            TRY(read_any(csv, columns, &chunk->rows, scratch, &chunk->err));
        }
        if (lines && chunk->part.n_events > row) lines[row] = csv->line;
    }
    return OK;
}

void csv_chunk_read(struct csv_chunk *chunk, const struct csv *csv, const struct csv_plan *plan, const int columns[N_ROLES], int64_t *lines,
                    const struct task *task) {
    struct buf scratch[N_ROLES] = {{0}};
    struct csv own = csv_of(NULL, &csv->map, csv->scan.path, &csv->format);
    own.names = csv->names;
    own.n_columns = csv->n_columns;
    own.scan.at = own.scan.next_check = chunk->start;
    own.scan.next_check = own.scan.end; /* the task is asked here */
    own.scan.line = chunk->line;
    own.stop = chunk->stop;
    chunk->status = read_records(chunk, &own, plan, columns, lines, task, scratch);
    chunk->at = own.scan.at;
    chunk->end_line = own.scan.line;
    for (int r = 0; r < N_ROLES; r++) buf_release(&scratch[r]);
    free(own.fields);
}

void csv_chunk_release(struct csv_chunk *chunk) {
    for (int side = 0; side < 2; side++) str_map_free(chunk->rows.names[side]);
    bad_rows_release(&chunk->rows.bad);
    buf_release(&chunk->rows.scratch);
    chunk->rows = (struct draft_rows){0};
}
