#include "models/blend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/fit.h"
#include "runtime/base/mem.h"

enum { USERS_EACH = 128, UNKNOWN = 0, FOLDED = 1, EXTRA_ROWS = 2 };

/* rows: the catalog's users, then one whom nobody knows, and the folded-in one. */
struct blend {
    size_t n;
    struct model **parts; /* counts */
    double *weights;      /* n */
    int64_t n_rows;       /* n_users + EXTRA_ROWS */
    struct standard {
        double mean, scale; /* scale: 1 / standard deviation, 0 where all scores are alike */
    } * standards;          /* n × n_rows */
};

static void free_state(void *data) {
    struct blend *blend = data;
    if (!blend) return;
    for (size_t p = 0; p < blend->n; p++) model_unref(blend->parts[p]);
    free(blend->parts);
    free(blend->weights);
    mem_free(blend->standards);
    free(blend);
}

static enum status blend_new(struct model *const *parts, size_t n, const double *weights, struct blend **out, struct error *err) {
    struct blend *blend = xnew(struct blend);
    blend->parts = xnew_array(struct model *, n);
    blend->weights = xmemdup(weights, n * sizeof *weights);
    for (; blend->n < n; blend->n++) blend->parts[blend->n] = model_ref(parts[blend->n]);
    blend->n_rows = parts[0]->catalog->n_users + EXTRA_ROWS;
    const enum status status = mem_try_array(n * (size_t)blend->n_rows, "means of users' scores", &blend->standards, err);
    if (status == OK) *out = blend;
    else free_state(blend);
    return status;
}

/* --- standardising --- */

static struct standard standard_of(const float *scores, int64_t n) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)scores[i];
    const double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) squares += ((double)scores[i] - mean) * ((double)scores[i] - mean);
    const double deviation = sqrt(squares / (double)n);
    return (struct standard){mean, deviation > 0 && isfinite(deviation) ? 1 / deviation : 0};
}

static const struct standard *standards_of(const struct model *model, size_t part, int32_t user) {
    const struct blend *blend = model->state;
    const int64_t n_users = model->catalog->n_users;
    const int64_t row = user == FOLDED_USER ? n_users + FOLDED : user < 0 ? n_users + UNKNOWN : user;
    return &blend->standards[(int64_t)part * blend->n_rows + row];
}

/* Scores of one user of a part, whoever he is. */
static enum status score_row(const struct model *part, struct task *task, int32_t user, float *out, struct error *err) {
    const int64_t n_items = part->catalog->n_items;
    int32_t *users, *items;
    if (user != -1) return model_score_block(part, task, &user, 1, out, err);
    TRY(mem_try_array((size_t)n_items, "positions", &users, err));
    enum status status = mem_try_array((size_t)n_items, "positions", &items, err);
    for (int64_t i = 0; status == OK && i < n_items; i++) users[i] = user, items[i] = (int32_t)i;
    if (status == OK) status = model_score_pairs(part, task, users, items, n_items, out, err);
    mem_free(users);
    mem_free(items);
    return status;
}

static enum status standardise_row(struct blend *blend, size_t p, struct task *task, int32_t user, int64_t row, float *scores, struct error *err) {
    TRY(score_row(blend->parts[p], task, user, scores, err));
    blend->standards[(int64_t)p * blend->n_rows + row] = standard_of(scores, blend->parts[p]->catalog->n_items);
    return OK;
}

static enum status standardise_users(struct blend *blend, size_t p, struct task *task, float *scores, struct error *err) {
    const int64_t n_items = blend->parts[p]->catalog->n_items, n_users = blend->n_rows - EXTRA_ROWS;
    int32_t users[USERS_EACH];
    for (int64_t first = 0; first < n_users; first += USERS_EACH) {
        const int64_t n = n_users - first < USERS_EACH ? n_users - first : USERS_EACH;
        TRY(task_check(task, err));
        for (int64_t u = 0; u < n; u++) users[u] = (int32_t)(first + u);
        TRY(model_score_block(blend->parts[p], task, users, n, scores, err));
        for (int64_t u = 0; u < n; u++) blend->standards[(int64_t)p * blend->n_rows + first + u] = standard_of(scores + u * n_items, n_items);
        task_report(task, (int64_t)p * n_users + first + n, "%s", "");
    }
    return standardise_row(blend, p, task, -1, n_users + UNKNOWN, scores, err);
}

