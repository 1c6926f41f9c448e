/* Interactions of delimited text: a window of the file after another is cut
 * into chunks at ends of lines, which the pool's threads read side by side,
 * each into a basin of its own; then the rows are put where they belong, in the
 * file's order whatever thread reads what. Where quotes stand, a line's end may
 * be within a field: then one chunk begins where the one before ended.
 *
 * The basins stay in the caches, so memory is touched once, by rows that stay:
 * 20 bytes each, with ratings and times, as long as ids fit in 32 bits. Of the
 * file there is the window: what was read is given back. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/base/vec.h"
#include "runtime/data/csv_chunk.h"

#define CHUNK_BYTES ((size_t)512 << 10)
#define WINDOW_CHUNKS 32
#define SAMPLES 16
#define SAMPLE_BYTES ((size_t)16 << 10)

/* Where a chunk's first row stands, to find the line of a row again. */
struct mark {
    int64_t row, line, n_rows;
    const char *start, *stop;
};

/* Rows of the window's chunks until it is known where they belong; the next window's take their place. */
struct basins {
    int64_t *words;  /* n × words_of(most) */
    int64_t n, most; /* chunks; rows of one */
};

struct reader {
    struct task *task;
    struct csv *csv;
    int columns[N_ROLES];
    struct csv_plan plan;
    struct draft_rows rows;
    int64_t capacity;
    const char *at; /* what is read so far */
    int64_t line;
    struct csv_chunk chunks[WINDOW_CHUNKS];
    struct basins basins;
    bool wide[WINDOW_CHUNKS][2];   /* ids of users, of items, that don't fit in 32 bits */
    int64_t places[WINDOW_CHUNKS]; /* of their first rows */
    int n_chunks, n_placed;        /* of the window; of them, whose rows are where they stay */
    VEC(struct mark) marks;
};

/* --- room --- */

/* How many records there may be, by the lines of samples all over the file. */
static int64_t guess_rows(const struct csv *csv) {
    const size_t left = (size_t)(csv->scan.end - csv->scan.at);
    size_t n_lines = 0, n_bytes = 0;
    for (size_t i = 0; i < SAMPLES; i++) {
        const char *start = csv->scan.at + left / SAMPLES * i;
        const size_t length = left / SAMPLES < SAMPLE_BYTES ? left / SAMPLES : SAMPLE_BYTES;
        for (size_t b = 0; b < length; b++) n_lines += start[b] == csv->format.line_end;
        n_bytes += length;
    }
    return (int64_t)((double)left * (double)(n_lines + SAMPLES) / (double)(n_bytes + 1) * 1.05) + 64;
}

static enum status grow_array(void **array, size_t n_used, size_t n, size_t size, const char *what, struct error *err) {
    void *larger;
    if (!*array) return OK;
    TRY(mem_try(n, size, what, &larger, err));
    memcpy(larger, *array, n_used * size);
    mem_free(*array);
    *array = larger;
    return OK;
}

/* The guess was too low: half as much again. */
static enum status want_rows(struct reader *reader, int64_t n_rows, struct error *err) {
    struct dataset_draft *draft = reader->rows.draft;
    if (n_rows <= reader->capacity) return OK;
    const size_t n_used = (size_t)draft->n_events, n = (size_t)n_rows + n_used / 2;
    TRY(grow_array((void **)&draft->user_ids, n_used, n, sizeof *draft->user_ids, "user ids", err));
    TRY(grow_array((void **)&draft->item_ids, n_used, n, sizeof *draft->item_ids, "item ids", err));
    TRY(grow_array((void **)&draft->user_ids32, n_used, n, sizeof *draft->user_ids32, "user ids", err));
    TRY(grow_array((void **)&draft->item_ids32, n_used, n, sizeof *draft->item_ids32, "item ids", err));
    TRY(grow_array((void **)&draft->ratings, n_used, n, sizeof *draft->ratings, "ratings", err));
    TRY(grow_array((void **)&draft->times, n_used, n, sizeof *draft->times, "times", err));
    reader->capacity = (int64_t)n;
    return OK;
}

/* Users, items and times of so many rows, and ratings of half a word. */
static int64_t words_of(int64_t most) { return 3 * most + (most + 1) / 2; }

/* For n chunks of n_bytes at most. One piece for all is large enough to come from the system, which gives no page before it is touched: rows seldom
 * are as short as they might be. */
