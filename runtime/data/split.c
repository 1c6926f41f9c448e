/* Splits: the request is checked, a way chooses each row's part, the parts are
 * made as views that know each other. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/sort.h"
#include "runtime/data/split_parts.h"

/* --- rows of each user or item --- */

static enum status fill_buckets(struct task *task, const int32_t *keys, int64_t n_rows, struct buckets *buckets, struct error *err) {
    for (int64_t i = 0; i < n_rows; i++) {
        if (i % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(task, err));
        buckets->starts[keys[i] + 2]++;
    }
    for (int64_t k = 2; k <= buckets->n + 1; k++) buckets->starts[k] += buckets->starts[k - 1];
    for (int64_t i = 0; i < n_rows; i++) {
        if (i % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(task, err));
        buckets->rows[buckets->starts[keys[i] + 1]++] = i;
    }
    return OK;
}

enum status buckets_make(struct task *task, const int32_t *keys, int64_t n_rows, int64_t n_keys, struct buckets *out, struct error *err) {
    struct buckets buckets = {.n = n_keys};
    TRY(mem_try_array((size_t)n_keys + 2, "rows", &buckets.starts, err));
    enum status status = mem_try_array((size_t)n_rows, "rows", &buckets.rows, err);
    if (status == OK) status = fill_buckets(task, keys, n_rows, &buckets, err);
    if (status == OK) *out = buckets;
    else buckets_release(&buckets);
    return status;
}

void buckets_release(struct buckets *buckets) {
    mem_free(buckets->starts);
    mem_free(buckets->rows);
}

int64_t share_of(double share, int64_t n) { return (int64_t)(share * (double)n + 0.5); }

/* --- what was asked for --- */

static enum status check_share(const char *name, double share, bool may_be_zero, struct error *err) {
    if (share > 0 && share < 1) return OK;
    if (may_be_zero && share == 0) return OK;
    err_set(err, ERR_VALUE, "%s=%g is not a share between 0 and 1", name, share);
    err_hint(err, "%s=0.2 takes a fifth of the rows", name);
    return err_about(err, name);
}

static bool needs_share(enum split_by by) { return by != SPLIT_LEAVE_ONE_OUT && by != SPLIT_PUBLISHED; }

static enum status check_request(const struct dataset *dataset, const struct split_request *request, struct error *err) {
    if (dataset->n < 2) {
        err_set(err, ERR_DATA, "`%s` has too few rows to split: %lld", dataset->name, (long long)dataset->n);
        return err_hint(err, "a row to train on and one to judge are the least");
    }
    if (needs_share(request->by)) TRY(check_share("test", request->test, false, err));
    if (!request->valid_last) TRY(check_share("valid", request->valid, true, err));
    if (needs_share(request->by) && request->test + request->valid >= 1) {
        err_set(err, ERR_VALUE, "valid=%g and test=%g leave nothing to train on", request->valid, request->test);
        err_hint(err, "valid=0.1, test=0.1 keep four fifths");
        return err_about(err, request->valid > 0 ? "valid" : "test");
    }
    if (request->given < 0) {
        err_set(err, ERR_VALUE, "given=%lld rows is less than none", (long long)request->given);
        return err_about(err, "given");
    }
    if ((request->by == SPLIT_TIME || request->by == SPLIT_USER_TIME) && !dataset_has_times(dataset)) {
        err_set(err, ERR_VALUE, "`%s` has no times to split by", dataset->name);
        err_hint(err, "by=\"random\" needs none; load(path, time=\"column\") reads them");
        return err_about(err, "by");
    }
    return OK;
}

void split_words(const struct split_request *request, struct buf *out) {
    static const char *const names[] = {"random",        "random per user", "random per item", "by time",   "by time per user",
                                        "leave one out", "by user",         "published",       "cold items"};
    const bool seeded =
        request->by != SPLIT_TIME && request->by != SPLIT_USER_TIME && request->by != SPLIT_LEAVE_ONE_OUT && request->by != SPLIT_PUBLISHED;
    buf_adds(out, names[request->by]);
    if (request->by == SPLIT_PUBLISHED && request->fold) buf_addf(out, " %s", request->fold);
    if (needs_share(request->by)) buf_addf(out, ", test %g", request->test);
    if (request->valid_last) buf_adds(out, ", valid last");
    else if (request->valid > 0) buf_addf(out, ", valid %g", request->valid);
    if (request->by == SPLIT_USER) buf_addf(out, ", given %lld", (long long)request->given);
    if (seeded) buf_addf(out, ", seed %llu", (unsigned long long)request->seed);
}

/* --- making the parts --- */

static enum status fill_parts(const struct choice *choice, struct split *split, struct error *err) {
    for (int64_t i = 0; i < choice->n; i++)
        if (choice->part_of[i] < PART_OUT) split->n_rows[choice->part_of[i]]++;
    for (int p = 0; p < 3; p++) TRY(mem_try_array((size_t)split->n_rows[p], "rows", &split->rows[p], err));
    int64_t at[3] = {0};
    for (int64_t i = 0; i < choice->n; i++) {
        const int p = choice->part_of[i];
        if (i % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(choice->task, err));
        if (p < PART_OUT) split->rows[p][at[p]++] = dataset_row(choice->dataset, i);
    }
    return OK;
}

static enum status check_parts(const struct choice *choice, const struct split *split, bool want_valid, struct error *err) {
    for (int p = 0; p < 3; p++) {
        if (split->n_rows[p] > 0 || (p == 1 && !want_valid)) continue;
        err_set(err, ERR_DATA, "the %s part of `%s` (%s) would be empty", part_name(1 << p), choice->dataset->name, split->description);
        return err_hint(err, "take a larger share, or another way to split");
    }
    return OK;
}

