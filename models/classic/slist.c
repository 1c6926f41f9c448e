/* SLIST: a linear model of order in closed form. */
#include <math.h>

#include "models/classic/item_linear.h"
#include "runtime/base/least.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"

/* A row of X and Y for each event e of a user: X holds the `past` events before it, the one s events back at exp(-(s - 1) / recency); Y holds it and
 * the events after it, `future` in all, the one f later at exp(-f / fading). B = (XᵀX + reg I)⁻¹ XᵀY.
 *
 * Neither X nor Y is built. Two events of a user, d apart, meet in XᵀX once for each later event that has both in its past, and in XᵀY once for each
 * event between them: those sums depend on d, and near the end of the user's events on how many of these are left. */

#define REG_TIMES 11 /* chosen on validation parts of ML-100K and of the NCF files: tests/bench/order.md */

struct lags {
    int64_t past, future;
    double *both; /* past × (past + 1): XᵀX at distance d, with m events that have both in their past */
    double *next; /* past + future: XᵀY at distance d >= 1 */
};

static void lags_release(struct lags *lags) {
    mem_free(lags->both);
    mem_free(lags->next);
}

static double next_weight(const struct lags *lags, int64_t d, double recency, double fading) {
    double sum = 0;
    for (int64_t s = d > lags->future ? d - lags->future : 0; s < lags->past && s < d; s++)
        sum += exp(-(double)s / recency - (double)(d - 1 - s) / fading);
    return sum;
}

static enum status lags_make(int64_t past, int64_t future, double recency, double fading, struct lags *out, struct error *err) {
    *out = (struct lags){.past = past, .future = future};
    TRY(mem_try_array((size_t)(past * (past + 1)), "weights of distances", &out->both, err));
    TRY(mem_try_array((size_t)(past + future), "weights of distances", &out->next, err));
    for (int64_t d = 0; d < past; d++)
        for (int64_t m = 1; m <= past; m++)
            out->both[d * (past + 1) + m] = out->both[d * (past + 1) + m - 1] + exp(-(double)(2 * (m - 1) + d) / recency);
    for (int64_t d = 1; d < past + future; d++) out->next[d] = next_weight(out, d, recency, fading);
    return OK;
}

/* Where each item stands in the sequences. */
struct places {
    int64_t *starts;  /* n_items + 1 */
    int64_t *at;      /* n: places in sequences->items */
    int32_t *user_of; /* n */
};

static void places_release(struct places *places) {
    mem_free(places->starts);
    mem_free(places->at);
    mem_free(places->user_of);
}

static enum status places_make(struct task *task, const struct sequences *sequences, struct places *out, struct error *err) {
    *out = (struct places){0};
    TRY(mem_try_array((size_t)sequences->n_items + 2, "places of items", &out->starts, err));
    TRY(mem_try_array((size_t)sequences->n + 1, "places of items", &out->at, err));
    TRY(mem_try_array((size_t)sequences->n + 1, "places of items", &out->user_of, err));
    for (int64_t i = 0; i < sequences->n; i++) {
        if (i % TASK_TURNS == 0) TRY(task_check(task, err));
        out->starts[sequences->items[i] + 2]++;
    }
    for (int64_t i = 0; i < sequences->n_items; i++) out->starts[i + 2] += out->starts[i + 1];
    for (int64_t user = 0; user < sequences->n_users; user++)
        for (int64_t i = sequences->starts[user]; i < sequences->starts[user + 1]; i++) {
            if (i % TASK_TURNS == 0) TRY(task_check(task, err));
            out->user_of[i] = (int32_t)user;
            out->at[out->starts[sequences->items[i] + 1]++] = i;
        }
    return task_check(task, err);
}

struct counting {
    const struct sequences *sequences;
    const struct places *places;
    const struct lags *lags;
    float *past, *next; /* XᵀX, XᵀY */
};

/* What one event adds to its item's rows: at is its place, the user's events are first … end - 1. */
static void count_event(const struct counting *counting, int64_t at, int64_t first, int64_t end, float *past, float *next) {
    const struct lags *lags = counting->lags;
    const int32_t *items = counting->sequences->items;
    const int64_t n_past = lags->past, after = end - 1 - at;
    for (int64_t d = 0; d < n_past && d <= after; d++) past[items[at + d]] += (float)lags->both[d * (n_past + 1) + least(n_past - d, after - d)];
    for (int64_t d = 1; d < n_past && d <= at - first; d++) past[items[at - d]] += (float)lags->both[d * (n_past + 1) + least(n_past - d, after)];
    for (int64_t d = 1; d < n_past + lags->future && d <= after; d++) next[items[at + d]] += (float)lags->next[d];
}

static void count_item(void *ctx, int64_t item, int thread) {
    const struct counting *counting = ctx;
    const struct sequences *sequences = counting->sequences;
    const int64_t n_items = sequences->n_items;
    (void)thread;
    for (int64_t i = counting->places->starts[item]; i < counting->places->starts[item + 1]; i++) {
        const int64_t at = counting->places->at[i], user = counting->places->user_of[at];
        count_event(counting, at, sequences->starts[user], sequences->starts[user + 1], counting->past + item * n_items,
                    counting->next + item * n_items);
    }
}

