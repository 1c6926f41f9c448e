/* RecBole's atomic files: x.inter with x.user and x.item beside it. Tab
 * separated, without quotes; a header's name says the type after a colon. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/csv.h"
#include "runtime/data/recbole.h"
#include "runtime/data/table_parts.h"

#define SHOWN_CODE_POINTS 40

/* A file of users or items. */
struct side {
    const struct csv_text *text;
    const char *path;
    bool skip_bad; /* a number that is none is null; else an error */
};

static const char *cell_at(const struct csv_text *text, int64_t row, int column) { return text->cells[row * text->n_columns + column]; }

/* "01234" is a code, not a number. */
static bool is_whole(const char *text) {
    int64_t number;
    return parse_int64(slice_of(text), &number) && !(text[0] == '0' && text[1]);
}

static bool all_ints(const struct csv_text *text, int column) {
    for (int64_t i = 0; i < text->n_rows; i++)
        if (*cell_at(text, i, column) && !is_whole(cell_at(text, i, column))) return false;
    return text->n_rows > 0;
}

static struct column *last_column(struct table *table) { return &table->columns[table->n_columns - 1]; }

static void add_ints(struct table *table, const char *name, const struct csv_text *text, int column) {
    int64_t *numbers = table_add_ints(table, name);
    for (int64_t i = 0; i < text->n_rows; i++)
        if (!parse_int64(slice_of(cell_at(text, i, column)), &numbers[i])) table_set_null(last_column(table), text->n_rows, i);
}

static enum status no_number(const struct side *side, int64_t row, int column, struct slice got, struct error *err) {
    const struct csv_text *text = side->text;
    return err_set(err, ERR_DATA, "%s, line %lld, column `%s`: expected a number, got \"%.*s\"", side->path, (long long)text->lines[row],
                   text->names[column], (int)utf8_offset(got, SHOWN_CODE_POINTS), got.data);
}

static enum status add_floats(struct table *table, const char *name, const struct side *side, int column, struct error *err) {
    double *numbers = table_add_floats(table, name, -1);
    for (int64_t i = 0; i < table->n_rows; i++) {
        const struct slice field = slice_of(cell_at(side->text, i, column));
        if (parse_double(field, &numbers[i])) continue;
        if (field.len && !side->skip_bad) return no_number(side, i, column, field, err);
        table_set_null(last_column(table), table->n_rows, i);
    }
    return OK;
}

static void add_texts(struct table *table, const char *name, const struct csv_text *text, int column) {
    char **texts = table_add_strs(table, name);
    for (int64_t i = 0; i < text->n_rows; i++)
        if (*cell_at(text, i, column)) texts[i] = xstrdup(cell_at(text, i, column));
}

typedef VEC(struct slice) words_vec;

/* "Comedy Drama": the words of every row, and where each row's begin. */
static void cut_words(const struct csv_text *text, int column, words_vec *words, int64_t *starts) {
    for (int64_t i = 0; i < text->n_rows; i++) {
        struct slice rest = slice_of(cell_at(text, i, column));
        while (rest.len) {
            const struct slice word = slice_field(&rest, " ", 1);
            if (word.len) vec_push(words, word);
        }
        starts[i + 1] = (int64_t)words->len;
    }
}

static enum status fill_list(struct column *list, const words_vec *words, const struct side *side, int column, struct error *err) {
    int64_t row = 0;
    for (size_t w = 0; w < words->len; w++) {
        const struct slice word = words->data[w];
        while ((int64_t)w >= list->u.lists.starts[row + 1]) row++;
        if (list->type == COL_STRS) list->u.lists.strs[w] = xstrndup(word.data, word.len);
        else if (!parse_double(word, &list->u.lists.floats[w]) && !side->skip_bad) return no_number(side, row, column, word, err);
    }
    return OK;
}

