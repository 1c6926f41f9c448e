/* Groups of rows: keys, aggregates, distinct rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/map.h"
#include "runtime/base/mem.h"
#include "runtime/data/table_parts.h"

static void key_number(double number, struct buf *out) {
    if (number == 0) number = 0; /* -0 is 0 */
    if (isnan(number)) number = NAN;
    buf_addc(out, 'n');
    buf_add(out, &number, sizeof number);
}

/* Whole numbers beyond 2^53 don't fit a double: they keep a form of their own. */
static void key_int(int64_t number, struct buf *out) {
    if (number <= (INT64_C(1) << 53) && number >= -(INT64_C(1) << 53)) {
        key_number((double)number, out);
        return;
    }
    buf_addc(out, 'i');
    buf_add(out, &number, sizeof number);
}

static void key_text(const char *text, size_t len, struct buf *out) {
    buf_addc(out, 's');
    buf_add(out, &len, sizeof len);
    buf_add(out, text, len);
}

static void key_cell(const struct column *column, int64_t row, struct buf *out) {
    if (cell_is_null(column, row)) {
        buf_addc(out, '0');
        return;
    }
    struct buf text = BUF_INIT;
    switch (column->type) {
    case COL_BOOL: key_number(column->u.bools[row], out); break;
    case COL_INT:
    case COL_TIME: key_int(column->u.ints[row], out); break;
    case COL_FLOAT: key_number(column->u.floats[row], out); break;
    case COL_STR: key_text(column->u.strs[row], strlen(column->u.strs[row]), out); break;
    default:
        cell_text(column, row, &text);
        key_text(buf_text(&text), text.len, out);
        buf_release(&text);
        break;
    }
}

void row_key(struct column *const *columns, size_t n_columns, int64_t row, struct buf *out) {
    buf_clear(out);
    for (size_t i = 0; i < n_columns; i++) key_cell(columns[i], row, out);
}

/* Rows of the groups, group after group; firsts: each group's first row. */
struct grouping {
    int64_t n_groups;
    int64_t *firsts, *starts, *rows;
};

static void grouping_release(struct grouping *grouping) {
    free(grouping->firsts);
    free(grouping->starts);
    free(grouping->rows);
}

static void group_rows(const int64_t *group_of, int64_t n_rows, struct grouping *out) {
    out->starts = xnew_array(int64_t, (size_t)out->n_groups + 2);
    out->rows = xnew_array(int64_t, (size_t)n_rows + 1);
    for (int64_t i = 0; i < n_rows; i++) out->starts[group_of[i] + 2]++;
    for (int64_t g = 2; g <= out->n_groups + 1; g++) out->starts[g] += out->starts[g - 1];
    for (int64_t i = 0; i < n_rows; i++) out->rows[out->starts[group_of[i] + 1]++] = i;
}

static void group_by_key(struct column *const *by, size_t n_by, int64_t n_rows, struct grouping *out) {
    struct str_map *seen = str_map_new();
    struct buf key = BUF_INIT;
    int64_t *group_of = xnew_array(int64_t, (size_t)n_rows + 1);
    *out = (struct grouping){.firsts = xnew_array(int64_t, (size_t)n_rows + 1)};
    int64_t i = 0;
    for (; i < n_rows && !table_is_over(i); i++) {
        row_key(by, n_by, i, &key);
        const struct slice bytes = {key.data ? key.data : "", key.len};
        if (str_map_get(seen, bytes, &group_of[i])) continue;
        str_map_put(seen, bytes, out->n_groups, false);
        out->firsts[out->n_groups] = i;
        group_of[i] = out->n_groups++;
    }
    group_rows(group_of, i, out);
    free(group_of);
    buf_release(&key);
    str_map_free(seen);
}

/* --- aggregates --- */

static const char *const functions[] = {"count", "sum", "mean", "min", "max", "std", "nunique", "first"};
#define N_FUNCTIONS (sizeof functions / sizeof *functions)

static bool is_numeric(const struct column *column) { return column->type <= COL_FLOAT || column->type == COL_TIME; }

