#include <math.h>
#include <string.h>

#include "models/classic/factors.h"
#include "runtime/base/mem.h"

/* Trains in place on `now`; each published state is a copy. */
struct mf {
    const struct fit_request *request;
    struct sgd_plan *plan;
    struct mf_factors now;
    struct mf_factors first, second; /* Adam's moments, else empty */
    int64_t step;                    /* Adam's batches so far */
    struct fold_rule fold;
    bool adam;
    double lr, decay, reg, reg_bias;
    int64_t batch;
};

static double rate(const struct mf *mf, int64_t epoch) { return mf->lr * pow(mf->decay, (double)(epoch - 1)); }

static enum status epoch(void *trainer, int64_t number, double *out_train, struct error *err) {
    struct mf *mf = trainer;
    const struct fit_request *request = mf->request;
    const float lr = (float)rate(mf, number);
    if (mf->adam)
        return ops_mf_adam(request->task, mf->plan, &mf->now, &mf->first, &mf->second, &mf->step, mf->batch, lr, (float)mf->reg, request->common.seed,
                           number, out_train, err);
    return ops_mf_sgd(request->task, mf->plan, &mf->now, lr, (float)mf->reg, (float)mf->reg_bias, request->common.seed, number, out_train, err);
}

static enum status publish(void *trainer, void **out_state, struct error *err) {
    struct mf *mf = trainer;
    struct mf_factors frozen;
    void *made;
    TRY(mf_factors_copy(&mf->now, &frozen, err));
    TRY(factors_new(&frozen, mf->fold, &made, err));
    struct factors *state = made;
    enum status status = OK;
    if (mf->adam) status = mf_factors_copy(&mf->first, &state->first, err);
    if (mf->adam && status == OK) status = mf_factors_copy(&mf->second, &state->second, err);
    state->step = mf->step;
    if (status == OK) *out_state = state;
    else factors_free(state);
    return status;
}

static enum status init_factors(struct mf *mf, struct model *model, struct error *err) {
    const struct fit_request *request = mf->request;
    const int64_t n_factors = fit_int(request, model, "factors");
    const int64_t n_users = dataset_n_users(request->data), n_items = dataset_n_items(request->data);
    TRY(mf_factors_new(request->device, n_users, n_items, n_factors, true, &mf->now, err));
    TRY(factors_init_rows(request, model, EMBED_USERS, fit_float(request, model, "init"), mf->now.users, err));
    return factors_init_rows(request, model, EMBED_ITEMS, fit_float(request, model, "init"), mf->now.items, err);
}

static enum status new_moments(struct mf *mf, struct error *err) {
    const struct mf_factors *now = &mf->now;
    const int64_t n_users = mat_rows(now->users), n_items = mat_rows(now->items), n_factors = mat_cols(now->items);
    TRY(mf_factors_new(mf->request->device, n_users, n_items, n_factors, true, &mf->first, err));
    return mf_factors_new(mf->request->device, n_users, n_items, n_factors, true, &mf->second, err);
}

/* Copies, for what is trained in place must not be what a model holds. */
static enum status copy_to_device(const struct mf_factors *from, struct device *device, struct mf_factors *out, struct error *err) {
    struct mf_factors moved;
    TRY(mf_factors_to(from, device, &moved, err));
    const enum status status = mf_factors_copy(&moved, out, err);
    mf_factors_release(&moved);
    return status;
}

/* A start that SGD trained has no moments: Adam's begin at 0 then. */
static enum status go_on(struct mf *mf, const struct factors *from, struct error *err) {
    TRY(copy_to_device(&from->on_device, mf->request->device, &mf->now, err));
    if (!mf->adam || !from->first.users) return OK;
    mf->step = from->step;
    TRY(copy_to_device(&from->first, mf->request->device, &mf->first, err));
    return copy_to_device(&from->second, mf->request->device, &mf->second, err);
}

static enum status init(struct mf *mf, struct model *model, struct error *err) {
    const struct fit_request *request = mf->request;
    struct dataset *data = request->data;
    struct events_view rows;
    if (request->start) TRY(go_on(mf, factors_of(request->start), err));
    else TRY(init_factors(mf, model, err));
    if (mf->adam && !mf->first.users) TRY(new_moments(mf, err));
    mf->now.mean = (float)dataset_mean(data);
    TRY(dataset_columns(data, &rows, err));
    return sgd_plan_new(request->task, request->device, dataset_n_users(data), dataset_n_items(data), dataset_n(data), rows.users, rows.items,
                        rows.ratings, request->common.seed, &mf->plan, err);
}

