/* Ways to split by chance: rows, shares of each user's or item's rows, whole users, whole items. */
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/sort.h"
#include "runtime/data/split_parts.h"

/* The first n_test of the shuffled go to test, the next n_valid to valid. */
static enum status deal(struct task *task, struct rng *rng, int64_t *rows, int64_t n, int64_t n_test, int64_t n_valid, unsigned char *part_of,
                        struct error *err) {
    TRY(shuffle_positions(task, rng, rows, n, err));
    for (int64_t i = 0; i < n_test + n_valid; i++) part_of[rows[i]] = i < n_test ? 2 : 1;
    return OK;
}

enum status choose_random(struct choice *choice, struct error *err) {
    const struct split_request *request = choice->request;
    struct rng rng = rng_at(request->seed, RNG_SPLIT, 0);
    int64_t *rows;
    TRY(mem_try_array((size_t)choice->n, "rows", &rows, err));
    for (int64_t i = 0; i < choice->n; i++) rows[i] = i;
    const int64_t n_test = share_of(request->test, choice->n);
    const int64_t n_valid = share_of(request->test + request->valid, choice->n) - n_test;
    const enum status status = deal(choice->task, &rng, rows, choice->n, n_test, n_valid, choice->part_of, err);
    mem_free(rows);
    return status;
}

/* Each key has a stream of its own, so that one user's rows don't depend on the others'. At least one row stays in train. */
static enum status choose_by_key(struct choice *choice, const int32_t *keys, int64_t n_keys, struct error *err) {
    const struct split_request *request = choice->request;
    struct buckets buckets;
    enum status status = buckets_make(choice->task, keys, choice->n, n_keys, &buckets, err);
    if (status != OK) return status;
    for (int64_t k = 0; k < n_keys && status == OK; k++) {
        struct rng rng = rng_at(request->seed, RNG_SPLIT, (uint64_t)k + 1);
        const int64_t n = buckets.starts[k + 1] - buckets.starts[k];
        int64_t n_test = share_of(request->test, n), n_valid = share_of(request->test + request->valid, n) - n_test;
        if (n_test + n_valid >= n && n_valid > 0) n_valid = n - n_test - 1;
        if (n_valid < 0) n_valid = 0;
        if (n_test + n_valid >= n) n_test = n > 0 ? n - 1 : 0;
        status = deal(choice->task, &rng, &buckets.rows[buckets.starts[k]], n, n_test, n_valid, choice->part_of, err);
    }
    buckets_release(&buckets);
    return status;
}

enum status choose_per_user(struct choice *choice, struct error *err) {
    return choose_by_key(choice, choice->view.users, dataset_n_users(choice->dataset), err);
}

enum status choose_per_item(struct choice *choice, struct error *err) {
    return choose_by_key(choice, choice->view.items, dataset_n_items(choice->dataset), err);
}

/* Keys that have rows, shuffled; the first share of them is held out for test, the next for valid. */
static enum status hold_out(const struct choice *choice, const struct buckets *buckets, unsigned char *part_of_key, struct error *err) {
    const struct split_request *request = choice->request;
    struct rng rng = rng_at(request->seed, RNG_SPLIT, 0);
    int64_t *present = xnew_array(int64_t, (size_t)buckets->n + 1), n = 0;
    for (int64_t k = 0; k < buckets->n; k++)
        if (buckets->starts[k + 1] > buckets->starts[k]) present[n++] = k;
    const int64_t n_test = share_of(request->test, n);
    const enum status status = deal(choice->task, &rng, present, n, n_test, share_of(request->test + request->valid, n) - n_test, part_of_key, err);
    free(present);
    return status;
}

/* given: the first so many of a shuffle of the user's own, so that given=2 holds the row of given=1. */
enum status choose_users(struct choice *choice, struct error *err) {
    struct buckets buckets;
    const int64_t n_users = dataset_n_users(choice->dataset);
    TRY(buckets_make(choice->task, choice->view.users, choice->n, n_users, &buckets, err));
    unsigned char *part_of_user = xnew_array(unsigned char, (size_t)n_users + 1);
    enum status status = hold_out(choice, &buckets, part_of_user, err);
    for (int64_t user = 0; user < n_users && status == OK; user++) {
        struct rng rng = rng_at(choice->request->seed, RNG_SPLIT, (uint64_t)user + 1);
        const int64_t n = buckets.starts[user + 1] - buckets.starts[user];
        if (!part_of_user[user]) continue;
        status = shuffle_positions(choice->task, &rng, &buckets.rows[buckets.starts[user]], n, err);
        for (int64_t i = choice->request->given; status == OK && i < n; i++)
            choice->part_of[buckets.rows[buckets.starts[user] + i]] = part_of_user[user];
    }
    free(part_of_user);
    buckets_release(&buckets);
    return status;
}

enum status choose_cold_items(struct choice *choice, struct error *err) {
    struct buckets buckets;
    const int64_t n_items = dataset_n_items(choice->dataset);
    TRY(buckets_make(choice->task, choice->view.items, choice->n, n_items, &buckets, err));
    unsigned char *part_of_item = xnew_array(unsigned char, (size_t)n_items + 1);
    const enum status status = hold_out(choice, &buckets, part_of_item, err);
    for (int64_t i = 0; i < choice->n; i++) choice->part_of[i] = part_of_item[choice->view.items[i]];
    free(part_of_item);
    buckets_release(&buckets);
    return status;
}

enum status choose_valid_share(struct choice *choice, struct error *err) {
    struct rng rng = rng_at(choice->request->seed, RNG_SPLIT, 0);
    int64_t *rows, n = 0;
    TRY(mem_try_array((size_t)choice->n, "rows", &rows, err));
    for (int64_t i = 0; i < choice->n; i++)
        if (choice->part_of[i] == 0) rows[n++] = i;
    const int64_t n_valid = share_of(choice->request->valid, n);
    const enum status status = shuffle_positions(choice->task, &rng, rows, n, err);
    for (int64_t i = 0; status == OK && i < n_valid; i++) choice->part_of[rows[i]] = 1;
    mem_free(rows);
    return status;
}
