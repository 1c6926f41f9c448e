/* What of a user's row for an item is compared: the value itself, what a
 * baseline leaves of it, or its weight by how much such a row says. */
#ifndef RECKON_WEIGHTING_H
#define RECKON_WEIGHTING_H

#include "models/classic/sparse_rows.h"

/* With x the value, n the rows compared, n_c those that have column c:
 *   PLAIN   x
 *   LESS    x - mean - own_row - own_column
 *   TFIDF   √x · idf,  idf = ln n - ln(1 + n_c)
 *   BM25    idf · x (k1 + 1) / (x + k1 (1 - b + b length / mean length)), length Σ x of the row; k1 1.2, b 0.75 (Robertson & Zaragoza 2009)
 * The last two as the library implicit has them. The cosine of rows that are all ones is the same by either: what BM25 makes of their length is one
 * factor a row. */
enum weighting { WEIGHTING_PLAIN, WEIGHTING_LESS, WEIGHTING_TFIDF, WEIGHTING_BM25 };

struct weigher {
    enum weighting how;
    double mean;        /* LESS: the constant; BM25: the rows' mean length */
    const double *rows; /* LESS: of each row, NULL: zeros */
    double *columns;    /* LESS: of each column; TFIDF, BM25: idf. Owned */
};

/* What TFIDF and BM25 need to know of all rows. columns: the same matrix, transposed. */
enum status weigher_count(struct weigher *weigher, const struct sparse_rows *rows, const struct sparse_rows *columns, struct error *err) MUST_CHECK;
/* LESS the mean of each column. */
enum status weigher_less_means(struct weigher *weigher, const struct sparse_rows *columns, struct error *err) MUST_CHECK;
void weigher_release(struct weigher *weigher);
/* out: n. own: weigher->rows of this row. */
void weigh_row(const struct weigher *weigher, double own, const int32_t *columns, const float *values, int64_t n, float *out);
/* A copy with weighed values. */
enum status weigh_rows(struct task *task, const struct weigher *weigher, const struct sparse_rows *rows, struct sparse_rows *out,
                       struct error *err) MUST_CHECK;

#endif
