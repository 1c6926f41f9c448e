#include "models/classic/bias.h"

#include <stdlib.h>
#include <string.h>

#include "models/fit.h"
#include "runtime/base/mem.h"

struct bias_state {
    struct biases biases;
    double reg_user;
    double folded; /* the folded-in user's */
};

static void free_state(void *data) {
    struct bias_state *state = data;
    biases_release(&state->biases);
    free(state);
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    TRY(fit_wants_ratings(request, model, NULL, err));
    struct bias_state *state = xnew(struct bias_state);
    state->reg_user = fit_float(request, model, "reg_user");
    const enum status status = biases_fit(request->task, request->data, state->reg_user, fit_float(request, model, "reg_item"), &state->biases, err);
    if (status == OK) model->state = state;
    else free(state);
    return status;
}

static double user_bias(const struct bias_state *state, int32_t user) {
    if (user == FOLDED_USER) return state->folded;
    return user >= 0 ? state->biases.users[user] : 0;
}

static float score(const struct bias_state *state, int32_t user, int32_t item) {
    return (float)biases_at(&state->biases, user_bias(state, user), item);
}

static enum status score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err) {
    const int64_t n_items = model->catalog->n_items;
    for (int64_t u = 0; u < n_users; u++)
        for (int32_t i = 0; i < n_items; i++) out[u * n_items + i] = score(model->state, users[u], i);
    return task_check(task, err);
}

static enum status score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                               struct error *err) {
    for (int64_t i = 0; i < n; i++) out[i] = score(model->state, users[i], items[i]);
    return task_check(task, err);
}

static struct bias_state *copy_state(const struct bias_state *from) {
    struct bias_state *state = xmemdup(from, sizeof *from);
    state->biases.users = xmemdup(from->biases.users, (size_t)from->biases.n_users * sizeof(double));
    state->biases.items = xmemdup(from->biases.items, (size_t)from->biases.n_items * sizeof(double));
    return state;
}

static enum status fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err) {
    (void)err;
    struct bias_state *state = copy_state(model->state);
    state->folded = biases_new_user(&state->biases, state->reg_user, items, ratings, n);
    out->state = state;
    return OK;
}

static enum status fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                                struct error *err) {
    const struct bias_state *from = model->state;
    const double reg = model_param(model, "reg_item").f;
    struct bias_state *state = xmemdup(from, sizeof *from);
    const enum status status = biases_with_item(&from->biases, item, biases_new_item(&from->biases, reg, users, ratings, n), &state->biases, err);
    if (status == OK) out->state = state;
    else free_state(state);
    return status;
}

static enum status save(const struct model *model, struct store_writer *writer, struct error *err) {
    const struct bias_state *state = model->state;
    TRY(store_put(writer, "state/reg_user", STORE_F64, &state->reg_user, 1, err));
    return biases_save(&state->biases, state->folded, writer, err);
}

static enum status load(struct model *model, struct store_reader *reader, struct error *err) {
    const void *reg_user;
    int64_t n;
    TRY(store_get(reader, "state/reg_user", STORE_F64, 1, &reg_user, &n, err));
    struct bias_state *state = xnew(struct bias_state);
    state->reg_user = *(const double *)reg_user;
    const enum status status = biases_load(reader, model->catalog->n_users, model->catalog->n_items, &state->biases, &state->folded, err);
    if (status == OK) model->state = state;
    else free_state(state);
    return status;
}

static int64_t size(const struct model *model) { return model->catalog->n_users + model->catalog->n_items + 1; }
static int64_t bytes(const struct model *model) { return biases_bytes(&((const struct bias_state *)model->state)->biases); }

static const struct param_row params[] = {
    {.name = "reg_user",
     .type = PARAM_FLOAT,
     .otherwise.f = BIAS_REG_USER,
     .min = 0,
     .max = 1e6,
     .doc = "pulls a user's bias towards 0, as so many ratings at the mean would"},
    {.name = "reg_item", .type = PARAM_FLOAT, .otherwise.f = BIAS_REG_ITEM, .min = 0, .max = 1e6, .doc = "the same for an item's bias"},
    {0},
};

const struct model_class class_bias = {
    .name = "bias",
    .summary = "Mean rating plus what is peculiar to the user and to the item.",
    .doc =
        "r ≈ mean + b_u + b_i, minimising the squared error + reg_user·Σ b_u² + reg_item·Σ b_i² (Koren 2010, section 2.1), solved by alternating "
        "between the two sides until nothing moves. The baseline that a rating model has to beat: it knows no taste, only who rates high and what is "
        "rated high.",
    .example = "train, test = split(synth(), test=0.2, seed=1)\nevaluate(bias(train), test, metrics=[\"rmse\", \"mae\"])",
    .other_names = "BaselineOnly (Surprise), Bias (LensKit), UserItemBaseline (MyMediaLite)",
    .params = params,
    .predicts_ratings = true,
    .devices = "cpu",
    .fit = fit,
    .free_state = free_state,
    .score_block = score_block,
    .score_pairs = score_pairs,
    .fold_in = fold_in,
    .fold_in_item = fold_in_item,
    .save = save,
    .load = load,
    .files_since = 2,
    .size = size,
    .bytes = bytes,
};
