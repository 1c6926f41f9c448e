#include "runtime/data/draft_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

#define SHOWN_CODE_POINTS 40

enum status draft_rows_begin(struct draft_rows *rows, struct dataset_draft *draft, int64_t n_rows, bool one_by_one, const char *path,
                             const char *const columns[N_ROLES], struct error *err) {
    const size_t n = (size_t)n_rows;
    const struct bad_rows bad = rows->bad;
    *rows = (struct draft_rows){.draft = draft, .path = path, .bad = bad};
    memcpy(rows->columns, columns, sizeof rows->columns);
    draft->is_explicit = columns[ROLE_RATING] != NULL;
    if (one_by_one) TRY(mem_try_array(n, "user ids", &draft->user_ids, err));
    if (one_by_one) TRY(mem_try_array(n, "item ids", &draft->item_ids, err));
    if (!one_by_one) TRY(mem_try_array(n, "user ids", &draft->user_ids32, err));
    if (!one_by_one) TRY(mem_try_array(n, "item ids", &draft->item_ids32, err));
    if (columns[ROLE_RATING]) TRY(mem_try_array(n, "ratings", &draft->ratings, err));
    if (columns[ROLE_TIME]) TRY(mem_try_array(n, "times", &draft->times, err));
    return one_by_one ? mem_try_array(n, "lines", &rows->lines, err) : OK;
}

enum status draft_widen(struct dataset_draft *draft, bool of_users, int64_t n_rows, struct error *err) {
    int32_t **narrow = of_users ? &draft->user_ids32 : &draft->item_ids32;
    int64_t **wide = of_users ? &draft->user_ids : &draft->item_ids;
    TRY(mem_try_array((size_t)n_rows, of_users ? "user ids" : "item ids", wide, err));
    for (int64_t i = 0; i < draft->n_events; i++) (*wide)[i] = (*narrow)[i];
    mem_free(*narrow);
    *narrow = NULL;
    return OK;
}

/* --- what is wrong with a cell --- */

/* An enum's column, not a file's: "`rating`". */
static enum status bad_cell(const struct draft_rows *rows, int64_t line, enum role role, const char *expected, struct slice cell, struct error *err) {
    const size_t shown = utf8_offset(cell, SHOWN_CODE_POINTS);
    const char *more = shown < cell.len ? "…" : "";
    if (cell.len == 0)
        err_set(err, ERR_DATA, "%s, line %lld, column `%s`: expected %s, got nothing", rows->path, (long long)line, rows->columns[role], expected);
    else
        err_set(err, ERR_DATA, "%s, line %lld, column `%s`: expected %s, got \"%.*s%s\"", rows->path, (long long)line, rows->columns[role], expected,
                (int)shown, cell.data, more);
    if (role == ROLE_RATING && has_decimal_comma(cell))
        return err_hint(err, "decimals are read with a point, 2.5, so write them into the file with one");
    return err_hint(err, "user=, item=, rating= and time= name other columns");
}

/* --- ids --- */

/* Only as it would be written: 007 is a text, or it would become 7. */
static bool plain_int(struct slice cell, int64_t *out) {
    struct slice rest = cell;
    if (!slice_take_int(&rest, out) || rest.len) return false;
    const bool negative = cell.data[0] == '-';
    return cell.data[negative] != '0' || cell.len == 1;
}

int64_t draft_intern(struct str_map *names, struct slice text) {
    int64_t code;
    if (str_map_get(names, text, &code)) return code;
    code = (int64_t)str_map_len(names);
    str_map_put(names, text, code, false);
    return code;
}

/* The first id that is no number: those before it become texts too. */
void draft_to_names(struct draft_rows *rows, int side) {
    const struct draft_ids ids = draft_ids_of(rows->draft, side == 0);
    rows->names[side] = str_map_new();
    for (int64_t i = 0; i < rows->draft->n_events; i++) {
        buf_clear(&rows->scratch);
        buf_addf(&rows->scratch, "%lld", (long long)draft_ids_at(ids, i));
        draft_ids_put(ids, i, draft_intern(rows->names[side], (struct slice){buf_text(&rows->scratch), rows->scratch.len}));
    }
}

static enum status check_id(const struct draft_rows *rows, int64_t line, int side, struct slice cell, struct error *err) {
    if (cell.len && !memchr(cell.data, 0, cell.len)) return OK;
    return bad_cell(rows, line, side ? ROLE_ITEM : ROLE_USER, "an id", cell, err);
}

