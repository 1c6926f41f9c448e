/* Each held-out row against a few items that the user hasn't met: the published
 * ones (as the NCF files bring them), or drawn ones. One contest a row; a
 * user's value is the mean over his contests. Order among models can differ
 * from that of the full ranking (Krichene & Rendle 2020). */
#include <math.h>
#include <stdlib.h>

#include "models/eval/outside.h"
#include "models/eval/rank_lists.h"
#include "models/fit.h"
#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/base/vec.h"

enum { PAIRS_MAX = 1 << 16 }; /* that are scored at a time, about */

/* A held-out row, and where its candidates lie among the block's pairs: the row's item first. */
struct contest {
    int64_t user;  /* of the truth */
    int64_t entry; /* of truth->items */
    int64_t first, end;
};

struct candidate {
    int32_t item;
    float score;
    bool is_held_out;
};

struct sampled {
    const struct rank_request *request;
    const struct truth *truth;
    struct ranked *ranked;
    const int32_t *users; /* the truth's, in the model's catalog */
    int64_t n_items;
    int64_t n_drawn; /* the first so many are drawn from: with items that fold_in added all models would meet other negatives than without */
    int32_t *map_users, *to_model; /* the judged data's positions in the model's catalog; NULL: they are the same */
    /* Published: row_of[entry] = index among the split's test rows, -1 = none. */
    const struct split *split;
    int64_t *row_of;
    /* Drawn: met[item] == user + 1 where he has met it; drawn[item] == entry + 1; cumulated training rows by item (popularity). */
    struct met_lists {
        const int64_t *starts;
        const int32_t *items;
    } all_parts;
    int64_t *met, *drawn, *cumulated;
    int64_t *contests_of; /* n_users × n_metrics: contests with a value */
    VEC(struct contest) contests;
    VEC(int32_t) pair_users;
    VEC(int32_t) pair_items;
    VEC(struct candidate) candidates; /* of one contest, for the user's own metrics */
    VEC(int32_t) list;
    float *scores; /* of the block's pairs */
    size_t scores_cap;
};

static void add_pair(struct sampled *run, int64_t user, int32_t item) {
    vec_push(&run->pair_users, run->users[user]);
    vec_push(&run->pair_items, item);
}

/* --- published negatives --- */

/* Index of a row of the source among the test rows; -1: it is of another part. */
static int64_t test_row(const struct split *split, int64_t source_row) {
    int64_t first = 0, end = split->n_rows[2];
    while (first < end) {
        const int64_t middle = first + (end - first) / 2;
        if (split->rows[2][middle] < source_row) first = middle + 1;
        else end = middle;
    }
    return first < split->n_rows[2] && split->rows[2][first] == source_row ? first : -1;
}

static enum status find_rows(struct sampled *run, struct error *err) {
    struct dataset *judged = run->request->judged;
    const struct truth *truth = run->truth;
    const int64_t n_entries = truth->starts[truth->n_users];
    TRY(mem_try_array((size_t)n_entries + 1, "held-out rows", &run->row_of, err));
    for (int64_t e = 0; e < n_entries; e++) run->row_of[e] = -1;
    for (int64_t i = 0; i < dataset_n(judged); i++) {
        const struct event event = dataset_event(judged, i);
        const int64_t user = find_item(truth->users_there, 0, truth->n_users, event.user);
        const int32_t item = run->to_model ? run->to_model[event.item] : event.item;
        const int64_t entry = user < 0 ? -1 : find_item(truth->items, truth->starts[user], truth->starts[user + 1], item);
        TRY(task_look((size_t)i, err));
        if (entry >= 0 && run->row_of[entry] < 0) run->row_of[entry] = test_row(run->split, event.row);
    }
    return OK;
}

static enum status map_catalog(struct sampled *run, struct error *err) {
    const struct catalog *from = dataset_catalog(run->request->judged), *to = run->request->model->catalog;
    if (catalog_same(from, to)) return OK;
    TRY(mem_try_array((size_t)from->n_users + 1, "positions", &run->map_users, err));
    TRY(mem_try_array((size_t)from->n_items + 1, "positions", &run->to_model, err));
    return catalog_map(from, to, run->map_users, run->to_model, err);
}

static enum status open_published(struct sampled *run, struct error *err) {
    run->split = dataset_split(run->request->judged);
    if (!run->split || !run->split->negatives || !(dataset_part(run->request->judged) & PART_TEST)) {
        err_set(err, ERR_VALUE, "`%s` has no published negatives", dataset_name(run->request->judged));
        return err_hint(err, "negatives=99 draws them");
    }
    TRY(map_catalog(run, err));
    return find_rows(run, err);
}

