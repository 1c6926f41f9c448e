/* Who rates what: long tails of users and items, more of what one likes, every
 * user and every item at least once, exactly as many rows as asked for. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/task.h"
#include "runtime/data/synth_parts.h"

#define LEAST_ROWS 20 /* a user, as in MovieLens, where there are enough */
#define TRIES 30      /* draws a row before a user takes whatever is left */

/* --- how many rows each user has --- */

/* What the cut took from the most active goes to those who can take more. */
static void give_rest(int64_t *counts, int64_t n_users, int64_t most, int64_t rest) {
    for (int64_t u = 0; rest > 0; u = (u + 1) % n_users) {
        if (counts[u] >= most) continue;
        counts[u]++;
        rest--;
    }
}

/* The least for everybody, the rest by activity; rounding carries over, so that the sum is n. */
static void deal_counts(const struct synth_world *world, int64_t n, int64_t *counts) {
    const int64_t n_users = world->request->users, most = world->request->items;
    int64_t least = n / n_users / 2, given = 0, shared = 0;
    double whole = 0, sum = 0;
    least = least > LEAST_ROWS ? LEAST_ROWS : least < 1 ? 1 : least;
    for (int64_t u = 0; u < n_users; u++) whole += world->users[u].activity;
    for (int64_t u = 0; u < n_users; u++) {
        sum += world->users[u].activity;
        const int64_t upto = u + 1 == n_users ? n - least * n_users : (int64_t)(sum / whole * (double)(n - least * n_users));
        counts[u] = least + upto - shared;
        shared = upto;
        if (counts[u] > most) counts[u] = most;
        given += counts[u];
    }
    give_rest(counts, n_users, most, n - given);
}

/* --- which items --- */

struct chooser {
    const struct synth_world *world;
    double *upto;  /* sums of the popularities up to and with each item */
    int64_t *left; /* room for what a user has not rated */
    int32_t *seen; /* the last user (+ 1) who rated it */
};

static enum status chooser_make(const struct synth_world *world, struct chooser *out, struct error *err) {
    const size_t n_items = (size_t)world->request->items;
    double sum = 0;
    out->world = world;
    TRY(mem_try_array(n_items, "items", &out->upto, err));
    TRY(mem_try_array(n_items, "items", &out->left, err));
    TRY(mem_try_array(n_items, "items", &out->seen, err));
    for (size_t i = 0; i < n_items; i++) out->upto[i] = sum += world->items[i].popularity;
    return OK;
}

static void chooser_release(struct chooser *chooser) {
    mem_free(chooser->upto);
    mem_free(chooser->left);
    mem_free(chooser->seen);
}

static int32_t draw_item(const struct chooser *chooser, struct rng *rng) {
    int64_t low = 0, high = chooser->world->request->items - 1;
    const double at = rng_uniform(rng) * chooser->upto[high];
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (chooser->upto[middle] > at) high = middle;
        else low = middle + 1;
    }
    return (int32_t)low;
}

/* From one in ten of what is disliked to all of what is liked most. */
static bool is_drawn_to(const struct synth_user *user, const struct synth_item *item, struct rng *rng) {
    double liking = 0.5;
    for (int k = 0; k < SYNTH_TASTES; k++) liking += 0.1 * user->taste[k] * item->taste[k];
    return rng_uniform(rng) < (liking < 0.1 ? 0.1 : liking);
}

/* Someone who has rated nearly all is not choosy about the rest. */
static void take_leftovers(struct chooser *chooser, struct rng *rng, int32_t mark, int32_t *items, int64_t n) {
    int64_t n_left = 0;
    for (int64_t i = 0; i < chooser->world->request->items; i++)
        if (chooser->seen[i] != mark) chooser->left[n_left++] = i;
    rng_shuffle(rng, chooser->left, n_left);
    for (int64_t r = 0; r < n; r++) items[r] = (int32_t)chooser->left[r];
}

