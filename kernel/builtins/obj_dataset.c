/* Dataset: its card, its attributes, and ids as cells give them. */
#include <string.h>

#include "kernel/builtins/builtins.h"
#include "kernel/builtins/cards.h"
#include "runtime/data/describe.h"

#define BAR_WIDTH 26
#define PICTURE_HEIGHT 60

enum status value_id(struct value value, struct id *out_borrowed, struct error *err) {
    if (value.kind == VAL_INT) *out_borrowed = (struct id){.is_int = true, .number = value.u.i};
    else if (value.kind == VAL_STR) *out_borrowed = (struct id){.text = value.u.text->data};
    else return err_set(err, ERR_TYPE, "an id is an int or a str, not %s", value_type_name(value));
    return OK;
}

static const char *rows_word(const struct dataset *dataset) { return dataset_is_explicit(dataset) ? "ratings" : "interactions"; }

/* --- attributes --- */

static struct value scale_value(const struct dataset *dataset) {
    float low, high;
    dataset_scale(dataset, &low, &high);
    struct value pair = value_tuple(2);
    seq_push(&pair, value_float((double)low));
    seq_push(&pair, value_float((double)high));
    return pair;
}

static struct value text_value(const char *text) { return text ? value_str(text) : NONE; }

static const char *part_word(const struct dataset *dataset) {
    static const char *const names[] = {NULL, "train", "valid", "train and valid", "test", "train and test", "valid and test", "all parts"};
    return names[dataset_part(dataset) & 7];
}

GETTER(const struct dataset, name, value_str(dataset_name(self)))
GETTER(const struct dataset, n_users, value_int(dataset_n_users(self)))
GETTER(const struct dataset, n_items, value_int(dataset_n_items(self)))
GETTER(const struct dataset, n_events, value_int(dataset_n(self)))
GETTER(struct dataset, fingerprint, value_str(dataset_fingerprint(self)))
GETTER(const struct dataset, mean, value_float(dataset_mean(self)))
GETTER(const struct dataset, scale, scale_value(self))
GETTER(const struct dataset, is_explicit, value_bool(dataset_is_explicit(self)))
GETTER(const struct dataset, has_times, value_bool(dataset_has_times(self)))
GETTER(const struct dataset, part, text_value(part_word(self)))
GETTER(const struct dataset, split, text_value(dataset_split(self) ? dataset_split(self)->description : NULL))
GETTER(const struct dataset, licence, text_value(dataset_licence(self)))
GETTER(const struct dataset, origin, value_str(dataset_origin(self)))

static enum status get_density(struct interp *interp, void *self, struct value *out, struct error *err) {
    struct dataset_facts facts;
    (void)interp;
    TRY(dataset_facts(self, &facts, err));
    *out = value_float(facts.density);
    return OK;
}

static const struct attribute_row attributes[] = {
    {"name", "what it is called, with the part that it is", "str", get_name},
    {"n_users", "users of the whole catalogue, the same in every part", "int", get_n_users},
    {"n_items", "items of the whole catalogue, the same in every part", "int", get_n_items},
    {"n_events", "rows of this part: len()", "int", get_n_events},
    {"fingerprint", "a hash of user id, item id, rating and time in row order", "str", get_fingerprint},
    {"density", "share of all pairs of user and item that have a row", "float", get_density},
    {"mean", "the mean rating", "float", get_mean},
    {"scale", "least and greatest rating of the source", "tuple", get_scale},
    {"is_explicit", "True: rows carry ratings; False: a row is something that happened", "bool", get_is_explicit},
    {"has_times", "whether rows have times", "bool", get_has_times},
    {"part", "train, valid, test …, or None", "str | None", get_part},
    {"split", "how the split was made that this is a part of, or None", "str | None", get_split},
    {"licence", "in one line, or None", "str | None", get_licence},
    {"origin", "the file or folder it came from", "str", get_origin},
    {0},
};

/* --- showing --- */

static void dataset_repr(void *self, struct buf *out) {
    const struct dataset *dataset = self;
    buf_addf(out, "<Dataset %s: ", dataset_name(dataset));
    buf_add_counted(out, dataset_n_users(dataset), "users × ");
    buf_add_counted(out, dataset_n_items(dataset), "items, ");
    buf_add_counted(out, dataset_n(dataset), rows_word(dataset));
    buf_addc(out, '>');
}

