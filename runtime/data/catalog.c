#include "runtime/data/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/vec.h"
#include "runtime/data/catalog_build.h"

#define NAMES_IN_ERROR 6

struct catalog *catalog_new(void) {
    struct catalog *catalog = xnew(struct catalog);
    catalog->count = 1;
    return catalog;
}

struct catalog *catalog_ref(struct catalog *catalog) {
    __atomic_add_fetch(&catalog->count, 1, __ATOMIC_RELAXED);
    return catalog;
}

static void texts_free(char **texts, int64_t n) {
    for (int64_t i = 0; texts && i < n; i++) free(texts[i]);
    free(texts);
}

void id_list_release(struct id_list *ids) {
    free(ids->ints);
    texts_free(ids->texts, ids->n);
    *ids = (struct id_list){0};
}

void catalog_unref(struct catalog *catalog) {
    if (!catalog || __atomic_sub_fetch(&catalog->count, 1, __ATOMIC_ACQ_REL) > 0) return;
    free(catalog->user_ids_int);
    free(catalog->item_ids_int);
    texts_free(catalog->user_ids_text, catalog->n_users);
    texts_free(catalog->item_ids_text, catalog->n_items);
    texts_free(catalog->titles, catalog->n_items);
    table_unref(catalog->user_features);
    table_unref(catalog->item_features);
    free(catalog);
}

/* --- ids --- */

static int32_t find_int(const int64_t *ids, int64_t n, int64_t wanted) {
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (ids[middle] < wanted) low = middle + 1;
        else high = middle;
    }
    return low < n && ids[low] == wanted ? (int32_t)low : -1;
}

static int32_t find_text(char *const *ids, int64_t n, const char *wanted) {
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (strcmp(ids[middle], wanted) < 0) low = middle + 1;
        else high = middle;
    }
    return low < n && strcmp(ids[low], wanted) == 0 ? (int32_t)low : -1;
}

/* The first n ids ascend; n_added come after them as they came. */
static int32_t find_number(const int64_t *ids, int64_t n, int64_t n_added, int64_t wanted) {
    for (int64_t i = n; i < n + n_added; i++)
        if (ids[i] == wanted) return (int32_t)i;
    return find_int(ids, n, wanted);
}

static int32_t find_words(char *const *ids, int64_t n, int64_t n_added, const char *wanted) {
    for (int64_t i = n; i < n + n_added; i++)
        if (strcmp(ids[i], wanted) == 0) return (int32_t)i;
    return find_text(ids, n, wanted);
}

static int32_t find_id(bool are_ints, const int64_t *ints, char *const *texts, int64_t n, int64_t n_added, struct id id) {
    struct buf text = BUF_INIT;
    int64_t number = id.number;
    if (are_ints && !id.is_int && !parse_int64(slice_of(id.text), &number)) return -1;
    if (are_ints) return find_number(ints, n, n_added, number);
    if (!id.is_int) return find_words(texts, n, n_added, id.text);
    buf_addf(&text, "%lld", (long long)id.number);
    const int32_t found = find_words(texts, n, n_added, buf_text(&text));
    buf_release(&text);
    return found;
}

int32_t catalog_find_user(const struct catalog *catalog, struct id id) {
    return find_id(catalog->user_ids_are_ints, catalog->user_ids_int, catalog->user_ids_text, catalog->n_users, 0, id);
}

int32_t catalog_find_item(const struct catalog *catalog, struct id id) {
    const int64_t n_added = catalog->n_added_items;
    return find_id(catalog->item_ids_are_ints, catalog->item_ids_int, catalog->item_ids_text, catalog->n_items - n_added, n_added, id);
}

void catalog_user_id(const struct catalog *catalog, int32_t user, struct buf *out) {
    if (catalog->user_ids_are_ints) buf_addf(out, "%lld", (long long)catalog->user_ids_int[user]);
    else buf_adds(out, catalog->user_ids_text[user]);
}

void catalog_item_id(const struct catalog *catalog, int32_t item, struct buf *out) {
    if (catalog->item_ids_are_ints) buf_addf(out, "%lld", (long long)catalog->item_ids_int[item]);
    else buf_adds(out, catalog->item_ids_text[item]);
}

const char *catalog_title(const struct catalog *catalog, int32_t item) { return catalog->titles ? catalog->titles[item] : NULL; }

/* --- titles --- */

static void id_words(struct id id, struct buf *out) {
    if (id.is_int) buf_addf(out, "%lld", (long long)id.number);
    else buf_addf(out, "\"%s\"", id.text);
}

static enum status unknown_user(const struct catalog *catalog, struct id id, struct error *err) {
    struct buf words = BUF_INIT, first = BUF_INIT, last = BUF_INIT;
    id_words(id, &words);
    err_set(err, ERR_KEY, "there is no user %s", buf_text(&words));
    if (catalog->n_users > 0) {
        catalog_user_id(catalog, 0, &first);
        catalog_user_id(catalog, (int32_t)(catalog->n_users - 1), &last);
        err_hint(err, "the ids of the users go from %s to %s; users(ratings) lists them", buf_text(&first), buf_text(&last));
    }
    buf_release(&words);
    buf_release(&first);
    buf_release(&last);
    return ERR_KEY;
}

