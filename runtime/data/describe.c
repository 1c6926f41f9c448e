#include "runtime/data/describe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/task.h"

#define BARS_MAX 20
#define ROWS_BETWEEN_CHECKS 8192 /* of a matrix whose pages are new: each row may touch another one */
#define HEAD_SHARE 5             /* one item of so many is in the head */

static int by_size(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Sorts the counts. */
static void quantiles_of(int64_t *counts, int64_t n, double out[QUANTILES]) {
    qsort(counts, (size_t)n, sizeof *counts, by_size);
    for (int q = 0; n && q < QUANTILES; q++) {
        const double at = (double)q / (QUANTILES - 1) * (double)(n - 1);
        const int64_t low = (int64_t)at, high = low + 1 < n ? low + 1 : low;
        out[q] = (double)counts[low] + (at - (double)low) * (double)(counts[high] - counts[low]);
    }
}

static int64_t *count_rows(const int32_t *keys, int64_t n, int64_t n_keys, int64_t *out_with) {
    int64_t *counts = xnew_array(int64_t, (size_t)n_keys + 1);
    for (int64_t i = 0; i < n; i++) counts[keys[i]]++;
    *out_with = 0;
    for (int64_t k = 0; k < n_keys; k++) *out_with += counts[k] > 0;
    return counts;
}

static void measure_counts(const struct dataset *dataset, struct events_view view, struct dataset_facts *out) {
    const int64_t n = dataset_n(dataset), n_users = dataset_n_users(dataset), n_items = dataset_n_items(dataset);
    int64_t *users = count_rows(view.users, n, n_users, &out->n_users_with), *items = count_rows(view.items, n, n_items, &out->n_items_with);
    const int64_t n_head = (n_items + HEAD_SHARE - 1) / HEAD_SHARE;
    int64_t head = 0;
    quantiles_of(users, n_users, out->per_user);
    quantiles_of(items, n_items, out->per_item);
    for (int64_t i = n_items - n_head; i < n_items; i++) head += items[i];
    out->head_share = n ? (double)head / (double)n : 0;
    free(users);
    free(items);
}

static enum status measure_density(struct dataset *dataset, struct dataset_facts *out, struct error *err) {
    const struct csr *by_user;
    TRY(dataset_by_user(dataset, device_cpu(), &by_user, err));
    const int64_t *starts = csr_starts(by_user);
    const int32_t *items = csr_columns(by_user);
    for (int64_t u = 0; u < csr_rows(by_user); u++)
        for (int64_t i = starts[u] + 1; i < starts[u + 1]; i++) out->n_repeats += items[i] == items[i - 1];
    const double cells = (double)dataset_n_users(dataset) * (double)dataset_n_items(dataset);
    out->density = cells > 0 ? (double)(dataset_n(dataset) - out->n_repeats) / cells : 0;
    return OK;
}

static void measure_ratings(const float *ratings, int64_t n, struct dataset_facts *out) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)ratings[i];
    out->mean = n ? sum / (double)n : 0;
    for (int64_t i = 0; i < n; i++) squares += ((double)ratings[i] - out->mean) * ((double)ratings[i] - out->mean);
    out->deviation = n ? sqrt(squares / (double)n) : 0;
}

/* Least step of the scale: a whole, a half, or none that few bars could show. */
static double step_of(const float *ratings, int64_t n, double low, double high) {
    bool halves = true, wholes = true;
    for (int64_t i = 0; i < n; i++) {
        const double rating = (double)ratings[i];
        wholes = wholes && rating == rint(rating);
        halves = halves && 2 * rating == rint(2 * rating);
    }
    const double step = wholes ? 1 : halves ? 0.5 : 0;
    return step > 0 && (high - low) / step < BARS_MAX ? step : 0;
}

static void count_bars(const struct dataset *dataset, const float *ratings, int64_t n, struct dataset_facts *out) {
    float low, high;
    dataset_scale(dataset, &low, &high);
    const double step = step_of(ratings, n, (double)low, (double)high);
    out->one_bar_a_value = step > 0;
    out->least_bar = (double)low;
    out->n_bars = step > 0 ? (int)(((double)high - (double)low) / step) + 1 : BARS_MAX;
    out->bar_step = step > 0 ? step : ((double)high - (double)low) / BARS_MAX;
    for (int64_t i = 0; i < n; i++) {
        int bar = out->bar_step > 0 ? (int)(((double)ratings[i] - (double)low) / out->bar_step) : 0;
        out->bars[bar < out->n_bars ? bar : out->n_bars - 1]++;
    }
}

