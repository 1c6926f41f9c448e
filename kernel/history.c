#include "kernel/history.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/history_store.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/data/database.h"

#define STACK_BYTES ((size_t)1 << 20)

struct waiting_call {
    struct waiting_call *next;
    void (*call)(void *ctx, bool in_time);
    void *ctx;
};

struct work {
    struct history_cell *cells;
    struct waiting_call *calls;
    size_t bytes; /* of the cells */
};

struct history {
    struct own_thread *thread;
    struct task *task; /* of the calls */
    struct monitor *monitor;
    /* The monitor guards these. */
    struct work waiting;
    struct history_cell **cells_tail;
    struct waiting_call **calls_tail;
    size_t unwritten_bytes; /* of the cells that wait or are being written */
    bool stopping;
    /* The thread's. */
    char *path; /* NULL: in memory, from now on */
    struct history_store *store;
};

char *history_path(void) { return user_file("RECKON_HISTORY", "history.sqlite"); }

/* --- the thread --- */

static void forget(struct history *history, const struct error *err) {
    log_line(LOG_ERROR, "the history of this session is kept in memory: %s%s%s", err->message, err->hint[0] ? "; " : "", err->hint);
    history_store_close(history->store);
    history->store = NULL;
    free(history->path);
    history->path = NULL;
}

/* Opens at the first use; in memory where the file can't be used. */
static enum status ready(struct history *history, struct error *err) {
    struct error why = ERROR_INIT;
    if (history->store) return OK;
    if (history->path && history_store_open(history->path, &history->store, &why) == OK) return OK;
    if (history->path) forget(history, &why);
    return history_store_open(DATABASE_IN_MEMORY, &history->store, err);
}

static enum status write_cells(struct history *history, const struct history_cell *cells, struct error *err) {
    TRY(ready(history, err));
    return history_store_write(history->store, cells, err);
}

static void keep_cells(struct history *history, struct history_cell *cells) {
    struct error err = ERROR_INIT, again = ERROR_INIT;
    if (cells && write_cells(history, cells, &err) != OK) {
        forget(history, &err);
        if (write_cells(history, cells, &again) != OK) log_line(LOG_ERROR, "cells are missing in the history: %s", again.message);
    }
    while (cells) {
        struct history_cell *next = cells->next;
        free(cells);
        cells = next;
    }
}

static void run_calls(struct history *history, struct waiting_call *calls) {
    while (calls) {
        struct waiting_call *next = calls->next;
        calls->call(calls->ctx, !task_cancelled(history->task));
        free(calls);
        calls = next;
    }
}

/* Cells wait for company, unless somebody asks for them, they are many, or the end has come. */
static bool may_gather(const struct history *history) {
    return !history->waiting.calls && !history->stopping && history->waiting.bytes < HISTORY_QUEUE_BYTES_MAX / 4;
}

static bool take_work(struct history *history, struct work *out) {
    monitor_lock(history->monitor);
    while (!history->waiting.cells && may_gather(history)) monitor_wait(history->monitor);
    double end = clock_now_s() + HISTORY_GATHER_S;
    while (may_gather(history) && clock_now_s() < end) monitor_wait_for(history->monitor, end - clock_now_s());
    *out = history->waiting;
    history->waiting = (struct work){0};
    history->cells_tail = &history->waiting.cells;
    history->calls_tail = &history->waiting.calls;
    monitor_unlock(history->monitor);
    return out->cells || out->calls;
}

static void work(void *ctx) {
    struct history *history = ctx;
    for (struct work work; take_work(history, &work);) {
        keep_cells(history, work.cells);
        monitor_lock(history->monitor);
        history->unwritten_bytes -= work.bytes;
        monitor_unlock(history->monitor);
        run_calls(history, work.calls);
    }
    history_store_close(history->store);
    history->store = NULL;
}

enum status history_query(struct history *history, const json_t *query, struct buf *out, struct error *err) {
    TRY(ready(history, err));
    return history_store_query(history->store, query, history->task, out, err);
}

