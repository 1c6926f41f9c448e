/* RecBole's atomic files: x.inter with x.user and x.item beside it. Tab
 * separated, without quotes; a header's name says the type after a colon. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/csv.h"
#include "runtime/data/recbole.h"
#include "runtime/data/table_parts.h"

static const char *cell_at(const struct csv_text *text, int64_t row, int column) { return text->cells[row * text->n_columns + column]; }

static bool all_ints(const struct csv_text *text, int column) {
    int64_t number;
    for (int64_t i = 0; i < text->n_rows; i++)
        if (*cell_at(text, i, column) && !parse_int64(slice_of(cell_at(text, i, column)), &number)) return false;
    return text->n_rows > 0;
}

static struct column *last_column(struct table *table) { return &table->columns[table->n_columns - 1]; }

static void add_ints(struct table *table, const char *name, const struct csv_text *text, int column) {
    int64_t *numbers = table_add_ints(table, name);
    for (int64_t i = 0; i < text->n_rows; i++)
        if (!parse_int64(slice_of(cell_at(text, i, column)), &numbers[i])) table_set_null(last_column(table), text->n_rows, i);
}

static void add_floats(struct table *table, const char *name, const struct csv_text *text, int column) {
    double *numbers = table_add_floats(table, name, -1);
    for (int64_t i = 0; i < text->n_rows; i++)
        if (!parse_double(slice_of(cell_at(text, i, column)), &numbers[i])) table_set_null(last_column(table), text->n_rows, i);
}

static void add_texts(struct table *table, const char *name, const struct csv_text *text, int column) {
    char **texts = table_add_strs(table, name);
    for (int64_t i = 0; i < text->n_rows; i++)
        if (*cell_at(text, i, column)) texts[i] = xstrdup(cell_at(text, i, column));
}

/* "Comedy Drama" as a list. */
static void add_lists(struct table *table, const char *name, const struct csv_text *text, int column) {
    VEC(char *) words = {0};
    int64_t *starts = xnew_array(int64_t, (size_t)text->n_rows + 1);
    for (int64_t i = 0; i < text->n_rows; i++) {
        struct slice rest = slice_of(cell_at(text, i, column));
        while (rest.len) {
            const struct slice word = slice_field(&rest, " ", 1);
            if (word.len) vec_push(&words, xstrndup(word.data, word.len));
        }
        starts[i + 1] = (int64_t)words.len;
    }
    struct column *made = table_add_lists(table, name, COL_STRS, (int64_t)words.len);
    if (words.len) memcpy(made->u.lists.strs, words.data, words.len * sizeof *words.data);
    memcpy(made->u.lists.starts, starts, ((size_t)text->n_rows + 1) * sizeof *starts);
    free(starts);
    vec_release(&words);
}

/* Our names of columns that its data sets call otherwise. */
static const char *our_name(struct slice name) {
    static const char *const pairs[][2] = {{"movie_title", "title"}, {"item_name", "title"}, {"name", "title"},
                                           {"class", "genres"},      {"genre", "genres"},    {"categories", "genres"},
                                           {"release_year", "year"}, {"movie_year", "year"}, {"zip_code", "zip"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (slice_eqz(name, pairs[i][0])) return pairs[i][1];
    return NULL;
}

static void add_column(struct table *table, const struct csv_text *text, int column, const char *given_name) {
    const char *header = text->names[column], *colon = strchr(header, ':'), *type = colon ? colon + 1 : "token";
    const struct slice plain = {header, colon ? (size_t)(colon - header) : strlen(header)};
    char *own = xstrndup(plain.data, plain.len);
    const char *name = given_name ? given_name : our_name(plain) ? our_name(plain) : own;
    if (!table_column(table, name)) {
        if (strcmp(type, "token_seq") == 0) add_lists(table, name, text, column);
        else if (all_ints(text, column)) add_ints(table, name, text, column);
        else if (strcmp(type, "float") == 0) add_floats(table, name, text, column);
        else add_texts(table, name, text, column);
    }
    free(own);
}

static enum status side_table(const char *path, enum role role, struct table **out, struct error *err) {
    struct csv_text text = {0};
    const struct csv_hints hints = {0};
    TRY(csv_read(NULL, path, &hints, &text, err));
    const int id = role_column(text.names, text.n_columns, role);
    const char *what = role == ROLE_USER ? "user" : "item";
    enum status status = OK;
    if (id < 0) {
        err_set(err, ERR_DATA, "%s has no column %s_id", path, what);
        status = err_hint(err, "its header begins with %s_id:token", what);
    } else {
        struct table *table = table_new(text.n_rows);
        add_column(table, &text, id, what);
        for (int i = 0; i < text.n_columns; i++)
            if (i != id) add_column(table, &text, i, NULL);
        *out = table;
    }
    csv_release(&text);
    return status;
}

/* "folder/x.inter" and ".item" → the table of "folder/x.item", when it is there. */
static enum status table_beside(const char *path, const char *ending, enum role role, struct table **out, struct error *err) {
    struct buf beside = BUF_INIT;
    buf_add(&beside, path, strlen(path) - strlen(".inter"));
    buf_adds(&beside, ending);
    const enum status status = file_exists(buf_text(&beside)) ? side_table(buf_text(&beside), role, out, err) : OK;
    buf_release(&beside);
    return status;
}

enum status recbole_side_tables(const char *path, struct dataset_draft *draft, struct error *err) {
    TRY(table_beside(path, ".user", ROLE_USER, &draft->user_table, err));
    return table_beside(path, ".item", ROLE_ITEM, &draft->item_table, err);
}