/* A repetition of the row's own item is dropped: 156 users of the NCF files have one. */
static void add_published(struct sampled *run, int64_t user, int64_t entry) {
    const int32_t own = run->truth->items[entry];
    const int64_t row = run->row_of[entry];
    for (int32_t i = 0; row >= 0 && i < run->split->n_negatives; i++) {
        const int32_t there = run->split->negatives[row * run->split->n_negatives + i];
        const int32_t item = there < 0 || !run->to_model ? there : run->to_model[there];
        if (item >= 0 && item != own) add_pair(run, user, item);
    }
}

/* --- drawn negatives --- */

/* Scores from elsewhere don't say what they were learned from: the split does. */
static enum status count_training_rows(struct sampled *run, struct error *err) {
    struct dataset *judged = run->request->judged;
    const int64_t *starts;
    const int32_t *items;
    if (!dataset_split(judged)) return err_set(err, ERR_VALUE, "`%s` has no training part to tell which items are popular", dataset_name(judged));
    TRY(dataset_seen(judged, PART_TRAIN, &starts, &items, err));
    for (int64_t i = 0; i < starts[dataset_n_users(judged)]; i++) {
        TRY(task_look((size_t)i, err));
        run->cumulated[items[i]]++;
    }
    return OK;
}

static void count_fitted_rows(struct sampled *run) {
    int64_t *counts = model_counts(run->request->model, EMBED_ITEMS);
    memcpy(run->cumulated, counts, (size_t)run->n_items * sizeof *counts);
    free(counts);
}

static enum status open_drawn(struct sampled *run, struct error *err) {
    struct dataset *judged = run->request->judged;
    TRY(mem_try_array((size_t)run->n_items, "items", &run->met, err));
    TRY(mem_try_array((size_t)run->n_items, "items", &run->drawn, err));
    TRY(map_catalog(run, err));
    if (dataset_split(judged)) TRY(dataset_seen(judged, PART_TRAIN | PART_VALID | PART_TEST, &run->all_parts.starts, &run->all_parts.items, err));
    if (run->request->protocol.sampler != SAMPLER_POPULARITY) return OK;
    TRY(mem_try_array((size_t)run->n_items + 1, "rows of items", &run->cumulated, err));
    if (outside_is(run->request->model)) TRY(count_training_rows(run, err));
    else count_fitted_rows(run);
    for (int64_t i = 1; i < run->n_items; i++) run->cumulated[i] += run->cumulated[i - 1];
    return OK;
}

/* Returns how many of those that may be drawn weren't marked yet. */
static int64_t mark(struct sampled *run, const int32_t *items, const int32_t *map, int64_t first, int64_t end, int64_t user) {
    int64_t n = 0;
    for (int64_t i = first; i < end; i++) {
        const int32_t item = map ? map[items[i]] : items[i];
        if (item < 0 || run->met[item] == user + 1) continue;
        run->met[item] = user + 1;
        n += item < run->n_drawn;
    }
    return n;
}

/* What the user has met in any part. Returns how many items are left. */
static int64_t mark_met(struct sampled *run, int64_t user) {
    const struct truth *truth = run->truth;
    const struct met_lists *all = &run->all_parts;
    const int32_t there = truth->users_there[user];
    int64_t n = mark(run, truth->skip, NULL, truth->skip_starts[user], truth->skip_starts[user + 1], user);
    n += mark(run, truth->items, NULL, truth->starts[user], truth->starts[user + 1], user);
    if (all->starts) n += mark(run, all->items, run->to_model, all->starts[there], all->starts[there + 1], user);
    return run->n_drawn - n;
}

static int32_t draw(const struct sampled *run, struct rng *rng) {
    if (!run->cumulated || run->cumulated[run->n_drawn - 1] == 0) return (int32_t)rng_below(rng, (uint64_t)run->n_drawn);
    const int64_t at = (int64_t)rng_below(rng, (uint64_t)run->cumulated[run->n_drawn - 1]);
    int64_t first = 0, end = run->n_drawn - 1; /* the first item whose sum is above at */
    while (first < end) {
        const int64_t middle = first + (end - first) / 2;
        if (run->cumulated[middle] > at) end = middle;
        else first = middle + 1;
    }
    return (int32_t)first;
}

