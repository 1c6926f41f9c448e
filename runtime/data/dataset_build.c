/* Data sets from a loader's draft: ids to positions, the catalog. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/map.h"
#include "runtime/base/mem.h"
#include "runtime/base/task.h"
#include "runtime/base/thread.h"
#include "runtime/base/vec.h"
#include "runtime/data/catalog_build.h"
#include "runtime/data/dataset_parts.h"

#define ROWS_BETWEEN_CHECKS 65536

/* --- whole-number ids --- */

#define BLOCK_ROWS ((int64_t)1 << 18)

/* All ids of a side, a block of rows at a time. */
struct dense {
    struct draft_ids ids;
    int64_t n, least;
    struct id_range *ranges; /* by block */
    unsigned char *met;      /* by id - least */
    int32_t *place;          /* likewise */
    int32_t *positions;
};

static int64_t n_blocks_of(int64_t n) { return (n + BLOCK_ROWS - 1) / BLOCK_ROWS; }

static int64_t block_end(const struct dense *dense, int64_t block) {
    const int64_t end = (block + 1) * BLOCK_ROWS;
    return end < dense->n ? end : dense->n;
}

static void bound_block(void *ctx, int64_t block, int thread) {
    const struct dense *dense = ctx;
    const int64_t start = block * BLOCK_ROWS;
    int64_t least = draft_ids_at(dense->ids, start), most = least;
    (void)thread;
    for (int64_t i = start; i < block_end(dense, block); i++) {
        const int64_t id = draft_ids_at(dense->ids, i);
        if (id < least) least = id;
        if (id > most) most = id;
    }
    dense->ranges[block] = (struct id_range){true, least, most};
}

static void mark_block(void *ctx, int64_t block, int thread) {
    const struct dense *dense = ctx;
    (void)thread;
    for (int64_t i = block * BLOCK_ROWS; i < block_end(dense, block); i++)
        __atomic_store_n(&dense->met[draft_ids_at(dense->ids, i) - dense->least], 1, __ATOMIC_RELAXED); /* whoever comes: the same */
}

static void position_block(void *ctx, int64_t block, int thread) {
    const struct dense *dense = ctx;
    (void)thread;
    for (int64_t i = block * BLOCK_ROWS; i < block_end(dense, block); i++)
        dense->positions[i] = dense->place[draft_ids_at(dense->ids, i) - dense->least];
}

/* Marks to positions, ids ascending. */
static void number_places(const struct dense *dense, int64_t span, struct id_list *out) {
    int32_t next = 0;
    for (int64_t i = 0; i < span; i++) out->n += dense->met[i];
    out->ints = xnew_array(int64_t, (size_t)out->n + 1);
    for (int64_t i = 0; i < span; i++) {
        if (!dense->met[i]) continue;
        out->ints[next] = dense->least + i;
        dense->place[i] = next++;
    }
}

/* Ids close together: a table of places. */
static enum status index_dense(struct task *task, struct dense *dense, int64_t span, struct id_list *out, struct error *err) {
    const int64_t n_blocks = n_blocks_of(dense->n);
    TRY(mem_try_array((size_t)span, "ids", &dense->met, err));
    enum status status = mem_try_array((size_t)span, "ids", &dense->place, err);
    if (status == OK) status = pool_run(task, n_blocks, mark_block, dense, err);
    if (status == OK) number_places(dense, span, out);
    if (status == OK) status = pool_run(task, n_blocks, position_block, dense, err);
    mem_free(dense->met);
    mem_free(dense->place);
    return status;
}

enum status draft_id_range(struct task *task, struct draft_ids ids, int64_t n, struct id_range *range, struct error *err) {
    struct dense dense = {.ids = ids, .n = n};
    const int64_t n_blocks = n_blocks_of(n);
    if (range->is_known) return OK;
    dense.ranges = xnew_array(struct id_range, (size_t)n_blocks);
    const enum status status = pool_run(task, n_blocks, bound_block, &dense, err);
    for (int64_t b = 1; b < n_blocks; b++) {
        if (dense.ranges[b].least < dense.ranges[0].least) dense.ranges[0].least = dense.ranges[b].least;
        if (dense.ranges[b].most > dense.ranges[0].most) dense.ranges[0].most = dense.ranges[b].most;
    }
    if (status == OK) *range = dense.ranges[0];
    free(dense.ranges);
    return status;
}

struct numbered {
    int64_t id;
    int32_t code; /* by first appearance */
};

static int compare_numbered(const void *a, const void *b) {
    const int64_t x = ((const struct numbered *)a)->id, y = ((const struct numbered *)b)->id;
    return (x > y) - (x < y);
}

typedef VEC(struct numbered) numbered_vec;