static void measure_times(const int64_t *times, int64_t n, struct dataset_facts *out) {
    if (!times || n == 0) return;
    out->first_time = out->last_time = times[0];
    for (int64_t i = 1; i < n; i++) {
        if (times[i] < out->first_time) out->first_time = times[i];
        if (times[i] > out->last_time) out->last_time = times[i];
    }
}

enum status dataset_facts(struct dataset *dataset, struct dataset_facts *out, struct error *err) {
    struct events_view view;
    struct dataset_facts facts = {0};
    TRY(dataset_columns(dataset, &view, err));
    const int64_t n = dataset_n(dataset);
    measure_counts(dataset, view, &facts);
    TRY(measure_density(dataset, &facts, err));
    measure_ratings(view.ratings, n, &facts);
    if (dataset_is_explicit(dataset)) count_bars(dataset, view.ratings, n, &facts);
    measure_times(view.times, n, &facts);
    *out = facts;
    return OK;
}

/* --- describe() --- */

static void add_int(struct table *table, const char *name, int64_t value) {
    *table_add_ints(table, name) = value;
    table->columns[table->n_columns - 1].decimals = 0;
}

static void add_quantiles(struct table *table, const char *side, const double quantiles[QUANTILES]) {
    static const char *const names[QUANTILES] = {"min", "q25", "median", "q75", "max"};
    struct buf name = BUF_INIT;
    for (int q = 0; q < QUANTILES; q++) {
        buf_clear(&name);
        buf_addf(&name, "%s_%s", side, names[q]);
        const double x = quantiles[q];
        *table_add_floats(table, buf_text(&name), x == rint(x) ? 0 : 2 * x == rint(2 * x) ? 1 : 2) = x;
    }
    buf_release(&name);
}

static void add_missing(struct buf *out, int64_t n, const char *what) {
    buf_adds(out, out->len ? " and " : "");
    buf_add_counted(out, n, what);
}

static void note_missing(struct table *table, const struct dataset *dataset, const struct dataset_facts *facts) {
    const int64_t users = dataset_n_users(dataset) - facts->n_users_with, items = dataset_n_items(dataset) - facts->n_items_with;
    struct buf text = BUF_INIT;
    if (users) add_missing(&text, users, "users");
    if (items) add_missing(&text, items, "items");
    if (users || items) table_note(table, "%s of the catalogue have no row in this part; they count with 0.", buf_text(&text));
    if (facts->n_repeats) {
        buf_clear(&text);
        buf_add_count(&text, facts->n_repeats);
        buf_adds(&text, " rows repeat an earlier pair of user and item; density counts a pair once.");
        table_note(table, "%s", buf_text(&text));
    }
    buf_release(&text);
}

enum status dataset_describe(struct dataset *dataset, struct table **out, struct error *err) {
    struct dataset_facts facts;
    TRY(dataset_facts(dataset, &facts, err));
    struct table *table = table_new(1);
    add_int(table, "users", dataset_n_users(dataset));
    add_int(table, "items", dataset_n_items(dataset));
    add_int(table, "ratings", dataset_n(dataset));
    *table_add_floats(table, "density", 4) = facts.density;
    *table_add_floats(table, "mean", 3) = facts.mean;
    *table_add_floats(table, "std", 3) = facts.deviation;
    add_quantiles(table, "user", facts.per_user);
    add_quantiles(table, "item", facts.per_item);
    table_caption(table, "%s", dataset_name(dataset));
    note_missing(table, dataset, &facts);
    *out = table;
    return OK;
}

/* --- embeddings --- */