enum status catalog_user(const struct catalog *catalog, struct id id, int32_t *out, struct error *err) {
    const int32_t user = catalog_find_user(catalog, id);
    if (user < 0) return unknown_user(catalog, id, err);
    *out = user;
    return OK;
}

typedef VEC(int32_t) items_vec;

#define NEAR_TITLES 3    /* that an error offers */
#define INSIDE_LETTERS 3 /* fewer stand in too many titles to mean one */

/* How well a title fits what was asked for, small is good: begins with it, holds it, shares a typing slip; -1: not at all. */
static int title_distance(const char *folded, const char *wanted) {
    const char *inside = strstr(folded, wanted);
    if (inside == folded) return 0;
    if (inside && strlen(wanted) >= INSIDE_LETTERS) return 1;
    return nearest_name(wanted, &folded, 1) ? 2 : -1;
}

static void near_titles(const struct catalog *catalog, const char *text, items_vec *out) {
    char *wanted = text_fold(slice_of(text));
    for (int want = 0; want <= 2 && *wanted; want++) {
        for (int64_t i = 0; i < catalog->n_items && out->len < NEAR_TITLES; i++) {
            if (!catalog->titles[i]) continue;
            char *folded = text_fold(slice_of(catalog->titles[i]));
            if (title_distance(folded, wanted) == want) vec_push(out, (int32_t)i);
            free(folded);
        }
        if (out->len) break;
    }
    free(wanted);
}

static enum status unknown_title(const struct catalog *catalog, const char *text, struct error *err) {
    items_vec near = {0};
    struct buf words = BUF_INIT;
    if (catalog->titles) near_titles(catalog, text, &near);
    for (size_t i = 0; i < near.len; i++) {
        buf_addf(&words, "%s\"%s\" (item ", i == 0 ? "" : i + 1 == near.len ? " or " : ", ", catalog->titles[near.data[i]]);
        catalog_item_id(catalog, near.data[i], &words);
        buf_adds(&words, ")");
    }
    err_set(err, ERR_KEY,
            catalog->titles ? "there is no item with the id or title \"%s\"" : "there is no item \"%s\", and this data set has no titles", text);
    if (near.len) err_hint(err, "did you mean %s?", buf_text(&words));
    else if (catalog->titles) err_hint(err, "items(ratings).where(lambda r: \"word\" in r[\"title\"]) searches the titles");
    buf_release(&words);
    vec_release(&near);
    return ERR_KEY;
}

static enum status unknown_item(const struct catalog *catalog, struct id id, struct error *err) {
    struct buf first = BUF_INIT, last = BUF_INIT;
    err_set(err, ERR_KEY, "there is no item %lld", (long long)id.number);
    if (catalog->n_items > 0) {
        catalog_item_id(catalog, 0, &first);
        catalog_item_id(catalog, (int32_t)(catalog->n_items - catalog->n_added_items - 1), &last);
        err_hint(err, "the ids of the items go from %s to %s; items(ratings) lists them", buf_text(&first), buf_text(&last));
    }
    buf_release(&first);
    buf_release(&last);
    return ERR_KEY;
}

static enum status ambiguous_title(const struct catalog *catalog, const char *text, const items_vec *found, struct error *err) {
    struct buf ids = BUF_INIT;
    for (size_t i = 0; i < found->len && i < NAMES_IN_ERROR; i++) {
        buf_adds(&ids, i == 0 ? "" : i + 1 == found->len ? " and " : ", ");
        catalog_item_id(catalog, found->data[i], &ids);
    }
    if (found->len > NAMES_IN_ERROR) buf_addf(&ids, " and %zu more", found->len - NAMES_IN_ERROR);
    err_set(err, ERR_KEY, "%zu items have the title \"%s\": %s", found->len, text, buf_text(&ids));
    buf_release(&ids);
    return err_hint(err, "name one of them by its id");
}

static void items_titled(const struct catalog *catalog, const char *text, items_vec *out) {
    for (int64_t i = 0; catalog->titles && i < catalog->n_items; i++)
        if (catalog->titles[i] && strcmp(catalog->titles[i], text) == 0) vec_push(out, (int32_t)i);
    if (out->len || !catalog->titles) return;
    char *wanted = text_fold(slice_of(text));
    for (int64_t i = 0; i < catalog->n_items; i++) {
        char *folded = catalog->titles[i] ? text_fold(slice_of(catalog->titles[i])) : NULL;
        if (folded && strcmp(folded, wanted) == 0) vec_push(out, (int32_t)i);
        free(folded);
    }
    free(wanted);
}

int64_t catalog_n_titled(const struct catalog *catalog, const char *title) {
    items_vec found = {0};
    items_titled(catalog, title, &found);
    const int64_t n = (int64_t)found.len;
    vec_release(&found);
    return n;
}

enum status catalog_item(const struct catalog *catalog, struct id id, int32_t *out, struct error *err) {
    const int32_t item = catalog_find_item(catalog, id);
    if (item >= 0) {
        *out = item;
        return OK;
    }
    if (id.is_int) return unknown_item(catalog, id, err);
    items_vec found = {0};
    items_titled(catalog, id.text, &found);
    enum status status = OK;
    if (found.len == 1) *out = found.data[0];
    else if (found.len == 0) status = unknown_title(catalog, id.text, err);
    else status = ambiguous_title(catalog, id.text, &found, err);
    vec_release(&found);
    return status;
}
