/* Rows of two tables side by side, matched by the columns that both have. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/map.h"
#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/table_parts.h"

static bool is_text(const struct column *column) { return column->type == COL_STR; }

static const char *kind_name(const struct column *column) {
    static const char *const names[] = {"bool", "int", "float", "str", "time", "list of str", "list of int", "list of float"};
    return names[column->type];
}

static enum status check_keys(struct column *const *left, struct column *const *right, size_t n_on, struct error *err) {
    for (size_t i = 0; i < n_on; i++) {
        if (is_text(left[i]) == is_text(right[i]) && column_is_list(left[i]) == column_is_list(right[i])) continue;
        err_set(err, ERR_TYPE, "the column `%s` is %s on the left and %s on the right: nothing could match", left[i]->name, kind_name(left[i]),
                kind_name(right[i]));
        return err_hint(err, "make both the same type before joining");
    }
    return OK;
}

/* Rows of the right table with one key, chained in their order. */
struct chains {
    struct str_map *first;
    int64_t *next;
};

static void chain_rows(struct column *const *columns, size_t n_on, int64_t n_rows, struct chains *out) {
    struct buf key = BUF_INIT;
    out->first = str_map_new();
    out->next = xnew_array(int64_t, (size_t)n_rows + 1);
    for (int64_t row = n_rows - 1; row >= 0 && !table_is_over(row); row--) {
        int64_t after = -1;
        row_key(columns, n_on, row, &key);
        const struct slice bytes = {key.data ? key.data : "", key.len};
        str_map_get(out->first, bytes, &after);
        out->next[row] = after;
        str_map_put(out->first, bytes, row, true);
    }
    buf_release(&key);
}

typedef VEC(int64_t) rows_vec;

static void match_rows(struct column *const *left, int64_t n_left, const struct chains *chains, size_t n_on, bool keep_unmatched, rows_vec *out_left,
                       rows_vec *out_right) {
    struct buf key = BUF_INIT;
    for (int64_t row = 0; row < n_left && !table_is_over(row); row++) {
        int64_t match = -1;
        row_key(left, n_on, row, &key);
        str_map_get(chains->first, (struct slice){key.data ? key.data : "", key.len}, &match);
        if (match < 0 && keep_unmatched) {
            vec_push(out_left, row);
            vec_push(out_right, -1);
        }
        for (; match >= 0 && !table_is_over((int64_t)out_left->len); match = chains->next[match]) {
            vec_push(out_left, row);
            vec_push(out_right, match);
        }
    }
    buf_release(&key);
}

static bool is_key(const char *name, const char *const *on, size_t n_on) {
    for (size_t i = 0; i < n_on; i++)
        if (strcmp(on[i], name) == 0) return true;
    return false;
}

static void add_right(struct table *joined, const struct table *right, const int64_t *rows, const char *const *on, size_t n_on) {
    for (size_t i = 0; i < right->n_columns; i++) {
        const struct column *column = &right->columns[i];
        if (is_key(column->name, on, n_on)) continue;
        struct buf name = BUF_INIT;
        buf_adds(&name, column->name);
        while (table_column(joined, buf_text(&name))) buf_adds(&name, "_right");
        struct column *added = table_add_taken(joined, column, rows);
        free(added->name);
        added->name = buf_take(&name);
    }
}

static struct table *side_by_side(const struct table *left, const struct table *right, const rows_vec *rows_left, const rows_vec *rows_right,
                                  const char *const *on, size_t n_on) {
    struct table *joined = table_new((int64_t)rows_left->len);
    for (size_t i = 0; i < left->n_columns; i++) table_add_taken(joined, &left->columns[i], rows_left->data);
    add_right(joined, right, rows_right->data, on, n_on);
    if (left->caption) table_caption(joined, "%s", left->caption);
    return joined;
}

enum status table_join(const struct table *left, const struct table *right, const char *const *on, size_t n_on, bool keep_unmatched,
                       struct table **out, struct error *err) {
    struct column **left_keys = NULL, **right_keys = NULL;
    struct chains chains;
    rows_vec rows_left = {0}, rows_right = {0};
    enum status status = table_columns(left, on, n_on, &left_keys, err);
    if (status == OK) status = table_columns(right, on, n_on, &right_keys, err);
    if (status == OK) status = check_keys(left_keys, right_keys, n_on, err);
    if (status == OK) {
        chain_rows(right_keys, n_on, right->n_rows, &chains);
        match_rows(left_keys, left->n_rows, &chains, n_on, keep_unmatched, &rows_left, &rows_right);
        *out = side_by_side(left, right, &rows_left, &rows_right, on, n_on);
        str_map_free(chains.first);
        free(chains.next);
    }
    vec_release(&rows_left);
    vec_release(&rows_right);
    free(left_keys);
    free(right_keys);
    return status;
}
