/* Methods of Table: each gives a new Table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/table_parts.h"
#include "runtime/base/mem.h"
#include "runtime/base/vec.h"

#define TURNS_PER_LOOK 1024

static struct table *self_of(const struct call *call) { return value_data(call->self, &type_table); }

/* Strs of *columns, where lists of names may stand too. */
static enum status names_of(const struct call *call, const char *name, const char ***out_owned, size_t *out_n, struct error *err) {
    VEC(const char *) names = {0};
    const struct value given = arg(call, name);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < seq_len(given); i++) {
        const char **texts;
        size_t n;
        status = value_texts(seq_item(given, i), &texts, &n, err);
        if (status != OK) break;
        for (size_t j = 0; j < n; j++) vec_push(&names, texts[j]);
        free(texts);
    }
    if (status != OK) {
        vec_release(&names);
        return err_about(err, name);
    }
    vec_reserve(&names, 1);
    *out_owned = names.data;
    *out_n = names.len;
    return OK;
}

static enum status needs_column(const char *method, struct error *err) {
    err_set(err, ERR_TYPE, "%s needs a column", method);
    return err_hint(err, "t.%s(\"rating\"); t.columns lists the names", method);
}

/* --- sort --- */

/* Sorted by the last name first: each sort is stable. */
static enum status sort_by(struct table *table, const char *const *names, size_t n, bool descending, struct table **out, struct error *err) {
    struct table *sorted = table_ref(table);
    for (size_t i = n; i-- > 0;) {
        struct column *column;
        const enum status status = table_want(sorted, names[i], &column, err);
        if (status != OK) {
            table_unref(sorted);
            return status;
        }
        int64_t *rows = table_order(sorted, column, descending);
        struct table *next = table_take(sorted, rows, sorted->n_rows);
        free(rows);
        table_unref(sorted);
        sorted = next;
    }
    *out = sorted;
    return OK;
}

static enum status run_sort(const struct call *call, struct value *out, struct error *err) {
    const char **names;
    size_t n;
    struct table *sorted;
    TRY(names_of(call, "columns", &names, &n, err));
    if (n == 0) {
        free(names);
        return needs_column("sort", err);
    }
    const enum status status = sort_by(self_of(call), names, n, arg_bool(call, "descending"), &sorted, err);
    free(names);
    if (status != OK) return err_about(err, "columns");
    *out = value_table(sorted);
    return OK;
}

/* --- where --- */

static enum status keeps(const struct call *call, int64_t i, bool *out, struct error *err) {
    struct value row = row_value(self_of(call), i), answer = UNSET;
    enum status status = i % TURNS_PER_LOOK ? OK : task_check(call->task, err);
    if (status == OK) status = interp_call(call->interp, arg(call, "keep"), &row, 1, &answer, err);
    if (status == OK) status = value_truth(answer, out, err);
    if (status != OK && status != ERR_INTERRUPTED) err_note(err, "at row %lld", (long long)i);
    value_release(&answer);
    value_release(&row);
    return status;
}

static enum status run_where(const struct call *call, struct value *out, struct error *err) {
    const struct table *table = self_of(call);
    int64_t *rows = xnew_array(int64_t, (size_t)table->n_rows + 1), n = 0;
    enum status status = OK;
    for (int64_t i = 0; status == OK && i < table->n_rows; i++) {
        bool keep = false;
        status = keeps(call, i, &keep, err);
        if (keep) rows[n++] = i;
    }
    if (status == OK) *out = value_table(table_take(table, rows, n));
    free(rows);
    return status;
}

/* --- select, head, rename --- */

static enum status run_select(const struct call *call, struct value *out, struct error *err) {
    const char **names;
    size_t n;
    TRY(names_of(call, "columns", &names, &n, err));
    if (n == 0) {
        free(names);
        return needs_column("select", err);
    }
    struct table *selected = table_select(self_of(call), names, n, err);
    free(names);
    if (!selected) return err_about(err, "columns");
    *out = value_table(selected);
    return OK;
}

