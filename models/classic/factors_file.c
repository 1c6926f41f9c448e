/* Factors in a model's file: the weights, and the training section that lets
 * a fit go on to the bit. */
#include <stdio.h>
#include <string.h>

#include "models/classic/factors.h"
#include "runtime/base/mem.h"

enum { USERS, ITEMS, USER_BIAS, ITEM_BIAS, N_MATS };
static const char *const mat_names[N_MATS] = {"users", "items", "user_bias", "item_bias"};

static struct mat **mat_at(struct mf_factors *factors, int i) {
    struct mat **const all[N_MATS] = {&factors->users, &factors->items, &factors->user_bias, &factors->item_bias};
    return all[i];
}

static enum status put_mats(struct store_writer *writer, const char *group, struct mf_factors factors, struct error *err) {
    struct mf_factors host = {0};
    char name[64];
    TRY(mf_factors_to(&factors, device_cpu(), &host, err));
    enum status status = OK;
    for (int i = 0; status == OK && i < N_MATS; i++) {
        const struct mat *mat = *mat_at(&host, i);
        snprintf(name, sizeof name, "state/%s/%s", group, mat_names[i]);
        if (mat) status = store_put(writer, name, STORE_F32, mat_values(mat), mat_rows(mat) * mat_cols(mat), err);
    }
    mf_factors_release(&host);
    return status;
}

static enum status put_numbers(struct store_writer *writer, const struct factors *factors, struct error *err) {
    const double numbers[] = {(double)factors->on_device.mean, factors->fold.reg, factors->fold.reg_bias, (double)factors->folded_bias};
    const int64_t counts[] = {mat_cols(factors->host.items), factors->fold.how, factors->fold.times_count, factors->step};
    const struct fold_rule *fold = &factors->fold;
    const double implicit[] = {fold->alpha, fold->unobserved, fold->nu, fold->counts ? 1 : 0};
    TRY(store_put(writer, "state/numbers", STORE_F64, numbers, 4, err));
    if (fold->how == FOLD_IMPLICIT) TRY(store_put(writer, "state/implicit", STORE_F64, implicit, 4, err));
    return store_put(writer, "state/counts", STORE_I64, counts, 4, err);
}

enum status factors_save(const struct model *model, struct store_writer *writer, struct error *err) {
    const struct factors *factors = factors_of(model);
    TRY(put_numbers(writer, factors, err));
    TRY(put_mats(writer, "weights", factors->on_device, err));
    if (factors->folded) TRY(store_put(writer, "state/folded", STORE_F32, factors->folded, mat_cols(factors->host.items), err));
    if (!factors->first.users) return OK;
    TRY(put_mats(writer, "first", factors->first, err));
    return put_mats(writer, "second", factors->second, err);
}

struct shape {
    int64_t n_users, n_items, n_factors;
};

static enum status get_mat(struct store_reader *reader, const char *name, int64_t rows, int64_t cols, struct mat **out, struct error *err) {
    const void *values;
    int64_t n;
    TRY(store_get(reader, name, STORE_F32, rows * cols, &values, &n, err));
    return mat_from(device_cpu(), rows, cols, values, out, err);
}

static enum status get_each(struct store_reader *reader, const char *group, struct shape shape, struct mf_factors *out, struct error *err) {
    const int64_t rows[N_MATS] = {shape.n_users, shape.n_items, shape.n_users, shape.n_items};
    const int64_t cols[N_MATS] = {shape.n_factors, shape.n_factors, 1, 1};
    char name[64];
    for (int i = 0; i < N_MATS; i++) {
        snprintf(name, sizeof name, "state/%s/%s", group, mat_names[i]);
        if (i >= USER_BIAS && !store_has(reader, name)) continue;
        TRY(get_mat(reader, name, rows[i], cols[i], mat_at(out, i), err));
    }
    return OK;
}

static enum status get_folded(struct store_reader *reader, int64_t n_factors, struct factors *factors, struct error *err) {
    const void *values;
    int64_t n;
    if (!store_has(reader, "state/folded")) return OK;
    TRY(store_get(reader, "state/folded", STORE_F32, n_factors, &values, &n, err));
    factors->folded = xmemdup(values, (size_t)n * sizeof(float));
    return OK;
}

static enum status get_implicit(struct store_reader *reader, struct fold_rule *fold, struct error *err) {
    const double *numbers;
    int64_t n;
    if (fold->how != FOLD_IMPLICIT) return OK;
    TRY(store_get(reader, "state/implicit", STORE_F64, 4, (const void **)&numbers, &n, err));
    fold->alpha = numbers[0];
    fold->unobserved = numbers[1];
    fold->nu = numbers[2];
    fold->counts = numbers[3] != 0;
    return OK;
}

static enum status fill(struct model *model, struct store_reader *reader, struct factors *factors, struct error *err) {
    const double *numbers;
    const int64_t *counts;
    int64_t n;
    TRY(store_get(reader, "state/numbers", STORE_F64, 4, (const void **)&numbers, &n, err));
    TRY(store_get(reader, "state/counts", STORE_I64, 4, (const void **)&counts, &n, err));
    if (counts[0] < 1 || counts[0] > INT32_MAX || counts[1] < FOLD_RIDGE || counts[1] > FOLD_IMPLICIT)
        return err_set(err, ERR_DATA, "section `state/counts` is damaged: %lld factors", (long long)counts[0]);
    const struct shape shape = {model->catalog->n_users, model->catalog->n_items, counts[0]};
    factors->fold = (struct fold_rule){.how = (enum fold_how)counts[1], .times_count = counts[2] != 0, .reg = numbers[1], .reg_bias = numbers[2]};
    TRY(get_implicit(reader, &factors->fold, err));
    factors->step = counts[3];
    factors->folded_bias = (float)numbers[3];
    TRY(get_each(reader, "weights", shape, &factors->on_device, err));
    factors->on_device.mean = (float)numbers[0];
    factors->host = mf_factors_ref(&factors->on_device);
    TRY(get_folded(reader, shape.n_factors, factors, err));
    if (!store_has(reader, "state/first/users")) return OK;
    TRY(get_each(reader, "first", shape, &factors->first, err));
    return get_each(reader, "second", shape, &factors->second, err);
}

enum status factors_load(struct model *model, struct store_reader *reader, struct error *err) {
    struct factors *factors = xnew(struct factors);
    const enum status status = fill(model, reader, factors, err);
    if (status == OK) model->state = factors;
    else factors_free(factors);
    return status;
}