/* Each event's code, and the distinct ids. */
static enum status number_ids(struct task *task, struct draft_ids ids, int64_t n, numbered_vec *distinct, int32_t *codes, struct error *err) {
    struct int_map *seen = int_map_new(1024);
    enum status status = OK;
    for (int64_t i = 0; i < n && status == OK; i++) {
        const int64_t id = draft_ids_at(ids, i);
        int64_t code = (int64_t)distinct->len;
        if (i % ROWS_BETWEEN_CHECKS == 0) status = task_check(task, err);
        if (!int_map_get(seen, id, &code)) {
            int_map_put(seen, id, code, false);
            vec_push(distinct, ((struct numbered){id, (int32_t)code}));
        }
        codes[i] = (int32_t)code;
    }
    int_map_free(seen);
    return status;
}

/* Ids far apart: the distinct ones are found first, so that only they are sorted. */
static enum status index_sparse(struct task *task, struct draft_ids ids, int64_t n, struct id_list *out, int32_t *positions, struct error *err) {
    numbered_vec distinct = {0};
    const enum status status = number_ids(task, ids, n, &distinct, positions, err);
    if (status == OK) {
        int32_t *place = xnew_array(int32_t, distinct.len + 1);
        qsort(distinct.data, distinct.len, sizeof *distinct.data, compare_numbered);
        out->n = (int64_t)distinct.len;
        out->ints = xnew_array(int64_t, distinct.len + 1);
        for (size_t i = 0; i < distinct.len; i++) {
            out->ints[i] = distinct.data[i].id;
            place[distinct.data[i].code] = (int32_t)i;
        }
        for (int64_t i = 0; i < n; i++) positions[i] = place[positions[i]];
        free(place);
    }
    vec_release(&distinct);
    return status;
}

static enum status index_ints(struct task *task, struct draft_ids ids, int64_t n, struct id_range *range, struct id_list *out, int32_t *positions,
                              struct error *err) {
    int64_t span;
    TRY(draft_id_range(task, ids, n, range, err));
    struct dense dense = {.ids = ids, .n = n, .least = range->least, .positions = positions};
    out->are_ints = true;
    if (!__builtin_sub_overflow(range->most, range->least, &span) && span < 8 * n + 65536) return index_dense(task, &dense, span + 1, out, err);
    return index_sparse(task, ids, n, out, positions, err);
}

/* --- text ids --- */

struct named {
    const char *name;
    int64_t code;
};

static int compare_named(const void *a, const void *b) { return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name); }

/* Takes the names; drops those that no event has. */
static enum status index_names(char **names, int64_t n_names, struct draft_ids codes, int64_t n, struct id_list *out, int32_t *positions,
                               struct error *err) {
    int32_t *place;
    TRY(mem_try_array((size_t)n_names, "ids", &place, err));
    struct named *sorted = xnew_array(struct named, (size_t)n_names + 1);
    for (int64_t i = 0; i < n; i++) place[draft_ids_at(codes, i)] = 1;
    for (int64_t i = 0; i < n_names; i++) sorted[i] = (struct named){names[i], i};
    qsort(sorted, (size_t)n_names, sizeof *sorted, compare_named);
    out->texts = xnew_array(char *, (size_t)n_names + 1);
    for (int64_t i = 0; i < n_names; i++) {
        if (!place[sorted[i].code]) continue;
        out->texts[out->n] = names[sorted[i].code];
        names[sorted[i].code] = NULL;
        place[sorted[i].code] = (int32_t)out->n++;
    }
    for (int64_t i = 0; i < n; i++) positions[i] = place[draft_ids_at(codes, i)];
    free(sorted);
    mem_free(place);
    return OK;
}

/* Distinct texts in order of appearance, and each event's number among them. */
static void intern_texts(char **texts, int64_t n, char ***out_names, int64_t *out_n_names, int64_t *codes) {
    struct str_map *seen = str_map_new();
    for (int64_t i = 0; i < n; i++) {
        const struct slice text = slice_of(texts[i]);
        if (str_map_get(seen, text, &codes[i])) continue;
        codes[i] = (int64_t)str_map_len(seen);
        str_map_put(seen, text, codes[i], false);
    }
    *out_n_names = (int64_t)str_map_len(seen);
    *out_names = xnew_array(char *, (size_t)*out_n_names + 1);
    for (int64_t i = 0; i < *out_n_names; i++) {
        const struct slice key = str_map_key(seen, (size_t)i);
        (*out_names)[i] = xstrndup(key.data, key.len);
    }
    str_map_free(seen);
}

/* One side of a draft. */
struct side {
    int64_t **ids;
    int32_t **ids32;
    char ***texts, ***names;
    int64_t *n_names;
    struct id_range *range;
};