static enum status want_basins(struct reader *reader, int64_t n, size_t n_bytes, struct error *err) {
    struct basins *basins = &reader->basins;
    const int64_t most = csv_chunk_most(n_bytes, reader->csv->n_columns);
    if (n <= basins->n && most <= basins->most) return OK;
    mem_free(basins->words);
    *basins = (struct basins){.n = n, .most = most + most / 8}; /* the next chunk may end a little later */
    return mem_try_array((size_t)(n * words_of(basins->most)), "rows", &basins->words, err);
}

static struct dataset_draft basin_of(const struct reader *reader, int64_t i) {
    const int64_t most = reader->basins.most;
    const struct dataset_draft *draft = reader->rows.draft;
    int64_t *words = reader->basins.words + i * words_of(most);
    return (struct dataset_draft){.user_ids = words,
                                  .item_ids = words + most,
                                  .times = draft->times ? words + 2 * most : NULL,
                                  .ratings = draft->ratings ? (float *)(words + 3 * most) : NULL};
}

/* --- a window --- */

static const char *end_of_line(const struct reader *reader, const char *at) {
    const char *end = reader->csv->scan.end, *found = at < end ? memchr(at, reader->csv->format.line_end, (size_t)(end - at)) : NULL;
    return found ? found + 1 : end;
}

static void cut_window(struct reader *reader) {
    const char *at = reader->at, *end = reader->csv->scan.end;
    for (reader->n_chunks = 0; reader->n_chunks < WINDOW_CHUNKS && at < end; reader->n_chunks++) {
        const char *stop = (size_t)(end - at) > CHUNK_BYTES ? end_of_line(reader, at + CHUNK_BYTES) : end;
        reader->chunks[reader->n_chunks] = (struct csv_chunk){.start = at, .stop = stop};
        at = stop;
    }
}

/* Rows of a chunk that begins behind so many lines go into its basin. */
static void begin_chunk(struct reader *reader, int i, int64_t line) {
    struct csv_chunk *chunk = &reader->chunks[i];
    chunk->line = line;
    chunk->part = basin_of(reader, i);
    chunk->rows = (struct draft_rows){.draft = &chunk->part, .path = reader->rows.path};
    memcpy(chunk->rows.columns, reader->rows.columns, sizeof chunk->rows.columns);
}

static bool any_wide(const int64_t *ids, int64_t n) {
    uint64_t high = 0;
    for (int64_t i = 0; i < n; i++) high |= (uint64_t)ids[i] + 0x80000000u;
    return high >> 32;
}

static void read_chunk(struct reader *reader, int i) {
    struct csv_chunk *chunk = &reader->chunks[i];
    csv_chunk_read(chunk, reader->csv, &reader->plan, reader->columns, NULL, reader->task);
    reader->wide[i][0] = any_wide(chunk->part.user_ids, chunk->part.n_events);
    reader->wide[i][1] = any_wide(chunk->part.item_ids, chunk->part.n_events);
}

static void read_block(void *ctx, int64_t block, int thread) {
    struct reader *reader = ctx;
    struct csv_chunk *chunk = &reader->chunks[block];
    (void)thread;
    chunk->minds_quotes = true;
    read_chunk(reader, (int)block);
}

/* --- what a chunk brought --- */

static void put_ids(struct draft_ids to, int64_t place, const int64_t *from, int64_t n) {
    if (to.wide) memcpy(to.wide + place, from, (size_t)n * sizeof *from);
    for (int64_t i = 0; to.narrow && i < n; i++) to.narrow[place + i] = (int32_t)from[i];
}

/* From the basin to where they stay. */
static void place_block(void *ctx, int64_t block, int thread) {
    const struct reader *reader = ctx;
    const int64_t i = reader->n_placed + block, place = reader->places[i];
    const struct dataset_draft *draft = reader->rows.draft, *part = &reader->chunks[i].part;
    const int64_t n = part->n_events;
    (void)thread;
    put_ids(draft_ids_of(draft, true), place, part->user_ids, n);
    put_ids(draft_ids_of(draft, false), place, part->item_ids, n);
    if (draft->ratings) memcpy(draft->ratings + place, part->ratings, (size_t)n * sizeof *part->ratings);
    if (draft->times) memcpy(draft->times + place, part->times, (size_t)n * sizeof *part->times);
}

/* Those before the i-th, by this thread. */
static void place_chunks(struct reader *reader, int i) {
    for (; reader->n_placed < i; reader->n_placed++) place_block(reader, 0, 0);
}

static void renumber(int64_t *ids, int64_t n, struct str_map *names, const struct str_map *own) {
    const size_t n_own = str_map_len(own);
    int64_t *codes = xnew_array(int64_t, n_own + 1);
    for (size_t i = 0; i < n_own; i++) codes[i] = draft_intern(names, str_map_key(own, i));
    for (int64_t i = 0; i < n; i++) ids[i] = codes[ids[i]];
    free(codes);
}