static enum status check_aggregate(const struct aggregate *aggregate, const struct column *column, struct error *err) {
    const char *function = aggregate->function;
    bool known = false;
    for (size_t i = 0; i < N_FUNCTIONS; i++) known |= strcmp(functions[i], function) == 0;
    if (!known) {
        err_set(err, ERR_VALUE, "there is no aggregate `%s`", function);
        err_hint(err, "the aggregates are count, sum, mean, min, max, std, nunique and first, as in %s=\"mean:rating\"", aggregate->name);
        return ERR_VALUE;
    }
    if (!column && strcmp(function, "count") != 0) {
        err_set(err, ERR_VALUE, "the aggregate `%s` needs a column", function);
        return err_hint(err, "write %s=\"%s:<column>\"", aggregate->name, function);
    }
    if (column && !is_numeric(column) && (!strcmp(function, "sum") || !strcmp(function, "mean") || !strcmp(function, "std"))) {
        err_set(err, ERR_TYPE, "`%s` needs numbers, and the column `%s` holds text", function, column->name);
        return err_hint(err, "count, nunique and first take any column");
    }
    return OK;
}

static void add_counts(struct table *out, const char *name, const struct grouping *groups, const struct column *column) {
    int64_t *counts = table_add_ints(out, name);
    out->columns[out->n_columns - 1].decimals = 0;
    for (int64_t g = 0; g < groups->n_groups; g++)
        for (int64_t i = groups->starts[g]; i < groups->starts[g + 1]; i++) counts[g] += !column || !cell_is_null(column, groups->rows[i]);
}

static void add_uniques(struct table *out, const char *name, const struct grouping *groups, struct column *column) {
    int64_t *counts = table_add_ints(out, name);
    struct buf key = BUF_INIT;
    out->columns[out->n_columns - 1].decimals = 0;
    for (int64_t g = 0; g < groups->n_groups; g++) {
        struct str_map *seen = str_map_new();
        for (int64_t i = groups->starts[g]; i < groups->starts[g + 1]; i++) {
            if (cell_is_null(column, groups->rows[i])) continue;
            if (table_is_over(i)) break;
            row_key(&column, 1, groups->rows[i], &key);
            counts[g] += str_map_put(seen, (struct slice){key.data, key.len}, 0, false);
        }
        str_map_free(seen);
    }
    buf_release(&key);
}

/* Sums of whole numbers stay whole numbers (and fall back to floats where they would overflow). */
static bool add_whole_sums(struct table *out, const char *name, const struct grouping *groups, const struct column *column) {
    int64_t *sums = xnew_array(int64_t, (size_t)groups->n_groups + 1);
    bool fits = column->type == COL_INT;
    for (int64_t g = 0; fits && g < groups->n_groups; g++)
        for (int64_t i = groups->starts[g]; fits && i < groups->starts[g + 1]; i++)
            if (!cell_is_null(column, groups->rows[i])) fits = !__builtin_add_overflow(sums[g], column->u.ints[groups->rows[i]], &sums[g]);
    if (fits) memcpy(table_add_ints(out, name), sums, (size_t)groups->n_groups * sizeof *sums);
    free(sums);
    return fits;
}

enum moment { SUM, MEAN, STD };

static double moment_of(enum moment moment, const struct grouping *groups, int64_t g, const struct column *column) {
    int64_t n = 0;
    double sum = 0, squares = 0;
    for (int64_t i = groups->starts[g]; i < groups->starts[g + 1]; i++)
        if (!cell_is_null(column, groups->rows[i])) sum += cell_number(column, groups->rows[i]), n++;
    if (moment == SUM) return sum;
    if (n == 0 || (moment == STD && n < 2)) return NAN;
    if (moment == MEAN) return sum / (double)n;
    for (int64_t i = groups->starts[g]; i < groups->starts[g + 1]; i++) {
        if (cell_is_null(column, groups->rows[i])) continue;
        const double off = cell_number(column, groups->rows[i]) - sum / (double)n;
        squares += off * off;
    }
    return sqrt(squares / (double)(n - 1));
}

static void add_moments(struct table *out, const char *name, enum moment moment, const struct grouping *groups, const struct column *column) {
    double *values = table_add_floats(out, name, moment == SUM ? column->decimals : -1);
    struct column *added = &out->columns[out->n_columns - 1];
    for (int64_t g = 0; g < groups->n_groups; g++) {
        values[g] = moment_of(moment, groups, g, column);
        if (isnan(values[g])) table_set_null(added, out->n_rows, g);
    }
}