static struct mf new_trainer(const struct fit_request *request, const struct model *model) {
    struct mf mf = {.request = request};
    mf.adam = strcmp(fit_str(request, model, "optimizer"), "adam") == 0;
    mf.lr = fit_float(request, model, "lr");
    mf.decay = fit_float(request, model, "decay");
    mf.reg = fit_float(request, model, mf.adam ? "weight_decay" : "reg");
    mf.reg_bias = mf.adam ? mf.reg : fit_float(request, model, "reg_bias");
    mf.batch = fit_int(request, model, "batch");
    /* SGD decays a row at each of its ratings: reg times their number. Adam decays every row at every batch: half of weight_decay times the number of
     * rows. */
    const double n = (double)dataset_n(request->data);
    if (mf.adam) mf.fold = (struct fold_rule){.how = FOLD_RIDGE, .reg = fmax(mf.reg * n / 2, 1e-3), .reg_bias = fmax(mf.reg * n / 2, 1e-3)};
    else mf.fold = (struct fold_rule){.how = FOLD_RIDGE, .times_count = true, .reg = fmax(mf.reg, 1e-3), .reg_bias = mf.reg_bias};
    return mf;
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    static const struct fit_steps steps = {epoch, publish};
    TRY(fit_wants_ratings(request, model, NULL, err));
    TRY(factors_check_start(request, model, err));
    struct mf mf = new_trainer(request, model);
    enum status status = init(&mf, model, err);
    if (status == OK) status = fit_epochs(request, model, &steps, &mf, err);
    sgd_plan_free(mf.plan);
    mf_factors_release(&mf.now);
    mf_factors_release(&mf.first);
    mf_factors_release(&mf.second);
    return status;
}

static const char *const optimizers[] = {"sgd", "adam", NULL};

/* The defaults were chosen on MovieLens 100K by validation parts inside the train parts of random splits; tests/bench/rmse.md says how and what came
 * of it. Vectors begin small: directions then grow one after the other, the strongest first, and a learning rate that decays stops them before they
 * fit noise. */
static const struct param_row params[] = {
    {.name = "factors", .type = PARAM_INT, .otherwise.i = 64, .min = 1, .max = 4096, .doc = "length of the vectors"},
    {.name = "optimizer",
     .type = PARAM_STR,
     .otherwise.s = "sgd",
     .choices = "sgd|adam",
     .names = optimizers,
     .doc = "sgd: one rating at a time; adam: batches, moments, weight decay"},
    {.name = "lr", .type = PARAM_FLOAT, .otherwise.f = 0.02, .min = 0, .max = 10, .above_min = true, .doc = "learning rate of the first epoch"},
    {.name = "decay",
     .type = PARAM_FLOAT,
     .otherwise.f = 0.97,
     .min = 0,
     .max = 1,
     .above_min = true,
     .doc = "the learning rate is multiplied by it after every epoch"},
    {.name = "reg", .type = PARAM_FLOAT, .otherwise.f = 0.09, .min = 0, .max = 100, .doc = "sgd: pull of the vectors towards 0, at every rating"},
    {.name = "reg_bias", .type = PARAM_FLOAT, .otherwise.f = 0.05, .min = 0, .max = 100, .doc = "sgd: the same for the biases"},
    {.name = "weight_decay",
     .type = PARAM_FLOAT,
     .otherwise.f = 3e-4,
     .min = 0,
     .max = 10,
     .doc = "adam: times the weight, added to every gradient of the mean loss, as torch.optim.Adam does; for ten times the ratings take a tenth"},
    {.name = "batch", .type = PARAM_INT, .otherwise.i = 1024, .min = 1, .max = 1 << 24, .doc = "adam: ratings a step"},
    {.name = "init", .type = PARAM_FLOAT, .otherwise.f = 0.01, .min = 0, .max = 10, .doc = "standard deviation of the first vectors, N(0, init)"},
    {0},
};

const struct model_class class_mf = {
    .name = "mf",
    .summary = "Biased matrix factorisation of ratings by gradient descent.",
    .doc =
        "r ≈ mean + b_u + b_i + p_u·q_i, minimising the squared error with a pull towards 0 (Koren, Bell & Volinsky 2009). optimizer=\"sgd\" walks "
        "the ratings one by one in an order of its own for every epoch; strata keep it the same for any number of threads (Gemulla et al. 2011). "
        "optimizer=\"adam\" takes batches; with decay=1 it is the usual PyTorch embedding model (init=0.01, weight_decay), whose global bias is the "
        "mean. explain and fold_in solve a ridge regression against the item vectors: exact for als, an approximation here.",
    .example = "train, test = split(synth(), test=0.2, seed=1)\nm = mf(train, factors=8, epochs=5, seed=1)\nevaluate(m, test, metrics=[\"rmse\"])",
    .other_names = "SVD (Surprise), FunkSVD, BiasedMF (LensKit), MF (Cornac, LIBMF), EmbeddingDotBias (fastai)",
    .params = params,
    .iterative = true,
    .default_epochs = 60,
    .predicts_ratings = true,
    .is_dot_product = true,
    .devices = "cpu cuda",
    .loss = "rmse",
    .fit = fit,
    FACTORS_MEMBERS,
    FACTORS_FOLDING,
};
