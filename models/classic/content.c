#include "models/classic/content.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/classic/weighting.h"
#include "runtime/base/map.h"
#include "runtime/base/vec.h"

enum { ITEMS_BETWEEN_CHECKS = 256 };

/* --- terms --- */

/* Rows as they grow: the terms of one item after those of the other. */
struct terms {
    struct str_map *numbers;
    VEC(bool) texts; /* by number: the whole text of a column with one an item */
    VEC(int64_t) starts;
    VEC(int32_t) columns; /* in the order of the text, with repeats */
};

static void terms_release(struct terms *terms) {
    str_map_free(terms->numbers);
    vec_release(&terms->texts);
    vec_release(&terms->starts);
    vec_release(&terms->columns);
}

static void add_term(struct terms *terms, struct slice term, bool is_text) {
    int64_t number;
    if (!str_map_get(terms->numbers, term, &number)) {
        number = (int64_t)str_map_len(terms->numbers);
        str_map_put(terms->numbers, term, number, false);
        vec_push(&terms->texts, is_text);
    }
    vec_push(&terms->columns, (int32_t)number);
}

static bool is_word(uint32_t code_point) { return code_point_is_letter(code_point) || code_point_is_mark_or_digit(code_point); }

static void add_words(struct terms *terms, const char *title) {
    char *folded = text_fold(slice_of(title));
    struct slice rest = slice_of(folded);
    while (rest.len > 0) {
        const char *word = rest.data;
        uint32_t code_point;
        size_t n = utf8_decode(rest, &code_point);
        for (; n > 0 && is_word(code_point); n = utf8_decode(rest, &code_point)) rest = (struct slice){rest.data + n, rest.len - n};
        if (rest.data > word) add_term(terms, (struct slice){word, (size_t)(rest.data - word)}, false);
        rest = (struct slice){rest.data + n, rest.len - n};
    }
    free(folded);
}

/* "genres" and "Drama" make a term that no other column can make. */
static void add_name(struct terms *terms, const struct column *column, const char *name) {
    struct buf term = BUF_INIT;
    if (!name) return;
    buf_addf(&term, "%s\n%s", column->name, name);
    add_term(terms, (struct slice){term.data, term.len}, column->type == COL_STR);
    buf_release(&term);
}

static bool has_names(const struct column *column) {
    return (column->type == COL_STRS || column->type == COL_STR) && strcmp(column->name, "genre") != 0;
}

static void add_names(struct terms *terms, const struct table *features, int64_t item) {
    for (size_t c = 0; c < features->n_columns; c++) {
        const struct column *column = &features->columns[c];
        if (!has_names(column) || cell_is_null(column, item)) continue;
        if (column->type == COL_STR) add_name(terms, column, column->u.strs[item]);
        else
            for (int64_t i = column->u.lists.starts[item]; i < column->u.lists.starts[item + 1]; i++)
                add_name(terms, column, column->u.lists.strs[i]);
    }
}

static enum status collect(struct task *task, const struct catalog *catalog, bool titles, struct terms *terms, struct error *err) {
    terms->numbers = str_map_new();
    vec_push(&terms->starts, 0);
    for (int64_t item = 0; item < catalog->n_items; item++) {
        const char *title = titles ? catalog_title(catalog, (int32_t)item) : NULL;
        if (item % ITEMS_BETWEEN_CHECKS == 0) TRY(task_check(task, err));
        if (title) add_words(terms, title);
        if (!titles) add_names(terms, catalog->item_features, item);
        vec_push(&terms->starts, (int64_t)terms->columns.len);
    }
    return OK;
}

/* --- weights --- */

static int by_number(const void *a, const void *b) {
    return (*(const int32_t *)a > *(const int32_t *)b) - (*(const int32_t *)a < *(const int32_t *)b);
}

/* One row's terms in order, each once, with how often it stood there. */
static int64_t count_row(int32_t *terms, int64_t n, int32_t *columns, float *values) {
    int64_t kept = 0;
    qsort(terms, (size_t)n, sizeof *terms, by_number);
    for (int64_t i = 0; i < n; i++) {
        if (kept > 0 && columns[kept - 1] == terms[i]) values[kept - 1]++;
        else columns[kept] = terms[i], values[kept++] = 1;
    }
    return kept;
}

static enum status count_terms(const struct catalog *catalog, struct terms *terms, struct sparse_rows *out, struct error *err) {
    TRY(sparse_rows_new(catalog->n_items, (int64_t)str_map_len(terms->numbers), (int64_t)terms->columns.len, out, err));
    for (int64_t item = 0; item < out->n; item++) {
        TRY(task_look((size_t)item, err));
        const int64_t from = terms->starts.data[item], n = terms->starts.data[item + 1] - from, to = out->starts[item];
        out->starts[item + 1] = to + (n ? count_row(terms->columns.data + from, n, out->columns + to, out->values + to) : 0);
    }
    return OK;
}