static enum status run_head(const struct call *call, struct value *out, struct error *err) {
    (void)err;
    *out = value_table(table_head(self_of(call), arg_int(call, "n")));
    return OK;
}

/* A copy that nobody else holds, to be changed. */
static struct table *copy_of(const struct table *table) { return table_head(table, table->n_rows); }

static enum status rename_all(struct table *table, struct value names, struct error *err) {
    for (size_t i = 0; i < dict_len(names); i++) {
        const struct value from = dict_key(names, i), to = dict_value(names, i);
        struct column *column;
        if (from.kind != VAL_STR || to.kind != VAL_STR)
            return err_set(err, ERR_TYPE, "rename takes strs: t.rename(old=\"new\") or t.rename({\"old name\": \"new\"})");
        if (table_want(table, from.u.text->data, &column, err) != OK) return err_about(err, from.u.text->data);
        struct column *there = table_column(table, to.u.text->data);
        if (there && there != column) return arg_error(from.u.text->data, err, ERR_VALUE, "there is a column `%.100s` already", to.u.text->data);
        free(column->name);
        column->name = xstrdup(to.u.text->data);
    }
    return OK;
}

static enum status run_rename(const struct call *call, struct value *out, struct error *err) {
    struct table *renamed = copy_of(self_of(call));
    enum status status = arg_is_none(call, "names") ? OK : rename_all(renamed, arg(call, "names"), err);
    if (status != OK) err_about(err, "names");
    if (status == OK) status = rename_all(renamed, arg(call, "named"), err);
    if (status == OK) *out = value_table(renamed);
    else table_unref(renamed);
    return status;
}

/* --- add --- */

/* f(row) of each row. */
static enum status computed(const struct call *call, struct value function, struct value *out, struct error *err) {
    const struct table *table = self_of(call);
    struct value values = value_list((size_t)table->n_rows);
    for (int64_t i = 0; i < table->n_rows; i++) {
        struct value row = row_value(table, i), made = UNSET;
        enum status status = i % TURNS_PER_LOOK ? OK : task_check(call->task, err);
        if (status == OK) status = interp_call(call->interp, function, &row, 1, &made, err);
        value_release(&row);
        if (status != OK) {
            value_release(&values);
            return status == ERR_INTERRUPTED ? status : err_note(err, "at row %lld", (long long)i);
        }
        seq_push(&values, made);
    }
    *out = values;
    return OK;
}

static bool is_plain(struct value value) { return value_is_number(value) || value.kind == VAL_STR || value.kind == VAL_NONE; }

static enum status new_values(const struct call *call, struct value given, struct value *out, struct error *err) {
    const int64_t n = self_of(call)->n_rows;
    if (given.kind == VAL_FUNCTION || given.kind == VAL_BUILTIN) return computed(call, given, out, err);
    if (!is_plain(given)) return value_to_list(given, out, err);
    *out = value_list((size_t)n);
    for (int64_t i = 0; i < n; i++) seq_push(out, value_ref(given));
    return OK;
}

/* A new column stands last; one of a name that is there takes its place. */
static enum status add_one(struct table *table, const char *name, struct value values, struct error *err) {
    struct column *old = table_column(table, name);
    const size_t at = old ? (size_t)(old - table->columns) : 0;
    if ((int64_t)seq_len(values) != table->n_rows)
        return err_set(err, ERR_SHAPE, "column `%.100s` has %zu items, the table has %lld rows", name, seq_len(values), (long long)table->n_rows);
    TRY(table_add_values(table, name, values, err));
    if (!old) return OK;
    const struct column replaced = table->columns[at];
    table->columns[at] = table->columns[table->n_columns - 1];
    table->columns[table->n_columns - 1] = replaced;
    table_drop_last(table);
    return OK;
}

