#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/classic/bias.h"
#include "models/classic/factors.h"
#include "runtime/base/mem.h"

/* What the factors approximate: ratings, or what mean and biases leave of them; zeros where nothing was rated. */
static enum status centred(struct dataset *data, const struct biases *biases, struct csr **out, struct error *err) {
    const struct csr *ratings;
    float *rest;
    TRY(dataset_by_user(data, device_cpu(), &ratings, err));
    const int64_t *starts = csr_starts(ratings);
    const int32_t *items = csr_columns(ratings);
    TRY(mem_try_array((size_t)csr_n(ratings), "what the biases leave", &rest, err));
    for (int64_t u = 0; u < csr_rows(ratings); u++)
        for (int64_t e = starts[u]; e < starts[u + 1]; e++) {
            const double bias = biases->users ? biases->mean + biases->users[u] + biases->items[items[e]] : 0;
            rest[e] = (float)((double)csr_values(ratings)[e] - bias);
        }
    const enum status status = csr_from(device_cpu(), csr_rows(ratings), csr_cols(ratings), starts, items, rest, out, err);
    mem_free(rest);
    return status;
}

/* Columns times the root of their singular value: users and items end on one scale. */
static void scale_columns(struct mat *mat, const float *singular) {
    float *values = mat_data(mat);
    const int64_t cols = mat_cols(mat);
    for (int64_t r = 0; r < mat_rows(mat); r++)
        for (int64_t c = 0; c < cols; c++) values[r * cols + c] *= sqrtf(singular[c]);
}

/* What has no rows has a vector of zeros; the decomposition leaves rounding there. */
static void clear_unrated(const struct model *model, enum embedded what, struct mat *mat) {
    int64_t *counts = model_counts(model, what);
    const int64_t cols = mat_cols(mat);
    for (int64_t r = 0; r < mat_rows(mat); r++)
        if (counts[r] == 0) memset(mat_data(mat) + r * cols, 0, (size_t)cols * sizeof(float));
    free(counts);
}

static enum status decompose(const struct fit_request *request, const struct csr *rest, int64_t k, struct mf_factors *out, struct error *err) {
    struct mat *singular;
    TRY(csr_svd(request->task, rest, k, request->common.seed, &out->users, &singular, &out->items, err));
    scale_columns(out->users, mat_values(singular));
    scale_columns(out->items, mat_values(singular));
    mat_unref(singular);
    return OK;
}

static enum status bias_mat(const double *values, int64_t n, struct mat **out, struct error *err) {
    float *narrow;
    TRY(mem_try_array((size_t)n, "biases", &narrow, err));
    for (int64_t i = 0; i < n; i++) narrow[i] = (float)values[i];
    const enum status status = mat_from(device_cpu(), n, 1, narrow, out, err);
    mem_free(narrow);
    return status;
}

static enum status attach_biases(const struct biases *biases, struct mf_factors *out, struct error *err) {
    if (!biases->users) return OK;
    out->mean = (float)biases->mean;
    TRY(bias_mat(biases->users, biases->n_users, &out->user_bias, err));
    return bias_mat(biases->items, biases->n_items, &out->item_bias, err);
}

static enum status train(const struct fit_request *request, const struct model *model, const struct biases *biases, struct mf_factors *out,
                         struct error *err) {
    struct csr *rest;
    TRY(centred(request->data, biases, &rest, err));
    const enum status status = decompose(request, rest, fit_int(request, model, "factors"), out, err);
    csr_unref(rest);
    if (status != OK) return status;
    clear_unrated(model, EMBED_USERS, out->users);
    clear_unrated(model, EMBED_ITEMS, out->items);
    return attach_biases(biases, out, err);
}

static enum status check(const struct fit_request *request, const struct model *model, bool by_bias, struct error *err) {
    const int64_t n_users = dataset_n_users(request->data), n_items = dataset_n_items(request->data);
    const int64_t factors = fit_int(request, model, "factors"), most = n_users < n_items ? n_users : n_items;
    if (by_bias) TRY(fit_wants_ratings(request, model, "center=\"none\" factorises implicit data as it is (PureSVD)", err));
    if (factors <= most) return OK;
    err_set(err, ERR_VALUE, "svd can't find %lld factors in a matrix of %lld × %lld", (long long)factors, (long long)n_users, (long long)n_items);
    err_hint(err, "factors=%lld is the most there can be", (long long)most);
    return err_about(err, "factors");
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    const bool by_bias = strcmp(fit_str(request, model, "center"), "bias") == 0;
    const double reg_user = fit_float(request, model, "reg_user");
    struct biases biases = {0};
    struct mf_factors trained = {0};
    TRY(check(request, model, by_bias, err));
    if (by_bias) TRY(biases_fit(request->task, request->data, reg_user, fit_float(request, model, "reg_item"), &biases, err));
    const enum status status = train(request, model, &biases, &trained, err);
    biases_release(&biases);
    if (status != OK) {
        mf_factors_release(&trained);
        return status;
    }
    const struct fold_rule fold = {.how = FOLD_PROJECT, .reg_bias = reg_user};
    return factors_new(&trained, fold, &model->state, err);
}

static const char *const centers[] = {"bias", "none", NULL};

static const struct param_row params[] = {
    {.name = "factors", .type = PARAM_INT, .otherwise.i = 20, .min = 1, .max = 1024, .doc = "singular values kept"},
    {.name = "center",
     .type = PARAM_STR,
     .otherwise.s = "bias",
     .choices = "bias|none",
     .names = centers,
     .doc = "bias: factorise what mean and biases leave; none: the ratings themselves, 0 where there is none (PureSVD)"},
    {.name = "reg_user",
     .type = PARAM_FLOAT,
     .otherwise.f = BIAS_REG_USER,
     .min = 0,
     .max = 1e6,
     .doc = "center=\"bias\": regularisation of the users' biases"},
    {.name = "reg_item", .type = PARAM_FLOAT, .otherwise.f = BIAS_REG_ITEM, .min = 0, .max = 1e6, .doc = "the same for the items'"},
    {0},
};

const struct model_class class_svd = {
    .name = "svd",
    .summary = "Truncated singular value decomposition of the rating matrix.",
    .doc =
        "center=\"bias\": r ≈ mean + b_u + b_i + (U S Vᵀ)_ui, the best approximation of rank `factors` to what the biases leave, with 0 where "
        "nothing was "
        "rated. center=\"none\": of the ratings themselves, which predicts badly (the zeros are taken for ratings) but ranks well: PureSVD "
        "(Cremonesi, Koren & "
        "Turrin 2010). Vectors are U√S and V√S. Randomised subspace iteration (Halko, Martinsson & Tropp 2011). A new user folds in by projection, "
        "p = r̃ V / √S; a score decomposes into Σ r̃_ui (v_i·v_j).",
    .example = "train, test = split(synth(), test=0.2, seed=1)\nevaluate(svd(train, factors=4), test, metrics=[\"rmse\"])",
    .other_names = "PureSVD (Elliot, RecTools, LensKit), TruncatedSVD (scikit-learn)",
    .params = params,
    .predicts_ratings = true,
    .is_dot_product = true,
    .devices = "cpu",
    .fit = fit,
    FACTORS_MEMBERS,
    FACTORS_FOLDING,
};