static enum status standardise(struct blend *blend, struct task *task, struct error *err) {
    float *scores;
    TRY(mem_try_array((size_t)(USERS_EACH * blend->parts[0]->catalog->n_items), "scores", &scores, err));
    enum status status = OK;
    task_begin(task, "blend", "user", (int64_t)blend->n * (blend->n_rows - EXTRA_ROWS));
    for (size_t p = 0; p < blend->n && status == OK; p++) status = standardise_users(blend, p, task, scores, err);
    task_end(task, status == ERR_INTERRUPTED);
    mem_free(scores);
    return status;
}

/* --- scoring --- */

static void add_block(const struct model *model, size_t p, const int32_t *users, int64_t n_users, const float *scores, float *out) {
    const struct blend *blend = model->state;
    const int64_t n_items = model->catalog->n_items;
    for (int64_t u = 0; u < n_users; u++) {
        const struct standard *standard = standards_of(model, p, users[u]);
        const double factor = blend->weights[p] * standard->scale;
        for (int64_t i = u * n_items; i < (u + 1) * n_items; i++)
            out[i] = (p ? out[i] : 0) + (factor == 0 ? 0 : (float)(factor * ((double)scores[i] - standard->mean)));
    }
}

static enum status score_block(const struct model *model, struct task *task, const int32_t *users, int64_t n_users, float *out, struct error *err) {
    const struct blend *blend = model->state;
    float *scores;
    TRY(mem_try_array((size_t)(n_users * model->catalog->n_items), "scores", &scores, err));
    enum status status = OK;
    for (size_t p = 0; p < blend->n && status == OK; p++) {
        status = model_score_block(blend->parts[p], task, users, n_users, scores, err);
        if (status == OK) add_block(model, p, users, n_users, scores, out);
    }
    mem_free(scores);
    return status;
}

static enum status score_pairs(const struct model *model, struct task *task, const int32_t *users, const int32_t *items, int64_t n, float *out,
                               struct error *err) {
    const struct blend *blend = model->state;
    float *scores;
    TRY(mem_try_array((size_t)n + 1, "scores", &scores, err));
    enum status status = OK;
    for (size_t p = 0; p < blend->n && status == OK; p++) {
        status = model_score_pairs(blend->parts[p], task, users, items, n, scores, err);
        for (int64_t i = 0; status == OK && i < n; i++) {
            const struct standard *standard = standards_of(model, p, users[i]);
            const double factor = blend->weights[p] * standard->scale;
            out[i] = (p ? out[i] : 0) + (factor == 0 ? 0 : (float)(factor * ((double)scores[i] - standard->mean)));
        }
    }
    mem_free(scores);
    return status;
}

/* --- use --- */

static enum status of_part(const struct model *part, enum status status, struct error *err) {
    if (status != OK && status != ERR_INTERRUPTED) err_note(err, "`%s` is a part of the blend", part->name);
    return status;
}

/* Similarities of each part, standardised over the items. */
static enum status similar(const struct model *model, struct task *task, int32_t item, float *out, struct error *err) {
    const struct blend *blend = model->state;
    const int64_t n_items = model->catalog->n_items;
    float *scores;
    TRY(mem_try_array((size_t)n_items, "similarities", &scores, err));
    enum status status = OK;
    for (size_t p = 0; p < blend->n && status == OK; p++) {
        status = of_part(blend->parts[p], model_similarities(blend->parts[p], task, item, scores, err), err);
        const struct standard standard = status == OK ? standard_of(scores, n_items) : (struct standard){0};
        for (int64_t i = 0; status == OK && i < n_items; i++)
            out[i] = (p ? out[i] : 0) + (float)(blend->weights[p] * standard.scale * ((double)scores[i] - standard.mean));
    }
    mem_free(scores);
    return status;
}

/* Each part's weights at its share of the score. What is the same for all items of the user (the means) is nobody's. */
static enum status explain(const struct model *model, int32_t user, int32_t item, const int32_t *rated, const float *ratings, int64_t n,
                           float *out_weights, struct error *err) {
    const struct blend *blend = model->state;
    float *weights;
    for (size_t p = 0; p < blend->n; p++)
        if (!blend->parts[p]->class->explain) {
            err_set(err, ERR_VALUE, "`%s` can't say which of a user's items made a score: its part `%s` can't", model->name, blend->parts[p]->name);
            return err_about(err, "model");
        }
    TRY(mem_try_array((size_t)n + 1, "weights", &weights, err));
    memset(out_weights, 0, (size_t)n * sizeof *out_weights);
    enum status status = OK;
    for (size_t p = 0; p < blend->n && status == OK; p++) {
        status = blend->parts[p]->class->explain(blend->parts[p], user, item, rated, ratings, n, weights, err);
        const double factor = blend->weights[p] * standards_of(model, p, user)->scale;
        for (int64_t i = 0; status == OK && i < n; i++) out_weights[i] += (float)(factor * (double)weights[i]);
    }
    mem_free(weights);
    return status;
}

