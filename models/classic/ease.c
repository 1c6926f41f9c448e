/* EASE: a linear item-item model in closed form. */
#include <string.h>

#include "models/classic/item_linear.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"

/* B = -P diag(P)⁻¹ off the diagonal, P = (XᵀX + reg I)⁻¹. P is symmetric, so its rows serve users' blocks and single pairs alike:
 * score(u, j) = scale_j Σ_i w_ui P_ij, where scale_j = -1 / P_jj and P_ii counts as 0. */

#define RECENCY_FLOOR 0.05
#define REG_TIMES 5 /* chosen on validation parts of ML-100K and of the NCF files: tests/bench/order.md */

/* --- fitting --- */

struct counting {
    const struct sparse_rows *users;
    const int64_t *starts; /* by item */
    const int32_t *columns;
    int64_t n_items;
    float *gram;
};

/* Row i of XᵀX: for each of the item's users, one more at each of the user's items. */
static void gram_row(void *ctx, int64_t item, int thread) {
    const struct counting *counting = ctx;
    float *row = counting->gram + item * counting->n_items;
    (void)thread;
    for (int64_t e = counting->starts[item]; e < counting->starts[item + 1]; e++) {
        const int32_t user = counting->columns[e];
        if (e > counting->starts[item] && counting->columns[e - 1] == user) continue;
        for (int64_t i = counting->users->starts[user]; i < counting->users->starts[user + 1]; i++) row[counting->users->columns[i]] += 1;
    }
}

static enum status gram(const struct fit_request *request, const char *label, const struct sparse_rows *rows, struct mat **out, struct error *err) {
    const struct csr *by_item;
    const int64_t n_items = dataset_n_items(request->data);
    TRY(dataset_by_item(request->data, device_cpu(), &by_item, err));
    TRY(mat_new(device_cpu(), n_items, n_items, out, err));
    struct counting counting = {rows, csr_starts(by_item), csr_columns(by_item), n_items, mat_data(*out)};
    return pool_run_shown(request->task, label, "item", n_items, gram_row, &counting, err);
}

static enum status learn(const struct fit_request *request, struct model *model, const struct sequences *sequences, struct item_linear *ease,
                         struct error *err) {
    const int64_t n = sequences->n_items;
    double reg;
    TRY(item_linear_reg(request, model, sequences, REG_TIMES, &reg, err));
    TRY(gram(request, model->name, &ease->rows, &ease->weights, err));
    TRY(mem_try_array((size_t)n, "scales of items", &ease->scale, err));
    float *values = mat_data(ease->weights);
    TRY(item_linear_invert(request->task, model->name, ease->weights, reg, err));
    for (int64_t i = 0; i < n; i++) {
        ease->scale[i] = -1 / values[i * n + i];
        values[i * n + i] = 0;
    }
    ease->symmetric = true;
    return OK;
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    return item_linear_fit(request, model, RECENCY_FLOOR, learn, err);
}

/* --- a new item --- */

/* One more row and column of XᵀX, and its inverse by what they border on: with g the column, v = P g and s = γ + reg − g·v,
 *     P + v vᵀ / s   −v / s
 *     −vᵀ / s        1 / s
 * is the inverse to rounding, at the cost of one pass over P. An item without rows is such a border already, apart from all others. */
struct border {
    int64_t at, n_old, n; /* its position; items before and after */
    double *column;       /* n_old: g, then v */
    double own;           /* γ + reg, then s */
};

/* g: how many of the users have each item too. */
static void count_border(const struct sparse_rows *rows, const int32_t *users, int64_t n, struct border *border) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t e = rows->starts[users[i]]; e < rows->starts[users[i] + 1]; e++) border->column[rows->columns[e]]++;
    border->own += (double)n;
}

static double inverse_at(const struct item_linear *ease, int64_t n, int64_t i, int64_t j) {
    return i == j ? -1 / (double)ease->scale[i] : (double)mat_values(ease->weights)[i * n + j];
}

#define LEAST_LEFT 1e-5 /* of γ + reg: below it what P's float32 rounds away shows in the second digit of weights */