static enum status run_add(const struct call *call, struct value *out, struct error *err) {
    const struct value columns = arg(call, "columns");
    struct table *table = copy_of(self_of(call));
    enum status status = OK;
    for (size_t i = 0; status == OK && i < dict_len(columns); i++) {
        struct value values;
        const char *name = value_text(dict_key(columns, i)).data;
        status = new_values(call, dict_value(columns, i), &values, err);
        if (status == OK) {
            status = add_one(table, name, values, err);
            value_release(&values);
        }
        if (status != OK) err_about(err, name);
    }
    if (status == OK) *out = value_table(table);
    else table_unref(table);
    return status;
}

/* --- group, unique, join --- */

/* "mean:rating" to its halves; the text lives as long as `kept`. */
static enum status aggregate_of(struct value name, struct value what, struct aggregate *out, char **kept, struct error *err) {
    if (what.kind != VAL_STR) {
        err_set(err, ERR_TYPE, "%s: an aggregate is a str, got %s", name.u.text->data, value_type_name(what));
        return err_hint(err, "n=\"count\", mean_r=\"mean:rating\"");
    }
    *kept = xstrdup(what.u.text->data);
    char *colon = strchr(*kept, ':');
    if (colon) *colon = 0;
    *out = (struct aggregate){name.u.text->data, *kept, colon ? colon + 1 : NULL};
    return OK;
}

static enum status group_by(const struct call *call, const char *const *by, size_t n_by, struct table **out, struct error *err) {
    const struct value named = arg(call, "aggregates");
    const size_t n = dict_len(named);
    struct aggregate *aggregates = xnew_array(struct aggregate, n + 2);
    char **kept = xnew_array(char *, n + 1);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < n; i++) status = aggregate_of(dict_key(named, i), dict_value(named, i), &aggregates[i], &kept[i], err);
    if (n == 0) aggregates[0] = (struct aggregate){"n", "count", NULL};
    if (status == OK) status = table_group(self_of(call), by, n_by, aggregates, n ? n : 1, out, err);
    for (size_t i = 0; i < n; i++) free(kept[i]);
    free(kept);
    free(aggregates);
    return status;
}

static enum status run_group(const struct call *call, struct value *out, struct error *err) {
    const char **by;
    size_t n;
    struct table *grouped;
    TRY(names_of(call, "by", &by, &n, err));
    const enum status status = group_by(call, by, n, &grouped, err);
    free(by);
    if (status == OK) *out = value_table(grouped);
    return status;
}

static enum status run_unique(const struct call *call, struct value *out, struct error *err) {
    const char **names;
    size_t n;
    struct table *unique;
    TRY(names_of(call, "columns", &names, &n, err));
    const enum status status = table_unique(self_of(call), names, n, &unique, err);
    free(names);
    if (status != OK) return err_about(err, "columns");
    *out = value_table(unique);
    return OK;
}

enum status join_tables(const struct call *call, const struct table *left, const struct table *right, struct value *out, struct error *err) {
    const char **on;
    size_t n;
    struct table *joined;
    TRY(value_texts(arg(call, "on"), &on, &n, err));
    const enum status status = table_join(left, right, on, n, strcmp(arg_str(call, "how"), "left") == 0, &joined, err);
    free(on);
    if (status != OK) return err_about(err, "on");
    *out = value_table(joined);
    return OK;
}

static enum status run_join(const struct call *call, struct value *out, struct error *err) {
    return join_tables(call, self_of(call), arg_data(call, "other", &type_table), out, err);
}

#define NOTES (const struct param_note[])
#define EXAMPLE "t = table({\"item\": [1, 2, 3], \"year\": [1996, 1977, 1996]})\n"

