/* Synthetic data: rows of who rated what (synth_rows.c) in a planted world
 * (synth_world.c) get opinions and times here. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/side_rows.h"
#include "runtime/data/synth_parts.h"

#define SIDE_MAX 10000000 /* users or items */
#define SESSION_ROWS 40   /* about; then the user comes back another day */
#define FIRST_TIME 1704067200LL
#define SPAN_S (215LL * 86400)

/* Shares of the variance of an opinion. */
#define OF_USER 0.14
#define OF_ITEM 0.17
#define OF_TASTE 0.33
#define OF_CHANCE 0.36

/* --- the request --- */

static enum status check_side(const char *name, int64_t n, struct error *err) {
    if (n >= 1 && n <= SIDE_MAX) return OK;
    err_set(err, ERR_VALUE, "%s=%lld is not between 1 and 10,000,000", name, (long long)n);
    return err_hint(err, "synth(users=943, items=1682, density=0.063) is like MovieLens 100K");
}

static enum status too_few(const struct synth_request *request, int64_t n, struct error *err) {
    const bool users = request->users >= request->items;
    const int64_t least = users ? request->users : request->items;
    const double cells = (double)request->users * (double)request->items;
    err_set(err, ERR_VALUE, "density=%g of %lld × %lld pairs makes %lld, and every %s needs one", request->density, (long long)request->users,
            (long long)request->items, (long long)n, users ? "user" : "item");
    err_hint(err, "density=%.2g or more gives %lld", fmin(ceil((double)least / cells * 1e6) / 1e6 * 1.05, 1), (long long)least);
    return err_about(err, "density");
}

static enum status check_request(const struct synth_request *request, int64_t *out_n, struct error *err) {
    TRY(check_side("users", request->users, err));
    TRY(check_side("items", request->items, err));
    if (!(request->density > 0 && request->density <= 1)) {
        err_set(err, ERR_VALUE, "density=%g is not a share of the %lld × %lld pairs: above 0, at most 1", request->density, (long long)request->users,
                (long long)request->items);
        return err_hint(err, "density=0.05 gives each user a twentieth of the items");
    }
    if (request->genres < 1 || request->genres > SYNTH_GENRES_MAX)
        return err_set(err, ERR_VALUE, "genres=%lld is not between 1 and %d", (long long)request->genres, SYNTH_GENRES_MAX);
    const double n = floor(request->density * ((double)request->users * (double)request->items) + 0.5);
    if (n > INT32_MAX) {
        err_set(err, ERR_LIMIT, "density=%g of %lld × %lld pairs makes %.0f, and %d are the most", request->density, (long long)request->users,
                (long long)request->items, n, INT32_MAX);
        err_hint(err, "take a smaller density");
        return err_about(err, "density");
    }
    *out_n = (int64_t)n;
    return *out_n < request->users || *out_n < request->items ? too_few(request, *out_n, err) : OK;
}

/* --- opinions --- */

/* Shares of MovieLens 100K's ratings up to 1, 2, 3 and 4 stars. */
static const double stars_upto[4] = {0.0611, 0.1748, 0.44625, 0.78799};

static double taste_of(const struct synth_world *world, int64_t u, int64_t i) {
    double sum = 0;
    for (int k = 0; k < SYNTH_TASTES; k++) sum += world->users[u].taste[k] * world->items[i].taste[k];
    return sum;
}

static enum status fill_tastes(struct task *task, const struct synth_world *world, const struct synth_rows *rows, double *out, struct error *err) {
    double sum = 0, squares = 0;
    for (int64_t u = 0; u < world->request->users; u++) {
        if (u % SYNTH_CHECK == 0) TRY(task_check(task, err));
        for (int64_t r = rows->starts[u]; r < rows->starts[u + 1]; r++) {
            out[r] = taste_of(world, u, rows->items[r]);
            sum += out[r];
            squares += out[r] * out[r];
        }
    }
    const double mean = sum / (double)rows->n, spread = sqrt(squares / (double)rows->n - mean * mean);
    for (int64_t r = 0; r < rows->n; r++) out[r] = spread > 0 ? (out[r] - mean) / spread : 0;
    return OK;
}

static enum status fill_opinions(struct task *task, const struct synth_world *world, const struct synth_rows *rows, double *out, struct error *err) {
    const double user = sqrt(OF_USER), item = sqrt(OF_ITEM), taste = sqrt(OF_TASTE), chance = sqrt(OF_CHANCE);
    TRY(fill_tastes(task, world, rows, out, err));
    for (int64_t u = 0; u < world->request->users; u++) {
        if (u % SYNTH_CHECK == 0) TRY(task_check(task, err));
        struct rng rng = synth_rng(world->request, SYNTH_OPINION, u);
        for (int64_t r = rows->starts[u]; r < rows->starts[u + 1]; r++)
            out[r] = user * world->users[u].mildness + item * world->items[rows->items[r]].quality + taste * out[r] + chance * rng_normal(&rng);
    }
    return OK;
}

/* Bits that are in the order of the numbers. */
static uint64_t key_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

/* Key of the number that has `rank` smaller ones, sixteen bits at a time: a sort of millions could not be interrupted. */
static enum status key_of_rank(struct task *task, const double *numbers, int64_t n, int64_t rank, uint64_t *out, struct error *err) {
    int64_t *counts = xnew_array(int64_t, 1 << 16);
    uint64_t known = 0, mask = 0;
    enum status status = OK;
    for (int shift = 48; shift >= 0 && status == OK; shift -= 16) {
        uint64_t digit = 0;
        memset(counts, 0, sizeof *counts << 16);
        for (int64_t i = 0; i < n; i++)
            if ((key_of(numbers[i]) & mask) == known) counts[key_of(numbers[i]) >> shift & 0xFFFF]++;
        for (; rank >= counts[digit]; digit++) rank -= counts[digit];
        known |= digit << shift;
        mask |= (uint64_t)0xFFFF << shift;
        status = task_check(task, err);
    }
    free(counts);
    *out = known;
    return status;
}