/* The rest in order of position from a random place on: where nearly everything is wanted, or draws keep hitting what is taken. */
static void add_rest(struct sampled *run, struct rng *rng, int64_t user, int64_t entry, int64_t missing) {
    const int64_t start = (int64_t)rng_below(rng, (uint64_t)run->n_drawn);
    for (int64_t i = 0; i < run->n_drawn && missing > 0; i++) {
        const int32_t item = (int32_t)((start + i) % run->n_drawn);
        if (run->met[item] == user + 1 || run->drawn[item] == entry + 1) continue;
        run->drawn[item] = entry + 1;
        add_pair(run, user, item);
        missing--;
    }
}

static void add_drawn(struct sampled *run, int64_t user, int64_t entry, int64_t left) {
    const uint64_t key = (uint64_t)run->users[user] * (uint64_t)run->n_drawn + (uint64_t)(run->truth->items[entry] + 1);
    struct rng rng = rng_at(run->request->protocol.seed, RNG_NEGATIVES, key);
    const int64_t wanted = run->request->protocol.negatives < left ? run->request->protocol.negatives : left;
    int64_t n = 0;
    for (int64_t tries = 0; wanted < left && n < wanted && tries < 64 * wanted; tries++) {
        const int32_t item = draw(run, &rng);
        if (run->met[item] == user + 1 || run->drawn[item] == entry + 1) continue;
        run->drawn[item] = entry + 1;
        add_pair(run, user, item);
        n++;
    }
    add_rest(run, &rng, user, entry, wanted - n);
}

/* --- contests --- */

/* Rank of the first of n scores: one that equals it, or that is no number, stands before it. */
static struct ranking outcome(const float *scores, int64_t n, int64_t *hit, const float *gain) {
    double ordered = 0;
    *hit = 0;
    for (int64_t i = 1; i < n; i++) {
        if (!(scores[i] < scores[0])) ++*hit;
        ordered += scores[i] < scores[0] ? 1 : scores[i] == scores[0] ? 0.5 : 0;
    }
    return (struct ranking){
        .hits = hit, .hit_gains = gain, .n_hits = 1, .gains = gain, .n_relevant = 1, .n_pairs = (double)(n - 1), .n_ordered = ordered};
}

/* Best first: what is no number stands before, what equals the held-out item too, else the lower position. */
static int by_score(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    const bool x_wins = isnan(x->score) && !x->is_held_out, y_wins = isnan(y->score) && !y->is_held_out;
    const bool x_loses = isnan(x->score) && x->is_held_out, y_loses = isnan(y->score) && y->is_held_out;
    if (x_wins != y_wins) return x_wins ? -1 : 1;
    if (x_loses != y_loses) return x_loses ? 1 : -1;
    if (x->score > y->score || x->score < y->score) return x->score > y->score ? -1 : 1;
    if (x->is_held_out != y->is_held_out) return x->is_held_out ? 1 : -1;
    return (x->item > y->item) - (x->item < y->item);
}

/* run->list: the contest's candidates in order; returns how many. One that is not in the model's catalog can't be on a list. */
static int64_t list_contest(struct sampled *run, const struct contest *contest) {
    vec_clear(&run->candidates);
    vec_clear(&run->list);
    for (int64_t i = contest->first; i < contest->end; i++)
        if (run->pair_items.data[i] >= 0)
            vec_push(&run->candidates, ((struct candidate){run->pair_items.data[i], run->scores[i], i == contest->first}));
    qsort(run->candidates.data, run->candidates.len, sizeof *run->candidates.data, by_score);
    for (size_t i = 0; i < run->candidates.len; i++) vec_push(&run->list, run->candidates.data[i].item);
    return (int64_t)run->list.len;
}

static enum status judge_by_own(struct sampled *run, const struct contest *contest, const struct metric *metric, double *out, struct error *err) {
    const struct truth *truth = run->truth;
    const int64_t n = list_contest(run, contest);
    const struct own_list list = {.model = run->request->model->catalog,
                                  .judged = dataset_catalog(run->request->judged),
                                  .user_there = truth->users_there[contest->user],
                                  .ranked = run->list.data,
                                  .n_ranked = metric->k && metric->k < n ? metric->k : n,
                                  .relevant = truth->items + contest->entry,
                                  .relevant_there = truth->items_there + contest->entry,
                                  .n_relevant = 1};
    return metric->own->value(metric->own->ctx, &list, out, err);
}