static enum status fold_parts(const struct blend *from, struct blend *to, const int32_t *items, const float *ratings, int64_t n, float *scores,
                              struct error *err) {
    for (size_t p = 0; p < from->n; p++) {
        struct model *folded;
        TRY(of_part(from->parts[p], model_fold_in(from->parts[p], items, ratings, n, &folded, err), err));
        model_unref(to->parts[p]);
        to->parts[p] = folded;
        TRY(standardise_row(to, p, task_current(), FOLDED_USER, to->n_rows - EXTRA_ROWS + FOLDED, scores, err));
    }
    return OK;
}

static enum status fold_in(const struct model *model, const int32_t *items, const float *ratings, int64_t n, struct model *out, struct error *err) {
    const struct blend *from = model->state;
    struct blend *blend;
    float *scores;
    TRY(blend_new(from->parts, from->n, from->weights, &blend, err));
    memcpy(blend->standards, from->standards, from->n * (size_t)from->n_rows * sizeof *from->standards);
    enum status status = mem_try_array((size_t)model->catalog->n_items, "scores", &scores, err);
    if (status == OK) {
        status = fold_parts(from, blend, items, ratings, n, scores, err);
        mem_free(scores);
    }
    if (status == OK) out->state = blend;
    else free_state(blend);
    return status;
}

/* A part may know other things of the same items, and learn from them: it keeps its own catalog. A count. */
static struct catalog *catalog_for(const struct model *part, const struct model *blend, const struct model *out, int32_t item) {
    if (part->catalog == blend->catalog) return catalog_ref(out->catalog);
    return item < part->catalog->n_items ? catalog_ref(part->catalog) : catalog_with_item_of(part->catalog, out->catalog, item);
}

static enum status fold_item_into(const struct model *model, struct blend *to, const struct model *out, int32_t item, const int32_t *users,
                                  const float *ratings, int64_t n, float *scores, struct error *err) {
    const struct blend *from = model->state;
    for (size_t p = 0; p < from->n; p++) {
        struct model *folded;
        struct catalog *catalog = catalog_for(from->parts[p], model, out, item);
        const enum status status = model_fold_in_item(from->parts[p], catalog, item, users, ratings, n, &folded, err);
        catalog_unref(catalog);
        TRY(of_part(from->parts[p], status, err));
        model_unref(to->parts[p]);
        to->parts[p] = folded;
    }
    TRY(standardise(to, task_current(), err));
    for (size_t p = 0; out->default_user == FOLDED_USER && p < to->n; p++)
        TRY(standardise_row(to, p, task_current(), FOLDED_USER, to->n_rows - EXTRA_ROWS + FOLDED, scores, err));
    return OK;
}

/* Means and deviations are over all items, the new one too. */
static enum status fold_in_item(const struct model *model, int32_t item, const int32_t *users, const float *ratings, int64_t n, struct model *out,
                                struct error *err) {
    const struct blend *from = model->state;
    struct blend *blend;
    float *scores;
    TRY(blend_new(from->parts, from->n, from->weights, &blend, err));
    enum status status = mem_try_array((size_t)out->catalog->n_items, "scores", &scores, err);
    if (status == OK) {
        status = fold_item_into(model, blend, out, item, users, ratings, n, scores, err);
        mem_free(scores);
    }
    if (status == OK) out->state = blend;
    else free_state(blend);
    return status;
}

static int64_t size(const struct model *model) {
    const struct blend *blend = model->state;
    int64_t n = (int64_t)blend->n;
    for (size_t p = 0; p < blend->n; p++) n += blend->parts[p]->class->size(blend->parts[p]);
    return n;
}

static int64_t bytes(const struct model *model) {
    const struct blend *blend = model->state;
    int64_t n = (int64_t)(blend->n * (size_t)blend->n_rows * sizeof *blend->standards);
    for (size_t p = 0; p < blend->n; p++) n += model_bytes(blend->parts[p]);
    return n;
}

/* --- files: the parts are whole models in folders of their own --- */

