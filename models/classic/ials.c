#include <math.h>
#include <string.h>

#include "models/classic/factors.h"
#include "runtime/base/mem.h"

/* The items' side is solved first, then the users': so the users' vectors are
 * what their events say given the items'. All that an epoch needs of the one
 * before are both sides' vectors: conjugate gradients begin there. */
struct ials {
    const struct fit_request *request;
    struct fold_rule fold;
    struct ials_rule rule;
    struct csr *own_by_user, *own_by_item; /* explicit data: their events weigh alike. Else NULL */
    struct ials_side users, items;
    struct mf_factors now; /* counts; each half-sweep makes new mats */
    double weight;         /* of all events */
};

/* --- the two sides --- */

/* Weights of a side's rows; everything else of a side follows from them. */
struct weights {
    double *users, *items, all;
};

static double weight_of(const struct ials *ials, float count) { return ials->fold.alpha * (ials->fold.counts ? (double)count : 1); }

static enum status sum_weights(const struct ials *ials, struct weights *out, struct error *err) {
    struct dataset *data = ials->request->data;
    struct events_view rows;
    TRY(dataset_columns(data, &rows, err));
    TRY(mem_try_array((size_t)dataset_n_users(data), "weights of users", &out->users, err));
    TRY(mem_try_array((size_t)dataset_n_items(data), "weights of items", &out->items, err));
    for (int64_t i = 0; i < dataset_n(data); i++) {
        const double weight = weight_of(ials, rows.ratings[i]);
        TRY(task_look((size_t)i, err));
        out->users[rows.users[i]] += weight;
        out->items[rows.items[i]] += weight;
        out->all += weight;
    }
    return OK;
}

/* Ones in the place of ratings. */
static enum status without_ratings(struct device *device, const struct csr *host, struct csr **out, struct error *err) {
    return csr_from(device, csr_rows(host), csr_cols(host), csr_starts(host), csr_columns(host), NULL, out, err);
}

static enum status events_of(struct ials *ials, struct error *err) {
    struct dataset *data = ials->request->data;
    struct device *device = ials->fold.counts ? ials->request->device : device_cpu();
    TRY(dataset_by_user(data, device, &ials->users.events, err));
    TRY(dataset_by_item(data, device, &ials->items.events, err));
    if (ials->fold.counts) return OK;
    TRY(without_ratings(ials->request->device, ials->users.events, &ials->own_by_user, err));
    TRY(without_ratings(ials->request->device, ials->items.events, &ials->own_by_item, err));
    ials->users.events = ials->own_by_user;
    ials->items.events = ials->own_by_item;
    return OK;
}

static enum status column_of(struct device *device, const float *values, int64_t n, struct mat **out, struct error *err) {
    return mat_from(device, n, 1, values, out, err);
}

/* own: weights of the side's rows; other: of its columns. room: numbers for the longer of the two. */
static enum status side_init(const struct ials *ials, const double *own, int64_t n_own, const double *other, int64_t n_other, float *room,
                             struct ials_side *out, struct error *err) {
    double mean = 0;
    for (int64_t r = 0; r < n_own; r++) {
        const double ridge = fold_ridge(&ials->fold, own[r], n_other);
        room[r] = (float)fmax(ridge, 1e-30);
        mean += ridge / (double)n_own;
    }
    out->mean_ridge = (float)mean;
    TRY(column_of(ials->request->device, room, n_own, &out->ridge, err));
    for (int64_t c = 0; c < n_other; c++) room[c] = (float)(other[c] / (double)n_own);
    return column_of(ials->request->device, room, n_other, &out->popularity, err);
}

static enum status sides_init(struct ials *ials, struct error *err) {
    const int64_t n_users = dataset_n_users(ials->request->data), n_items = dataset_n_items(ials->request->data);
    struct weights weights = {0};
    float *room = NULL;
    enum status status = events_of(ials, err);
    if (status == OK) status = sum_weights(ials, &weights, err);
    if (status == OK) status = mem_try_array((size_t)(n_users > n_items ? n_users : n_items), "weights", &room, err);
    if (status == OK) status = side_init(ials, weights.users, n_users, weights.items, n_items, room, &ials->users, err);
    if (status == OK) status = side_init(ials, weights.items, n_items, weights.users, n_users, room, &ials->items, err);
    ials->weight = weights.all;
    mem_free(weights.users);
    mem_free(weights.items);
    mem_free(room);
    return status;
}

