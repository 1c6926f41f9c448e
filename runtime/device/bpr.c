#include "runtime/device/bpr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/device/cpu_impl.h"
#include "runtime/device/ops_impl.h"

enum { MOST_GROUPS = 32, USER_BLOCKS = 64, TRIES = 100, WALK = 1 << 14 /* samples between two looks at the task */ };
enum { STREAM_USERS = -1, STREAM_ITEMS = -2 }; /* of RNG_ORDER: epochs use their number */

/* Walker's alias method: item k with probability threshold[k] / 2³², else alias[k]. */
struct alias {
    uint32_t *threshold;
    int32_t *alias;
};

struct bpr_plan {
    int64_t n_users, n_items, n, groups, cells, candidates; /* groups: even; cells: groups × unordered pairs of them */
    const int64_t *starts;
    const int32_t *items;
    int32_t *user_group, *item_group;
    int32_t *members;       /* items by group */
    int64_t *member_starts; /* groups + 1 */
    struct alias alias;
    int64_t user_firsts[USER_BLOCKS + 1]; /* users of a block, of about equal events */
    int32_t *drawn;                       /* others of each event: candidates each, -1: none to be had */
    int32_t *samples;                     /* by cell: user, item, others */
    int64_t *cell_starts;                 /* cells + 1 */
    int64_t *counts;                      /* USER_BLOCKS × cells: where a block's samples of a cell go */
};

/* --- laying out --- */

static int64_t groups_for(int64_t n_users, int64_t n_items, int64_t n) {
    int64_t groups = (int64_t)(sqrt((double)n) / 140.0) * 2;
    if (groups > MOST_GROUPS) groups = MOST_GROUPS;
    while (groups > 2 && (groups > n_users || groups > n_items)) groups -= 2;
    return groups < 2 ? 2 : groups;
}

/* Shuffled rows cut into groups of about equal weight. */
static void cut(struct rng *rng, const double *weights, int64_t n, int64_t groups, int64_t *order, int32_t *out) {
    double all = 0, before = 0;
    for (int64_t i = 0; i < n; i++) order[i] = i, all += weights[i];
    rng_shuffle(rng, order, n);
    for (int64_t i = 0; i < n; i++) {
        const int64_t group = (int64_t)(before / all * (double)groups);
        out[order[i]] = (int32_t)(group < groups ? group : groups - 1);
        before += weights[order[i]];
    }
}

/* Items weigh as often as they take part: as positives and as negatives. */
static enum status cut_all(struct bpr_plan *plan, uint64_t seed, const double *chance, struct error *err) {
    const int64_t most = plan->n_users > plan->n_items ? plan->n_users : plan->n_items;
    double *weights = NULL;
    int64_t *order = NULL;
    enum status status = mem_try_array((size_t)most, "groups", &weights, err);
    if (status == OK) status = mem_try_array((size_t)most, "groups", &order, err);
    if (status == OK) {
        struct rng users = rng_at(seed, RNG_ORDER, (uint64_t)STREAM_USERS), items = rng_at(seed, RNG_ORDER, (uint64_t)STREAM_ITEMS);
        for (int64_t u = 0; u < plan->n_users; u++) weights[u] = (double)(plan->starts[u + 1] - plan->starts[u]) + 1e-3;
        cut(&users, weights, plan->n_users, plan->groups, order, plan->user_group);
        for (int64_t i = 0; i < plan->n_items; i++) weights[i] = chance[i] * (double)plan->n + 1e-3;
        for (int64_t e = 0; e < plan->n; e++) weights[plan->items[e]]++;
        cut(&items, weights, plan->n_items, plan->groups, order, plan->item_group);
    }
    mem_free(weights);
    mem_free(order);
    return status;
}

static void list_members(struct bpr_plan *plan) {
    int64_t next[MOST_GROUPS];
    for (int64_t i = 0; i < plan->n_items; i++) plan->member_starts[plan->item_group[i] + 1]++;
    for (int64_t g = 0; g < plan->groups; g++) plan->member_starts[g + 1] += plan->member_starts[g];
    memcpy(next, plan->member_starts, (size_t)plan->groups * sizeof *next);
    for (int64_t i = 0; i < plan->n_items; i++) plan->members[next[plan->item_group[i]]++] = (int32_t)i;
}

/* chance[i]: of being drawn; sums to 1. */
static void chances(const struct bpr_plan *plan, enum bpr_negatives negatives, double *chance) {
    double sum = 0;
    for (int64_t e = 0; e < plan->n; e++) chance[plan->items[e]]++;
    for (int64_t i = 0; i < plan->n_items; i++) sum += chance[i] = negatives == BPR_UNIFORM ? 1 : pow(chance[i], 0.75);
    for (int64_t i = 0; i < plan->n_items; i++) chance[i] /= sum;
}

