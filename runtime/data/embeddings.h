/* A float32 matrix with ids, titles and feature columns: one row a user or an
 * item. Immutable, counted (atomic). */
#ifndef RECKON_EMBEDDINGS_H
#define RECKON_EMBEDDINGS_H

#include "runtime/data/catalog.h"
#include "runtime/device/mat.h"

enum embedded { EMBED_USERS, EMBED_ITEMS, EMBED_ROWS };

struct embeddings {
    int count; /* atomic */
    enum embedded what;
    char *name;              /* "als items" */
    struct mat *vectors;     /* (n, d) */
    struct catalog *catalog; /* NULL for EMBED_ROWS (a matrix from anywhere) */
    int64_t *popularity;     /* interactions a row in what was fitted; NULL: unknown */
    bool cosine;             /* the model scores by cosine */
};
/* Adds counts of its own to vectors and catalog (may be NULL); takes popularity. */
struct embeddings *embeddings_new(enum embedded what, const char *name, struct mat *vectors, struct catalog *catalog, int64_t *popularity);
struct embeddings *embeddings_ref(struct embeddings *embeddings);
void embeddings_unref(struct embeddings *embeddings);
/* Row of an id or unique title. */
enum status embeddings_find(const struct embeddings *embeddings, struct id id, int64_t *out, struct error *err) MUST_CHECK;
/* Id as text, and title ("" when none). */
void embeddings_id(const struct embeddings *embeddings, int64_t row, struct buf *out);
const char *embeddings_title(const struct embeddings *embeddings, int64_t row);
/* Feature columns (user or item features); an empty table for EMBED_ROWS. Borrowed. */
const struct table *embeddings_features(const struct embeddings *embeddings);

#endif
