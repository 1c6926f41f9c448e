#include "runtime/data/embeddings.h"

#include <stdlib.h>

#include "runtime/base/mem.h"

struct embeddings *embeddings_new(enum embedded what, const char *name, struct mat *vectors, struct catalog *catalog, int64_t *popularity) {
    struct embeddings *embeddings = xnew(struct embeddings);
    *embeddings = (struct embeddings){.count = 1,
                                      .what = catalog ? what : EMBED_ROWS,
                                      .name = xstrdup(name),
                                      .vectors = mat_ref(vectors),
                                      .catalog = catalog ? catalog_ref(catalog) : NULL,
                                      .popularity = popularity};
    return embeddings;
}

struct embeddings *embeddings_ref(struct embeddings *embeddings) {
    __atomic_add_fetch(&embeddings->count, 1, __ATOMIC_RELAXED);
    return embeddings;
}

void embeddings_unref(struct embeddings *embeddings) {
    if (!embeddings || __atomic_sub_fetch(&embeddings->count, 1, __ATOMIC_ACQ_REL) > 0) return;
    mat_unref(embeddings->vectors);
    catalog_unref(embeddings->catalog);
    mem_free(embeddings->popularity);
    free(embeddings->name);
    free(embeddings);
}

/* Rows of a matrix from anywhere have their numbers as ids. */
static enum status find_row(const struct embeddings *embeddings, struct id id, int64_t *out, struct error *err) {
    const int64_t n = mat_rows(embeddings->vectors);
    int64_t row = id.number;
    const bool is_number = id.is_int || parse_int64(slice_of(id.text), &row);
    if (is_number && row >= 0 && row < n) {
        *out = row;
        return OK;
    }
    if (is_number) err_set(err, ERR_KEY, "`%s` has no row %lld", embeddings->name, (long long)row);
    else err_set(err, ERR_KEY, "`%s` has no ids or titles, so there is no \"%s\"", embeddings->name, id.text);
    return err_hint(err, "its %lld rows are named by their numbers, from 0", (long long)n);
}

enum status embeddings_find(const struct embeddings *embeddings, struct id id, int64_t *out, struct error *err) {
    int32_t position = 0;
    if (embeddings->what == EMBED_ROWS) return find_row(embeddings, id, out, err);
    if (embeddings->what == EMBED_USERS) TRY(catalog_user(embeddings->catalog, id, &position, err));
    else TRY(catalog_item(embeddings->catalog, id, &position, err));
    *out = position;
    return OK;
}

void embeddings_id(const struct embeddings *embeddings, int64_t row, struct buf *out) {
    switch (embeddings->what) {
    case EMBED_USERS: catalog_user_id(embeddings->catalog, (int32_t)row, out); break;
    case EMBED_ITEMS: catalog_item_id(embeddings->catalog, (int32_t)row, out); break;
    case EMBED_ROWS: buf_addf(out, "%lld", (long long)row); break;
    }
}

const char *embeddings_title(const struct embeddings *embeddings, int64_t row) {
    const char *title = embeddings->what == EMBED_ITEMS ? catalog_title(embeddings->catalog, (int32_t)row) : NULL;
    return title ? title : "";
}

const struct table *embeddings_features(const struct embeddings *embeddings) {
    static const struct table no_columns = {.count = 1, .marked_row = -1};
    if (embeddings->what == EMBED_ROWS) return &no_columns;
    return embeddings->what == EMBED_USERS ? embeddings->catalog->user_features : embeddings->catalog->item_features;
}