static void dataset_shape(void *self, struct buf *out) {
    const struct dataset *dataset = self;
    buf_add_count(out, dataset_n_users(dataset));
    buf_adds(out, " × ");
    buf_add_counted(out, dataset_n_items(dataset), "(");
    buf_add_counted(out, dataset_n(dataset), rows_word(dataset));
    buf_addc(out, ')');
}

static void add_quantiles(struct card_draft *card, const char *label, const double quantiles[QUANTILES]) {
    struct buf text = BUF_INIT;
    buf_add_count(&text, (int64_t)quantiles[0]);
    buf_adds(&text, " to ");
    buf_add_count(&text, (int64_t)quantiles[QUANTILES - 1]);
    buf_addf(&text, ", median %g", quantiles[QUANTILES / 2]);
    card_add(card, label, "%s", buf_text(&text));
    buf_release(&text);
}

/* How many rows each rating has: in words, and as a picture. */
static void add_histogram(struct card_draft *card, const struct dataset_facts *facts) {
    struct buf text = BUF_INIT;
    for (int i = 0; facts->one_bar_a_value && i < facts->n_bars; i++) {
        buf_addf(&text, "%s%g: ", i ? " · " : "", facts->least_bar + i * facts->bar_step);
        buf_add_count(&text, (int64_t)facts->bars[i]);
    }
    if (text.len) card_add(card, "by rating", "%s", buf_text(&text));
    card->svg_words = "a bar for each rating: how many there are";
    if (facts->n_bars > 1) svg_bars(facts->bars, (size_t)facts->n_bars, BAR_WIDTH * facts->n_bars, PICTURE_HEIGHT, &card->svg);
    buf_release(&text);
}

static void add_dates(struct card_draft *card, const struct dataset_facts *facts) {
    struct buf first = BUF_INIT, last = BUF_INIT;
    time_text(facts->first_time, &first);
    time_text(facts->last_time, &last);
    card_add(card, "dates", "%.10s to %.10s", buf_text(&first), buf_text(&last));
    buf_release(&first);
    buf_release(&last);
}

/* How the split was made, and its parts: this one and its siblings. */
static void add_split(struct card_draft *card, const struct dataset *dataset) {
    static const char *const names[] = {"train", "valid", "test"};
    const struct split *split = dataset_split(dataset);
    struct buf text = BUF_INIT;
    int64_t n_whole = 0;
    if (!split) return;
    for (int p = 0; p < 3; p++) {
        if (dataset_part(dataset) & (1 << p)) n_whole += split->n_rows[p];
        if (!split->n_rows[p]) continue;
        buf_addf(&text, "%s%s ", text.len ? ", " : "", names[p]);
        buf_add_count(&text, split->n_rows[p]);
        if (dataset_part(dataset) & (1 << p)) buf_adds(&text, " (this)");
    }
    if (dataset_n(dataset) < n_whole) {
        buf_adds(&text, "; ");
        buf_add_counted(&text, dataset_n(dataset), "rows of this are left");
    }
    card_add(card, "split", "%s", split->description);
    card_add(card, "parts", "%s", buf_text(&text));
    buf_release(&text);
}

static void names_of_columns(const struct table *table, struct buf *out) {
    for (size_t i = 0; i < table->n_columns; i++) buf_addf(out, "%s%s", i ? ", " : "", table->columns[i].name);
}

static void add_features(struct card_draft *card, const struct catalog *catalog) {
    struct buf users = BUF_INIT, items = BUF_INIT;
    names_of_columns(catalog->user_features, &users);
    if (catalog->titles) buf_addf(&items, "title%s", catalog->item_features->n_columns ? ", " : "");
    names_of_columns(catalog->item_features, &items);
    if (users.len) card_add(card, "of users", "%s", buf_text(&users));
    if (items.len) card_add(card, "of items", "%s", buf_text(&items));
    buf_release(&users);
    buf_release(&items);
}

/* Rows of the side tables that are of nobody and nothing. */
static void add_dropped(struct card_draft *card, const struct catalog *catalog) {
    struct buf text = BUF_INIT;
    if (catalog->dropped_users) buf_add_counted(&text, catalog->dropped_users, "users");
    if (catalog->dropped_users && catalog->dropped_items) buf_adds(&text, " and ");
    if (catalog->dropped_items) buf_add_counted(&text, catalog->dropped_items, "items");
    if (text.len) card_add(card, "left out", "%s of the side tables, without an interaction", buf_text(&text));
    buf_release(&text);
}