/* Norms of the rows; rows are scaled to length 1 in place. */
static double *normalise(float *vectors, int64_t n, int64_t d, int64_t *out_n_zero) {
    double *norms = xnew_array(double, (size_t)n + 1);
    *out_n_zero = 0;
    for (int64_t i = 0; i < n; i++) {
        double squares = 0;
        for (int64_t f = 0; f < d; f++) squares += (double)vectors[i * d + f] * (double)vectors[i * d + f];
        norms[i] = sqrt(squares);
        *out_n_zero += norms[i] == 0;
        for (int64_t f = 0; f < d && norms[i] > 0; f++) vectors[i * d + f] = (float)((double)vectors[i * d + f] / norms[i]);
    }
    return norms;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Over all pairs of n directions: (|Σ u|² − n) / (n (n − 1)). */
static double mean_cosine(const float *directions, int64_t n_rows, int64_t d, int64_t n) {
    double squares = 0;
    for (int64_t f = 0; f < d; f++) {
        double sum = 0;
        for (int64_t i = 0; i < n_rows; i++) sum += (double)directions[i * d + f];
        squares += sum * sum;
    }
    return n > 1 ? (squares - (double)n) / ((double)n * (double)(n - 1)) : 0;
}

/* Zero rows are left out: they would count as a direction of their own. */
static void center(float *vectors, const double *norms, int64_t n_rows, int64_t d, int64_t n) {
    for (int64_t f = 0; f < d; f++) {
        double sum = 0;
        for (int64_t i = 0; i < n_rows; i++) sum += (double)vectors[i * d + f];
        for (int64_t i = 0; i < n_rows; i++)
            if (norms[i] > 0) vectors[i * d + f] = (float)((double)vectors[i * d + f] - sum / (double)n);
    }
}

static enum status dimensions_of(const float *centred, int64_t n_rows, int64_t d, double *out, struct error *err) {
    struct mat *rows, *covariance;
    TRY(mat_from(device_cpu(), n_rows, d, centred, &rows, err));
    const enum status status = mat_multiply(NULL, rows, true, rows, false, &covariance, err);
    mat_unref(rows);
    if (status != OK) return status;
    const float *c = mat_values(covariance);
    double trace = 0, squares = 0;
    for (int64_t f = 0; f < d; f++) trace += (double)c[f * d + f];
    for (int64_t i = 0; i < d * d; i++) squares += (double)c[i] * (double)c[i];
    *out = squares > 0 ? trace * trace / squares : 0;
    mat_unref(covariance);
    return OK;
}

static enum status measure_rows(float *vectors, int64_t n, int64_t d, struct embeddings_facts *out, struct error *err) {
    double *norms = normalise(vectors, n, d, &out->n_zero);
    const int64_t n_used = n - out->n_zero;
    out->mean_cosine = mean_cosine(vectors, n, d, n_used);
    if (n_used) center(vectors, norms, n, d, n_used);
    const enum status status = dimensions_of(vectors, n, d, &out->dimensions, err);
    qsort(norms, (size_t)n, sizeof *norms, by_value);
    if (n_used) {
        out->norm_least = norms[out->n_zero];
        out->norm_median = norms[out->n_zero + n_used / 2];
        out->norm_most = norms[n - 1];
    }
    free(norms);
    return status;
}

enum status embeddings_facts(const struct embeddings *embeddings, struct embeddings_facts *out, struct error *err) {
    const int64_t n = mat_rows(embeddings->vectors), d = mat_cols(embeddings->vectors);
    struct embeddings_facts facts = {0};
    float *vectors;
    TRY(mem_try_array((size_t)n * (size_t)d, "vectors", &vectors, err));
    enum status status = mat_read(embeddings->vectors, 0, n, vectors, err);
    if (status == OK) status = measure_rows(vectors, n, d, &facts, err);
    mem_free(vectors);
    if (status == OK) *out = facts;
    return status;
}

/* --- matrix --- */

/* The mean rating by key, the mean of all where a key has no rows. */
static double *means_by(const int32_t *keys, const float *ratings, int64_t n, int64_t n_keys) {
    double *means = xnew_array(double, (size_t)n_keys + 1);
    int64_t *counts = xnew_array(int64_t, (size_t)n_keys + 1);
    for (int64_t i = 0; i < n; i++) means[keys[i]] += (double)ratings[i], counts[keys[i]]++;
    for (int64_t k = 0; k < n_keys; k++) means[k] = counts[k] ? means[k] / (double)counts[k] : 0;
    free(counts);
    return means;
}

static enum status fill_matrix(const struct dataset *dataset, struct events_view view, enum matrix_center center_by, float *out, struct error *err) {
    const int64_t n = dataset_n(dataset), n_items = dataset_n_items(dataset);
    const int32_t *keys = center_by == CENTER_USER ? view.users : view.items;
    const double mean = center_by == CENTER_MEAN ? dataset_mean(dataset) : 0;
    const bool by_key = center_by == CENTER_USER || center_by == CENTER_ITEM;
    double *means = by_key ? means_by(keys, view.ratings, n, center_by == CENTER_USER ? dataset_n_users(dataset) : n_items) : NULL;
    enum status status = OK;
    for (int64_t i = 0; i < n && (status = i % ROWS_BETWEEN_CHECKS ? OK : task_check(task_current(), err)) == OK; i++)
        out[view.users[i] * n_items + view.items[i]] = (float)((double)view.ratings[i] - (means ? means[keys[i]] : mean));
    free(means);
    return status;
}

enum status dataset_matrix(struct dataset *dataset, enum matrix_center center_by, struct device *device, struct mat **out, struct error *err) {
    struct events_view view;
    struct mat *matrix;
    TRY(dataset_columns(dataset, &view, err));
    TRY(mat_new(device_cpu(), dataset_n_users(dataset), dataset_n_items(dataset), &matrix, err));
    enum status status = fill_matrix(dataset, view, center_by, mat_data(matrix), err);
    if (status == OK) status = mat_to(matrix, device, out, err);
    mat_unref(matrix);
    return status;
}
