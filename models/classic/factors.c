#include "models/classic/factors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

/* --- the mats --- */

void mf_factors_release(struct mf_factors *factors) {
    mat_unref(factors->users);
    mat_unref(factors->items);
    mat_unref(factors->user_bias);
    mat_unref(factors->item_bias);
    *factors = (struct mf_factors){0};
}

static struct mat *counted(struct mat *mat) { return mat ? mat_ref(mat) : NULL; }

struct mf_factors mf_factors_ref(const struct mf_factors *factors) {
    return (struct mf_factors){counted(factors->users), counted(factors->items), counted(factors->user_bias), counted(factors->item_bias),
                               factors->mean};
}

static enum status each(const struct mf_factors *from, struct device *device, struct mf_factors *out, struct error *err) {
    struct mat *const sources[] = {from->users, from->items, from->user_bias, from->item_bias};
    struct mat **const targets[] = {&out->users, &out->items, &out->user_bias, &out->item_bias};
    for (int i = 0; i < 4; i++) {
        if (!sources[i]) continue;
        if (device) TRY(mat_to(sources[i], device, targets[i], err));
        else TRY(mat_copy(sources[i], targets[i], err));
    }
    return OK;
}

static enum status map_all(const struct mf_factors *factors, struct device *device, struct mf_factors *out, struct error *err) {
    struct mf_factors made = {.mean = factors->mean};
    const enum status status = each(factors, device, &made, err);
    if (status == OK) *out = made;
    else mf_factors_release(&made);
    return status;
}

enum status mf_factors_copy(const struct mf_factors *factors, struct mf_factors *out, struct error *err) { return map_all(factors, NULL, out, err); }

enum status mf_factors_to(const struct mf_factors *factors, struct device *device, struct mf_factors *out, struct error *err) {
    return map_all(factors, device, out, err);
}

static enum status new_mats(struct device *device, int64_t n_users, int64_t n_items, int64_t n_factors, bool biased, struct mf_factors *out,
                            struct error *err) {
    TRY(mat_new(device, n_users, n_factors, &out->users, err));
    TRY(mat_new(device, n_items, n_factors, &out->items, err));
    if (!biased) return OK;
    TRY(mat_new(device, n_users, 1, &out->user_bias, err));
    return mat_new(device, n_items, 1, &out->item_bias, err);
}

enum status mf_factors_new(struct device *device, int64_t n_users, int64_t n_items, int64_t n_factors, bool biased, struct mf_factors *out,
                           struct error *err) {
    struct mf_factors made = {0};
    const enum status status = new_mats(device, n_users, n_items, n_factors, biased, &made, err);
    if (status == OK) *out = made;
    else mf_factors_release(&made);
    return status;
}

struct drawing {
    uint64_t seed;
    enum rng_purpose purpose;
    double deviation;
    const int64_t *counts;
    int64_t rows, cols;
    float *values;
};

#define ROWS_DRAWN 64 /* a block of the pool's */

static void draw_rows(void *ctx, int64_t block, int thread) {
    const struct drawing *drawing = ctx;
    const int64_t end = (block + 1) * ROWS_DRAWN < drawing->rows ? (block + 1) * ROWS_DRAWN : drawing->rows;
    (void)thread;
    for (int64_t r = block * ROWS_DRAWN; r < end; r++) {
        if (drawing->counts[r] == 0) continue;
        struct rng rng = rng_at(drawing->seed, drawing->purpose, (uint64_t)r);
        for (int64_t c = 0; c < drawing->cols; c++) drawing->values[r * drawing->cols + c] = (float)(drawing->deviation * rng_normal(&rng));
    }
}

enum status factors_init_rows(const struct fit_request *request, const struct model *model, enum embedded side, double deviation, struct mat *mat,
                              struct error *err) {
    int64_t *counts = model_counts(model, side);
    struct drawing drawing = {.seed = request->common.seed,
                              .purpose = side == EMBED_USERS ? RNG_INIT_USERS : RNG_INIT_ITEMS,
                              .deviation = deviation,
                              .counts = counts,
                              .rows = mat_rows(mat),
                              .cols = mat_cols(mat)};
    enum status status = mem_try_array((size_t)(drawing.rows * drawing.cols), "initial factors", &drawing.values, err);
    if (status == OK) status = pool_run(request->task, (drawing.rows + ROWS_DRAWN - 1) / ROWS_DRAWN, draw_rows, &drawing, err);
    if (status == OK) status = mat_write(mat, 0, drawing.rows, drawing.values, err);
    mem_free(drawing.values);
    free(counts);
    return status;
}

enum status factors_check_start(const struct fit_request *request, const struct model *model, struct error *err) {
    if (!request->start) return OK;
    const int64_t has = mat_cols(factors_of(request->start)->host.items), wanted = fit_int(request, model, "factors");
    if (has == wanted) return OK;
    err_set(err, ERR_VALUE, "`%s` has %lld factors: it can't go on with %lld", request->start->name, (long long)has, (long long)wanted);
    return err_hint(err, "leave factors= out to go on, or fit afresh");
}

enum status factors_new(struct mf_factors *trained, struct fold_rule fold, void **out_state, struct error *err) {
    struct mf_factors host;
    const enum status status = mf_factors_to(trained, device_cpu(), &host, err);
    if (status != OK) {
        mf_factors_release(trained);
        return status;
    }
    struct factors *factors = xnew(struct factors);
    factors->on_device = *trained;
    factors->host = host;
    factors->fold = fold;
    *trained = (struct mf_factors){0};
    *out_state = factors;
    return OK;
}

