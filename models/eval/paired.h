/* What significance.c and paired_tests.c share: the users that two models have
 * in common, side by side. */
#ifndef RECKON_PAIRED_H
#define RECKON_PAIRED_H

#include "models/eval/significance.h"

enum { DRAWS_EACH = 16 }; /* of a block in the pool */

struct pair_sums {
    double a, a_weight, b, b_weight;
};

struct paired {
    struct pair_sums *users; /* n: those with a weight in both */
    int64_t n;
    struct pair_sums all;
    bool is_root, is_single; /* single: there is no b */
};

enum status paired_make(const struct user_sums *a, const struct user_sums *b, struct paired *out, struct error *err) MUST_CHECK;
void paired_release(struct paired *paired);
/* The metric of a, less that of b. */
double pair_value(const struct pair_sums *sums, bool is_root, bool is_single);
double pair_difference(const struct paired *paired, int64_t i); /* of one user */
/* resampling->n values, in order of the draws. */
enum status bootstrap_values(const struct paired *paired, const struct resampling *resampling, double *out, struct error *err) MUST_CHECK;

#endif