static void part_folder(size_t p, char out[32]) { snprintf(out, 32, "part%zu/", p); }

static enum status save(const struct model *model, struct store_writer *writer, struct error *err) {
    const struct blend *blend = model->state;
    char folder[32];
    TRY(store_put(writer, "state/weights", STORE_F64, blend->weights, (int64_t)blend->n, err));
    TRY(store_put(writer, "state/standards", STORE_F64, blend->standards, (int64_t)blend->n * blend->n_rows * 2, err));
    for (size_t p = 0; p < blend->n; p++) {
        part_folder(p, folder);
        store_writer_enter(writer, folder);
        const enum status status = model_put(blend->parts[p], writer, err);
        store_writer_enter(writer, NULL);
        TRY(status);
    }
    return OK;
}

static enum status load_parts(struct model *model, struct store_reader *reader, struct model **parts, size_t n, struct error *err) {
    char folder[32];
    for (size_t p = 0; p < n; p++) {
        part_folder(p, folder);
        store_reader_enter(reader, folder);
        const enum status status = model_get(reader, &parts[p], err);
        store_reader_enter(reader, NULL);
        TRY(status);
        if (parts[p]->class == model->class || !catalog_same(parts[p]->catalog, model->catalog))
            return err_set(err, ERR_DATA, "the file is damaged: part %zu doesn't belong to the blend", p + 1);
    }
    return OK;
}

static enum status load_state(struct model *model, struct store_reader *reader, struct model **parts, struct error *err) {
    const void *weights, *standards;
    int64_t n, n_standards;
    struct blend *blend;
    TRY(store_get(reader, "state/weights", STORE_F64, -1, &weights, &n, err));
    if (n < 1 || n > BLEND_PARTS_MAX) return err_set(err, ERR_DATA, "the file is damaged: a blend of %lld parts", (long long)n);
    TRY(store_get(reader, "state/standards", STORE_F64, n * (model->catalog->n_users + EXTRA_ROWS) * 2, &standards, &n_standards, err));
    TRY(load_parts(model, reader, parts, (size_t)n, err));
    TRY(blend_new(parts, (size_t)n, weights, &blend, err));
    memcpy(blend->standards, standards, (size_t)n_standards * sizeof(double));
    model->state = blend;
    return OK;
}

static enum status load(struct model *model, struct store_reader *reader, struct error *err) {
    struct model *parts[BLEND_PARTS_MAX] = {0};
    if (store_reader_entered(reader)) return err_set(err, ERR_DATA, "the file is damaged: a blend is a part of a blend");
    const enum status status = load_state(model, reader, parts, err);
    for (size_t p = 0; p < BLEND_PARTS_MAX; p++) model_unref(parts[p]);
    return status;
}

static enum status fit(const struct fit_request *request, struct model *model, struct error *err) {
    (void)request, (void)model;
    err_set(err, ERR_VALUE, "a blend is made of fitted models, not of data");
    return err_hint(err, "fit its parts, then blend([a, b])");
}

static const struct param_row params[] = {{0}};

/* Has no recipe: the registry knows it for files alone. */
const struct model_class class_blend = {
    .name = "blend",
    .summary = "Several models' scores, standardised per user and added up.",
    .doc = "score(u, i) = Σ_m w_m (s_m(u, i) − mean_m(u)) / sd_m(u), mean and standard deviation over all items.",
    .params = params,
    .devices = "cpu",
    .fit = fit,
    .free_state = free_state,
    .score_block = score_block,
    .score_pairs = score_pairs,
    .fold_in = fold_in,
    .fold_in_item = fold_in_item,
    .explain = explain,
    .similar = similar,
    .save = save,
    .load = load,
    .size = size,
    .bytes = bytes,
};

/* --- making one --- */

static bool same_rows(const struct model *a, const struct model *b) {
    const int64_t n_users = a->catalog->n_users, n = a->seen_starts[n_users];
    if (a->n_fitted != b->n_fitted || memcmp(a->seen_starts, b->seen_starts, (size_t)(n_users + 1) * sizeof *a->seen_starts) != 0) return false;
    if (n && memcmp(a->seen_items, b->seen_items, (size_t)n * sizeof *a->seen_items) != 0) return false;
    for (int64_t i = 0; i < n; i++)
        if (isnan(a->seen_ratings[i]) != isnan(b->seen_ratings[i])) return false;
    return true;
}