/* A chunk of numbers in a file whose ids are texts elsewhere. */
static void name_numbers(struct csv_chunk *chunk, int side) {
    if (!chunk->rows.names[side]) draft_to_names(&chunk->rows, side);
}

static void merge_names(struct reader *reader, struct csv_chunk *chunk, int side) {
    struct draft_rows *rows = &reader->rows;
    if (!chunk->rows.names[side] && !rows->names[side]) return;
    if (!rows->names[side]) place_chunks(reader, (int)(chunk - reader->chunks));
    if (!rows->names[side]) draft_to_names(rows, side);
    name_numbers(chunk, side);
    renumber(side ? chunk->part.item_ids : chunk->part.user_ids, chunk->part.n_events, rows->names[side], chunk->rows.names[side]);
}

/* What the chunk has to say names lines, and until now nobody knew at which it begins. */
static void say_again(struct reader *reader, int i) {
    struct csv_chunk *chunk = &reader->chunks[i];
    const bool silent = chunk->status == OK && (chunk->rows.bad.n == 0 || reader->rows.bad.n >= BAD_ROWS_KEPT);
    if (silent || chunk->line == reader->line) return;
    csv_chunk_release(chunk);
    begin_chunk(reader, i, reader->line);
    read_chunk(reader, i);
}

static enum status merge_chunk(struct reader *reader, int i, struct error *err) {
    struct csv_chunk *chunk = &reader->chunks[i];
    struct dataset_draft *draft = reader->rows.draft;
    say_again(reader, i);
    if (chunk->status != OK) *err = chunk->err;
    if (chunk->status != OK) return chunk->status;
    TRY(want_rows(reader, draft->n_events + chunk->part.n_events, err));
    for (int side = 0; side < 2; side++) {
        const bool is_wide = reader->wide[i][side] && !chunk->rows.names[side] && !reader->rows.names[side];
        if (is_wide && draft_ids_of(draft, side == 0).narrow) TRY(draft_widen(draft, side == 0, reader->capacity, err));
        merge_names(reader, chunk, side);
    }
    vec_push(&reader->marks, ((struct mark){draft->n_events, reader->line, chunk->part.n_events, chunk->start, chunk->stop}));
    reader->places[i] = draft->n_events;
    draft->n_events += chunk->part.n_events;
    bad_rows_append(&reader->rows.bad, &chunk->rows.bad);
    reader->at = chunk->at;
    reader->line += chunk->end_line - chunk->line;
    return OK;
}

/* --- the two ways to read a window --- */

/* All chunks before the first one with quotes. */
static enum status read_side_by_side(struct reader *reader, struct error *err) {
    size_t longest = 0;
    int n_good = 0;
    reader->n_placed = 0;
    for (int i = 0; i < reader->n_chunks; i++) {
        const size_t n_bytes = (size_t)(reader->chunks[i].stop - reader->chunks[i].start);
        longest = n_bytes > longest ? n_bytes : longest;
    }
    TRY(want_basins(reader, reader->n_chunks, longest, err));
    for (int i = 0; i < reader->n_chunks; i++) begin_chunk(reader, i, reader->line);
    enum status status = pool_run(reader->task, reader->n_chunks, read_block, reader, err);
    while (n_good < reader->n_chunks && !reader->chunks[n_good].has_quotes) n_good++;
    for (int i = 0; i < n_good && status == OK; i++) status = merge_chunk(reader, i, err);
    if (status == OK) status = pool_run(reader->task, n_good - reader->n_placed, place_block, reader, err);
    for (int i = 0; i < reader->n_chunks; i++) csv_chunk_release(&reader->chunks[i]);
    return status;
}

static enum status read_one_by_one(struct reader *reader, const char *window_end, struct error *err) {
    enum status status = OK;
    while (status == OK && reader->at < window_end) {
        struct csv_chunk *chunk = &reader->chunks[0];
        const size_t left = (size_t)(window_end - reader->at);
        *chunk = (struct csv_chunk){.start = reader->at, .stop = reader->at + (left < CHUNK_BYTES ? left : CHUNK_BYTES)};
        TRY(want_basins(reader, 1, (size_t)(chunk->stop - chunk->start), err));
        begin_chunk(reader, 0, reader->line);
        read_chunk(reader, 0);
        reader->n_placed = 0;
        status = merge_chunk(reader, 0, err);
        if (status == OK) place_chunks(reader, 1);
        csv_chunk_release(chunk);
        if (status == OK) status = task_check(reader->task, err);
    }
    return status;
}

