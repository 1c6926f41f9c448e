/* Embeddings: a vector a user or item, found by position, id or title; how the
 * vectors lie tells whether they still tell anything apart. */
#include <string.h>

#include "kernel/builtins/array_parts.h"
#include "kernel/builtins/builtins.h"
#include "kernel/builtins/cards.h"
#include "runtime/data/describe.h"

#define COLLAPSED_COSINE 0.9 /* mean cosine over all pairs from which vectors count as one */
#define NARROW_SHARE 0.1     /* of the dimensions in use, below which the space counts as narrow */
#define NARROW_MIN 8         /* fewer dimensions than these are never called narrow */

static int64_t n_rows(const struct embeddings *embeddings) { return mat_rows(embeddings->vectors); }
static int64_t n_dims(const struct embeddings *embeddings) { return mat_cols(embeddings->vectors); }

/* --- rows --- */

/* Row i as a vector on its device. */
static enum status row_array(const struct embeddings *embeddings, int64_t i, struct value *out, struct error *err) {
    const int64_t d = n_dims(embeddings);
    float *values = xnew_array(float, (size_t)d + 1);
    struct mat *vector;
    enum status status = mat_read(embeddings->vectors, i, 1, values, err);
    if (status == OK) status = mat_from(mat_device(embeddings->vectors), d, 1, values, &vector, err);
    free(values);
    if (status == OK) *out = value_array(vector);
    return status;
}

static enum status rows_array(const struct embeddings *embeddings, struct value key, struct value *out, struct error *err) {
    int64_t start, step, n;
    struct mat *rows;
    TRY(slice_bounds(key, n_rows(embeddings), &start, &step, &n, err));
    TRY(mat_slice(embeddings->vectors, start, step, n, 0, 1, n_dims(embeddings), &rows, err));
    *out = value_array(rows);
    return OK;
}

static enum status index_rows(void *self, struct value key, struct value *out, struct error *err) {
    const struct embeddings *embeddings = self;
    int64_t row;
    if (key.kind == VAL_SLICE) return rows_array(embeddings, key, out, err);
    if (key.kind == VAL_INT) {
        if (key.u.i >= n_rows(embeddings) || key.u.i < -n_rows(embeddings)) {
            err_set(err, ERR_INDEX, "position %lld is outside `%s`, which has %lld rows", (long long)key.u.i, embeddings->name,
                    (long long)n_rows(embeddings));
            return err_hint(err, "[3] is a position; .at(%lld) finds an id", (long long)key.u.i);
        }
        return row_array(embeddings, key.u.i < 0 ? key.u.i + n_rows(embeddings) : key.u.i, out, err);
    }
    if (key.kind != VAL_STR) {
        err_set(err, ERR_TYPE, "Embeddings are read by a position, a title or a slice, not by %s", value_type_name(key));
        return err_hint(err, "e[3], e[\"Toy Story (1995)\"], e.at(196), e[:10]");
    }
    TRY(embeddings_find(embeddings, (struct id){.text = key.u.text->data}, &row, err));
    return row_array(embeddings, row, out, err);
}

static enum status item(void *self, int64_t i, struct value *out, struct error *err) { return row_array(self, i, out, err); }

static enum status run_at(const struct call *call, struct value *out, struct error *err) {
    const struct embeddings *embeddings = value_data(call->self, &type_embeddings);
    struct id id;
    int64_t row;
    if (value_id(arg(call, "id"), &id, err) != OK || embeddings_find(embeddings, id, &row, err) != OK) return err_about(err, "id");
    return row_array(embeddings, row, out, err);
}

static const struct builtin_row methods[] = {
    {.sigs = "at(id: Id) -> Array",
     .group = "Embeddings",
     .summary = "The vector of an id.",
     .notes = (const struct param_note[]){{"id", .doc = "of a user or an item, as the source has it; an item's title too", .completes = "item"}, {0}},
     .doc = "e[196] is the row at position 196, e.at(196) the row of id 196.",
     .example = "als(synth(), factors=4, epochs=2).users.at(1)",
     .run = run_at},
    {0}};

/* --- attributes --- */

static struct value shape_value(const struct embeddings *embeddings) {
    struct value shape = value_tuple(2);
    seq_push(&shape, value_int(n_rows(embeddings)));
    seq_push(&shape, value_int(n_dims(embeddings)));
    return shape;
}

static struct value id_value(const struct embeddings *embeddings, int64_t row) {
    const struct catalog *catalog = embeddings->catalog;
    if (embeddings->what == EMBED_ROWS) return value_int(row);
    if (embeddings->what == EMBED_USERS)
        return catalog->user_ids_are_ints ? value_int(catalog->user_ids_int[row]) : value_str(catalog->user_ids_text[row]);
    return catalog->item_ids_are_ints ? value_int(catalog->item_ids_int[row]) : value_str(catalog->item_ids_text[row]);
}

static struct value ids_value(const struct embeddings *embeddings) {
    struct value list = value_list((size_t)n_rows(embeddings));
    for (int64_t i = 0; i < n_rows(embeddings); i++) seq_push(&list, id_value(embeddings, i));
    return list;
}

static struct value titles_value(const struct embeddings *embeddings) {
    struct value list = value_list((size_t)n_rows(embeddings));
    for (int64_t i = 0; i < n_rows(embeddings); i++) {
        const char *title = embeddings_title(embeddings, i);
        seq_push(&list, *title ? value_str(title) : NONE);
    }
    return list;
}

