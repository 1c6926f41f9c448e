#include "models/classic/sequences.h"

#include "runtime/base/mem.h"
#include "runtime/base/sort.h"

#define ROWS_BETWEEN_CHECKS (1 << 16)

static int by_user_and_time(const void *ctx, int64_t a, int64_t b) {
    const struct events_view *view = ctx;
    if (view->users[a] != view->users[b]) return view->users[a] < view->users[b] ? -1 : 1;
    if (!view->times || view->times[a] == view->times[b]) return 0;
    return view->times[a] < view->times[b] ? -1 : 1;
}

static enum status fill(struct task *task, const struct events_view *view, int64_t *order, struct sequences *out, struct error *err) {
    for (int64_t i = 0; i < out->n; i++) order[i] = i;
    TRY(sort_positions(task, order, out->n, by_user_and_time, view, err));
    for (int64_t i = 0; i < out->n; i++) {
        if (i % ROWS_BETWEEN_CHECKS == 0) TRY(task_check(task, err));
        out->items[i] = view->items[order[i]];
        out->starts[view->users[order[i]] + 1] = i + 1;
    }
    for (int64_t user = 0; user < out->n_users; user++) /* users without rows */
        if (out->starts[user + 1] < out->starts[user]) out->starts[user + 1] = out->starts[user];
    return OK;
}

enum status sequences_make(struct task *task, struct dataset *data, struct sequences *out, struct error *err) {
    struct events_view view;
    int64_t *order;
    *out = (struct sequences){.n_users = dataset_n_users(data), .n_items = dataset_n_items(data), .n = dataset_n(data)};
    TRY(dataset_columns(data, &view, err));
    TRY(mem_try_array((size_t)out->n_users + 1, "rows in order", &out->starts, err));
    TRY(mem_try_array((size_t)out->n + 1, "rows in order", &out->items, err));
    TRY(mem_try_array((size_t)out->n + 1, "rows in order", &order, err));
    const enum status status = fill(task, &view, order, out, err);
    mem_free(order);
    return status;
}

void sequences_release(struct sequences *sequences) {
    mem_free(sequences->starts);
    mem_free(sequences->items);
    *sequences = (struct sequences){0};
}
