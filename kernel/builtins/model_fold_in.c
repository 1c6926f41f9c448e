/* fold_in: one more user or item in a model. */
#include <stdlib.h>

#include "kernel/builtins/model_use.h"
#include "kernel/builtins/table_parts.h"
#include "runtime/base/mem.h"

/* --- the ratings --- */

static enum status nothing(bool of_item, struct error *err) {
    arg_error("ratings", err, ERR_VALUE, "there is nothing to fold in");
    if (of_item)
        return err_hint(err, "give ratings by user: fold_in(m, {196: 5, 22: 4}, item=\"A new film\"), or say about={\"genres\": [\"Drama\"]}");
    return err_hint(err, "give ratings by title or id: fold_in(m, {\"Fargo (1996)\": 5, 50: 4})");
}

static enum status read_ratings(const struct call *call, bool of_item, int32_t *others, float *ratings, struct error *err) {
    const struct value dict = arg(call, "ratings");
    for (size_t i = 0; i < dict_len(dict); i++) {
        const struct value rating = dict_value(dict, i), key = dict_key(dict, i);
        TRY(of_item ? user_position(call, "ratings", key, &others[i], err) : item_position(call, "ratings", key, &others[i], err));
        if (!value_is_number(rating)) return arg_error("ratings", err, ERR_TYPE, "a rating must be a number, got %s", value_type_name(rating));
        ratings[i] = (float)value_number(rating);
    }
    return OK;
}

/* --- the item --- */

/* One row; *out NULL: nothing is said. */
static enum status read_about(const struct call *call, struct table **out, struct error *err) {
    *out = NULL;
    if (arg_is_none(call, "about")) return OK;
    const struct value dict = arg(call, "about");
    struct table *table = table_new(1);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < dict_len(dict); i++) {
        if (dict_key(dict, i).kind != VAL_STR) {
            status = err_set(err, ERR_TYPE, "about names columns of the items, got %s", value_type_name(dict_key(dict, i)));
            break;
        }
        struct value values = value_list(1);
        seq_push(&values, value_ref(dict_value(dict, i)));
        status = table_add_values(table, value_text(dict_key(dict, i)).data, values, err);
        value_release(&values);
    }
    if (status == OK) *out = table;
    else table_unref(table);
    return status;
}

/* A known one, by id or title. */
static enum status known_item(const struct call *call, struct id id, int32_t *out, bool *is_known, struct error *err) {
    const struct catalog *catalog = model_arg(call)->catalog;
    *is_known = catalog_find_item(catalog, id) >= 0 || (!id.is_int && catalog_n_titled(catalog, id.text) > 0);
    if (!*is_known) return OK;
    TRY(catalog_item(catalog, id, out, err));
    if (arg_is_none(call, "about")) return OK;
    arg_error("about", err, ERR_VALUE, "the item is known already, and so is what it is about");
    return err_hint(err, "leave about= out, or give the new item another id or title");
}

/* The catalogue that has the item, a count, and where. */
static enum status catalog_of(const struct call *call, struct catalog **out, int32_t *out_item, struct error *err) {
    struct catalog *catalog = model_arg(call)->catalog;
    struct table *about;
    struct id id;
    bool is_known;
    TRY(value_id(arg(call, "item"), &id, err));
    TRY(known_item(call, id, out_item, &is_known, err));
    if (is_known) {
        *out = catalog_ref(catalog);
        return OK;
    }
    if (read_about(call, &about, err) != OK) return err_about(err, "about");
    const enum status status = catalog_with_item(catalog, id, about, out, err);
    if (about) table_unref(about);
    if (status != OK) return err_about(err, "about");
    *out_item = (int32_t)catalog->n_items;
    return OK;
}

static enum status fold_item(const struct call *call, const int32_t *users, const float *ratings, int64_t n, struct model **out, struct error *err) {
    struct catalog *catalog;
    int32_t item;
    if (catalog_of(call, &catalog, &item, err) != OK) return err_about(err, "item");
    const enum status status = model_fold_in_item(model_arg(call), catalog, item, users, ratings, n, out, err);
    catalog_unref(catalog);
    return status;
}

/* --- the call --- */

static enum status fold(const struct call *call, bool of_item, const int32_t *others, const float *ratings, int64_t n, struct value *out,
                        struct error *err) {
    struct model *folded;
    if (of_item) TRY(fold_item(call, others, ratings, n, &folded, err));
    else TRY(model_fold_in(model_arg(call), others, ratings, n, &folded, err));
    *out = value_model(folded);
    return OK;
}

enum status bi_fold_in(const struct call *call, struct value *out, struct error *err) {
    const bool of_item = !arg_is_none(call, "item"), is_described = !arg_is_none(call, "about");
    const size_t n = dict_len(arg(call, "ratings"));
    if (is_described && !of_item) {
        arg_error("about", err, ERR_VALUE, "about= describes a new item, and none is named");
        return err_hint(err, "say item=\"A new film\" too");
    }
    if (n == 0 && (!is_described || dict_len(arg(call, "about")) == 0)) return nothing(of_item, err);
    int32_t *others = xnew_array(int32_t, n + 1);
    float *ratings = xnew_array(float, n + 1);
    enum status status = read_ratings(call, of_item, others, ratings, err);
    if (status == OK && fold(call, of_item, others, ratings, (int64_t)n, out, err) != OK) status = err_about(err, "ratings");
    free(others);
    free(ratings);
    return status;
}