static enum status count(struct task *task, const char *label, const struct sequences *sequences, const struct lags *lags, struct mat *past,
                         struct mat *next, struct error *err) {
    struct places places;
    struct counting counting = {sequences, &places, lags, mat_data(past), mat_data(next)};
    enum status status = places_make(task, sequences, &places, err);
    if (status == OK) status = pool_run_shown(task, label, "item", sequences->n_items, count_item, &counting, err);
    places_release(&places);
    return status;
}

/* past becomes (XᵀX + reg I)⁻¹. */
static enum status solve(struct task *task, const struct model *model, struct mat *past, const struct mat *next, struct mat **out,
                         struct error *err) {
    TRY(item_linear_invert(task, model->name, past, model_param(model, "reg").f, err));
    return mat_multiply(task, past, false, next, false, out, err);
}

/* By the model's parameters, of which reg is the one that counts. */
static enum status weights_between(struct task *task, const struct model *model, const struct sequences *sequences, struct mat **out,
                                   struct error *err) {
    const int64_t n = sequences->n_items;
    struct lags lags = {0};
    struct mat *past = NULL, *next = NULL;
    enum status status = lags_make(model_param(model, "past").i, model_param(model, "future").i, model_param(model, "recency").f,
                                   model_param(model, "fading").f, &lags, err);
    if (status == OK) status = mat_new(device_cpu(), n, n, &past, err);
    if (status == OK) status = mat_new(device_cpu(), n, n, &next, err);
    if (status == OK) status = count(task, model->name, sequences, &lags, past, next, err);
    if (status == OK) status = solve(task, model, past, next, out, err);
    mat_unref(past);
    mat_unref(next);
    lags_release(&lags);
    return status;
}

static enum status learn_weights(struct task *task, const struct model *model, const struct sequences *sequences, struct item_linear *slist,
                                 struct error *err) {
    TRY(weights_between(task, model, sequences, &slist->weights, err));
    TRY(mem_try_array((size_t)sequences->n_items, "scales of items", &slist->scale, err));
    for (int64_t i = 0; i < sequences->n_items; i++) slist->scale[i] = 1;
    slist->keeps_order = true;
    return OK;
}

static enum status learn(const struct fit_request *request, struct model *model, const struct sequences *sequences, struct item_linear *slist,
                         struct error *err) {
    double reg;
    TRY(item_linear_reg(request, model, sequences, REG_TIMES, &reg, err));
    return learn_weights(request->task, model, sequences, slist, err);
}

/* Where in time its events stand nobody says: they are the newest of their users. What comes before the item is then in all sums, so B is made again.
 */
static enum status fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                                struct error *err) {
    const struct item_linear *from = model->state;
    const int64_t n_items = out->catalog->n_items;
    if (!from->keeps_order) {
        err_set(err, ERR_DATA, "`%s` came from a file that lacks the order of events, which a new item needs", model->name);
        return err_hint(err, "files of older builds lack it: fit the model again");
    }
    struct item_linear *slist = xnew(struct item_linear);
    (void)ratings;
    enum status status = sequences_with_item(&from->order, n_items, item, users, n, &slist->order, err);
    if (status == OK) status = learn_weights(task_current(), model, &slist->order, slist, err);
    if (status == OK) status = item_linear_add_item(from, model_param(model, "recency").f, 0, n_items, item, users, n, &slist->rows, err);
    if (status == OK) out->state = slist;
    else item_linear_free(slist);
    return status;
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    return item_linear_fit(request, model, 0, learn, err);
}

static int64_t size(const struct model *model) { return model->catalog->n_items * model->catalog->n_items; }

static const struct param_row params[] = {
    {.name = "reg",
     .type = PARAM_FLOAT,
     .otherwise.f = 0,
     .min = 0,
     .max = 1e9,
     .doc = "regularisation: added to the diagonal of XᵀX; 0: eleven times the mean number of rows of an item"},
    {.name = "past", .type = PARAM_INT, .otherwise.i = 20, .min = 1, .max = 1000, .doc = "events before that are learned from"},
    {.name = "recency",
     .type = PARAM_FLOAT,
     .otherwise.f = 5,
     .min = 0,
     .max = 1e6,
     .above_min = true,
     .doc = "after how many events of the user's one has lost two thirds of its weight"},
    {.name = "future", .type = PARAM_INT, .otherwise.i = 5, .min = 1, .max = 1000, .doc = "events that are predicted, the next one first"},
    {.name = "fading", .type = PARAM_FLOAT, .otherwise.f = 2, .min = 0, .max = 1e6, .above_min = true, .doc = "as recency, among the predicted ones"},
    {0},
};

const struct model_class class_slist = {
    .name = "slist",
    .summary = "Linear model of order in closed form: from a user's last events to the next.",
    .doc = "Ridge regression of the next few events on the last few, both fading with their distance: B = (XᵀX + reg I)⁻¹ XᵀY, a row of X and Y for "
           "each event (the transition part of SLIST, Choi et al. 2021). A user's score of an item sums B over his events, each at "
           "exp(-age / recency), age counted in his events since. It needs the square of the number of items three times over as memory, and their "
           "cube as time; data without times are taken in the order of their rows. explain says what each event adds, similar what comes next after "
           "an item.",
    .example = "recommend(slist(synth(), reg=100), user=1, k=5)",
    .other_names = "SLIST, SLIT (session-rec)",
    .params = params,
    .devices = "cpu",
    .fit = fit,
    .fold_in_item = fold_in_item,
    .size = size,
    ITEM_LINEAR_MEMBERS,
};