static void release(struct ials *ials) {
    struct mat *mats[] = {ials->users.ridge, ials->users.popularity, ials->items.ridge, ials->items.popularity};
    for (int i = 0; i < 4; i++) mat_unref(mats[i]);
    mf_factors_release(&ials->now);
    csr_unref(ials->own_by_user);
    csr_unref(ials->own_by_item);
}

/* --- epochs --- */

static enum status half_sweep(const struct ials *ials, const struct ials_side *side, const struct mat *other, struct mat **vectors, double *out_loss,
                              struct error *err) {
    struct mat *solved;
    TRY(mat_copy(*vectors, &solved, err));
    const enum status status = ops_ials_solve(ials->request->task, &ials->rule, side, other, solved, out_loss, err);
    if (status != OK) {
        mat_unref(solved);
        return status;
    }
    mat_unref(*vectors);
    *vectors = solved;
    return OK;
}

/* Σ ridge |q|² of the items. */
static enum status items_ridge(const struct ials *ials, double *out, struct error *err) {
    struct mat *squares = NULL, *weighted = NULL, *sum = NULL;
    float value = 0;
    enum status status = mat_binary(MAT_MUL, ials->now.items, ials->now.items, &squares, err);
    if (status == OK) status = mat_binary(MAT_MUL, squares, ials->items.ridge, &weighted, err);
    if (status == OK) status = mat_reduce(MAT_SUM, weighted, -1, &sum, err);
    if (status == OK) status = mat_read(sum, 0, 1, &value, err);
    mat_unref(squares);
    mat_unref(weighted);
    mat_unref(sum);
    *out = (double)value;
    return status;
}

static enum status epoch(void *trainer, int64_t number, double *out_train, struct error *err) {
    struct ials *ials = trainer;
    double loss, ridge;
    (void)number;
    TRY(half_sweep(ials, &ials->items, ials->now.users, &ials->now.items, &loss, err));
    TRY(half_sweep(ials, &ials->users, ials->now.items, &ials->now.users, &loss, err));
    TRY(items_ridge(ials, &ridge, err));
    *out_train = (loss + ridge) / fmax(ials->weight, 1e-30);
    return OK;
}

static enum status publish(void *trainer, void **out_state, struct error *err) {
    struct ials *ials = trainer;
    struct mf_factors frozen = mf_factors_ref(&ials->now);
    return factors_new(&frozen, ials->fold, out_state, err);
}

/* --- fitting --- */

static enum status init_vectors(struct ials *ials, const struct model *model, struct error *err) {
    const struct fit_request *request = ials->request;
    if (request->start) return mf_factors_to(&factors_of(request->start)->on_device, request->device, &ials->now, err);
    const int64_t n_factors = fit_int(request, model, "factors");
    TRY(mf_factors_new(request->device, dataset_n_users(request->data), dataset_n_items(request->data), n_factors, false, &ials->now, err));
    return factors_init_rows(request, model, EMBED_USERS, fit_float(request, model, "init") / sqrt((double)n_factors), ials->now.users, err);
}

/* By size: small systems are solved exactly in no time; large ones by conjugate gradients. */
static struct ials_rule rule_of(const struct fit_request *request, const struct model *model) {
    const char *solver = fit_str(request, model, "solver");
    const int64_t n_factors = fit_int(request, model, "factors");
    if (strcmp(solver, "auto") == 0) solver = n_factors <= 32 ? "cholesky" : "cg";
    return (struct ials_rule){.alpha = (float)fit_float(request, model, "alpha"),
                              .unobserved = (float)fit_float(request, model, "unobserved"),
                              .cg_steps = strcmp(solver, "cg") == 0 ? fit_int(request, model, "cg_steps") : 0,
                              .block = strcmp(solver, "block") == 0 ? fit_int(request, model, "block") : n_factors};
}

#define NOTHING_LEARNED 0.999 /* of the loss of vectors that are all 0 */

/* In a large catalogue the pull to 0 of all pairs can win over the few events: scores are as good as 0 then, which no error says. Settings of a
 * sweep show it by what they are judged by. */