static enum status solve_border(const struct item_linear *ease, struct border *border, double *v, struct error *err) {
    double left = border->own;
    for (int64_t i = 0; i < border->n_old; i++) {
        TRY(task_check(task_current(), err));
        for (int64_t j = 0; i != border->at && j < border->n_old; j++) v[i] += inverse_at(ease, border->n_old, i, j) * border->column[j];
        left -= border->column[i] * v[i];
    }
    const bool is_apart = left > LEAST_LEFT * border->own;
    memcpy(border->column, v, (size_t)border->n_old * sizeof *v);
    border->own = left;
    if (is_apart) return OK;
    err_set(err, ERR_NUMERIC, "float32 can't tell the new item from a sum of others");
    return err_hint(err, "a larger reg= in the fit makes it possible");
}

static enum status put_border(const struct item_linear *from, const struct border *border, struct item_linear *to, struct error *err) {
    float *values = mat_data(to->weights);
    for (int64_t i = 0; i < border->n; i++) {
        TRY(task_check(task_current(), err));
        for (int64_t j = 0; j < border->n; j++) {
            const bool is_own = i == border->at || j == border->at;
            const int64_t other = i == border->at ? j : i;
            double p;
            if (!is_own) p = inverse_at(from, border->n_old, i, j) + border->column[i] * border->column[j] / border->own;
            else p = i == j ? 1 / border->own : -border->column[other] / border->own;
            if (i == j) to->scale[i] = (float)(-1 / p);
            values[i * border->n + j] = i == j ? 0 : (float)p;
        }
    }
    return OK;
}

static enum status add_border(const struct item_linear *from, struct border *border, struct item_linear *to, struct error *err) {
    double *v;
    TRY(mem_try_array((size_t)border->n, "the new item's weights", &v, err));
    enum status status = solve_border(from, border, v, err);
    mem_free(v);
    if (status == OK) status = mat_new(device_cpu(), border->n, border->n, &to->weights, err);
    if (status == OK) status = mem_try_array((size_t)border->n, "scales of items", &to->scale, err);
    if (status == OK) status = put_border(from, border, to, err);
    to->symmetric = true;
    return status;
}

static enum status fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                                struct error *err) {
    const struct item_linear *from = model->state;
    struct item_linear *ease = xnew(struct item_linear);
    struct border border = {item, model->catalog->n_items, out->catalog->n_items, NULL, model_param(model, "reg").f};
    (void)ratings;
    enum status status = mem_try_array((size_t)border.n, "the new item's weights", &border.column, err);
    if (status == OK) {
        count_border(&from->rows, users, n, &border);
        status = add_border(from, &border, ease, err);
    }
    mem_free(border.column);
    if (status == OK) status = item_linear_add_item(from, model_param(model, "recency").f, RECENCY_FLOOR, border.n, item, users, n, &ease->rows, err);
    if (status == OK) out->state = ease;
    else item_linear_free(ease);
    return status;
}

static int64_t size(const struct model *model) { return model->catalog->n_items * (model->catalog->n_items - 1); }

static const struct param_row params[] = {
    {.name = "reg",
     .type = PARAM_FLOAT,
     .otherwise.f = 0,
     .min = 0,
     .max = 1e9,
     .doc = "regularisation: added to the diagonal of XᵀX; 0: five times the mean number of rows of an item"},
    {.name = "recency",
     .type = PARAM_FLOAT,
     .otherwise.f = 0,
     .min = 0,
     .max = 1e6,
     .doc = "0: a user's events weigh alike; else after how many events of his one has lost two thirds of its weight"},
    {0},
};

const struct model_class class_ease = {
    .name = "ease",
    .summary = "Linear item-item model in closed form: a shallow autoencoder.",
    .doc =
        "Weights B with a zero diagonal that reproduce each user's row from its other items: min |X - XB|² + reg |B|², solved by one inverse, "
        "B_ij = -P_ij / P_jj with P = (XᵀX + reg I)⁻¹ (Steck 2019). Each pair of a user and an item counts once, whatever its rating. It needs the "
        "square of the number of items as memory, and their cube as time. recency=5 scores by 0.05 + 0.95 exp(-age / 5), age counted in the "
        "user's events since: what was watched last says most about what comes next.",
    .example = "recommend(ease(synth(), reg=100), user=1, k=5)",
    .other_names = "EASE (RecBole, RecTools, LensKit), EASER (Elliot)",
    .params = params,
    .devices = "cpu",
    .fit = fit,
    .fold_in_item = fold_in_item,
    .size = size,
    ITEM_LINEAR_MEMBERS,
};