/* --- from outside --- */

struct history *history_new(const char *path) {
    struct history *history = xnew(struct history);
    *history = (struct history){.monitor = monitor_new(), .task = task_new(NULL), .path = path ? xstrdup(path) : NULL};
    history->cells_tail = &history->waiting.cells;
    history->calls_tail = &history->waiting.calls;
    history->thread = own_thread_start("history", STACK_BYTES, work, history);
    if (history->thread) return history;
    history_free(history);
    return NULL;
}

void history_free(struct history *history) {
    if (!history) return;
    while (!history_end(history, 3600)) continue;
    task_free(history->task);
    monitor_free(history->monitor);
    free(history->path);
    free(history);
}

bool history_end(struct history *history, double seconds) {
    monitor_lock(history->monitor);
    history->stopping = true;
    task_cancel(history->task);
    monitor_wake(history->monitor);
    monitor_unlock(history->monitor);
    if (history->thread && !own_thread_join(history->thread, seconds)) return false;
    history->thread = NULL;
    return true;
}

/* Bytes to keep of a text: it is cut between characters. */
static size_t kept_len(struct slice text) {
    size_t len = HISTORY_TEXT_BYTES_MAX;
    if (text.len <= len) return text.len;
    while (len && ((unsigned char)text.data[len] & 0xC0) == 0x80) len--;
    return len;
}

/* One allocation: the texts lie behind it. */
static struct history_cell *cell_new(int64_t line, struct slice input, const struct slice *output) {
    struct history_cell *cell = xalloc(sizeof *cell + input.len + (output ? output->len : 0) + 1);
    char *texts = (char *)(cell + 1);
    if (input.len) memcpy(texts, input.data, input.len);
    if (output && output->len) memcpy(texts + input.len, output->data, output->len);
    *cell = (struct history_cell){.line = line, .input = {texts, input.len}};
    if (output) cell->output = (struct slice){texts + input.len, output->len};
    return cell;
}

/* Before anything is copied: a full queue costs a cell nothing. */
static bool take_room(struct history *history, size_t bytes) {
    monitor_lock(history->monitor);
    bool fits = !history->stopping && history->unwritten_bytes + bytes <= HISTORY_QUEUE_BYTES_MAX;
    if (fits) history->unwritten_bytes += bytes;
    monitor_unlock(history->monitor);
    return fits;
}

static void queue_cell(struct history *history, struct history_cell *takes, size_t bytes) {
    monitor_lock(history->monitor);
    bool first = !history->waiting.cells, late = history->stopping;
    if (!late) {
        *history->cells_tail = takes;
        history->cells_tail = &takes->next;
        history->waiting.bytes += bytes;
        if (first || !may_gather(history)) monitor_wake(history->monitor);
    }
    monitor_unlock(history->monitor);
    if (late) free(takes);
}

void history_add(struct history *history, int64_t line, struct slice input, const struct slice *output) {
    struct slice kept_output = {output ? output->data : NULL, output ? kept_len(*output) : 0};
    input.len = kept_len(input);
    size_t bytes = sizeof(struct history_cell) + input.len + kept_output.len;
    if (take_room(history, bytes)) queue_cell(history, cell_new(line, input, output ? &kept_output : NULL), bytes);
    else log_line(LOG_INFO, "a cell of %zu bytes is missing in the history: too much waits to be written", bytes);
}

void history_call(struct history *history, void (*call)(void *ctx, bool in_time), void *ctx) {
    monitor_lock(history->monitor);
    bool in_time = !history->stopping;
    if (in_time) {
        struct waiting_call *waiting = xnew(struct waiting_call);
        *waiting = (struct waiting_call){.call = call, .ctx = ctx};
        *history->calls_tail = waiting;
        history->calls_tail = &waiting->next;
        monitor_wake(history->monitor);
    }
    monitor_unlock(history->monitor);
    if (!in_time) call(ctx, false);
}