static void add_id(struct draft_rows *rows, int side, struct slice cell) {
    int64_t *id = (side ? rows->draft->item_ids : rows->draft->user_ids) + rows->draft->n_events;
    if (!rows->names[side] && plain_int(cell, id)) return;
    if (!rows->names[side]) draft_to_names(rows, side);
    *id = draft_intern(rows->names[side], cell);
}

void draft_id(const struct draft_rows *rows, bool of_users, int64_t row, struct buf *out) {
    const int64_t id = draft_ids_at(draft_ids_of(rows->draft, of_users), row);
    const struct str_map *names = rows->names[of_users ? 0 : 1];
    if (!names) {
        buf_addf(out, "%lld", (long long)id);
        return;
    }
    const struct slice key = str_map_key(names, (size_t)id);
    buf_addf(out, "\"%.*s\"", (int)utf8_offset(key, SHOWN_CODE_POINTS), key.data);
}

/* --- ratings and times --- */

static enum status add_rating(struct draft_rows *rows, int64_t line, struct slice cell, struct error *err) {
    struct slice rest = cell;
    double rating;
    if (!(slice_take_decimal(&rest, &rating) && rest.len == 0) && !parse_double(cell, &rating))
        return bad_cell(rows, line, ROLE_RATING, "a number", cell, err);
    if (!isfinite((float)rating)) return bad_cell(rows, line, ROLE_RATING, "a finite number", cell, err);
    rows->draft->ratings[rows->draft->n_events] = (float)rating;
    return OK;
}

static enum status add_time(struct draft_rows *rows, int64_t line, struct slice cell, struct error *err) {
    if (time_parse(cell, &rows->draft->times[rows->draft->n_events])) return OK;
    return bad_cell(rows, line, ROLE_TIME, "seconds since 1970 or a date like 2026-11-24 08:15:00", cell, err);
}

static struct slice trimmed(struct slice cell) {
    while (cell.len && (cell.data[0] == ' ' || cell.data[0] == '\t')) cell.data++, cell.len--;
    while (cell.len && (cell.data[cell.len - 1] == ' ' || cell.data[cell.len - 1] == '\t')) cell.len--;
    return cell;
}

enum status draft_rows_add(struct draft_rows *rows, int64_t line, const struct slice cells[N_ROLES], struct error *err) {
    TRY(check_id(rows, line, 0, cells[ROLE_USER], err));
    TRY(check_id(rows, line, 1, cells[ROLE_ITEM], err));
    if (rows->draft->ratings) TRY(add_rating(rows, line, trimmed(cells[ROLE_RATING]), err));
    if (rows->draft->times) TRY(add_time(rows, line, trimmed(cells[ROLE_TIME]), err));
    add_id(rows, 0, cells[ROLE_USER]); /* last: a bad row's words make no column of numbers one of texts */
    add_id(rows, 1, cells[ROLE_ITEM]);
    if (rows->lines) rows->lines[rows->draft->n_events] = line;
    rows->draft->n_events++;
    return OK;
}

/* --- the end --- */

static char **take_names(const struct str_map *names, int64_t *out_n) {
    *out_n = (int64_t)str_map_len(names);
    char **texts = xnew_array(char *, (size_t)*out_n + 1);
    for (int64_t i = 0; i < *out_n; i++) {
        const struct slice key = str_map_key(names, (size_t)i);
        texts[i] = xstrndup(key.data, key.len);
    }
    return texts;
}

enum status draft_rows_end(struct task *task, enum status status, struct draft_rows *rows, const struct load_request *request, struct error *err) {
    struct dataset_draft *draft = rows->draft;
    if (status == OK) status = bad_rows_end(task, &rows->bad, rows->path, request->skip_bad, draft->n_events, err);
    if (status == OK) status = merge_repeats(task, rows, request->duplicates, err);
    if (status == OK && rows->names[0]) draft->user_names = take_names(rows->names[0], &draft->n_user_names);
    if (status == OK && rows->names[1]) draft->item_names = take_names(rows->names[1], &draft->n_item_names);
    str_map_free(rows->names[0]);
    str_map_free(rows->names[1]);
    mem_free(rows->lines);
    bad_rows_release(&rows->bad);
    buf_release(&rows->scratch);
    *rows = (struct draft_rows){0};
    return status;
}
