#include "models/eval/significance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/eval/paired.h"
#include "runtime/base/least.h"
#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/base/sort.h"
#include "runtime/base/thread.h"
#include "runtime/data/table.h"

/* --- sums --- */

static double value_of(double sum, double weight, bool is_root) { return is_root ? sqrt(sum / weight) : sum / weight; }

double user_sums_value(const struct user_sums *sums) {
    double sum = 0, weight = 0;
    for (int64_t u = 0; u < sums->n_users; u++) sum += sums->sums[u], weight += sums->weights[u];
    return weight > 0 ? value_of(sum, weight, sums->is_root) : NAN;
}

bool user_sums_pooled(const struct user_sums *sums) {
    double weight = 0; /* of the first user who has one */
    for (int64_t u = 0; u < sums->n_users; u++) {
        if (!(sums->weights[u] > 0)) continue;
        if (sums->is_root || (weight > 0 && sums->weights[u] != weight)) return true;
        weight = sums->weights[u];
    }
    return false;
}

enum status user_sums_new(int64_t n_users, struct user_sums *out, struct error *err) {
    *out = (struct user_sums){.n_users = n_users};
    TRY(mem_try_array((size_t)n_users, "values of users", &out->sums, err));
    return mem_try_array((size_t)n_users, "values of users", &out->weights, err);
}

void user_sums_release(struct user_sums *sums) {
    mem_free(sums->sums);
    mem_free(sums->weights);
    *sums = (struct user_sums){0};
}

double pair_value(const struct pair_sums *sums, bool is_root, bool is_single) {
    const double a = value_of(sums->a, sums->a_weight, is_root);
    return is_single ? a : a - value_of(sums->b, sums->b_weight, is_root);
}

double pair_difference(const struct paired *paired, int64_t i) { return pair_value(&paired->users[i], paired->is_root, false); }

enum status paired_make(const struct user_sums *a, const struct user_sums *b, struct paired *out, struct error *err) {
    struct paired paired = {.is_root = a->is_root, .is_single = !b};
    TRY(mem_try_array((size_t)a->n_users, "values of users", &paired.users, err));
    for (int64_t u = 0; u < a->n_users; u++) {
        const bool has_b = b && b->weights[u] > 0;
        if (!(a->weights[u] > 0) || (b && !has_b)) continue;
        struct pair_sums *user = &paired.users[paired.n++];
        *user = (struct pair_sums){a->sums[u], a->weights[u], b ? b->sums[u] : 0, b ? b->weights[u] : 0};
        paired.all.a += user->a, paired.all.a_weight += user->a_weight;
        paired.all.b += user->b, paired.all.b_weight += user->b_weight;
    }
    *out = paired;
    return OK;
}

void paired_release(struct paired *paired) {
    mem_free(paired->users);
    *paired = (struct paired){0};
}

/* --- the bootstrap --- */

struct drawing {
    const struct paired *paired;
    const struct resampling *resampling;
    double *values; /* n draws */
};

static void draw_block(void *ctx, int64_t block, int thread) {
    const struct drawing *drawing = ctx;
    const struct paired *paired = drawing->paired;
    const int64_t first = block * DRAWS_EACH, end = least(first + DRAWS_EACH, drawing->resampling->n);
    (void)thread;
    for (int64_t r = first; r < end && !task_cancelled(drawing->resampling->task); r++) {
        struct rng rng = rng_at(drawing->resampling->seed, RNG_BOOTSTRAP, (uint64_t)r);
        struct pair_sums sums = {0};
        for (int64_t i = 0; i < paired->n; i++) {
            const struct pair_sums *user = &paired->users[rng_below(&rng, (uint64_t)paired->n)];
            sums.a += user->a, sums.a_weight += user->a_weight;
            sums.b += user->b, sums.b_weight += user->b_weight;
        }
        drawing->values[r] = pair_value(&sums, paired->is_root, paired->is_single);
    }
}

enum status bootstrap_values(const struct paired *paired, const struct resampling *resampling, double *out, struct error *err) {
    struct drawing drawing = {paired, resampling, out};
    return pool_run(resampling->task, (resampling->n + DRAWS_EACH - 1) / DRAWS_EACH, draw_block, &drawing, err);
}

static int ascending(const void *a, const void *b) { return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b); }

/* Without each user in turn. */
static void leave_out(const struct paired *paired, double *out) {
    for (int64_t i = 0; i < paired->n; i++) {
        const struct pair_sums *all = &paired->all, *user = &paired->users[i];
        const struct pair_sums rest = {all->a - user->a, all->a_weight - user->a_weight, all->b - user->b, all->b_weight - user->b_weight};
        out[i] = pair_value(&rest, paired->is_root, paired->is_single);
    }
}