static void choose_items(struct chooser *chooser, int64_t u, int32_t *items, int64_t n) {
    struct rng rng = synth_rng(chooser->world->request, SYNTH_CHOICE, u);
    const int32_t mark = (int32_t)u + 1;
    int64_t chosen = 0;
    for (int64_t try = 0; try < TRIES * n && chosen < n; try++) {
        const int32_t item = draw_item(chooser, &rng);
        if (chooser->seen[item] == mark || !is_drawn_to(&chooser->world->users[u], &chooser->world->items[item], &rng)) continue;
        chooser->seen[item] = mark;
        items[chosen++] = item;
    }
    if (chosen < n) take_leftovers(chooser, &rng, mark, items + chosen, n - chosen);
}

/* --- items that nobody chose --- */

/* A row of the user whose item others have rated too; -1: none. */
static int64_t spare_row(const struct synth_rows *rows, int64_t u, const int64_t *n_raters) {
    int64_t best = -1;
    for (int64_t r = rows->starts[u]; r < rows->starts[u + 1]; r++)
        if (n_raters[rows->items[r]] > 1 && (best < 0 || n_raters[rows->items[r]] > n_raters[rows->items[best]])) best = r;
    return best;
}

/* Somebody rates it instead of an item that has enough raters. There is one: rows are no fewer than items. */
static void cover(const struct synth_world *world, struct synth_rows *rows, int64_t *n_raters, int64_t item) {
    struct rng rng = synth_rng(world->request, SYNTH_COVER, item);
    int64_t u = (int64_t)rng_below(&rng, (uint64_t)world->request->users), row;
    while ((row = spare_row(rows, u, n_raters)) < 0) u = (u + 1) % world->request->users;
    n_raters[rows->items[row]]--;
    n_raters[item]++;
    rows->items[row] = (int32_t)item;
}

static enum status cover_items(struct task *task, const struct synth_world *world, struct synth_rows *rows, struct error *err) {
    const int64_t n_items = world->request->items;
    enum status status = OK;
    int64_t *n_raters;
    TRY(mem_try_array((size_t)n_items, "items", &n_raters, err));
    for (int64_t r = 0; r < rows->n; r++) n_raters[rows->items[r]]++;
    for (int64_t i = 0; i < n_items && status == OK; i++) {
        if (n_raters[i]) continue;
        cover(world, rows, n_raters, i);
        status = task_check(task, err);
    }
    mem_free(n_raters);
    return status;
}

/* --- the whole --- */

static enum status choose_all(struct task *task, const struct synth_world *world, struct synth_rows *rows, struct error *err) {
    struct chooser chooser = {0};
    enum status status = chooser_make(world, &chooser, err);
    for (int64_t u = 0; u < world->request->users && status == OK; u++) {
        choose_items(&chooser, u, rows->items + rows->starts[u], rows->starts[u + 1] - rows->starts[u]);
        task_report(task, rows->starts[u + 1], "%s", "");
        status = task_check(task, err);
    }
    chooser_release(&chooser);
    return status;
}

enum status synth_rows_make(struct task *task, const struct synth_world *world, int64_t n, struct synth_rows *out, struct error *err) {
    struct synth_rows rows = {.n = n};
    const int64_t n_users = world->request->users;
    TRY(mem_try_array((size_t)n_users + 1, "users", &rows.starts, err));
    enum status status = mem_try_array((size_t)n, "rows", &rows.items, err);
    if (status == OK) {
        deal_counts(world, n, rows.starts + 1);
        for (int64_t u = 0; u < n_users; u++) rows.starts[u + 1] += rows.starts[u];
        status = choose_all(task, world, &rows, err);
    }
    if (status == OK) status = cover_items(task, world, &rows, err);
    if (status == OK) *out = rows;
    else synth_rows_release(&rows);
    return status;
}

void synth_rows_release(struct synth_rows *rows) {
    mem_free(rows->starts);
    mem_free(rows->items);
}