static enum status part_of_split(struct dataset *dataset, struct split *split, int p, struct dataset **out, struct error *err) {
    struct dataset probe = {.split = split, .source = dataset->source, .name = dataset->name};
    return dataset_sibling(&probe, (enum part)(1 << p), out, err);
}

enum status split_make(const struct choice *choice, const char *description, int32_t *negatives, int32_t n_negatives, struct dataset **out_train,
                       struct dataset **out_valid, struct dataset **out_test, struct error *err) {
    struct split *split = split_new(description);
    const bool want_valid = choice->request->valid_last || choice->request->valid > 0;
    struct dataset *parts[3] = {0};
    split->negatives = negatives;
    split->n_negatives = n_negatives;
    enum status status = fill_parts(choice, split, err);
    if (status == OK) status = check_parts(choice, split, want_valid, err);
    if (status == OK) split_name(split, choice->dataset->source);
    for (int p = 0; p < 3 && status == OK; p++)
        if (p != 1 || want_valid) status = part_of_split(choice->dataset, split, p, &parts[p], err);
    split_unref(split);
    if (status != OK) {
        for (int p = 0; p < 3; p++) dataset_unref(parts[p]);
        return status;
    }
    *out_train = parts[0];
    if (out_valid) *out_valid = parts[1];
    *out_test = parts[2];
    return OK;
}

typedef enum status (*choose_fn)(struct choice *choice, struct error *err);

static enum status choose(struct choice *choice, struct error *err) {
    static const choose_fn ways[] = {
        [SPLIT_RANDOM] = choose_random, [SPLIT_PER_USER] = choose_per_user,   [SPLIT_PER_ITEM] = choose_per_item,
        [SPLIT_TIME] = choose_time,     [SPLIT_USER_TIME] = choose_user_time, [SPLIT_LEAVE_ONE_OUT] = choose_leave_one_out,
        [SPLIT_USER] = choose_users,    [SPLIT_COLD_ITEM] = choose_cold_items};
    TRY(ways[choice->request->by](choice, err));
    return choice->request->valid_last ? choose_valid_last(choice, err) : OK;
}

enum status split_dataset(struct task *task, struct dataset *dataset, const struct split_request *request, struct dataset **out_train,
                          struct dataset **out_valid, struct dataset **out_test, char **out_note, struct error *err) {
    struct choice choice = {.task = task, .dataset = dataset, .request = request, .n = dataset->n};
    struct buf words = BUF_INIT;
    struct dataset *valid = NULL;
    int32_t *negatives = NULL, n_negatives = 0;
    TRY(check_request(dataset, request, err));
    TRY(dataset_columns(dataset, &choice.view, err));
    TRY(mem_try_array((size_t)choice.n, "parts", &choice.part_of, err));
    split_words(request, &words);
    enum status status = request->by == SPLIT_PUBLISHED ? choose_published(&choice, &negatives, &n_negatives, err) : choose(&choice, err);
    if (status != OK) mem_free(negatives);
    else status = split_make(&choice, buf_text(&words), negatives, n_negatives, out_train, &valid, out_test, err);
    if (status == OK) {
        if (out_valid) *out_valid = valid;
        else dataset_unref(valid);
        if (out_note) *out_note = choice.note;
        else free(choice.note);
    } else {
        free(choice.note);
    }
    mem_free(choice.part_of);
    buf_release(&words);
    return status;
}

/* --- folds --- */

/* Every k-th of the shuffled goes to test. */
static enum status choose_fold(struct choice *choice, int64_t k, int64_t i, struct error *err) {
    int64_t *order;
    TRY(mem_try_array((size_t)choice->n, "order", &order, err));
    struct rng rng = rng_at(choice->request->seed, RNG_FOLDS, 0);
    for (int64_t r = 0; r < choice->n; r++) order[r] = r;
    const enum status status = shuffle_positions(choice->task, &rng, order, choice->n, err);
    for (int64_t r = i; status == OK && r < choice->n; r += k) choice->part_of[order[r]] = 2;
    mem_free(order);
    return status;
}

enum status split_fold(struct task *task, struct dataset *dataset, int64_t k, int64_t i, uint64_t seed, struct dataset **out_train,
                       struct dataset **out_test, struct error *err) {
    const struct split_request request = {.by = SPLIT_RANDOM, .seed = seed};
    struct choice choice = {.task = task, .dataset = dataset, .request = &request, .n = dataset->n};
    if (k < 2 || k > dataset->n) {
        err_set(err, ERR_VALUE, "%lld folds of %lld rows: 2 or more, and no more than rows", (long long)k, (long long)dataset->n);
        return err_hint(err, "folds(ratings, 5) makes five");
    }
    if (i < 0 || i >= k) return err_set(err, ERR_VALUE, "fold %lld of %lld: the folds count from 0", (long long)i, (long long)k);
    TRY(mem_try_array((size_t)choice.n, "parts", &choice.part_of, err));
    enum status status = choose_fold(&choice, k, i, err);
    if (status == OK) {
        struct buf words = BUF_INIT;
        buf_addf(&words, "fold %lld of %lld, seed %llu", (long long)i + 1, (long long)k, (unsigned long long)seed);
        status = split_make(&choice, buf_text(&words), NULL, 0, out_train, NULL, out_test, err);
        buf_release(&words);
    }
    mem_free(choice.part_of);
    return status;
}