static enum status check_part(const struct model *first, const struct model *part, struct error *err) {
    if (part->class == &class_blend) {
        err_set(err, ERR_VALUE, "`%s` is a blend: blend its parts", part->name);
    } else if (part->default_user == FOLDED_USER) {
        err_set(err, ERR_VALUE, "`%s` was made by fold_in: blend the model it was made of, then fold in", part->name);
    } else if (!catalog_same(first->catalog, part->catalog)) {
        err_set(err, ERR_VALUE, "`%s` knows other users and items than `%s`", part->name, first->name);
    } else if (!same_rows(first, part)) {
        err_set(err, ERR_VALUE, "`%s` was fitted on other rows than `%s`", part->name, first->name);
        err_hint(err, "fit the parts of a blend on the same part of the same split");
    } else return OK;
    return err_about(err, "models");
}

static enum status check_weights(const double *weights, size_t n, struct error *err) {
    bool any = false;
    for (size_t p = 0; p < n; p++) {
        any = any || weights[p] != 0;
        if (isfinite(weights[p])) continue;
        err_set(err, ERR_VALUE, "a weight of %g is no number to weigh by", weights[p]);
        return err_about(err, "weights");
    }
    if (any) return OK;
    err_set(err, ERR_VALUE, "all weights are 0: nothing would be left");
    return err_about(err, "weights");
}

static enum status check_parts(struct model *const *parts, size_t n, const double *weights, struct error *err) {
    if (n < 2 || n > BLEND_PARTS_MAX) {
        err_set(err, ERR_VALUE, "a blend has 2 to %d parts, not %zu", BLEND_PARTS_MAX, n);
        return err_about(err, "models");
    }
    for (size_t p = 0; p < n; p++) TRY(check_part(parts[0], parts[p], err));
    return check_weights(weights, n, err);
}

static char *own_name(struct model *const *parts, size_t n, const double *weights) {
    struct buf name = BUF_INIT;
    for (size_t p = 0; p < n; p++) buf_addf(&name, "%s%.3g %s", p ? " + " : "", weights[p], parts[p]->name);
    return buf_take(&name);
}

/* Everything but the state. */
static enum status blend_shell(struct model *const *parts, size_t n, const double *weights, const char *name, struct model **out, struct error *err) {
    struct model *model;
    TRY(model_shell_copy(parts[0], &model, err));
    for (size_t p = 1; p < n; p++)
        for (size_t i = 0; i < parts[p]->n_chosen_on; i++) model_add_chosen(model, &parts[p]->chosen_on[i]);
    free(model->name);
    free(model->history);
    model->name = name ? xstrdup(name) : own_name(parts, n, weights);
    model->class = &class_blend;
    model->history = NULL;
    model->n_history = model->best_epoch = 0;
    model->monitor[0] = 0;
    model->seconds = 0;
    params_defaults(&class_blend, &model->params);
    for (size_t p = 0; p < n; p++) model->seconds += parts[p]->seconds;
    *out = model;
    return OK;
}

enum status model_blend(struct task *task, struct model *const *parts, size_t n_parts, const double *weights, const char *name, struct model **out,
                        struct error *err) {
    struct model *model;
    struct blend *blend;
    const double start_s = task_now_s(task);
    TRY(check_parts(parts, n_parts, weights, err));
    TRY(blend_shell(parts, n_parts, weights, name, &model, err));
    enum status status = blend_new(parts, n_parts, weights, &blend, err);
    if (status == OK) {
        model->state = blend;
        status = standardise(blend, task, err);
    }
    model->seconds += task_now_s(task) - start_s;
    if (status == OK) *out = model;
    else model_unref(model);
    return status;
}

enum status model_blend_again(const struct model *from, const double *weights, const char *name, struct model **out, struct error *err) {
    const struct blend *old = from->state;
    struct model *model;
    struct blend *blend;
    TRY(check_weights(weights, old->n, err));
    TRY(blend_shell(old->parts, old->n, weights, name, &model, err));
    const enum status status = blend_new(old->parts, old->n, weights, &blend, err);
    if (status == OK) {
        memcpy(blend->standards, old->standards, old->n * (size_t)old->n_rows * sizeof *old->standards);
        model->state = blend;
        model->seconds = from->seconds;
        *out = model;
    } else model_unref(model);
    return status;
}

size_t model_blend_parts(const struct model *model, struct model *const **out_parts, const double **out_weights) {
    if (model->class != &class_blend) return 0;
    const struct blend *blend = model->state;
    *out_parts = blend->parts;
    *out_weights = blend->weights;
    return blend->n;
}
