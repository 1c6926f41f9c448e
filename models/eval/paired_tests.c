/* Paired tests over users, each by its definition; what they mean: significance.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/eval/paired.h"
#include "runtime/base/least.h"
#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

enum { WILCOXON_EXACT = 50 };

/* Sums in another order differ in their last bits: values that are equal but for these are as large. */
static bool as_large(double value, double observed) { return fabs(value) >= fabs(observed) * (1 - 1e-12) - 1e-15; }

static bool differs(const struct pair_sums *user) { return user->a != user->b || user->a_weight != user->b_weight; }

/* --- permutation --- */

/* What changing places adds to a's sums and takes from b's, of those users for whom it changes anything. */
struct swaps {
    const struct paired *paired;
    const struct resampling *resampling;
    double *sums, *weights; /* n: b's less a's */
    int64_t n;
    bool same_weights;
    double observed;
    bool *as_large; /* by draw */
};

static double swapped_value(const struct swaps *swaps, double sum, double weight) {
    const struct pair_sums *all = &swaps->paired->all;
    const struct pair_sums now = {all->a + sum, all->a_weight + weight, all->b - sum, all->b_weight - weight};
    return pair_value(&now, swaps->paired->is_root, false);
}

/* Users [first, first + 32) whose bit is set change places. */
static void add_swaps(const struct swaps *swaps, int64_t first, uint32_t bits, double *sum, double *weight) {
    const int64_t n = least(32, swaps->n - first);
    for (int64_t i = 0; i < n; i++) *sum += bits >> i & 1 ? swaps->sums[first + i] : 0;
    for (int64_t i = 0; !swaps->same_weights && i < n; i++) *weight += bits >> i & 1 ? swaps->weights[first + i] : 0;
}

static void swap_block(void *ctx, int64_t block, int thread) {
    const struct swaps *swaps = ctx;
    const int64_t first = block * DRAWS_EACH, end = least(first + DRAWS_EACH, swaps->resampling->n);
    (void)thread;
    for (int64_t r = first; r < end && !task_cancelled(swaps->resampling->task); r++) {
        struct rng rng = rng_at(swaps->resampling->seed, RNG_PERMUTATION, (uint64_t)r);
        double sum = 0, weight = 0;
        for (int64_t i = 0; i < swaps->n; i += 32) add_swaps(swaps, i, rng_u32(&rng), &sum, &weight);
        swaps->as_large[r] = as_large(swapped_value(swaps, sum, weight), swaps->observed);
    }
}

/* Every subset of the users that differ changes places. */
static double every_swap(const struct swaps *swaps) {
    const uint32_t n_ways = 1u << swaps->n;
    int64_t n = 0;
    for (uint32_t bits = 0; bits < n_ways; bits++) {
        double sum = 0, weight = 0;
        add_swaps(swaps, 0, bits, &sum, &weight);
        n += as_large(swapped_value(swaps, sum, weight), swaps->observed);
    }
    return (double)n / (double)n_ways;
}

static enum status drawn_swaps(struct swaps *swaps, double *out, struct error *err) {
    const int64_t n_draws = swaps->resampling->n;
    int64_t n = 1; /* what was observed is one of the ways */
    TRY(mem_try_array((size_t)n_draws, "draws", &swaps->as_large, err));
    TRY(pool_run(swaps->resampling->task, (n_draws + DRAWS_EACH - 1) / DRAWS_EACH, swap_block, swaps, err));
    for (int64_t r = 0; r < n_draws; r++) n += swaps->as_large[r];
    *out = (double)n / (double)(n_draws + 1);
    return OK;
}

static enum status swaps_make(const struct paired *paired, struct swaps *swaps, struct error *err) {
    TRY(mem_try_array((size_t)paired->n, "values of users", &swaps->sums, err));
    TRY(mem_try_array((size_t)paired->n, "values of users", &swaps->weights, err));
    for (int64_t i = 0; i < paired->n; i++) {
        const struct pair_sums *user = &paired->users[i];
        if (!differs(user)) continue;
        swaps->sums[swaps->n] = user->b - user->a;
        swaps->weights[swaps->n] = user->b_weight - user->a_weight;
        swaps->same_weights = swaps->same_weights && swaps->weights[swaps->n] == 0;
        swaps->n++;
    }
    return OK;
}

static enum status permutation(const struct paired *paired, const struct resampling *resampling, struct test_result *out, struct error *err) {
    struct swaps swaps = {
        .paired = paired, .resampling = resampling, .same_weights = true, .observed = pair_value(&paired->all, paired->is_root, false)};
    enum status status = swaps_make(paired, &swaps, err);
    out->is_exact = swaps.n < 20 && (int64_t)1 << swaps.n <= resampling->n;
    if (status == OK && out->is_exact) out->p = every_swap(&swaps);
    else if (status == OK) status = drawn_swaps(&swaps, &out->p, err);
    mem_free(swaps.sums);
    mem_free(swaps.weights);
    mem_free(swaps.as_large);
    return status;
}

/* --- Wilcoxon's signed ranks --- */

static int smallest_difference(const void *a, const void *b) {
    const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

/* Twice the rank sum of the positive differences, so that ranks shared by equal ones stay whole. twice_ranks: n; *out_ties: Σ t³ - t. */
static int64_t rank_sum(const double *differences, int64_t n, int64_t *twice_ranks, double *out_ties) {
    int64_t sum = 0;
    *out_ties = 0;
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && fabs(differences[end]) == fabs(differences[first]); end++) continue;
        const double t = (double)(end - first);
        *out_ties += t * t * t - t;
        for (int64_t i = first; i < end; i++) {
            twice_ranks[i] = first + 1 + end;
            if (differences[i] > 0) sum += twice_ranks[i];
        }
    }
    return sum;
}

