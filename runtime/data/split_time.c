/* Ways to split by time. Equal times: the later row of the file is later. */
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/sort.h"
#include "runtime/data/split_parts.h"

#define USERS_BETWEEN_CHECKS 256

static int by_time(const void *ctx, int64_t a, int64_t b) {
    const int64_t *times = ctx;
    if (times[a] != times[b]) return times[a] < times[b] ? -1 : 1;
    return a < b ? -1 : a > b;
}

static enum status sort_by_time(const struct choice *choice, int64_t *rows, int64_t n, struct error *err) {
    if (!choice->view.times) return OK; /* rows are in file order already */
    return sort_positions(choice->task, rows, n, by_time, choice->view.times, err);
}

/* --- one cut for all --- */

/* Rows that stay on the early side of a cut at `n_early`: all that share the last early row's time. */
static int64_t with_equal_times(const int64_t *order, int64_t n, int64_t n_early, const int64_t *times) {
    if (n_early == 0) return 0;
    while (n_early < n && times[order[n_early]] == times[order[n_early - 1]]) n_early++;
    return n_early;
}

static void note_cold(struct choice *choice) {
    const int64_t n_users = dataset_n_users(choice->dataset), n_items = dataset_n_items(choice->dataset);
    bool *known_users = xnew_array(bool, (size_t)n_users + 1), *known_items = xnew_array(bool, (size_t)n_items + 1);
    int64_t n_test = 0, cold = 0, cold_users = 0, cold_items = 0;
    for (int64_t i = 0; i < choice->n; i++)
        if (choice->part_of[i] == 0) known_users[choice->view.users[i]] = known_items[choice->view.items[i]] = true;
    for (int64_t i = 0; i < choice->n; i++) {
        if (choice->part_of[i] != 2) continue;
        const bool new_user = !known_users[choice->view.users[i]], new_item = !known_items[choice->view.items[i]];
        n_test++;
        cold += new_user || new_item;
        cold_users += new_user;
        cold_items += new_item;
    }
    struct buf note = BUF_INIT;
    const double whole = n_test ? (double)n_test : 1;
    buf_addf(&note, "%.1f %% of the ", 100 * (double)cold / whole);
    buf_add_count(&note, n_test);
    buf_addf(&note, " test rows are of a user or item that train doesn't have (new users %.1f %%, new items %.1f %%)",
             100 * (double)cold_users / whole, 100 * (double)cold_items / whole);
    choice->note = buf_take(&note);
    free(known_users);
    free(known_items);
}

static void cut_by_time(struct choice *choice, const int64_t *order) {
    const struct split_request *request = choice->request;
    const int64_t n_late = share_of(request->test, choice->n), n_later = share_of(request->test + request->valid, choice->n);
    const int64_t train_end = with_equal_times(order, choice->n, choice->n - n_later, choice->view.times);
    int64_t valid_end = with_equal_times(order, choice->n, choice->n - n_late, choice->view.times);
    if (valid_end < train_end) valid_end = train_end;
    for (int64_t i = train_end; i < choice->n; i++) choice->part_of[order[i]] = i < valid_end ? 1 : 2;
}

enum status choose_time(struct choice *choice, struct error *err) {
    int64_t *order;
    TRY(mem_try_array((size_t)choice->n, "order", &order, err));
    for (int64_t i = 0; i < choice->n; i++) order[i] = i;
    enum status status = sort_by_time(choice, order, choice->n, err);
    if (status == OK) cut_by_time(choice, order);
    mem_free(order);
    if (status == OK) status = task_check(choice->task, err);
    if (status == OK) note_cold(choice);
    return status;
}

/* --- each user's last --- */

/* How many of n rows, ordered by time, are the last (test) and the last but those (valid). */
typedef void (*last_fn)(const struct split_request *request, int64_t n, int64_t *out_test, int64_t *out_valid);

static enum status choose_last(struct choice *choice, last_fn counts, struct error *err) {
    struct buckets buckets;
    const int64_t n_users = dataset_n_users(choice->dataset);
    TRY(buckets_make(choice->task, choice->view.users, choice->n, n_users, &buckets, err));
    enum status status = OK;
    for (int64_t user = 0; user < n_users && status == OK; user++) {
        int64_t *rows = &buckets.rows[buckets.starts[user]], n = buckets.starts[user + 1] - buckets.starts[user], n_test = 0, n_valid = 0;
        if (user % USERS_BETWEEN_CHECKS == 0) status = task_check(choice->task, err);
        if (status == OK) status = sort_by_time(choice, rows, n, err);
        counts(choice->request, n, &n_test, &n_valid);
        for (int64_t i = n - n_test - n_valid; i < n; i++) choice->part_of[rows[i]] = i < n - n_test ? 1 : 2;
    }
    buckets_release(&buckets);
    return status;
}

static void last_share(const struct split_request *request, int64_t n, int64_t *out_test, int64_t *out_valid) {
    int64_t n_test = share_of(request->test, n), n_valid = share_of(request->test + request->valid, n) - n_test;
    if (n_test >= n) n_test = n > 0 ? n - 1 : 0; /* at least one stays in train */
    if (n_test + n_valid >= n) n_valid = n > n_test ? n - n_test - 1 : 0;
    *out_test = n_test;
    *out_valid = n_valid;
}

enum status choose_user_time(struct choice *choice, struct error *err) { return choose_last(choice, last_share, err); }

static void last_one(const struct split_request *request, int64_t n, int64_t *out_test, int64_t *out_valid) {
    *out_test = n >= 2;
    *out_valid = n >= 3 && request->valid > 0;
}

enum status choose_leave_one_out(struct choice *choice, struct error *err) {
    TRY(choose_last(choice, last_one, err));
    if (choice->view.times) return OK;
    struct buf note = BUF_INIT;
    buf_addf(&note, "`%s` has no times: the last row of each user in the file's order is left out", choice->dataset->name);
    choice->note = buf_take(&note);
    return OK;
}

enum status choose_valid_last(struct choice *choice, struct error *err) {
    struct buckets buckets;
    const int64_t n_users = dataset_n_users(choice->dataset);
    TRY(buckets_make(choice->task, choice->view.users, choice->n, n_users, &buckets, err));
    enum status status = OK;
    for (int64_t user = 0; user < n_users && status == OK; user++) {
        int64_t *rows = &buckets.rows[buckets.starts[user]], n = buckets.starts[user + 1] - buckets.starts[user], n_train = 0;
        if (user % USERS_BETWEEN_CHECKS == 0) status = task_check(choice->task, err);
        for (int64_t i = 0; i < n; i++)
            if (choice->part_of[rows[i]] == 0) rows[n_train++] = rows[i];
        if (status == OK) status = sort_by_time(choice, rows, n_train, err);
        if (n_train >= 2) choice->part_of[rows[n_train - 1]] = 1;
    }
    buckets_release(&buckets);
    return status;
}