static void warn_of_collapse(const struct ials *ials, const struct model *model) {
    const struct fit_request *request = ials->request;
    if (!request->common.verbose || task_runs(request->task) || model->n_history == 0) return;
    if (!(model->history[model->n_history - 1].train > NOTHING_LEARNED)) return;
    task_printf(request->task,
                "ials: all vectors shrank to about 0, so it learned no taste: the pull to 0 of all pairs outweighs the events; try "
                "unobserved=%.2g, or a smaller reg=\n",
                ials->fold.unobserved / 10);
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    static const struct fit_steps steps = {epoch, publish};
    TRY(factors_check_start(request, model, err));
    struct ials ials = {.request = request, .rule = rule_of(request, model)};
    ials.fold = (struct fold_rule){.how = FOLD_IMPLICIT,
                                   .reg = fit_float(request, model, "reg"),
                                   .alpha = fit_float(request, model, "alpha"),
                                   .unobserved = fit_float(request, model, "unobserved"),
                                   .nu = fit_float(request, model, "nu"),
                                   .counts = !dataset_is_explicit(request->data)};
    enum status status = sides_init(&ials, err);
    if (status == OK) status = init_vectors(&ials, model, err);
    if (status == OK) status = fit_epochs(request, model, &steps, &ials, err);
    if (status == OK) warn_of_collapse(&ials, model);
    release(&ials);
    return status;
}

static const char *const solvers[] = {"auto", "cholesky", "cg", "block", NULL};

static const struct param_row params[] = {
    {.name = "factors", .type = PARAM_INT, .otherwise.i = 64, .min = 1, .max = 4096, .doc = "length of the vectors"},
    {.name = "alpha",
     .type = PARAM_FLOAT,
     .otherwise.f = 1,
     .min = 0,
     .max = 1e6,
     .above_min = true,
     .doc = "weight of an event, times its count; ratings of explicit data count 1"},
    {.name = "unobserved",
     .type = PARAM_FLOAT,
     .otherwise.f = 0.5,
     .min = 0,
     .max = 1e6,
     .above_min = true,
     .doc = "weight of every pair's pull to 0, observed or not: the alpha0 of Rendle et al.; against alpha it says how much a missing event means. "
            "The larger and sparser the catalogue, the smaller: 0.02 was chosen for Gowalla's 40,981 places"},
    {.name = "reg",
     .type = PARAM_FLOAT,
     .otherwise.f = 0.008,
     .min = 0,
     .max = 1e6,
     .above_min = true,
     .doc = "regularisation of a vector, times (weight of its events + unobserved · number of vectors on the other side) to the power nu"},
    {.name = "nu",
     .type = PARAM_FLOAT,
     .otherwise.f = 1,
     .min = 0,
     .max = 2,
     .doc = "1: regularisation grows with a row's weight; 0: the same for all"},
    {.name = "solver",
     .type = PARAM_STR,
     .otherwise.s = "auto",
     .choices = "auto|cholesky|cg|block",
     .names = solvers,
     .doc =
         "cholesky: exact; cg: conjugate gradients from the epoch before; block: exact for some columns at a time (iALS++); auto: cholesky up to 32 "
         "factors, then cg"},
    {.name = "cg_steps", .type = PARAM_INT, .otherwise.i = 2, .min = 1, .max = 1000, .doc = "cg: steps an epoch and vector"},
    {.name = "block", .type = PARAM_INT, .otherwise.i = 64, .min = 1, .max = 4096, .doc = "block: columns solved at a time, rounded up to 16"},
    {.name = "init", .type = PARAM_FLOAT, .otherwise.f = 0.1, .min = 0, .max = 10, .above_min = true, .doc = "length of the users' first vectors"},
    {0},
};

const struct model_class class_ials = {
    .name = "ials",
    .summary = "Matrix factorisation of implicit feedback by alternating least squares.",
    .doc =
        "s = p_u·q_i, minimising Σ alpha count (1 - s)² over the events + unobserved Σ s² over all pairs of a user and an item + regularisation, "
        "which "
        "grows with the weight that a vector carries (Hu, Koren & Volinsky 2008; Rendle et al. 2022, \"Revisiting the performance of iALS\", whose "
        "scaling of reg is what makes it strong). Counts are confidence: implicit(data, counts=True); ratings of explicit data say only that there "
        "was an event. Hu, Koren & Volinsky's weights 1 + alpha count are unobserved=1. Each epoch solves all items, then all users; new users fold "
        "in "
        "by the same system, and explain is its decomposition.",
    .example = "views = implicit(synth())\ntrain, test = split(views, by=\"per_user\", test=0.2, seed=1)\nm = ials(train, factors=8, epochs=5, "
               "seed=1)\nevaluate(m, test, metrics=[\"ndcg@10\"])",
    .other_names = "AlternatingLeastSquares (implicit), ALS with implicitPrefs (Spark), WMF, WRMF, WALS, IALSRecommender (irspack)",
    .params = params,
    .iterative = true,
    .default_epochs = 16,
    .is_dot_product = true,
    .devices = "cpu cuda",
    .loss = "loss",
    .fit = fit,
    FACTORS_MEMBERS,
    FACTORS_FOLDING,
};
