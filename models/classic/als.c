#include "models/classic/factors.h"
#include "runtime/base/mem.h"

#define INIT_DEVIATION 0.1

/* The items' side is solved first, then the users': so the users' vectors are
 * exactly what their ratings say given the items', and folding in and
 * explaining tell the truth. All that an epoch needs of the one before are the
 * users' vectors and biases. */
struct als {
    const struct fit_request *request;
    const struct csr *by_user, *by_item; /* borrowed of the data set */
    struct events_view rows;
    struct mf_factors now; /* counts; each half-sweep makes new mats */
    struct fold_rule fold;
    float *scratch; /* predictions of the training rows */
};

static enum status half_sweep(struct als *als, const struct csr *ratings, struct mat *other, struct mat *other_bias, struct mat **factors,
                              struct mat **bias, struct error *err) {
    struct device *device = als->request->device;
    struct mat *out = NULL, *out_bias = NULL;
    enum status status = mat_new(device, csr_rows(ratings), mat_cols(other), &out, err);
    if (status == OK) status = mat_new(device, csr_rows(ratings), 1, &out_bias, err);
    if (status == OK) status = ops_als_solve(als->request->task, ratings, als->now.mean, other, other_bias, (float)als->fold.reg, out, out_bias, err);
    if (status != OK) {
        mat_unref(out);
        mat_unref(out_bias);
        return status;
    }
    mat_unref(*factors);
    mat_unref(*bias);
    *factors = out;
    *bias = out_bias;
    return OK;
}

static enum status epoch(void *trainer, int64_t number, double *out_train, struct error *err) {
    struct als *als = trainer;
    struct mf_factors *now = &als->now;
    (void)number;
    TRY(half_sweep(als, als->by_item, now->users, now->user_bias, &now->items, &now->item_bias, err));
    TRY(half_sweep(als, als->by_user, now->items, now->item_bias, &now->users, &now->user_bias, err));
    return factors_rmse(als->request->task, now, &als->rows, dataset_n(als->request->data), als->scratch, out_train, err);
}

static enum status publish(void *trainer, void **out_state, struct error *err) {
    struct als *als = trainer;
    struct mf_factors frozen = mf_factors_ref(&als->now);
    return factors_new(&frozen, als->fold, out_state, err);
}

static enum status init(struct als *als, struct model *model, struct error *err) {
    const struct fit_request *request = als->request;
    struct dataset *data = request->data;
    if (request->start) TRY(mf_factors_to(&factors_of(request->start)->on_device, request->device, &als->now, err));
    else {
        TRY(mf_factors_new(request->device, dataset_n_users(data), dataset_n_items(data), fit_int(request, model, "factors"), true, &als->now, err));
        TRY(factors_init_rows(request, model, EMBED_USERS, INIT_DEVIATION, als->now.users, err));
    }
    als->now.mean = (float)dataset_mean(data);
    TRY(dataset_columns(data, &als->rows, err));
    TRY(dataset_by_user(data, request->device, &als->by_user, err));
    TRY(dataset_by_item(data, request->device, &als->by_item, err));
    return mem_try_array((size_t)dataset_n(data), "predictions", &als->scratch, err);
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    static const struct fit_steps steps = {epoch, publish};
    TRY(fit_wants_ratings(request, model, NULL, err));
    TRY(factors_check_start(request, model, err));
    const double reg = fit_float(request, model, "reg");
    struct als als = {.request = request, .fold = {.how = FOLD_RIDGE, .times_count = true, .reg = reg, .reg_bias = reg}};
    enum status status = init(&als, model, err);
    if (status == OK) status = fit_epochs(request, model, &steps, &als, err);
    mf_factors_release(&als.now);
    mem_free(als.scratch);
    return status;
}

static const struct param_row params[] = {
    {.name = "factors", .type = PARAM_INT, .otherwise.i = 64, .min = 1, .max = 1024, .doc = "length of the vectors"},
    {.name = "reg",
     .type = PARAM_FLOAT,
     .otherwise.f = 0.12,
     .min = 0,
     .max = 1e4,
     .above_min = true,
     .doc = "regularisation; multiplied by the number of the user's or item's ratings"},
    {0},
};

const struct model_class class_als = {
    .name = "als",
    .summary = "Biased matrix factorisation of ratings by alternating least squares.",
    .doc = "r ≈ mean + b_u + b_i + p_u·q_i. In turn, each item's and each user's vector and bias are the exact solution of a ridge regression on the "
           "ratings, with reg multiplied by their number (Zhou et al. 2008, biases inside the system). Few epochs, one parameter that matters; new "
           "users "
           "fold in exactly, and a score decomposes exactly into what each rated item gave (explain).",
    .example =
        "train, test = split(synth(), test=0.2, seed=1)\nm = als(train, factors=8, reg=0.1, epochs=5, seed=1)\nevaluate(m, test, metrics=[\"rmse\"])",
    .other_names = "ALS (Spark MLlib), BiasedMF (LensKit), CMF (cmfrec), ALS-WR",
    .params = params,
    .iterative = true,
    .default_epochs = 15,
    .predicts_ratings = true,
    .is_dot_product = true,
    .devices = "cpu cuda",
    .loss = "rmse",
    .fit = fit,
    FACTORS_MEMBERS,
    FACTORS_FOLDING,
};