/* Vose's construction. */
static enum status alias_fill(struct alias *alias, const double *chance, int64_t n, struct error *err) {
    double *left;
    int64_t *stack, small = 0, large = n;
    TRY(mem_try_array((size_t)n, "chances of items", &left, err));
    const enum status status = mem_try_array((size_t)n + 1, "chances of items", &stack, err);
    for (int64_t i = 0; status == OK && i < n; i++) {
        left[i] = chance[i] * (double)n;
        stack[left[i] < 1 ? small++ : large--] = i;
    }
    for (int64_t i = 0; status == OK && i < n; i++) alias->threshold[i] = UINT32_MAX, alias->alias[i] = (int32_t)i;
    while (status == OK && small > 0 && large < n) {
        const int64_t poor = stack[--small], rich = stack[++large];
        alias->threshold[poor] = (uint32_t)fmin(left[poor] * 4294967296.0, 4294967295.0);
        alias->alias[poor] = (int32_t)rich;
        left[rich] -= 1 - left[poor];
        stack[left[rich] < 1 ? small++ : large--] = rich;
    }
    mem_free(left);
    if (status == OK) mem_free(stack);
    return status;
}

static void cut_users(struct bpr_plan *plan) {
    int64_t block = 0;
    for (int64_t u = 0; u < plan->n_users; u++)
        while (block < USER_BLOCKS && plan->starts[u] >= plan->n * block / USER_BLOCKS) plan->user_firsts[block++] = u;
    while (block <= USER_BLOCKS) plan->user_firsts[block++] = plan->n_users;
}

static enum status plan_memory(struct bpr_plan *plan, struct error *err) {
    const char *what = "a plan of the epochs";
    const size_t n = (size_t)plan->n, width = 2 + (size_t)plan->candidates;
    TRY(mem_try_array((size_t)plan->n_users, what, &plan->user_group, err));
    TRY(mem_try_array((size_t)plan->n_items, what, &plan->item_group, err));
    TRY(mem_try_array((size_t)plan->n_items, what, &plan->members, err));
    TRY(mem_try_array((size_t)plan->groups + 1, what, &plan->member_starts, err));
    TRY(mem_try_array((size_t)plan->n_items, what, &plan->alias.threshold, err));
    TRY(mem_try_array((size_t)plan->n_items, what, &plan->alias.alias, err));
    TRY(mem_try_array(n * (size_t)plan->candidates, what, &plan->drawn, err));
    TRY(mem_try_array(n * width, what, &plan->samples, err));
    TRY(mem_try_array((size_t)plan->cells + 1, what, &plan->cell_starts, err));
    return mem_try_array((size_t)(USER_BLOCKS * plan->cells), what, &plan->counts, err);
}

static enum status plan_fill(struct bpr_plan *plan, enum bpr_negatives negatives, uint64_t seed, struct error *err) {
    double *chance;
    TRY(plan_memory(plan, err));
    TRY(mem_try_array((size_t)plan->n_items, "chances of items", &chance, err));
    chances(plan, negatives, chance);
    enum status status = alias_fill(&plan->alias, chance, plan->n_items, err);
    if (status == OK) status = cut_all(plan, seed, chance, err);
    mem_free(chance);
    if (status != OK) return status;
    list_members(plan);
    cut_users(plan);
    return OK;
}

enum status bpr_plan_new(struct task *task, int64_t n_users, int64_t n_items, const int64_t *starts, const int32_t *items,
                         enum bpr_negatives negatives, int64_t candidates, uint64_t seed, struct bpr_plan **out, struct error *err) {
    if (starts[n_users] < 1) return err_set(err, ERR_VALUE, "there are no events to train on");
    TRY(task_check(task, err));
    struct bpr_plan *plan = xnew(struct bpr_plan);
    *plan =
        (struct bpr_plan){.n_users = n_users, .n_items = n_items, .n = starts[n_users], .candidates = candidates, .starts = starts, .items = items};
    plan->groups = groups_for(n_users, n_items, plan->n);
    plan->cells = plan->groups * plan->groups * (plan->groups + 1) / 2;
    const enum status status = plan_fill(plan, negatives, seed, err);
    if (status == OK) *out = plan;
    else bpr_plan_free(plan);
    return status;
}

void bpr_plan_free(struct bpr_plan *plan) {
    if (!plan) return;
    void *all[] = {plan->user_group,  plan->item_group, plan->members, plan->member_starts, plan->alias.threshold,
                   plan->alias.alias, plan->drawn,      plan->samples, plan->cell_starts,   plan->counts};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mem_free(all[i]);
    free(plan);
}

/* --- drawing --- */