/* Ids of 32 bits turn into positions where they stand. */
static enum status index_side(struct task *task, struct side side, int64_t n, struct id_list *out, int32_t **positions, struct error *err) {
    if (*side.texts) {
        TRY(mem_try_array((size_t)n, "ids", side.ids, err));
        intern_texts(*side.texts, n, side.names, side.n_names, *side.ids);
    }
    const struct draft_ids ids = {*side.ids, *side.ids32};
    if (ids.narrow) *positions = ids.narrow;
    else TRY(mem_try_array((size_t)n, "positions", positions, err));
    *side.ids32 = NULL;
    if (*side.names) return index_names(*side.names, *side.n_names, ids, n, out, *positions, err);
    return index_ints(task, ids, n, side.range, out, *positions, err);
}

/* --- drafts --- */

static void names_release(char **names, int64_t n) {
    for (int64_t i = 0; names && i < n; i++) free(names[i]);
    mem_free(names);
}

void draft_release(struct dataset_draft *draft) {
    names_release(draft->user_texts, draft->n_events);
    names_release(draft->item_texts, draft->n_events);
    names_release(draft->user_names, draft->n_user_names);
    names_release(draft->item_names, draft->n_item_names);
    mem_free(draft->user_ids);
    mem_free(draft->item_ids);
    mem_free(draft->user_ids32);
    mem_free(draft->item_ids32);
    mem_free(draft->ratings);
    mem_free(draft->times);
    table_unref(draft->user_table);
    table_unref(draft->item_table);
    *draft = (struct dataset_draft){0};
}

static enum status check_draft(const struct dataset_draft *draft, struct error *err) {
    if (draft->n_events <= 0) {
        err_set(err, ERR_DATA, "`%s` has no interactions", draft->name);
        return err_hint(err, "a line for each is wanted: user, item and, where there are, rating and time");
    }
    if (draft->n_events > INT32_MAX)
        return err_set(err, ERR_LIMIT, "`%s` has %lld rows, and %d are the most", draft->name, (long long)draft->n_events, INT32_MAX);
    for (int64_t i = 0; draft->ratings && i < draft->n_events; i++)
        if (!isfinite(draft->ratings[i]))
            return err_set(err, ERR_DATA, "row %lld of `%s`: the rating is not a finite number", (long long)i + 1, draft->name);
    return OK;
}

static struct data_source *source_of_draft(struct dataset_draft *draft) {
    struct data_source *source = xnew(struct data_source);
    source->events = (struct events){.count = 1, .n_events = draft->n_events, .ratings = draft->ratings, .times = draft->times};
    source->name = xstrdup(draft->name);
    source->origin = xstrdup(draft->origin ? draft->origin : draft->name);
    source->licence = draft->licence ? xstrdup(draft->licence) : NULL;
    source->is_explicit = draft->is_explicit;
    source->monitor = monitor_new();
    draft->ratings = NULL;
    draft->times = NULL;
    return source;
}

static enum status ones(struct events *events, struct error *err) {
    TRY(mem_try_array((size_t)events->n_events, "ratings", &events->ratings, err));
    for (int64_t i = 0; i < events->n_events; i++) events->ratings[i] = 1;
    return OK;
}

static void drop(int64_t **ids) {
    mem_free(*ids);
    *ids = NULL;
}

static enum status fill_source(struct dataset_draft *draft, struct data_source *source, struct id_list *users, struct id_list *items,
                               struct error *err) {
    struct events *events = &source->events;
    const struct side user_side = {&draft->user_ids,   &draft->user_ids32,   &draft->user_texts,
                                   &draft->user_names, &draft->n_user_names, &draft->user_range};
    const struct side item_side = {&draft->item_ids,   &draft->item_ids32,   &draft->item_texts,
                                   &draft->item_names, &draft->n_item_names, &draft->item_range};
    TRY(index_side(draft->task, user_side, events->n_events, users, &events->users, err));
    drop(&draft->user_ids); /* before the items' positions need room */
    TRY(index_side(draft->task, item_side, events->n_events, items, &events->items, err));
    drop(&draft->item_ids);
    if (!events->ratings) TRY(ones(events, err));
    TRY(task_check(draft->task, err));
    source->catalog = catalog_build(users, items, draft->user_table, draft->item_table);
    data_source_measure(source);
    return OK;
}

enum status dataset_build(struct dataset_draft *draft, struct dataset **out, struct error *err) {
    struct id_list users = {0}, items = {0};
    enum status status = check_draft(draft, err);
    if (status == OK) {
        struct data_source *source = source_of_draft(draft);
        status = fill_source(draft, source, &users, &items, err);
        if (status == OK) *out = dataset_of(source);
        else data_source_unref(source);
    }
    id_list_release(&users);
    id_list_release(&items);
    draft_release(draft);
    return status;
}