/* Stars by rank: as many of each as in MovieLens 100K. */
static enum status fill_ratings(struct task *task, const double *opinions, int64_t n, float *ratings, struct error *err) {
    uint64_t bounds[4];
    for (int s = 0; s < 4; s++) TRY(key_of_rank(task, opinions, n, (int64_t)(stars_upto[s] * (double)n), &bounds[s], err));
    for (int64_t r = 0; r < n; r++) {
        ratings[r] = 1;
        for (int s = 0; s < 4; s++) ratings[r] += key_of(opinions[r]) >= bounds[s];
    }
    return OK;
}

/* --- times --- */

/* A user comes for some sessions, on days of the last seven months; within one, some seconds lie between two ratings, often none. */
static enum status fill_times(struct task *task, const struct synth_world *world, const struct synth_rows *rows, int64_t *times, struct error *err) {
    for (int64_t u = 0; u < world->request->users; u++) {
        if (u % SYNTH_CHECK == 0) TRY(task_check(task, err));
        struct rng rng = synth_rng(world->request, SYNTH_TIME, u);
        int64_t now = FIRST_TIME + (int64_t)rng_below(&rng, SPAN_S);
        for (int64_t r = rows->starts[u]; r < rows->starts[u + 1]; r++) {
            if (rng_below(&rng, SESSION_ROWS) == 0) now = FIRST_TIME + (now - FIRST_TIME + 86400 + (int64_t)rng_below(&rng, SPAN_S / 6)) % SPAN_S;
            else if (rng_below(&rng, 4) != 0) now += 1 + (int64_t)rng_below(&rng, 45);
            times[r] = now;
        }
    }
    return OK;
}

/* --- the data set --- */

static enum status draft_room(struct dataset_draft *draft, int64_t n, struct error *err) {
    draft->n_events = n;
    TRY(mem_try_array((size_t)n, "user ids", &draft->user_ids, err));
    TRY(mem_try_array((size_t)n, "item ids", &draft->item_ids, err));
    TRY(mem_try_array((size_t)n, "ratings", &draft->ratings, err));
    return mem_try_array((size_t)n, "times", &draft->times, err);
}

static enum status fill_events(struct task *task, const struct synth_world *world, const struct synth_rows *rows, struct dataset_draft *draft,
                               struct error *err) {
    double *opinions;
    TRY(mem_try_array((size_t)rows->n, "opinions", &opinions, err));
    enum status status = fill_opinions(task, world, rows, opinions, err);
    if (status == OK) status = fill_ratings(task, opinions, rows->n, draft->ratings, err);
    mem_free(opinions);
    if (status == OK) status = fill_times(task, world, rows, draft->times, err);
    for (int64_t u = 0; u < world->request->users; u++)
        for (int64_t r = rows->starts[u]; r < rows->starts[u + 1]; r++) {
            draft->user_ids[r] = u + 1;
            draft->item_ids[r] = rows->items[r] + 1;
        }
    return status;
}

/* Rows stand in no order, as in the files of MovieLens 100K. */
static enum status shuffle_events(const struct synth_request *request, struct dataset_draft *draft, struct error *err) {
    struct rng rng = synth_rng(request, SYNTH_ORDER, 0);
    for (int64_t i = draft->n_events - 1; i > 0; i--) {
        if (i % SYNTH_CHECK == 0) TRY(task_check(draft->task, err));
        const int64_t j = (int64_t)rng_below(&rng, (uint64_t)i + 1);
        const int64_t user = draft->user_ids[i], item = draft->item_ids[i], time = draft->times[i];
        const float rating = draft->ratings[i];
        draft->user_ids[i] = draft->user_ids[j], draft->user_ids[j] = user;
        draft->item_ids[i] = draft->item_ids[j], draft->item_ids[j] = item;
        draft->times[i] = draft->times[j], draft->times[j] = time;
        draft->ratings[i] = draft->ratings[j], draft->ratings[j] = rating;
    }
    return OK;
}

static enum status fill_draft(struct task *task, const struct synth_world *world, int64_t n, struct dataset_draft *draft, struct error *err) {
    struct synth_rows rows;
    TRY(draft_room(draft, n, err));
    TRY(synth_rows_make(task, world, n, &rows, err));
    enum status status = fill_events(task, world, &rows, draft, err);
    synth_rows_release(&rows);
    TRY(status);
    TRY(shuffle_events(world->request, draft, err));
    draft->item_table = synth_item_table(world);
    draft->user_table = synth_user_table(world);
    return OK;
}

enum status synth_dataset(struct task *task, const struct synth_request *request, struct dataset **out, struct error *err) {
    struct dataset_draft draft = {
        .name = "synthetic", .origin = "synthetic", .licence = "made up: no licence needed", .is_explicit = true, .task = task};
    struct synth_world world;
    int64_t n = 0;
    TRY(check_request(request, &n, err));
    TRY(synth_world_make(task, request, &world, err));
    task_begin(task, "synth", "row", n);
    const enum status status = fill_draft(task, &world, n, &draft, err);
    task_end(task, status == ERR_INTERRUPTED);
    synth_world_release(&world);
    return draft_finish(status, &draft, out, err);
}