/* A user's items as bits, one an item, while others are drawn for him: looking one up takes one load, however many he has. */
static size_t n_words(int64_t n_items) { return (size_t)(n_items + 63) / 64; }
static void mark(uint64_t *marks, const int32_t *items, int64_t n) {
    for (int64_t i = 0; i < n; i++) marks[items[i] / 64] |= 1ull << items[i] % 64;
}
static void unmark(uint64_t *marks, const int32_t *items, int64_t n) {
    for (int64_t i = 0; i < n; i++) marks[items[i] / 64] = 0;
}
static bool is_marked(const uint64_t *marks, int32_t item) { return marks[item / 64] >> item % 64 & 1; }

static int32_t draw(const struct alias *alias, int64_t n_items, struct rng *rng) {
    const int64_t k = (int64_t)((uint64_t)rng_u32(rng) * (uint64_t)n_items >> 32);
    return alias->threshold[k] == UINT32_MAX || rng_u32(rng) < alias->threshold[k] ? (int32_t)k : alias->alias[k];
}

/* An item that isn't marked, or -1 after many tries. */
static int32_t draw_other(const struct bpr_plan *plan, const uint64_t *marks, struct rng *rng) {
    for (int tries = 0; tries < TRIES; tries++) {
        const int32_t item = draw(&plan->alias, plan->n_items, rng);
        if (!is_marked(marks, item)) return item;
    }
    return -1;
}

/* Another one of the first's group; the first again after many tries. */
static int32_t draw_rival(const struct bpr_plan *plan, const uint64_t *marks, int32_t first, struct rng *rng) {
    const int64_t group = plan->item_group[first], from = plan->member_starts[group], size = plan->member_starts[group + 1] - from;
    for (int tries = 0; tries < TRIES; tries++) {
        const int32_t item = plan->members[from + (int64_t)((uint64_t)rng_u32(rng) * (uint64_t)size >> 32)];
        if (!is_marked(marks, item)) return item;
    }
    return first;
}

/* Number of the pair of groups b, c. */
static int64_t pair_of(int64_t b, int64_t c) { return b < c ? c * (c + 1) / 2 + b : b * (b + 1) / 2 + c; }
static int64_t cell_at(const struct bpr_plan *plan, int64_t users, int64_t b, int64_t c) {
    return users * (plan->groups * (plan->groups + 1) / 2) + pair_of(b, c);
}
static int64_t cell_of(const struct bpr_plan *plan, int64_t user, int64_t item, int64_t other) {
    return cell_at(plan, plan->user_group[user], plan->item_group[item], plan->item_group[other]);
}

struct epoch {
    struct bpr_plan *plan;
    struct task *task;
    uint64_t seed;
    int64_t number;
    struct bpr_job job;
    const int64_t *tasks; /* cells of this step */
    uint64_t *marks;      /* of each thread, none set between users */
    double losses[MOST_GROUPS];
};

static void draw_user(const struct epoch *epoch, int64_t user, uint64_t *marks, int64_t *counts) {
    const struct bpr_plan *plan = epoch->plan;
    const int64_t from = plan->starts[user], n = plan->starts[user + 1] - from, k = plan->candidates;
    const int32_t *items = plan->items + from;
    struct rng rng = rng_at(epoch->seed, RNG_NEGATIVES, (uint64_t)(epoch->number * plan->n_users + user));
    mark(marks, items, n);
    for (int64_t e = 0; e < n; e++) {
        int32_t *to = plan->drawn + (from + e) * k;
        to[0] = draw_other(plan, marks, &rng);
        if (to[0] < 0) continue;
        for (int64_t c = 1; c < k; c++) to[c] = draw_rival(plan, marks, to[0], &rng);
        counts[cell_of(plan, user, items[e], to[0])]++;
    }
    unmark(marks, items, n);
}

static void draw_block(void *ctx, int64_t block, int thread) {
    const struct epoch *epoch = ctx;
    const struct bpr_plan *plan = epoch->plan;
    int64_t *counts = plan->counts + block * plan->cells;
    uint64_t *marks = epoch->marks + (size_t)thread * n_words(plan->n_items);
    memset(counts, 0, (size_t)plan->cells * sizeof *counts);
    for (int64_t u = plan->user_firsts[block]; u < plan->user_firsts[block + 1] && !task_cancelled(epoch->task); u++)
        draw_user(epoch, u, marks, counts);
}

/* Counts become places: by cell, then by block. */
static int64_t place_counts(struct bpr_plan *plan) {
    int64_t before = 0;
    for (int64_t c = 0; c < plan->cells; c++) {
        plan->cell_starts[c] = before;
        for (int64_t block = 0; block < USER_BLOCKS; block++) {
            const int64_t n = plan->counts[block * plan->cells + c];
            plan->counts[block * plan->cells + c] = before;
            before += n;
        }
    }
    plan->cell_starts[plan->cells] = before;
    return before;
}