/* Between the neighbours of place (n - 1) share, as numpy.percentile does. */
static double quantile(const double *ascending_values, int64_t n, double share) {
    const double place = (double)(n - 1) * share;
    const int64_t below = (int64_t)floor(place);
    if (below >= n - 1) return ascending_values[n - 1];
    return ascending_values[below] + (place - (double)below) * (ascending_values[below + 1] - ascending_values[below]);
}

static double normal_share(double z) { return 0.5 * erfc(-z / sqrt(2)); }

/* z of the share of replicates below the value, equal ones half. NaN: all on one side. */
static double bias_of(const struct replicates *replicates) {
    double below = 0;
    for (int64_t r = 0; r < replicates->n; r++) {
        if (replicates->values[r] < replicates->value) below += 1;
        else if (replicates->values[r] == replicates->value) below += 0.5;
    }
    const double share = below / (double)replicates->n;
    return share > 0 && share < 1 ? normal_quantile(share) : NAN;
}

static double acceleration_of(const struct replicates *replicates) {
    double mean = 0, squares = 0, cubes = 0;
    for (int64_t i = 0; i < replicates->n_left_out; i++) mean += replicates->jackknife[i] / (double)replicates->n_left_out;
    for (int64_t i = 0; i < replicates->n_left_out; i++) {
        const double d = mean - replicates->jackknife[i];
        squares += d * d;
        cubes += d * d * d;
    }
    return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0;
}

static double bca_share(double bias, double acceleration, double z) {
    const double moved = bias + z;
    return normal_share(bias + moved / (1 - acceleration * moved));
}

bool interval_limits(const struct replicates *replicates, enum interval_method method, double level, double *out_low, double *out_high) {
    double low = (1 - level) / 2, high = 1 - low;
    const double bias = method == INTERVAL_BCA ? bias_of(replicates) : NAN;
    if (!isnan(bias)) {
        const double acceleration = acceleration_of(replicates), z = normal_quantile(high);
        low = bca_share(bias, acceleration, -z);
        high = bca_share(bias, acceleration, z);
    }
    *out_low = quantile(replicates->values, replicates->n, low);
    *out_high = quantile(replicates->values, replicates->n, high);
    return method != INTERVAL_BCA || !isnan(bias);
}

void interval_note(struct table *table, int64_t n) {
    struct buf text = BUF_INIT;
    if (n == 0) return;
    buf_add_counted(&text, n, "intervals");
    table_note(table, "%s of percentiles: all draws lie on one side of the value, and BCa wants some on either. More draws may help.",
               buf_text(&text));
    buf_release(&text);
}

static enum status limits(const struct paired *paired, const struct resampling *resampling, double *values, double *jackknife, struct interval *out,
                          struct error *err) {
    TRY(bootstrap_values(paired, resampling, values, err));
    leave_out(paired, jackknife);
    qsort(values, (size_t)resampling->n, sizeof *values, ascending);
    const struct replicates replicates = {.values = values, .jackknife = jackknife, .n = resampling->n, .n_left_out = paired->n, .value = out->value};
    out->is_percentile = !interval_limits(&replicates, resampling->method, resampling->level, &out->low, &out->high);
    return OK;
}

enum status bootstrap_interval(const struct user_sums *a, const struct user_sums *b, const struct resampling *resampling, struct interval *out,
                               struct error *err) {
    struct paired paired;
    double *values = NULL, *jackknife = NULL;
    TRY(paired_make(a, b, &paired, err));
    struct interval interval = {.value = paired.n ? pair_value(&paired.all, paired.is_root, paired.is_single) : NAN, .low = NAN, .high = NAN};
    enum status status = mem_try_array((size_t)resampling->n, "draws", &values, err);
    if (status == OK) status = mem_try_array((size_t)paired.n, "values of users", &jackknife, err);
    if (status == OK && paired.n > 1) status = limits(&paired, resampling, values, jackknife, &interval, err);
    mem_free(values);
    mem_free(jackknife);
    paired_release(&paired);
    if (status == OK) *out = interval;
    return status;
}

/* --- many comparisons --- */

struct ranked_p {
    double p;
    size_t at;
};

static int smallest_first(const void *a, const void *b) {
    const struct ranked_p *x = a, *y = b;
    return x->p != y->p ? (x->p > y->p) - (x->p < y->p) : (x->at > y->at) - (x->at < y->at);
}

void holm(double *p, size_t n) {
    struct ranked_p *ranked = xnew_array(struct ranked_p, n + 1);
    size_t n_known = 0;
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i])) ranked[n_known++] = (struct ranked_p){p[i], i};
    qsort(ranked, n_known, sizeof *ranked, smallest_first);
    for (size_t i = 0; i < n_known; i++) {
        worst = fmax(worst, fmin(1, ranked[i].p * (double)(n_known - i)));
        p[ranked[i].at] = worst;
    }
    free(ranked);
}
