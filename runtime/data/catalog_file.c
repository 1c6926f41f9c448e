/* Catalogs in the files of models and data sets. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/data/catalog_build.h"
#include "runtime/data/dataset_file.h"

#define CATALOG_VERSION 1

/* --- writing --- */

static enum status put_about(const struct catalog *catalog, struct store_writer *writer, const char *name, struct error *err) {
    json_t *json = json_object();
    json_object_set_new(json, "version", json_integer(CATALOG_VERSION));
    json_object_set_new(json, "users", json_integer(catalog->n_users));
    json_object_set_new(json, "items", json_integer(catalog->n_items));
    json_object_set_new(json, "added_items", json_integer(catalog->n_added_items));
    json_object_set_new(json, "user_ids_are_ints", json_boolean(catalog->user_ids_are_ints));
    json_object_set_new(json, "item_ids_are_ints", json_boolean(catalog->item_ids_are_ints));
    json_object_set_new(json, "titles", json_boolean(catalog->titles != NULL));
    json_object_set_new(json, "dropped_users", json_integer(catalog->dropped_users));
    json_object_set_new(json, "dropped_items", json_integer(catalog->dropped_items));
    const enum status status = store_put_json(writer, section_name(name, "about").text, json, err);
    json_decref(json);
    return status;
}

static enum status put_ids(struct store_writer *writer, const char *section, bool are_ints, const int64_t *ints, char *const *texts, int64_t n,
                           struct error *err) {
    if (are_ints) return store_put(writer, section, STORE_I64, ints, n, err);
    return store_put_texts(writer, section, (const char *const *)texts, n, err);
}

enum status catalog_save(const struct catalog *catalog, struct store_writer *writer, const char *name, struct error *err) {
    TRY(put_about(catalog, writer, name, err));
    TRY(put_ids(writer, section_name(name, "user_ids").text, catalog->user_ids_are_ints, catalog->user_ids_int, catalog->user_ids_text,
                catalog->n_users, err));
    TRY(put_ids(writer, section_name(name, "item_ids").text, catalog->item_ids_are_ints, catalog->item_ids_int, catalog->item_ids_text,
                catalog->n_items, err));
    if (catalog->titles) TRY(store_put_texts(writer, section_name(name, "titles").text, (const char *const *)catalog->titles, catalog->n_items, err));
    TRY(table_put(catalog->user_features, writer, section_name(name, "users").text, err));
    return table_put(catalog->item_features, writer, section_name(name, "items").text, err);
}

/* --- reading --- */

static enum status damaged(const char *section, const char *what, struct error *err) {
    err_set(err, ERR_DATA, "the section `%s` is damaged: %s", section, what);
    return err_hint(err, "save the model or data set again");
}

/* Looking ids up is by halving: they must ascend, but for those that were added. */
static enum status get_ints(struct store_reader *reader, const char *section, int64_t n, int64_t n_added, int64_t **out, struct error *err) {
    TRY(store_get_copy(reader, section, STORE_I64, n, (void **)out, NULL, err));
    for (int64_t i = 1; i < n - n_added; i++)
        if ((*out)[i - 1] >= (*out)[i]) return damaged(section, "its ids don't ascend", err);
    return OK;
}

static enum status get_texts(struct store_reader *reader, const char *section, int64_t n, int64_t n_added, char ***out, struct error *err) {
    bool good = true;
    TRY(store_get_texts(reader, section, n, out, NULL, err));
    char *const *texts = *out;
    for (int64_t i = 0; good && i < n; i++) good = texts[i] && (i == 0 || i >= n - n_added || strcmp(texts[i - 1], texts[i]) < 0);
    return good ? OK : damaged(section, "its ids don't ascend", err);
}

static enum status get_ids(struct store_reader *reader, const char *section, bool are_ints, int64_t n, int64_t n_added, int64_t **out_ints,
                           char ***out_texts, struct error *err) {
    return are_ints ? get_ints(reader, section, n, n_added, out_ints, err) : get_texts(reader, section, n, n_added, out_texts, err);
}

static enum status get_about(struct catalog *catalog, const json_t *json, const char *section, bool *out_titles, struct error *err) {
    const int64_t version = json_int(json, "version", 0), users = json_int(json, "users", -1), items = json_int(json, "items", -1);
    if (version > CATALOG_VERSION)
        return err_set(err, ERR_DATA, "the section `%s` has version %lld; this build reads version %d", section, (long long)version, CATALOG_VERSION);
    const int64_t added = json_int(json, "added_items", 0);
    if (users < 0 || users > INT32_MAX || items < 0 || items > INT32_MAX || added < 0 || (added > 0 && added >= items))
        return damaged(section, "its numbers of users and items are wrong", err);
    catalog->user_ids_are_ints = json_flag(json, "user_ids_are_ints", true);
    catalog->item_ids_are_ints = json_flag(json, "item_ids_are_ints", true);
    catalog->dropped_users = json_int(json, "dropped_users", 0);
    catalog->dropped_items = json_int(json, "dropped_items", 0);
    catalog->n_users = users;
    catalog->n_items = items;
    catalog->n_added_items = added;
    *out_titles = json_flag(json, "titles", false);
    return OK;
}

static enum status get_all(struct catalog *catalog, struct store_reader *reader, const char *name, bool has_titles, struct error *err) {
    TRY(get_ids(reader, section_name(name, "user_ids").text, catalog->user_ids_are_ints, catalog->n_users, 0, &catalog->user_ids_int,
                &catalog->user_ids_text, err));
    TRY(get_ids(reader, section_name(name, "item_ids").text, catalog->item_ids_are_ints, catalog->n_items, catalog->n_added_items,
                &catalog->item_ids_int, &catalog->item_ids_text, err));
    if (has_titles) TRY(store_get_texts(reader, section_name(name, "titles").text, catalog->n_items, &catalog->titles, NULL, err));
    TRY(table_get(reader, section_name(name, "users").text, catalog->n_users, &catalog->user_features, err));
    return table_get(reader, section_name(name, "items").text, catalog->n_items, &catalog->item_features, err);
}

enum status catalog_load(struct store_reader *reader, const char *name, struct catalog **out, struct error *err) {
    json_t *json;
    bool has_titles = false;
    const struct section_name section = section_name(name, "about");
    TRY(store_get_json(reader, section.text, &json, err));
    struct catalog *catalog = catalog_new();
    enum status status = get_about(catalog, json, section.text, &has_titles, err);
    json_decref(json);
    if (status == OK) status = get_all(catalog, reader, name, has_titles, err);
    if (status == OK) *out = catalog;
    else catalog_unref(catalog);
    return status;
}
