#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/classic/factors.h"
#include "models/classic/sparse_rows.h"
#include "runtime/base/mem.h"
#include "runtime/base/task.h"
#include "runtime/device/bpr.h"

/* Trains in place on `now`; each published state is a copy. */
struct bpr {
    const struct fit_request *request;
    struct bpr_plan *plan;
    struct mf_factors now;
    double lr, decay, reg;
};

static enum status epoch(void *trainer, int64_t number, double *out_train, struct error *err) {
    struct bpr *bpr = trainer;
    const float lr = (float)(bpr->lr * pow(bpr->decay, (double)(number - 1)));
    return bpr_epoch(bpr->request->task, bpr->plan, &bpr->now, lr, (float)bpr->reg, bpr->request->common.seed, number, out_train, err);
}

static enum status publish(void *trainer, void **out_state, struct error *err) {
    struct bpr *bpr = trainer;
    struct mf_factors frozen;
    TRY(mf_factors_copy(&bpr->now, &frozen, err));
    return factors_new(&frozen, (struct fold_rule){.how = FOLD_RIDGE, .reg = bpr->reg}, out_state, err);
}

/* --- fitting --- */

static enum status init_vectors(struct bpr *bpr, const struct model *model, struct error *err) {
    const struct fit_request *request = bpr->request;
    if (request->start) return mf_factors_copy(&factors_of(request->start)->host, &bpr->now, err);
    const int64_t n_items = dataset_n_items(request->data), n_factors = fit_int(request, model, "factors");
    TRY(mf_factors_new(device_cpu(), dataset_n_users(request->data), n_items, n_factors, false, &bpr->now, err));
    TRY(mat_new(device_cpu(), n_items, 1, &bpr->now.item_bias, err));
    TRY(factors_init_rows(request, model, EMBED_USERS, fit_float(request, model, "init"), bpr->now.users, err));
    return factors_init_rows(request, model, EMBED_ITEMS, fit_float(request, model, "init"), bpr->now.items, err);
}

static enum status init(struct bpr *bpr, const struct model *model, struct error *err) {
    const struct fit_request *request = bpr->request;
    const char *negatives = fit_str(request, model, "negatives");
    const struct csr *rows;
    TRY(init_vectors(bpr, model, err));
    TRY(dataset_by_user(request->data, device_cpu(), &rows, err));
    return bpr_plan_new(request->task, csr_rows(rows), csr_cols(rows), csr_starts(rows), csr_columns(rows),
                        strcmp(negatives, "popularity") == 0 ? BPR_POPULARITY : BPR_UNIFORM,
                        strcmp(negatives, "hard") == 0 ? fit_int(request, model, "candidates") : 1, request->common.seed, &bpr->plan, err);
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    static const struct fit_steps steps = {epoch, publish};
    TRY(factors_check_start(request, model, err));
    struct bpr bpr = {.request = request,
                      .lr = fit_float(request, model, "lr"),
                      .decay = fit_float(request, model, "decay"),
                      .reg = fit_float(request, model, "reg")};
    enum status status = init(&bpr, model, err);
    if (status == OK) status = fit_epochs(request, model, &steps, &bpr, err);
    bpr_plan_free(bpr.plan);
    mf_factors_release(&bpr.now);
    return status;
}

/* --- new users, and why --- */

static int64_t passes_of(const struct model *model) { return model_epochs(model) > 0 ? model_epochs(model) : 1; }

/* The steps that training takes with a user, against the items as they are, as often as there were epochs. */
static enum status replay(const struct model *model, const int32_t *items, int64_t n, float *vector, float *parts, struct error *err) {
    return bpr_replay(task_current(), &factors_of(model)->host, items, n, passes_of(model), (float)model_param(model, "lr").f,
                      (float)model_param(model, "reg").f, model->common.seed, vector, parts, err);
}

static enum status fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err) {
    const int64_t f = mat_cols(factors_of(model)->host.items);
    float *vector = xnew_array(float, (size_t)f);
    (void)ratings;
    const enum status status = replay(model, items, n, vector, NULL, err);
    if (status == OK) out->state = factors_with_user(factors_of(model), vector);
    else free(vector);
    return status;
}

static enum status explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated, const float *ratings, int64_t n,
                           float *out_weights, struct error *err) {
    const struct mf_factors *host = &factors_of(model)->host;
    const int64_t f = mat_cols(host->items);
    float *vector, *parts = NULL;
    (void)user, (void)ratings;
    TRY(mem_try_array((size_t)f, "a user's vector", &vector, err));
    enum status status = mem_try_array((size_t)(n * f + 1), "parts of a user's vector", &parts, err);
    if (status == OK) status = replay(model, rated, n, vector, parts, err);
    for (int64_t i = 0; status == OK && i < n; i++) out_weights[i] = dot_canonical(parts + i * f, mat_values(host->items) + item * f, f);
    mem_free(vector);
    mem_free(parts);
    return status;
}

/* --- new items --- */

