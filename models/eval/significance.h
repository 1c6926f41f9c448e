/* How sure a difference is: intervals by the bootstrap and paired tests, all
 * over users, who are what another sample would change. A metric enters as
 * what each user adds to it (struct user_sums), so that pooled ones (rmse,
 * gauc) are resampled as they are computed, and per-user means too.
 *
 * Draw r of a resampling comes from the stream (seed, purpose, r): the same
 * users for every metric and model, the same bits for any number of threads. */
#ifndef RECKON_SIGNIFICANCE_H
#define RECKON_SIGNIFICANCE_H

#include "models/metrics/metrics.h"

struct table;

/* Σ sums / Σ weights, or its root; NaN when nobody has a weight. */
double user_sums_value(const struct user_sums *sums);
/* Rows are pooled, as in rmse: the value isn't the mean of the users' own. */
bool user_sums_pooled(const struct user_sums *sums);
enum status user_sums_new(int64_t n_users, struct user_sums *out, struct error *err) MUST_CHECK; /* zeros */
void user_sums_release(struct user_sums *sums);

/* --- intervals --- */

enum interval_method { INTERVAL_BCA, INTERVAL_PERCENTILE };
struct resampling {
    int64_t n;    /* draws, at least 1 */
    double level; /* of intervals: 0.95 */
    enum interval_method method;
    uint64_t seed;
    struct task *task;
};
struct interval {
    double value, low, high; /* low, high: NaN where fewer than two users have a value */
    bool is_percentile;      /* BCa was asked for and can't be: all draws lie on one side of the value. low and high are percentiles then */
};
/* Of the metric (b NULL), or of a - b over the users who have both. Percentile, or bias-corrected and accelerated (Efron 1987). ERR_INTERRUPTED,
 * ERR_MEMORY. */
enum status bootstrap_interval(const struct user_sums *a, const struct user_sums *b, const struct resampling *resampling, struct interval *out,
                               struct error *err) MUST_CHECK;
/* The end points from n ascending replicates of `value`; jackknife: the values without each of n_left_out users in turn (BCa). */
struct replicates {
    const double *values, *jackknife;
    int64_t n, n_left_out;
    double value;
};
/* False where BCa can't be and percentiles took its place. */
bool interval_limits(const struct replicates *replicates, enum interval_method method, double level, double *out_low, double *out_high);
/* Says so under a table with n such intervals. */
void interval_note(struct table *table, int64_t n);

/* --- paired tests, two-sided --- */

enum test_method { TEST_PERMUTATION, TEST_WILCOXON, TEST_BOOTSTRAP, TEST_MCNEMAR };
struct test_result {
    double p;
    int64_t n_users, n_differ; /* with both values; of these, with two different ones */
    bool is_exact;             /* no draws, no approximation */
};
/* permutation: the two values of users change places at random; every way to do it where there are no more than draws (Fisher 1935).
 * wilcoxon: signed ranks of the users' differences, zeros dropped; exact, also with ties, up to 50 that differ, else normal with the ties' correction
 * (Wilcoxon 1945). bootstrap: how often the centred difference of drawn users is as large (Efron & Tibshirani 1993). mcnemar: of users whom one hits
 * and the other misses, binomial (McNemar 1947); ERR_VALUE unless all values are 0 or 1. */
enum status paired_test(const struct user_sums *a, const struct user_sums *b, enum test_method method, const struct resampling *resampling,
                        struct test_result *out, struct error *err) MUST_CHECK;
/* p-values of n comparisons, in any order, corrected for being n (Holm 1979). NaNs stay and don't count. */
void holm(double *p, size_t n);

#endif