static enum status add_lists(struct table *table, const char *name, enum column_type type, const struct side *side, int column, struct error *err) {
    words_vec words = {0};
    int64_t *starts = xnew_array(int64_t, (size_t)table->n_rows + 1);
    cut_words(side->text, column, &words, starts);
    struct column *made = table_add_lists(table, name, type, (int64_t)words.len);
    memcpy(made->u.lists.starts, starts, ((size_t)table->n_rows + 1) * sizeof *starts);
    const enum status status = fill_list(made, &words, side, column, err);
    free(starts);
    vec_release(&words);
    return status;
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

/* Some are whole numbers: the year of ml-100k's film 267 is "unkonwn". */
static bool are_years(const char *name, const char *type, const struct csv_text *text, int column) {
    if (strcmp(name, "year") != 0 || strcmp(type, "token") != 0) return false;
    for (int64_t i = 0; i < text->n_rows; i++)
        if (is_whole(cell_at(text, i, column))) return true;
    return false;
}

static enum status add_typed(struct table *table, const char *name, const char *type, const struct side *side, int column, struct error *err) {
    const bool is_title = strcmp(name, "title") == 0; /* of type token_seq in RecBole's data sets, but one text */
    if (!is_title && strcmp(type, "token_seq") == 0) return add_lists(table, name, COL_STRS, side, column, err);
    if (strcmp(type, "float_seq") == 0) return add_lists(table, name, COL_FLOATS, side, column, err);
    if (is_title) add_texts(table, name, side->text, column);
    else if (all_ints(side->text, column) || are_years(name, type, side->text, column)) add_ints(table, name, side->text, column);
    else if (strcmp(type, "float") == 0) return add_floats(table, name, side, column, err);
    else add_texts(table, name, side->text, column);
    return OK;
}

static enum status add_column(struct table *table, const struct side *side, int column, const char *given_name, struct error *err) {
    const char *header = side->text->names[column], *colon = strchr(header, ':'), *type = colon ? colon + 1 : "token";
    const struct slice plain = {header, colon ? (size_t)(colon - header) : strlen(header)};
    char *own = xstrndup(plain.data, plain.len);
    const char *name = given_name ? given_name : our_name(plain) ? our_name(plain) : own;
    const enum status status = table_column(table, name) ? OK : add_typed(table, name, type, side, column, err);
    free(own);
    return status;
}

static enum status table_of(const struct side *side, int id, const char *what, struct table **out, struct error *err) {
    struct table *table = table_new(side->text->n_rows);
    enum status status = add_column(table, side, id, what, err);
    for (int i = 0; status == OK && i < side->text->n_columns; i++)
        if (i != id) status = add_column(table, side, i, NULL, err);
    if (status == OK) *out = table;
    else table_unref(table);
    return status;
}

static enum status side_table(const char *path, enum role role, bool skip_bad, struct table **out, struct error *err) {
    struct csv_text text = {0};
    const struct csv_hints hints = {0};
    TRY(csv_read(NULL, path, &hints, &text, err));
    const struct side side = {&text, path, skip_bad};
    const int id = role_column(text.names, text.n_columns, role);
    const char *what = role == ROLE_USER ? "user" : "item";
    enum status status = OK;
    if (id < 0) {
        err_set(err, ERR_DATA, "%s has no column %s_id", path, what);
        status = err_hint(err, "its header begins with %s_id:token", what);
    } else {
        status = table_of(&side, id, what, out, err);
    }
    csv_release(&text);
    return status;
}

/* "folder/x.inter" and ".item" → the table of "folder/x.item", when it is there. */
static enum status table_beside(const char *path, const char *ending, enum role role, bool skip_bad, struct table **out, struct error *err) {
    struct buf beside = BUF_INIT;
    buf_add(&beside, path, strlen(path) - strlen(".inter"));
    buf_adds(&beside, ending);
    const enum status status = file_exists(buf_text(&beside)) ? side_table(buf_text(&beside), role, skip_bad, out, err) : OK;
    buf_release(&beside);
    return status;
}

enum status recbole_side_tables(const char *path, bool skip_bad, struct dataset_draft *draft, struct error *err) {
    TRY(table_beside(path, ".user", ROLE_USER, skip_bad, &draft->user_table, err));
    return table_beside(path, ".item", ROLE_ITEM, skip_bad, &draft->item_table, err);
}