void factors_free(void *state) {
    struct factors *factors = state;
    mf_factors_release(&factors->on_device);
    mf_factors_release(&factors->host);
    mf_factors_release(&factors->first);
    mf_factors_release(&factors->second);
    mat_unref(factors->gram);
    free(factors->folded);
    free(factors);
}

/* --- scores --- */

static enum status pairs(struct task *task, const struct mf_factors *factors, const int32_t *users, const int32_t *items, int64_t n, float *out,
                         struct error *err) {
    return ops_dot_pairs(task, factors->users, factors->items, factors->user_bias, factors->item_bias, factors->mean, users, items, n, out, err);
}

enum status factors_rmse(struct task *task, const struct mf_factors *factors, const struct events_view *rows, int64_t n, float *scratch, double *out,
                         struct error *err) {
    double sum = 0;
    TRY(pairs(task, factors, rows->users, rows->items, n, scratch, err));
    for (int64_t i = 0; i < n; i++) {
        const double difference = (double)rows->ratings[i] - (double)scratch[i];
        sum += difference * difference;
    }
    *out = sqrt(sum / (double)n);
    return OK;
}

static float bias_at(const struct mat *bias, int32_t row) { return bias && row >= 0 ? mat_values(bias)[row] : 0; }

/* One score with the host twins; knows the folded-in user; an unknown user or item adds nothing. */
static float host_score(const struct factors *factors, int32_t user, int32_t item) {
    const struct mf_factors *host = &factors->host;
    const int64_t n_factors = mat_cols(host->items);
    const bool folded = user == FOLDED_USER && factors->folded;
    const float *vector = folded ? factors->folded : user >= 0 ? mat_values(host->users) + user * n_factors : NULL;
    float score = host->mean + (folded ? factors->folded_bias : bias_at(host->user_bias, user)) + bias_at(host->item_bias, item);
    if (vector && item >= 0) score += dot_canonical(vector, mat_values(host->items) + item * n_factors, n_factors);
    return score;
}

static bool all_known(const int32_t *positions, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (positions[i] < 0) return false;
    return true;
}

enum status factors_score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err) {
    const struct factors *factors = factors_of(model);
    const struct mf_factors *on = &factors->on_device;
    const int64_t n_items = mat_rows(on->items);
    if (all_known(users, n_users)) return ops_dot_block(task, on->users, users, n_users, on->items, on->user_bias, on->item_bias, on->mean, out, err);
    for (int64_t u = 0; u < n_users; u++) {
        TRY(task_check(task, err));
        for (int32_t i = 0; i < n_items; i++) out[u * n_items + i] = host_score(factors, users[u], i);
    }
    return OK;
}

enum status factors_top_k(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, const int64_t *skip_starts,
                          const int32_t *skip, int64_t k, int32_t *out_items, float *out_scores, struct error *err) {
    const struct mf_factors *on = &factors_of(model)->on_device;
    return ops_dot_top_k(task, on->users, users, n_users, on->items, on->user_bias, on->item_bias, on->mean, skip_starts, skip, k, out_items,
                         out_scores, err);
}

/* Known pairs go through the device in one call, with position 0 in the place of unknown ones. */
static enum status mixed_pairs(const struct factors *factors, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                               struct error *err) {
    int32_t *known_users, *known_items = NULL;
    TRY(mem_try_array((size_t)n, "pairs", &known_users, err));
    enum status status = mem_try_array((size_t)n, "pairs", &known_items, err);
    for (int64_t i = 0; status == OK && i < n; i++) {
        const bool known = users[i] >= 0 && items[i] >= 0;
        known_users[i] = known ? users[i] : 0;
        known_items[i] = known ? items[i] : 0;
    }
    if (status == OK) status = pairs(task, &factors->on_device, known_users, known_items, n, out, err);
    for (int64_t i = 0; status == OK && i < n; i++)
        if (users[i] < 0 || items[i] < 0) out[i] = host_score(factors, users[i], items[i]);
    mem_free(known_users);
    mem_free(known_items);
    return status;
}

enum status factors_score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                                struct error *err) {
    const struct factors *factors = factors_of(model);
    if (all_known(users, n) && all_known(items, n)) return pairs(task, &factors->on_device, users, items, n, out, err);
    return mixed_pairs(factors, task, users, items, n, out, err);
}

enum status factors_vectors(const struct model *model, enum embedded what, struct mat **out, struct error *err) {
    (void)err;
    const struct mf_factors *factors = &factors_of(model)->on_device;
    *out = mat_ref(what == EMBED_USERS ? factors->users : factors->items);
    return OK;
}

static int64_t cells(const struct mat *mat) { return mat ? mat_rows(mat) * mat_cols(mat) : 0; }

int64_t factors_size(const struct model *model) {
    const struct mf_factors *f = &factors_of(model)->on_device;
    return cells(f->users) + cells(f->items) + cells(f->user_bias) + cells(f->item_bias) + (f->user_bias != NULL);
}

static int64_t mf_bytes(const struct mf_factors *f) {
    return (cells(f->users) + cells(f->items) + cells(f->user_bias) + cells(f->item_bias)) * (int64_t)sizeof(float);
}

int64_t factors_bytes(const struct model *model) {
    const struct factors *f = factors_of(model);
    const int64_t twins = f->host.items == f->on_device.items ? 0 : mf_bytes(&f->host);
    const int64_t gram = cells(__atomic_load_n(&f->gram, __ATOMIC_ACQUIRE)) * (int64_t)sizeof(float);
    return mf_bytes(&f->on_device) + twins + gram + mf_bytes(&f->first) + mf_bytes(&f->second);
}