/* The rows' ids, titles and features side by side. */
static struct value features_value(const struct embeddings *embeddings) {
    const int64_t n = n_rows(embeddings);
    return value_table(embeddings->what == EMBED_ROWS ? table_new(n) : table_head(embeddings_features(embeddings), n));
}

GETTER(const struct embeddings, shape, shape_value(self))
GETTER(const struct embeddings, name, value_str(self->name))
GETTER(const struct embeddings, vectors, value_array(mat_ref(self->vectors)))
GETTER(const struct embeddings, ids, ids_value(self))
GETTER(const struct embeddings, titles, titles_value(self))
GETTER(const struct embeddings, features, features_value(self))

static const struct attribute_row attributes[] = {
    {"shape", "rows and dimensions", "tuple", get_shape},
    {"vectors", "the matrix: a row a user or item, by position", "Array", get_vectors},
    {"ids", "each row's id", "list", get_ids},
    {"titles", "each row's title, None where there is none", "list", get_titles},
    {"features", "what is known of each row: genres, age …", "Table", get_features},
    {"name", "what it is of: \"als items\"", "str", get_name},
    {0},
};

/* --- showing --- */

static void embeddings_shape(void *self, struct buf *out) {
    buf_add_counted(out, n_rows(self), "× ");
    buf_add_count(out, n_dims(self));
}

static void embeddings_repr(void *self, struct buf *out) {
    const struct embeddings *embeddings = self;
    buf_addf(out, "<Embeddings %s: ", embeddings->name);
    embeddings_shape(self, out);
    buf_addc(out, '>');
}

/* What the figures mean, in words. */
static void add_verdict(const struct embeddings *embeddings, const struct embeddings_facts *facts, struct card_draft *card) {
    const double d = (double)n_dims(embeddings);
    if (facts->n_zero == n_rows(embeddings)) card_add(card, "verdict", "every vector is zero: nothing was learned");
    else if (facts->mean_cosine > COLLAPSED_COSINE)
        card_add(card, "verdict",
                 "collapsed: the vectors point almost all the same way; train with more negatives, less regularisation or a smaller lr");
    else if (d >= NARROW_MIN && facts->dimensions < NARROW_SHARE * d)
        card_add(card, "verdict", "narrow: few directions carry almost everything; fewer factors or less regularisation");
    else card_add(card, "verdict", "healthy: no sign of collapse");
}

static enum status embeddings_render(struct interp *interp, void *self, struct bundle *out, struct error *err) {
    const struct embeddings *embeddings = self;
    struct embeddings_facts facts;
    struct card_draft card = {0};
    static const char *const words[] = {"users", "items", "rows"};
    (void)interp;
    TRY(embeddings_facts(embeddings, &facts, err));
    buf_adds(&card.title, embeddings->name);
    buf_add_counted(&card.subtitle, n_rows(embeddings), words[embeddings->what]);
    buf_addf(&card.subtitle, " × %lld dimensions, on %s", (long long)n_dims(embeddings), device_place(mat_device(embeddings->vectors)));
    card_add(&card, "norms", "%.3g to %.3g, median %.3g", facts.norm_least, facts.norm_most, facts.norm_median);
    if (facts.n_zero) card_add(&card, "zero vectors", "%lld, without training rows", (long long)facts.n_zero);
    card_add(&card, "mean cosine", "%.3f over all pairs (1: all the same, 0: none alike)", facts.mean_cosine);
    card_add(&card, "dimensions in use", "%.1f of %lld (participation ratio)", facts.dimensions, (long long)n_dims(embeddings));
    add_verdict(embeddings, &facts, &card);
    card_finish(&card, out);
    return OK;
}

/* --- the rest of the type --- */

static void retain(void *self) { embeddings_ref(self); }
static void release(void *self) { embeddings_unref(self); }
static int64_t length(void *self) { return n_rows(self); }
static int64_t size_bytes(void *self) { return mat_bytes(((const struct embeddings *)self)->vectors); }
static const char *place(void *self) { return device_place(mat_device(((const struct embeddings *)self)->vectors)); }

static void column_names(void *self, name_sink sink, void *ctx) {
    const struct embeddings *embeddings = self;
    const struct table *features = embeddings_features(embeddings);
    if (embeddings->what == EMBED_ITEMS && embeddings->catalog->titles) sink(ctx, "title");
    for (size_t i = 0; i < features->n_columns; i++) sink(ctx, features->columns[i].name);
}

static void item_names(void *self, struct name_source *out) {
    const struct embeddings *embeddings = self;
    if (embeddings->what == EMBED_ITEMS) catalog_item_names(embeddings->catalog, out);
}

const struct type type_embeddings = {
    .name = "Embeddings",
    .doc = "A vector for each user or item: e[3] by position, e[\"Toy Story (1995)\"] by title, e.at(196) by id.",
    .attributes = attributes,
    .methods = methods,
    .retain = retain,
    .release = release,
    .index = index_rows,
    .length = length,
    .item = item,
    .column_names = column_names,
    .item_names = item_names,
    .keyed = true,
    .size_bytes = size_bytes,
    .place = place,
    .shape = embeddings_shape,
    .repr = embeddings_repr,
    .render = embeddings_render,
};