static void fill_card(const struct dataset *dataset, const struct dataset_facts *facts, struct card_draft *card) {
    const bool ratings = dataset_is_explicit(dataset);
    float low, high;
    dataset_scale(dataset, &low, &high);
    buf_add_counted(&card->subtitle, dataset_n_users(dataset), "users × ");
    buf_add_counted(&card->subtitle, dataset_n_items(dataset), "items, ");
    buf_add_counted(&card->subtitle, dataset_n(dataset), rows_word(dataset));
    card_add(card, "density", "%.3g %% of all pairs", 100 * facts->density);
    if (ratings) card_add(card, "ratings", "%g to %g, mean %.2f, standard deviation %.2f", (double)low, (double)high, facts->mean, facts->deviation);
    if (ratings) add_histogram(card, facts);
    add_quantiles(card, "per user", facts->per_user);
    add_quantiles(card, "per item", facts->per_item);
    card_add(card, "long tail", "the most popular fifth of the items has %.0f %% of the %s", 100 * facts->head_share, rows_word(dataset));
    if (dataset_has_times(dataset)) add_dates(card, facts);
    add_split(card, dataset);
    add_features(card, dataset_catalog(dataset));
    add_dropped(card, dataset_catalog(dataset));
    if (dataset_licence(dataset) && !dataset_split(dataset)) buf_adds(&card->note, dataset_licence(dataset));
}

static enum status dataset_render(struct interp *interp, void *self, struct bundle *out, struct error *err) {
    struct dataset_facts facts;
    struct card_draft card = {0};
    (void)interp;
    TRY(dataset_facts(self, &facts, err));
    buf_adds(&card.title, dataset_name(self));
    fill_card(self, &facts, &card);
    card_add(&card, "fingerprint", "%s", dataset_fingerprint(self));
    card_finish(&card, out);
    return OK;
}

/* --- the rest of the type --- */

static void retain(void *self) { dataset_ref(self); }
static void release(void *self) { dataset_unref(self); }
static int64_t length(void *self) { return dataset_n(self); }
static int64_t size_bytes(void *self) { return dataset_bytes(self); }
static bool equal(void *a, void *b) { return a == b || strcmp(dataset_fingerprint(a), dataset_fingerprint(b)) == 0; }

/* No rows by [ ]: a table has them. */
static enum status index_rows(void *self, struct value key, struct value *out, struct error *err) {
    (void)self;
    (void)key;
    (void)out;
    err_set(err, ERR_TYPE, "a Dataset's rows and columns are read from a Table of it");
    return err_hint(err, "interactions(ratings)[\"rating\"], users(ratings), items(ratings); filter(ratings, where=…) takes some of its rows");
}

static void column_names(void *self, name_sink sink, void *ctx) {
    const struct dataset *dataset = self;
    sink(ctx, "user");
    sink(ctx, "item");
    sink(ctx, "rating");
    if (dataset_has_times(dataset)) sink(ctx, "time");
    if (dataset_catalog(dataset)->titles) sink(ctx, "title");
}

static const char *item_name(const void *of, int64_t i) {
    const struct catalog *catalog = of;
    return catalog->titles ? catalog->titles[i] : catalog->item_ids_text[i];
}

static void forget_catalog(void *of) { catalog_unref(of); }

void catalog_item_names(struct catalog *catalog, struct name_source *out) {
    if (!catalog->titles && catalog->item_ids_are_ints) return;
    *out = (struct name_source){catalog_ref(catalog), catalog->n_items, item_name, forget_catalog};
}

static void item_names(void *self, struct name_source *out) { catalog_item_names(dataset_catalog(self), out); }

const struct type type_dataset = {
    .name = "Dataset",
    .doc = "Interactions (user, item, rating, time) with what is known of users and items; a part of a split knows its siblings.",
    .attributes = attributes,
    .retain = retain,
    .release = release,
    .index = index_rows,
    .length = length,
    .equal = equal,
    .column_names = column_names,
    .item_names = item_names,
    .size_bytes = size_bytes,
    .shape = dataset_shape,
    .repr = dataset_repr,
    .render = dataset_render,
};
