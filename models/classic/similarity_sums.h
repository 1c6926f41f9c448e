/* What a comparison adds up of one row and the others, and the scores it makes
 * of that. Between similarity.c, which compares a row with all, and
 * similarity_pairs.c, which meets each pair of rows once. */
#ifndef RECKON_SIMILARITY_SUMS_H
#define RECKON_SIMILARITY_SUMS_H

#include "models/classic/similarity.h"
#include "models/classic/similarity_hot.h"

struct scoring {
    const struct comparison *comparison;
    bool counts, products; /* float sums: of ones, of products of values */
    int width;             /* double sums over common columns; 0: none */
    enum common_kind kind;
    bool all_ones;  /* every value is 1: products are counts, which aren't kept */
    int64_t n_rows; /* compared rows */
};

/* rows: those that are compared with comparison->columns. */
struct scoring scoring_of(const struct comparison *comparison, const struct sparse_rows *rows);
/* Of a row with n values; √Σ x² or n, as similarity_lengths. */
float scoring_length(const struct comparison *comparison, const float *values, int64_t n);

/* Of one thread: n_rows sums of each kind that is wanted, zeros between rows. */
struct sums {
    float *counts, *products;
    double *common;
};
enum status sums_init(const struct scoring *scoring, struct sums *sums,
                      struct error *err) MUST_CHECK; /* sums zeroed before; on failure too, release */
void sums_release(struct sums *sums);
/* Adds what a row with value x in a column has in common with n others there. */
void sums_add(const struct scoring *scoring, const struct sums *sums, float x, int64_t n, const int32_t *others, const float *values);
/* out[j] = score of a row with that length and row first + j, whose length is lengths[j] (NULL: the measure wants none), for n rows. */
void sums_score(const struct scoring *scoring, const struct sums *sums, int64_t first, int64_t n, float length, const float *lengths, float *out);
void sums_clear(const struct scoring *scoring, const struct sums *sums, int64_t first, int64_t n);

/* similarity_pairs.c: similarity_lists where each pair of rows is met once and told to both: half the work, and the same bits, for a pair's sums are
 * added up in the same order from either side. It scores all pairs, so it is for rows that mostly meet: pairs_pay. */
bool pairs_pay(const struct scoring *scoring);
int64_t pairs_room(int64_t most, int64_t n_rows); /* keys of 8 bytes that each list takes on the way */
enum status pairs_lists(struct task *task, const char *label, const struct scoring *scoring, const struct sparse_rows *rows, int64_t most,
                        struct sparse_rows *out, struct error *err) MUST_CHECK;

#endif