/* Of all 2^n ways to give the ranks signs, how many reach each sum. */
static double exact_signs(const int64_t *twice_ranks, int64_t n, int64_t observed) {
    const int64_t most = n * (n + 1);
    double *ways = xnew_array(double, (size_t)most + 1), below = 0, above = 0;
    ways[0] = 1;
    for (int64_t i = 0; i < n; i++)
        for (int64_t sum = most; sum >= twice_ranks[i]; sum--) ways[sum] += ways[sum - twice_ranks[i]];
    for (int64_t sum = 0; sum <= most; sum++) {
        below += sum <= observed ? ways[sum] : 0;
        above += sum >= observed ? ways[sum] : 0;
    }
    free(ways);
    return fmin(1, 2 * fmin(below, above) / exp2((double)n));
}

static double normal_signs(int64_t n, int64_t twice_sum, double ties) {
    const double count = (double)n, mean = count * (count + 1) / 4, variance = count * (count + 1) * (2 * count + 1) / 24 - ties / 48;
    return erfc(fabs((double)twice_sum / 2 - mean) / sqrt(variance) / sqrt(2));
}

static double signed_ranks(double *differences, int64_t n, int64_t *twice_ranks, bool *out_is_exact) {
    double ties;
    *out_is_exact = n <= WILCOXON_EXACT;
    if (n == 0) return 1;
    qsort(differences, (size_t)n, sizeof *differences, smallest_difference);
    const int64_t sum = rank_sum(differences, n, twice_ranks, &ties);
    return *out_is_exact ? exact_signs(twice_ranks, n, sum) : normal_signs(n, sum, ties);
}

static enum status wilcoxon(const struct paired *paired, struct test_result *out, struct error *err) {
    double *differences;
    int64_t *twice_ranks = NULL, n = 0;
    TRY(mem_try_array((size_t)paired->n, "values of users", &differences, err));
    enum status status = mem_try_array((size_t)paired->n, "values of users", &twice_ranks, err);
    for (int64_t i = 0; status == OK && i < paired->n; i++) {
        differences[n] = pair_difference(paired, i);
        n += differences[n] != 0;
    }
    if (status == OK) out->p = signed_ranks(differences, n, twice_ranks, &out->is_exact);
    mem_free(differences);
    mem_free(twice_ranks);
    return status;
}

/* --- bootstrap --- */

static enum status bootstrap(const struct paired *paired, const struct resampling *resampling, struct test_result *out, struct error *err) {
    const double observed = pair_value(&paired->all, paired->is_root, false);
    double *values;
    int64_t n = 1;
    TRY(mem_try_array((size_t)resampling->n, "draws", &values, err));
    const enum status status = bootstrap_values(paired, resampling, values, err);
    for (int64_t r = 0; status == OK && r < resampling->n; r++) n += as_large(values[r] - observed, observed);
    out->p = (double)n / (double)(resampling->n + 1);
    mem_free(values);
    return status;
}

/* --- McNemar --- */

/* P(X <= k), X of n tosses of a fair coin; from the largest term down. */
static double coin_share(int64_t n, int64_t k) {
    double term = 1, sum = 1;
    for (int64_t i = k; i > 0 && term > sum * 1e-17; i--) {
        term *= (double)i / (double)(n - i + 1);
        sum += term;
    }
    return sum * exp(lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) - (double)n * log(2));
}

static enum status mcnemar(const struct paired *paired, struct test_result *out, struct error *err) {
    int64_t only_a = 0, only_b = 0;
    for (int64_t i = 0; i < paired->n; i++) {
        const struct pair_sums *user = &paired->users[i];
        const double a = user->a / user->a_weight, b = user->b / user->b_weight;
        if ((a != 0 && a != 1) || (b != 0 && b != 1)) {
            err_set(err, ERR_VALUE, "McNemar's test counts hits and misses, and a user has the value %g", a != 0 && a != 1 ? a : b);
            return err_hint(err, "metric=\"hit_rate@10\", over all items or with one held-out row a user; method=\"permutation\" takes any metric");
        }
        only_a += a > b;
        only_b += b > a;
    }
    const int64_t n = only_a + only_b;
    out->is_exact = true;
    out->p = n ? fmin(1, 2 * coin_share(n, only_a < only_b ? only_a : only_b)) : 1;
    return OK;
}

/* --- all --- */

static enum status run(const struct paired *paired, enum test_method method, const struct resampling *resampling, struct test_result *out,
                       struct error *err) {
    switch (method) {
    case TEST_PERMUTATION: return permutation(paired, resampling, out, err);
    case TEST_WILCOXON: return wilcoxon(paired, out, err);
    case TEST_BOOTSTRAP: return bootstrap(paired, resampling, out, err);
    case TEST_MCNEMAR: break;
    }
    return mcnemar(paired, out, err);
}

enum status paired_test(const struct user_sums *a, const struct user_sums *b, enum test_method method, const struct resampling *resampling,
                        struct test_result *out, struct error *err) {
    struct paired paired;
    TRY(paired_make(a, b, &paired, err));
    struct test_result result = {.p = NAN, .n_users = paired.n};
    for (int64_t i = 0; i < paired.n; i++) result.n_differ += differs(&paired.users[i]);
    const enum status status = paired.n ? run(&paired, method, resampling, &result, err) : OK;
    paired_release(&paired);
    if (status == OK) *out = result;
    return status;
}