/* Row of the least, greatest or first cell that isn't null; -1: none. */
static int64_t chosen_row(const char *function, const struct grouping *groups, int64_t g, const struct column *column) {
    int64_t chosen = -1;
    for (int64_t i = groups->starts[g]; i < groups->starts[g + 1]; i++) {
        const int64_t row = groups->rows[i];
        if (cell_is_null(column, row)) continue;
        if (chosen < 0) chosen = row;
        else if (!strcmp(function, "min") && cell_compare(column, row, chosen) < 0) chosen = row;
        else if (!strcmp(function, "max") && cell_compare(column, row, chosen) > 0) chosen = row;
        if (!strcmp(function, "first")) break;
    }
    return chosen;
}

static void add_chosen(struct table *out, const struct aggregate *aggregate, const struct grouping *groups, const struct column *column) {
    int64_t *rows = xnew_array(int64_t, (size_t)groups->n_groups + 1);
    for (int64_t g = 0; g < groups->n_groups; g++) rows[g] = chosen_row(aggregate->function, groups, g, column);
    struct column *added = table_add_taken(out, column, rows);
    free(added->name);
    added->name = xstrdup(aggregate->name);
    free(rows);
}

static enum status add_aggregate(struct table *out, const struct table *table, const struct aggregate *aggregate, const struct grouping *groups,
                                 struct error *err) {
    struct column *column = NULL;
    const char *function = aggregate->function;
    if (aggregate->column && *aggregate->column) TRY(table_want(table, aggregate->column, &column, err));
    TRY(check_aggregate(aggregate, column, err));
    if (table_column(out, aggregate->name)) {
        err_set(err, ERR_VALUE, "there are two columns `%s` in the result", aggregate->name);
        return err_hint(err, "give one another name: t.group(by, n=\"count\")");
    }
    if (!strcmp(function, "count")) add_counts(out, aggregate->name, groups, column);
    else if (!strcmp(function, "nunique")) add_uniques(out, aggregate->name, groups, column);
    else if (!strcmp(function, "mean")) add_moments(out, aggregate->name, MEAN, groups, column);
    else if (!strcmp(function, "std")) add_moments(out, aggregate->name, STD, groups, column);
    else if (strcmp(function, "sum") != 0) add_chosen(out, aggregate, groups, column);
    else if (!add_whole_sums(out, aggregate->name, groups, column)) add_moments(out, aggregate->name, SUM, groups, column);
    return OK;
}

enum status table_group(const struct table *table, const char *const *by, size_t n_by, const struct aggregate *aggregates, size_t n_aggregates,
                        struct table **out, struct error *err) {
    struct column **columns;
    struct grouping groups;
    enum status status = OK;
    if (table_columns(table, by, n_by, &columns, err) != OK) return err_about(err, "by");
    group_by_key(columns, n_by, table->n_rows, &groups);
    struct table *grouped = table_new(groups.n_groups);
    for (size_t i = 0; i < n_by; i++)
        if (!table_column(grouped, by[i])) table_add_taken(grouped, columns[i], groups.firsts);
    for (size_t i = 0; i < n_aggregates && status == OK && !table_is_over(0); i++) {
        status = add_aggregate(grouped, table, &aggregates[i], &groups, err);
        if (status != OK) err_about(err, aggregates[i].name);
    }
    grouping_release(&groups);
    free(columns);
    if (status == OK) *out = grouped;
    else table_unref(grouped);
    return status;
}

enum status table_unique(const struct table *table, const char *const *by, size_t n_by, struct table **out, struct error *err) {
    struct column **columns;
    struct grouping groups;
    if (n_by) {
        TRY(table_columns(table, by, n_by, &columns, err));
    } else {
        n_by = table->n_columns;
        columns = xnew_array(struct column *, n_by + 1);
        for (size_t i = 0; i < n_by; i++) columns[i] = &table->columns[i];
    }
    group_by_key(columns, n_by, table->n_rows, &groups);
    *out = table_take(table, groups.firsts, groups.n_groups);
    grouping_release(&groups);
    free(columns);
    return OK;
}