static enum status judge_contest(struct sampled *run, const struct contest *contest, struct error *err) {
    const struct rank_request *request = run->request;
    const int64_t n_users = run->truth->n_users;
    int64_t hit;
    struct ranking ranking = outcome(run->scores + contest->first, contest->end - contest->first, &hit, &run->truth->gains[contest->entry]);
    if (run->truth->items[contest->entry] < 0) ranking.n_hits = 0, ranking.n_ordered = 0;
    for (size_t m = 0; m < request->n_metrics; m++) {
        const struct metric *metric = &request->metrics[m];
        const int64_t at = (int64_t)m * n_users + contest->user;
        double value;
        if (metric->own) TRY(judge_by_own(run, contest, metric, &value, err));
        else value = metric->row->ranking(&ranking, metric->k);
        if (isnan(value)) continue;
        run->ranked->values[at] += value;
        run->contests_of[at]++;
    }
    return OK;
}

/* Scores what has gathered and empties it. */
static enum status judge_block(struct sampled *run, struct error *err) {
    const size_t n = run->pair_items.len;
    if (n == 0) return OK;
    if (n > run->scores_cap) {
        mem_free(run->scores);
        run->scores = NULL;
        TRY(mem_try_array(n, "scores", &run->scores, err));
        run->scores_cap = n;
    }
    TRY(task_check(run->request->task, err));
    TRY(model_score_pairs(run->request->model, run->request->task, run->pair_users.data, run->pair_items.data, (int64_t)n, run->scores, err));
    for (size_t c = 0; c < run->contests.len; c++) TRY(judge_contest(run, &run->contests.data[c], err));
    vec_clear(&run->contests);
    vec_clear(&run->pair_users);
    vec_clear(&run->pair_items);
    return OK;
}

/* Without competitors there is nothing to win: a row that has none isn't judged. */
static void add_contest(struct sampled *run, int64_t user, int64_t entry, int64_t left) {
    struct ranked *ranked = run->ranked;
    struct contest contest = {.user = user, .entry = entry, .first = (int64_t)run->pair_items.len};
    add_pair(run, user, run->truth->items[entry]);
    if (run->split) add_published(run, user, entry);
    else add_drawn(run, user, entry, left);
    contest.end = (int64_t)run->pair_items.len;
    const int64_t others = contest.end - contest.first - 1;
    if (others > 0) {
        vec_push(&run->contests, contest);
        ranked->most = others > ranked->most ? others : ranked->most;
        ranked->fewest = ranked->fewest == 0 || others < ranked->fewest ? others : ranked->fewest;
    } else run->pair_items.len = run->pair_users.len = (size_t)contest.first;
}

static enum status judge_users(struct sampled *run, struct error *err) {
    const struct truth *truth = run->truth;
    for (int64_t user = 0; user < truth->n_users; user++) {
        const int64_t left = run->split ? 0 : mark_met(run, user);
        for (int64_t entry = truth->starts[user]; entry < truth->starts[user + 1]; entry++) {
            TRY(task_check(run->request->task, err));
            add_contest(run, user, entry, left);
            if (run->pair_items.len < PAIRS_MAX) continue;
            TRY(judge_block(run, err));
            rank_report(run->request, user);
        }
    }
    TRY(judge_block(run, err));
    rank_report(run->request, truth->n_users);
    const int64_t n = truth->n_users * (int64_t)run->request->n_metrics;
    for (int64_t i = 0; i < n; i++) run->ranked->values[i] = run->contests_of[i] ? run->ranked->values[i] / (double)run->contests_of[i] : NAN;
    return OK;
}

static enum status run_sampled(struct sampled *run, struct error *err) {
    const size_t n_values = (size_t)run->truth->n_users * run->request->n_metrics;
    TRY(run->request->protocol.negatives ? open_drawn(run, err) : open_published(run, err));
    TRY(mem_try_array(n_values, "values of users", &run->contests_of, err));
    return judge_users(run, err);
}

enum status rank_sampled(const struct rank_request *request, const struct truth *truth, struct ranked *ranked, struct error *err) {
    struct sampled run = {.request = request,
                          .truth = truth,
                          .ranked = ranked,
                          .users = truth->users,
                          .n_items = request->model->catalog->n_items,
                          .n_drawn = request->model->catalog->n_items - request->model->catalog->n_added_items};
    const enum status status = run_sampled(&run, err);
    mem_free(run.row_of);
    mem_free(run.map_users);
    mem_free(run.to_model);
    mem_free(run.met);
    mem_free(run.drawn);
    mem_free(run.cumulated);
    mem_free(run.contests_of);
    mem_free(run.scores);
    vec_release(&run.contests);
    vec_release(&run.pair_users);
    vec_release(&run.pair_items);
    vec_release(&run.candidates);
    vec_release(&run.list);
    return status;
}