static enum status read_window(struct reader *reader, struct error *err) {
    const char *from = reader->at;
    cut_window(reader);
    const char *end = reader->chunks[reader->n_chunks - 1].stop;
    TRY(read_side_by_side(reader, err));
    TRY(read_one_by_one(reader, end, err));
    file_map_done(&reader->csv->map, (size_t)(from - reader->csv->map.data), (size_t)(reader->at - reader->csv->map.data));
    task_report(reader->task, reader->at - reader->csv->map.data, "%s", "");
    return task_check(reader->task, err);
}

/* --- lines, for messages --- */

static const struct mark *mark_of(const struct reader *reader, int64_t row) {
    size_t low = 0, high = reader->marks.len;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (reader->marks.data[middle].row <= row) low = middle;
        else high = middle;
    }
    return &reader->marks.data[low];
}

/* Reads the row's chunk once more, this time with its lines. */
static int64_t line_of(void *ctx, int64_t row) {
    struct reader *reader = ctx;
    const struct mark *mark = mark_of(reader, row);
    const size_t n = (size_t)mark->n_rows + 1;
    struct dataset_draft part = {.user_ids = xnew_array(int64_t, n), .item_ids = xnew_array(int64_t, n)};
    if (reader->rows.draft->ratings) part.ratings = xnew_array(float, n);
    if (reader->rows.draft->times) part.times = xnew_array(int64_t, n);
    int64_t *lines = xnew_array(int64_t, n);
    struct csv_chunk chunk = {.start = mark->start, .stop = mark->stop, .line = mark->line, .part = part};
    chunk.rows = (struct draft_rows){.draft = &chunk.part, .path = reader->rows.path};
    memcpy(chunk.rows.columns, reader->rows.columns, sizeof chunk.rows.columns);
    csv_chunk_read(&chunk, reader->csv, &reader->plan, reader->columns, lines, NULL);
    const int64_t line = lines[row - mark->row];
    csv_chunk_release(&chunk);
    free(lines);
    free(part.user_ids);
    free(part.item_ids);
    free(part.ratings);
    free(part.times);
    return line;
}

/* --- the whole --- */

static enum status read_windows(struct reader *reader, struct dataset_draft *draft, struct error *err) {
    struct csv *csv = reader->csv;
    const char *names[N_ROLES] = {NULL};
    for (int r = 0; r < N_ROLES; r++)
        if (reader->columns[r] >= 0) names[r] = csv->names[reader->columns[r]];
    reader->plan = csv_plan_of(&csv->format, csv->n_columns, reader->columns);
    reader->capacity = guess_rows(csv);
    TRY(draft_rows_begin(&reader->rows, draft, reader->capacity, false, csv->scan.path, names, err));
    reader->rows.line_of = line_of;
    reader->rows.line_ctx = reader;
    while (reader->at < csv->scan.end) TRY(read_window(reader, err));
    return OK;
}

static enum status draft_of(struct task *task, const struct load_request *request, struct csv *csv, struct dataset_draft *draft, struct error *err) {
    struct reader *reader = xnew(struct reader);
    *reader = (struct reader){.task = task, .csv = csv, .at = csv->scan.at, .line = csv->scan.line, .rows = {.draft = draft}};
    enum status status = role_columns(request, csv->scan.path, csv->names, csv->n_columns, csv->format.has_header, reader->columns, err);
    if (status == OK) status = read_windows(reader, draft, err);
    status = draft_rows_end(task, status, &reader->rows, request, err);
    mem_free(reader->basins.words);
    vec_release(&reader->marks);
    free(reader);
    return status;
}

static bool is_whole(const char *text) {
    int64_t number;
    return !text || parse_int64(slice_of(text), &number);
}

enum status csv_draft(struct task *task, const struct load_request *request, const char *path, struct dataset_draft *draft, struct error *err) {
    const bool numbers = is_whole(request->user) && is_whole(request->item) && is_whole(request->rating) && is_whole(request->time);
    const struct csv_hints hints = {
        .separator = request->separator, .has_header = request->has_header, .header_given = request->header_given, .names_given = !numbers};
    struct csv csv;
    TRY(check_duplicates(request->duplicates, err));
    TRY(csv_open(task, path, &hints, &csv, err));
    task_begin(task, "load", "byte", (int64_t)csv.map.len);
    const enum status status = draft_of(task, request, &csv, draft, err);
    task_end(task, status == ERR_INTERRUPTED);
    csv_close(&csv);
    return status;
}
