/* Similarity of sparse rows: users by their ratings, items by theirs. For each
 * row the nearest others, found by walking over what the rows have in common:
 * the work is the sum of the squared lengths of the columns, the memory a few
 * numbers a row and thread.
 *
 * With x, y the values of two rows, n the columns that both have ("common"):
 *
 *   COSINE    Σ xy / √(Σ x² Σ y²), the lengths over whole rows (Deshpande & Karypis 2004), or over the common columns only (Sarwar et al. 2001)
 *   PEARSON   the same over common columns of what the means over these leave (Herlocker et al. 1999)
 *   MSD       1 / (1 + Σ (x − y)² / n) over common columns (Shardanand & Maes 1995)
 *   JACCARD   n / (columns that either has)
 *
 * Shrinkage pulls what few common columns say towards 0: × n / (n + shrinkage) (Bell & Koren 2007); a correlation loses one more:
 * × (n − 1) / (n − 1 + shrinkage) (Koren 2010). Only positive similarities count; ties go to the lower row. */
#ifndef RECKON_SIMILARITY_H
#define RECKON_SIMILARITY_H

#include "models/classic/sparse_rows.h"

enum measure { MEASURE_COSINE, MEASURE_PEARSON, MEASURE_MSD, MEASURE_JACCARD };

struct comparison {
    enum measure measure;
    bool over_common;    /* COSINE: lengths over common columns */
    bool is_correlation; /* COSINE of deviations: loses one in the shrinkage, as PEARSON does */
    double shrinkage;
    const struct sparse_rows *columns; /* of the compared rows: the transposed matrix */
    const float *lengths;              /* of each compared row: √Σ y² (COSINE over whole rows), how many columns (JACCARD); else NULL */
};

/* What comparison.lengths wants of these rows; n floats, for mem_free. NULL where it wants none. */
enum status similarity_lengths(const struct comparison *comparison, const struct sparse_rows *rows, float **out, struct error *err) MUST_CHECK;
/* label: of the progress line. The `most` nearest others of every row: *out has a row a row, its columns the others, its values the similarities. */
enum status similarity_lists(struct task *task, const char *label, const struct comparison *comparison, const struct sparse_rows *rows, int64_t most,
                             struct sparse_rows *out, struct error *err) MUST_CHECK;
/* The same for one row that isn't among those compared: *out has one row. */
enum status similarity_list(const struct comparison *comparison, const int32_t *columns, const float *values, int64_t n, int64_t most,
                            struct sparse_rows *out, struct error *err) MUST_CHECK;

#endif
