/* Interactions of delimited text: a window of the file after another is cut
 * into chunks at ends of lines, which the pool's threads read side by side.
 * Each chunk has its place in the columns beforehand, so the rows are in the
 * file's order whatever thread reads what. Where quotes stand, a line's end may
 * be within a field: then one chunk begins where the one before ended.
 *
 * Memory: the columns (28 bytes a row, with ratings and times), and the window
 * of the file: what was read is given back. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/base/vec.h"
#include "runtime/data/csv_chunk.h"

#define CHUNK_BYTES ((size_t)2 << 20)
#define WINDOW_CHUNKS 16
#define SAMPLES 16
#define SAMPLE_BYTES ((size_t)16 << 10)

/* Where a chunk's first row stands, to find the line of a row again. */
struct mark {
    int64_t row, line, n_rows;
    const char *start, *stop;
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
    int n_chunks;
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
    TRY(grow_array((void **)&draft->ratings, n_used, n, sizeof *draft->ratings, "ratings", err));
    TRY(grow_array((void **)&draft->times, n_used, n, sizeof *draft->times, "times", err));
    reader->capacity = (int64_t)n;
    return OK;
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

static void measure(void *ctx, int64_t block, int thread) {
    struct reader *reader = ctx;
    (void)thread;
    csv_chunk_measure(&reader->chunks[block], &reader->csv->format);
}

static void read_chunk(void *ctx, int64_t block, int thread) {
    struct reader *reader = ctx;
    (void)thread;
    csv_chunk_read(&reader->chunks[block], reader->csv, &reader->plan, reader->columns, NULL, reader->task);
}

/* Gives a chunk its place from `row` on. */
static void place(const struct reader *reader, struct csv_chunk *chunk, int64_t row, int64_t line) {
    const struct dataset_draft *draft = reader->rows.draft;
    chunk->line = line;
    chunk->part.user_ids = draft->user_ids + row;
    chunk->part.item_ids = draft->item_ids + row;
    chunk->part.ratings = draft->ratings ? draft->ratings + row : NULL;
    chunk->part.times = draft->times ? draft->times + row : NULL;
    chunk->rows = (struct draft_rows){.draft = &chunk->part, .path = reader->rows.path};
    memcpy(chunk->rows.columns, reader->rows.columns, sizeof chunk->rows.columns);
}

/* --- what a chunk brought --- */

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
    if (!rows->names[side]) draft_to_names(rows, side);
    name_numbers(chunk, side);
    renumber(side ? chunk->part.item_ids : chunk->part.user_ids, chunk->part.n_events, rows->names[side], chunk->rows.names[side]);
}

/* Up to the rows before, where lines without a row left a gap. */
static void close_gap(struct dataset_draft *draft, const struct dataset_draft *part) {
    const size_t row = (size_t)draft->n_events, n = (size_t)part->n_events;
    if (part->user_ids == draft->user_ids + row) return;
    memmove(draft->user_ids + row, part->user_ids, n * sizeof *part->user_ids);
    memmove(draft->item_ids + row, part->item_ids, n * sizeof *part->item_ids);
    if (part->ratings) memmove(draft->ratings + row, part->ratings, n * sizeof *part->ratings);
    if (part->times) memmove(draft->times + row, part->times, n * sizeof *part->times);
}

static enum status merge_chunk(struct reader *reader, struct csv_chunk *chunk, struct error *err) {
    struct dataset_draft *draft = reader->rows.draft;
    if (chunk->status != OK) *err = chunk->err;
    if (chunk->status != OK) return chunk->status;
    for (int side = 0; side < 2; side++) merge_names(reader, chunk, side);
    close_gap(draft, &chunk->part);
    vec_push(&reader->marks, ((struct mark){draft->n_events, chunk->line, chunk->part.n_events, chunk->start, chunk->stop}));
    draft->n_events += chunk->part.n_events;
    bad_rows_append(&reader->rows.bad, &chunk->rows.bad);
    reader->at = chunk->at;
    reader->line = chunk->end_line;
    return OK;
}

/* --- the two ways to read a window --- */

static enum status read_side_by_side(struct reader *reader, struct error *err) {
    int64_t row = reader->rows.draft->n_events, line = reader->line, n_most = row;
    for (int i = 0; i < reader->n_chunks; i++) n_most += reader->chunks[i].n_most;
    TRY(want_rows(reader, n_most, err));
    for (int i = 0; i < reader->n_chunks; i++) {
        place(reader, &reader->chunks[i], row, line);
        row += reader->chunks[i].n_most;
        line += reader->chunks[i].n_most;
    }
    enum status status = pool_run(reader->task, reader->n_chunks, read_chunk, reader, err);
    for (int i = 0; i < reader->n_chunks; i++) {
        if (status == OK) status = merge_chunk(reader, &reader->chunks[i], err);
        csv_chunk_release(&reader->chunks[i]);
    }
    return status;
}

static enum status read_one_by_one(struct reader *reader, struct error *err) {
    const char *window_end = reader->chunks[reader->n_chunks - 1].stop;
    enum status status = OK;
    while (status == OK && reader->at < window_end) {
        struct csv_chunk *chunk = &reader->chunks[0];
        const size_t left = (size_t)(window_end - reader->at);
        *chunk = (struct csv_chunk){.start = reader->at, .stop = reader->at + (left < CHUNK_BYTES ? left : CHUNK_BYTES)};
        csv_chunk_measure(chunk, &reader->csv->format);
        TRY(want_rows(reader, reader->rows.draft->n_events + chunk->n_most, err));
        place(reader, chunk, reader->rows.draft->n_events, reader->line);
        read_chunk(reader, 0, 0);
        status = merge_chunk(reader, chunk, err);
        csv_chunk_release(chunk);
        if (status == OK) status = task_check(reader->task, err);
    }
    return status;
}

static enum status read_window(struct reader *reader, struct error *err) {
    const char *from = reader->at;
    bool quotes = false;
    cut_window(reader);
    TRY(pool_run(reader->task, reader->n_chunks, measure, reader, err));
    for (int i = 0; i < reader->n_chunks; i++) quotes = quotes || reader->chunks[i].has_quotes;
    TRY(quotes ? read_one_by_one(reader, err) : read_side_by_side(reader, err));
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