const struct builtin_row table_methods[] = {
    {.sigs = "sort(*columns: str | list[str], descending: bool = False) -> Table",
     .group = "Table",
     .summary = "The rows in the order of a column, or of several; empty cells last.",
     .notes = NOTES{{"columns", .doc = "names; the first decides first", .completes = "column"}, {"descending", .doc = "largest first"}, {0}},
     .doc = "Rows that are equal there keep their order.",
     .example = EXAMPLE "t.sort(\"year\", descending=True)",
     .run = run_sort,
     .other_names = "sort_values (pandas), order by"},
    {.sigs = "where(keep: function) -> Table",
     .group = "Table",
     .summary = "The rows for which a function is true.",
     .notes = NOTES{{"keep", .doc = "of one row, a dict: lambda r: r[\"year\"] > 1990"}, {0}},
     .example = EXAMPLE "t.where(lambda r: r[\"year\"] > 1990)",
     .run = run_where,
     .other_names = "query (pandas), filter (polars)"},
    {.sigs = "select(*columns: str | list[str]) -> Table",
     .group = "Table",
     .summary = "Only these columns, in this order.",
     .notes = NOTES{{"columns", .doc = "names", .completes = "column"}, {0}},
     .example = EXAMPLE "t.select(\"year\")",
     .run = run_select},
    {.sigs = "group(*by: str | list[str], **aggregates: str) -> Table",
     .group = "Table",
     .summary = "One row for each combination of values, with counts, means and the like.",
     .notes = NOTES{{"by", .doc = "columns whose values make the groups", .completes = "column"},
                    {"aggregates", .doc = "new columns: n=\"count\", mean_r=\"mean:rating\"; count sum mean min max std nunique first"},
                    {0}},
     .doc = "Groups stand in order of first appearance. Without aggregates, n counts the rows. Empty cells count in no aggregate; std is that of a "
            "sample.",
     .example = EXAMPLE "t.group(\"year\", n=\"count\", first=\"min:item\")",
     .run = run_group,
     .other_names = "groupby (pandas), group_by (polars)"},
    {.sigs = "unique(*columns: str | list[str]) -> Table",
     .group = "Table",
     .summary = "The first row of each combination of values.",
     .notes = NOTES{{"columns", .doc = "what must differ; none: the whole row", .completes = "column"}, {0}},
     .example = EXAMPLE "t.unique(\"year\")",
     .run = run_unique,
     .other_names = "drop_duplicates (pandas), distinct"},
    {.sigs = "join(other: Table, on: str | list[str], how: str = \"inner\") -> Table",
     .group = "Table",
     .summary = "The columns of two Tables side by side, where `on` is equal.",
     .notes = NOTES{{"other", .doc = "the Table on the right"},
                    {"on", .doc = "columns that both have", .completes = "column"},
                    {"how", .doc = "inner: rows with a match; left: all of this Table, None where there is no match", .choices = "inner|left"},
                    {0}},
     .example = EXAMPLE "t.join(table({\"item\": [1, 3], \"title\": [\"Fargo\", \"Ransom\"]}), on=\"item\")",
     .run = run_join,
     .other_names = "merge (pandas)"},
    {.sigs = "head(n: int = 5) -> Table",
     .group = "Table",
     .summary = "The first rows.",
     .notes = NOTES{{"n", .doc = "how many", .max = INFINITY}, {0}},
     .example = EXAMPLE "t.head(2)",
     .run = run_head,
     .other_names = "limit"},
    {.sigs = "add(**columns: Any) -> Table",
     .group = "Table",
     .summary = "With more columns: a list, one value for all rows, or a function of the row.",
     .notes = NOTES{{"columns", .doc = "old=lambda r: r[\"year\"] < 1980; a name that is there is replaced"}, {0}},
     .example = EXAMPLE "t.add(old=lambda r: r[\"year\"] < 1980)",
     .run = run_add,
     .other_names = "assign (pandas), with_columns (polars)"},
    {.sigs = "rename(names: dict | None = None, **named: str) -> Table",
     .group = "Table",
     .summary = "With other names of columns.",
     .notes = NOTES{{"names", .doc = "{\"ndcg@10\": \"ndcg\"}, for names that can't stand before ="}, {"named", .doc = "old=\"new\""}, {0}},
     .example = EXAMPLE "t.rename(year=\"released\")",
     .run = run_rename},
    {0}};