/* What the terms that stay are called, in numbers; -1: a text that only one item has. */
static enum status number_shared(const struct terms *terms, const struct sparse_rows *rows, int64_t *numbers, int64_t *out_n, struct error *err) {
    int64_t n = 0;
    for (int64_t e = 0; e < sparse_rows_n(rows); e++) {
        TRY(task_look((size_t)e, err));
        numbers[rows->columns[e]]++;
    }
    for (int64_t t = 0; t < rows->n_columns; t++) numbers[t] = terms->texts.data[t] && numbers[t] == 1 ? -1 : n++;
    *out_n = n;
    return OK;
}

static enum status renumber(const int64_t *numbers, struct sparse_rows *rows, struct error *err) {
    for (int64_t item = 0, e = 0, to = 0; item < rows->n; item++) {
        for (; e < rows->starts[item + 1]; e++) {
            TRY(task_look((size_t)e, err));
            if (numbers[rows->columns[e]] < 0) continue;
            rows->columns[to] = (int32_t)numbers[rows->columns[e]];
            rows->values[to++] = rows->values[e];
        }
        rows->starts[item + 1] = to;
    }
    return OK;
}

/* Ids and addresses make items like no other, and would only take weight from what they share. */
static enum status drop_lone_texts(const struct terms *terms, struct sparse_rows *rows, struct error *err) {
    int64_t *numbers;
    TRY(mem_try_array((size_t)rows->n_columns + 1, "numbers of terms", &numbers, err));
    enum status status = number_shared(terms, rows, numbers, &rows->n_columns, err);
    if (status == OK) status = renumber(numbers, rows, err);
    mem_free(numbers);
    return status;
}

static enum status set_lengths(struct sparse_rows *rows, double length, struct error *err) {
    for (int64_t item = 0; item < rows->n; item++) {
        double squares = 0;
        TRY(task_look((size_t)item, err));
        for (int64_t e = rows->starts[item]; e < rows->starts[item + 1]; e++) squares += (double)rows->values[e] * (double)rows->values[e];
        for (int64_t e = rows->starts[item]; e < rows->starts[item + 1] && squares > 0; e++)
            rows->values[e] = (float)((double)rows->values[e] * length / sqrt(squares));
    }
    return OK;
}

/* TF-IDF with rows of one length. */
static enum status weigh(struct task *task, const struct sparse_rows *counts, double length, struct sparse_rows *out, struct error *err) {
    struct sparse_rows by_term = {0};
    struct weigher weigher = {.how = WEIGHTING_TFIDF};
    enum status status = sparse_rows_turn(task, counts, &by_term, err);
    if (status == OK) status = weigher_count(&weigher, counts, &by_term, err);
    if (status == OK) status = weigh_rows(task, &weigher, counts, out, err);
    weigher_release(&weigher);
    sparse_rows_release(&by_term);
    return status == OK ? set_lengths(out, length, err) : status;
}

static enum status rows_of(struct task *task, const struct catalog *catalog, bool titles, double length, struct sparse_rows *out, struct error *err) {
    struct terms terms = {.numbers = NULL};
    struct sparse_rows counts = {0};
    enum status status = collect(task, catalog, titles, &terms, err);
    if (status == OK) status = count_terms(catalog, &terms, &counts, err);
    if (status == OK) status = drop_lone_texts(&terms, &counts, err);
    if (status == OK) status = weigh(task, &counts, length, out, err);
    sparse_rows_release(&counts);
    terms_release(&terms);
    return status;
}

/* Each item's row of a, then of b with terms numbered on. */
static enum status join(const struct sparse_rows *a, const struct sparse_rows *b, struct sparse_rows *out, struct error *err) {
    TRY(sparse_rows_new(a->n, a->n_columns + b->n_columns, sparse_rows_n(a) + sparse_rows_n(b), out, err));
    for (int64_t item = 0, to = 0; item < a->n; item++) {
        TRY(task_look((size_t)item, err));
        for (int64_t e = a->starts[item]; e < a->starts[item + 1]; e++, to++) out->columns[to] = a->columns[e], out->values[to] = a->values[e];
        for (int64_t e = b->starts[item]; e < b->starts[item + 1]; e++, to++)
            out->columns[to] = (int32_t)(a->n_columns + b->columns[e]), out->values[to] = b->values[e];
        out->starts[item + 1] = to;
    }
    return OK;
}

bool content_is_there(const struct catalog *catalog) {
    for (size_t c = 0; c < catalog->item_features->n_columns; c++)
        if (has_names(&catalog->item_features->columns[c])) return true;
    return catalog->titles != NULL;
}

enum status content_of(struct task *task, const struct catalog *catalog, double title_share, struct sparse_rows *out, struct error *err) {
    struct sparse_rows titles = {0}, names = {0};
    *out = (struct sparse_rows){0};
    enum status status = rows_of(task, catalog, true, sqrt(title_share), &titles, err);
    if (status == OK) status = rows_of(task, catalog, false, sqrt(1 - title_share), &names, err);
    if (status == OK) status = join(&titles, &names, out, err);
    sparse_rows_release(&titles);
    sparse_rows_release(&names);
    if (status != OK) sparse_rows_release(out);
    return status;
}