/* How often one of n_items, with n events, is drawn in an epoch: each event of a user draws from what he hasn't. */
static double draws_of(const struct model *model, const struct sparse_rows *rows, int64_t candidates, int64_t n_items, int64_t n) {
    double draws = 0, chances = 0;
    if (strcmp(model_param(model, "negatives").s, "popularity") != 0) {
        for (int64_t u = 0; u < rows->n; u++) {
            const int64_t has = sparse_rows_length(rows, u), others = n_items - has;
            draws += (double)(candidates * has) / (double)(others > 0 ? others : 1);
        }
        return draws;
    }
    int64_t *counts = model_counts(model, EMBED_ITEMS);
    for (int64_t i = 0; i < model->catalog->n_items; i++) chances += pow((double)counts[i], 0.75);
    free(counts);
    const double own = pow((double)n, 0.75);
    return own > 0 ? (double)sparse_rows_n(rows) * own / (chances + own) : 0;
}

static enum status replay_item(const struct model *model, int32_t item, const int32_t *users, int64_t n, const struct sparse_rows *rows,
                               float *vector, struct model *out, struct error *err) {
    const bool is_hard = strcmp(model_param(model, "negatives").s, "hard") == 0;
    const int64_t candidates = is_hard ? model_param(model, "candidates").i : 1;
    const struct bpr_newcomer newcomer = {.n_users = rows->n,
                                          .starts = rows->starts,
                                          .items = rows->columns,
                                          .item = item,
                                          .users = users,
                                          .n = n,
                                          .draws = draws_of(model, rows, candidates, out->catalog->n_items, n),
                                          .candidates = candidates};
    float bias = 0;
    TRY(bpr_replay_item(task_current(), &factors_of(model)->host, &newcomer, passes_of(model), (float)model_param(model, "lr").f,
                        (float)model_param(model, "reg").f, model->common.seed, vector, &bias, err));
    return factors_with_item(factors_of(model), item, vector, bias, &out->state, err);
}

static enum status fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                                struct error *err) {
    struct sparse_rows rows;
    (void)ratings;
    TRY(sparse_rows_fitted(task_current(), model, &rows, err));
    float *vector = xnew_array(float, (size_t)mat_cols(factors_of(model)->host.items));
    const enum status status = replay_item(model, item, users, n, &rows, vector, out, err);
    free(vector);
    sparse_rows_release(&rows);
    return status;
}

static const char *const kinds[] = {"uniform", "popularity", "hard", NULL};

static const struct param_row params[] = {
    {.name = "factors", .type = PARAM_INT, .otherwise.i = 64, .min = 1, .max = 4096, .doc = "length of the vectors"},
    {.name = "lr", .type = PARAM_FLOAT, .otherwise.f = 0.02, .min = 0, .max = 10, .above_min = true, .doc = "learning rate of the first epoch"},
    {.name = "decay",
     .type = PARAM_FLOAT,
     .otherwise.f = 1,
     .min = 0,
     .max = 1,
     .above_min = true,
     .doc = "the learning rate is multiplied by it after every epoch"},
    {.name = "reg", .type = PARAM_FLOAT, .otherwise.f = 0.03, .min = 0, .max = 100, .doc = "pull of vectors and biases towards 0, at every step"},
    {.name = "negatives",
     .type = PARAM_STR,
     .otherwise.s = "hard",
     .choices = "uniform|popularity|hard",
     .names = kinds,
     .doc = "what an event's item is compared with: any item that the user hasn't; by events to the power 0.75; the one with the highest score of "
            "`candidates`"},
    {.name = "candidates", .type = PARAM_INT, .otherwise.i = 4, .min = 1, .max = BPR_MOST_CANDIDATES, .doc = "hard: items to choose from"},
    {.name = "init", .type = PARAM_FLOAT, .otherwise.f = 0.1, .min = 0, .max = 10, .doc = "standard deviation of the first vectors, N(0, init)"},
    {0},
};

const struct model_class class_bpr = {
    .name = "bpr",
    .summary = "Matrix factorisation of implicit feedback that learns the order of pairs.",
    .doc =
        "s = p_u·q_i + b_i, minimising log(1 + exp(s_uj - s_ui)) for what a user has, i, against what he hasn't, j (Rendle et al. 2009, Bayesian "
        "personalised ranking), by gradient steps: every event once an epoch, against an item drawn anew. Others let threads race; here a schedule "
        "keeps them apart, so the same seed gives the same bits. negatives=\"hard\" takes the highest score of a few draws (Zhang et al. 2013). "
        "fold_in "
        "and explain replay a user's steps against the items as they are: the weights are what came of each event's steps.",
    .example = "views = implicit(synth())\ntrain, test = split(views, by=\"per_user\", test=0.2, seed=1)\nm = bpr(train, factors=8, epochs=10, "
               "seed=1)\nevaluate(m, test, metrics=[\"ndcg@10\", \"auc\"])",
    .other_names = "BayesianPersonalizedRanking (implicit), BPR (RecBole, Cornac), BPRMF (Elliot), FlexMF-BPR (LensKit)",
    .params = params,
    .iterative = true,
    .default_epochs = 50,
    .is_dot_product = true,
    .devices = "cpu",
    .loss = "loss",
    .fit = fit,
    .fold_in = fold_in,
    .fold_in_item = fold_in_item,
    .explain = explain,
    FACTORS_MEMBERS,
};
