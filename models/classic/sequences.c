#include "models/classic/sequences.h"

#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/dataset_file.h"
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

static enum status sequences_new(int64_t n_users, int64_t n_items, int64_t n, struct sequences *out, struct error *err) {
    *out = (struct sequences){.n_users = n_users, .n_items = n_items, .n = n};
    TRY(mem_try_array((size_t)n_users + 1, "rows in order", &out->starts, err));
    return mem_try_array((size_t)n + 1, "rows in order", &out->items, err);
}

enum status sequences_make(struct task *task, struct dataset *data, struct sequences *out, struct error *err) {
    struct events_view view;
    int64_t *order;
    *out = (struct sequences){0};
    TRY(dataset_columns(data, &view, err));
    TRY(sequences_new(dataset_n_users(data), dataset_n_items(data), dataset_n(data), out, err));
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

enum status sequences_with_item(const struct sequences *from, int64_t n_items, int32_t item, const int32_t *users, int64_t n, struct sequences *out,
                                struct error *err) {
    int64_t next = 0;
    TRY(sequences_new(from->n_users, n_items, from->n + n, out, err));
    for (int64_t user = 0; user < from->n_users; user++) {
        const int64_t first = from->starts[user], length = from->starts[user + 1] - first, to = out->starts[user];
        const bool has = next < n && users[next] == user;
        if (length) memcpy(out->items + to, from->items + first, (size_t)length * sizeof *out->items);
        if (has) out->items[to + length] = item;
        next += has;
        out->starts[user + 1] = to + length + has;
    }
    return OK;
}

int64_t sequences_bytes(const struct sequences *sequences) {
    if (!sequences->starts) return 0;
    return (sequences->n_users + 1) * (int64_t)sizeof(int64_t) + sequences->n * (int64_t)sizeof(int32_t);
}

/* --- files --- */

enum status sequences_save(const struct sequences *sequences, struct store_writer *writer, const char *name, struct error *err) {
    TRY(store_put(writer, section_name(name, "starts").text, STORE_I64, sequences->starts, sequences->n_users + 1, err));
    return store_put(writer, section_name(name, "items").text, STORE_I32, sequences->items, sequences->n, err);
}

static bool fits_together(const struct sequences *sequences) {
    bool good = sequences->starts[0] == 0 && sequences->starts[sequences->n_users] == sequences->n;
    for (int64_t u = 0; good && u < sequences->n_users; u++) good = sequences->starts[u] <= sequences->starts[u + 1];
    for (int64_t i = 0; good && i < sequences->n; i++) good = sequences->items[i] >= 0 && sequences->items[i] < sequences->n_items;
    return good;
}

enum status sequences_load(struct store_reader *reader, const char *name, int64_t n_users, int64_t n_items, struct sequences *out,
                           struct error *err) {
    const void *starts, *items;
    int64_t n_starts, n;
    *out = (struct sequences){0};
    TRY(store_get(reader, section_name(name, "starts").text, STORE_I64, n_users + 1, &starts, &n_starts, err));
    TRY(store_get(reader, section_name(name, "items").text, STORE_I32, -1, &items, &n, err));
    TRY(sequences_new(n_users, n_items, n, out, err));
    memcpy(out->starts, starts, (size_t)n_starts * sizeof *out->starts);
    if (n) memcpy(out->items, items, (size_t)n * sizeof *out->items);
    return fits_together(out) ? OK : err_set(err, ERR_DATA, "the file is damaged: the sections `%s` don't fit together", name);
}