static void place_block(void *ctx, int64_t block, int thread) {
    const struct epoch *epoch = ctx;
    const struct bpr_plan *plan = epoch->plan;
    const int64_t k = plan->candidates, width = 2 + k;
    int64_t *next = plan->counts + block * plan->cells;
    (void)thread;
    for (int64_t u = plan->user_firsts[block]; u < plan->user_firsts[block + 1] && !task_cancelled(epoch->task); u++)
        for (int64_t e = plan->starts[u]; e < plan->starts[u + 1]; e++) {
            const int32_t *others = plan->drawn + e * k;
            if (others[0] < 0) continue;
            int32_t *to = plan->samples + next[cell_of(plan, u, plan->items[e], others[0])]++ * width;
            to[0] = (int32_t)u;
            to[1] = plan->items[e];
            for (int64_t c = 0; c < k; c++) to[2 + c] = others[c];
        }
}

static enum status draw_all(struct epoch *epoch, struct error *err) {
    TRY(mem_try_array(n_words(epoch->plan->n_items) * (size_t)pool_threads(), "the items of a user", &epoch->marks, err));
    const enum status status = cpu_blocks(epoch->task, USER_BLOCKS, draw_block, epoch, err);
    mem_free(epoch->marks);
    return status;
}

/* --- walking --- */

static void walk_cell(void *ctx, int64_t block, int thread) {
    struct epoch *epoch = ctx;
    const struct bpr_plan *plan = epoch->plan;
    const int64_t width = 2 + plan->candidates, cell = epoch->tasks[block], end = plan->cell_starts[cell + 1];
    (void)thread;
    epoch->losses[block] = 0.0;
    for (int64_t s = plan->cell_starts[cell]; s < end && !task_cancelled(epoch->task); s += WALK)
        epoch->losses[block] += HOT_PICK(bpr_walk)(&epoch->job, plan->samples + s * width, end - s < WALK ? end - s : WALK);
}

/* Pairs of item groups of one round of the tournament (the circle method); the last round: each group with itself. Returns how many. */
static int64_t round_pairs(int64_t groups, int64_t round, int64_t (*pairs)[2]) {
    if (round == groups - 1) {
        for (int64_t g = 0; g < groups; g++) pairs[g][0] = pairs[g][1] = g;
        return groups;
    }
    const int64_t turn = groups - 1;
    for (int64_t k = 0; k < groups / 2; k++) {
        pairs[k][0] = k == 0 ? groups - 1 : (round + k) % turn;
        pairs[k][1] = (round + turn - k) % turn;
    }
    return groups / 2;
}

static enum status walk_round(struct epoch *epoch, int64_t round, double *loss, struct error *err) {
    const int64_t groups = epoch->plan->groups;
    int64_t pairs[MOST_GROUPS][2], tasks[MOST_GROUPS];
    const int64_t n = round_pairs(groups, round, pairs);
    for (int64_t shift = 0; shift < groups; shift++) {
        for (int64_t k = 0; k < n; k++) tasks[k] = cell_at(epoch->plan, (k + shift) % groups, pairs[k][0], pairs[k][1]);
        epoch->tasks = tasks;
        TRY(cpu_blocks(epoch->task, n, walk_cell, epoch, err));
        for (int64_t k = 0; k < n; k++) *loss += epoch->losses[k];
    }
    return OK;
}

enum status bpr_epoch(struct task *task, struct bpr_plan *plan, struct mf_factors *factors, float lr, float reg, uint64_t seed, int64_t number,
                      double *out_loss, struct error *err) {
    const int64_t f = mat_cols(factors->items);
    int64_t order[MOST_GROUPS];
    double loss = 0.0;
    TRY(ops_check(factors->users, "the users' factors", plan->n_users, f, device_cpu(), err));
    TRY(ops_check(factors->items, "the items' factors", plan->n_items, f, device_cpu(), err));
    TRY(ops_check(factors->item_bias, "the items' biases", plan->n_items, 1, device_cpu(), err));
    struct epoch epoch = {.plan = plan, .task = task, .seed = seed, .number = number};
    epoch.job = (struct bpr_job){f, plan->candidates, mat_data(factors->users), mat_data(factors->items), mat_data(factors->item_bias), lr, reg};
    TRY(draw_all(&epoch, err));
    const int64_t n = place_counts(plan);
    TRY(cpu_blocks(task, USER_BLOCKS, place_block, &epoch, err));
    struct rng rng = rng_at(seed, RNG_ORDER, (uint64_t)number);
    for (int64_t r = 0; r < plan->groups; r++) order[r] = r;
    rng_shuffle(&rng, order, plan->groups);
    for (int64_t r = 0; r < plan->groups; r++) TRY(walk_round(&epoch, order[r], &loss, err));
    TRY(task_check(task, err));
    *out_loss = n ? loss / (double)n : 0.0;
    return OK;
}
