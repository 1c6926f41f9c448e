/* EASE: a linear item-item model in closed form. */
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

static enum status gram(const struct fit_request *request, const struct sparse_rows *rows, struct mat **out, struct error *err) {
    const struct csr *by_item;
    const int64_t n_items = dataset_n_items(request->data);
    TRY(dataset_by_item(request->data, device_cpu(), &by_item, err));
    TRY(mat_new(device_cpu(), n_items, n_items, out, err));
    struct counting counting = {rows, csr_starts(by_item), csr_columns(by_item), n_items, mat_data(*out)};
    return pool_run(request->task, n_items, gram_row, &counting, err);
}

static enum status learn(const struct fit_request *request, struct model *model, const struct sequences *sequences, struct item_linear *ease,
                         struct error *err) {
    const int64_t n = sequences->n_items;
    double reg;
    TRY(item_linear_reg(request, model, sequences, REG_TIMES, &reg, err));
    TRY(gram(request, &ease->rows, &ease->weights, err));
    TRY(mem_try_array((size_t)n, "scales of items", &ease->scale, err));
    float *values = mat_data(ease->weights);
    TRY(item_linear_invert(request->task, ease->weights, reg, err));
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
    .size = size,
    ITEM_LINEAR_MEMBERS,
};
