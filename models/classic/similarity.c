#include "models/classic/similarity.h"

#include <stdlib.h>
#include <string.h>

#include "models/classic/similarity_sums.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"
#include "runtime/device/hot_functions.h"

/* --- one row against all --- */

/* Of one thread. */
struct scratch {
    struct sums sums;
    float *scores;
    uint64_t *keys;
    /* For a row that shares columns with few others: these are numbered, and sums are kept of them alone. */
    int32_t *numbers;  /* n_rows: 1 + a row's number; 0 = none */
    int32_t *numbered; /* rows, ascending */
    int32_t *renamed;  /* the columns' entries by their numbers */
    float *lengths;    /* of the numbered rows */
};

struct one_row {
    const int32_t *columns;
    const float *values;
    int64_t n, self; /* self: its place among the compared, to be left out; -1 = none */
};

struct finding {
    struct task *task;
    const char *label; /* of the progress line */
    const struct comparison *comparison;
    struct scoring scoring;
    int64_t most; /* kept of each list */
    struct scratch *scratch;
    const struct sparse_rows *rows; /* whose lists are made */
    int32_t *columns;               /* rows->n × most */
    float *values;
    int64_t *lengths;
};

static const float *values_of(const struct sparse_rows *columns, int64_t column) { return columns->values + columns->starts[column]; }

/* Numbers the rows that share a column with this one, in their order; returns how many. */
static int64_t number_rows(const struct finding *finding, struct scratch *scratch, const struct one_row *row) {
    const struct sparse_rows *columns = finding->comparison->columns;
    int64_t n = 0, at = 0;
    for (int64_t e = 0; e < row->n; e++)
        for (int64_t c = columns->starts[row->columns[e]]; c < columns->starts[row->columns[e] + 1]; c++)
            if (!scratch->numbers[columns->columns[c]]) {
                scratch->numbers[columns->columns[c]] = 1;
                scratch->keys[n++] = (uint64_t)(uint32_t)columns->columns[c];
            }
    HOT_PICK(best_sort)(scratch->keys, n);
    for (int64_t i = 0; i < n; i++) {
        scratch->numbered[i] = (int32_t)scratch->keys[i];
        scratch->numbers[scratch->numbered[i]] = (int32_t)i + 1;
        if (finding->comparison->lengths) scratch->lengths[i] = finding->comparison->lengths[scratch->numbered[i]];
    }
    for (int64_t e = 0; e < row->n; e++)
        for (int64_t c = columns->starts[row->columns[e]]; c < columns->starts[row->columns[e] + 1]; c++)
            scratch->renamed[at++] = scratch->numbers[columns->columns[c]] - 1;
    for (int64_t i = 0; i < n; i++) scratch->numbers[scratch->numbered[i]] = 0;
    return n;
}

/* Sums over all columns of the row; false when the task was cancelled on the way. */
static bool add_row(const struct finding *finding, const struct scratch *scratch, const struct one_row *row, bool numbered) {
    const struct sparse_rows *columns = finding->comparison->columns;
    for (int64_t e = 0, at = 0; e < row->n; e++) {
        const int64_t n = sparse_rows_length(columns, row->columns[e]);
        const int32_t *others = numbered ? scratch->renamed + at : columns->columns + columns->starts[row->columns[e]];
        sums_add(&finding->scoring, &scratch->sums, row->values[e], n, others, values_of(columns, row->columns[e]));
        at += n;
        if (task_cancelled(finding->task)) return false;
    }
    return true;
}

/* The places of the best positive scores of n, ascending, as keys; returns how many. */
static int64_t choose(const struct finding *finding, const struct scratch *scratch, int64_t n) {
    uint64_t *keys = scratch->keys;
    int64_t kept = 0;
    if (finding->most >= n) {
        for (int64_t j = 0; j < n; j++)
            if (scratch->scores[j] > 0) keys[kept++] = (uint64_t)j;
        return kept;
    }
    const int64_t best = HOT_PICK(best_of)(scratch->scores, n, finding->most, keys);
    for (; kept < best && best_score(keys[kept]) > 0; kept++) keys[kept] = (uint64_t)(uint32_t)best_col(keys[kept]);
    HOT_PICK(best_sort)(keys, kept);
    return kept;
}

static int64_t put_list(const struct finding *finding, const struct scratch *scratch, int64_t n, bool numbered, int32_t *columns, float *values) {
    const int64_t kept = choose(finding, scratch, n);
    for (int64_t i = 0; i < kept; i++) {
        const int64_t at = (int64_t)scratch->keys[i];
        columns[i] = numbered ? scratch->numbered[at] : (int32_t)at;
        values[i] = scratch->scores[at];
    }
    return kept;
}

static void leave_out_self(const struct scratch *scratch, int64_t self, int64_t n, bool numbered) {
    for (int64_t i = 0; numbered && i < n; i++)
        if (scratch->numbered[i] == self) scratch->scores[i] = 0;
    if (!numbered && self >= 0) scratch->scores[self] = 0;
}

/* One is worth numbering the others for when it meets few of them. */
enum { FEW = 4 };

static int64_t find_list(const struct finding *finding, struct scratch *scratch, const struct one_row *row, int32_t *columns, float *values) {
    int64_t n = finding->scoring.n_rows, work = 0;
    for (int64_t e = 0; e < row->n; e++) work += sparse_rows_length(finding->comparison->columns, row->columns[e]);
    const bool numbered = work * FEW < n;
    if (numbered) n = number_rows(finding, scratch, row);
    const bool whole = add_row(finding, scratch, row, numbered);
    if (whole) {
        const float *lengths = numbered ? scratch->lengths : finding->comparison->lengths;
        sums_score(&finding->scoring, &scratch->sums, 0, n, scoring_length(finding->comparison, row->values, row->n), lengths, scratch->scores);
        leave_out_self(scratch, row->self, n, numbered);
    }
    sums_clear(&finding->scoring, &scratch->sums, 0, n);
    return whole ? put_list(finding, scratch, n, numbered, columns, values) : 0;
}

/* --- room --- */

static void scratch_release(struct scratch *scratch) {
    sums_release(&scratch->sums);
    mem_free(scratch->scores);
    mem_free(scratch->keys);
    mem_free(scratch->numbers);
    mem_free(scratch->numbered);
    mem_free(scratch->renamed);
    mem_free(scratch->lengths);
}

static enum status scratch_init(const struct finding *finding, struct scratch *scratch, struct error *err) {
    const size_t n = (size_t)finding->scoring.n_rows + 1, few = n / FEW + 1;
    const int64_t k = finding->most < finding->scoring.n_rows ? best_room(finding->most) : 0;
    const char *what = "sums of similar rows";
    TRY(sums_init(&finding->scoring, &scratch->sums, err));
    TRY(mem_try_array(n, what, &scratch->scores, err));
    TRY(mem_try_array((size_t)k > n ? (size_t)k : n, what, &scratch->keys, err));
    TRY(mem_try_array(n, what, &scratch->numbers, err));
    TRY(mem_try_array(few, what, &scratch->numbered, err));
    TRY(mem_try_array(few, what, &scratch->renamed, err));
    return mem_try_array(few, what, &scratch->lengths, err);
}

static struct finding finding_of(struct task *task, const struct comparison *comparison, const struct sparse_rows *rows, int64_t most) {
    struct finding finding = {.task = task, .comparison = comparison, .scoring = scoring_of(comparison, rows), .rows = rows};
    finding.most = most < finding.scoring.n_rows ? most : finding.scoring.n_rows;
    return finding;
}

/* --- lists --- */

static void find_one(void *ctx, int64_t r, int thread) {
    const struct finding *finding = ctx;
    const struct sparse_rows *rows = finding->rows;
    const struct one_row row = {rows->columns + rows->starts[r], rows->values + rows->starts[r], sparse_rows_length(rows, r), r};
    finding->lengths[r] =
        find_list(finding, &finding->scratch[thread], &row, finding->columns + r * finding->most, finding->values + r * finding->most);
}

static enum status pack(const struct finding *finding, struct sparse_rows *out, struct error *err) {
    const int64_t n = finding->rows->n;
    int64_t sum = 0;
    for (int64_t r = 0; r < n; r++) sum += finding->lengths[r];
    TRY(sparse_rows_new(n, finding->scoring.n_rows, sum, out, err));
    for (int64_t r = 0; r < n; r++) {
        const int64_t to = out->starts[r], length = finding->lengths[r];
        out->starts[r + 1] = to + length;
        if (length == 0) continue;
        memcpy(out->columns + to, finding->columns + r * finding->most, (size_t)length * sizeof *out->columns);
        memcpy(out->values + to, finding->values + r * finding->most, (size_t)length * sizeof *out->values);
    }
    return OK;
}

static enum status find_all(struct finding *finding, int n_threads, struct sparse_rows *out, struct error *err) {
    const size_t n = (size_t)finding->rows->n;
    for (int t = 0; t < n_threads; t++) TRY(scratch_init(finding, &finding->scratch[t], err));
    TRY(mem_try_array(n * (size_t)finding->most + 1, "similar rows", &finding->columns, err));
    TRY(mem_try_array(n * (size_t)finding->most + 1, "similar rows", &finding->values, err));
    TRY(mem_try_array(n + 1, "similar rows", &finding->lengths, err));
    TRY(pool_run_shown(finding->task, finding->label, "row", (int64_t)n, find_one, finding, err));
    return pack(finding, out, err);
}

static enum status each_alone(struct finding *finding, struct sparse_rows *out, struct error *err) {
    const int n_threads = pool_threads();
    finding->scratch = xnew_array(struct scratch, (size_t)n_threads);
    const enum status status = find_all(finding, n_threads, out, err);
    for (int t = 0; t < n_threads; t++) scratch_release(&finding->scratch[t]);
    free(finding->scratch);
    mem_free(finding->columns);
    mem_free(finding->values);
    mem_free(finding->lengths);
    if (status != OK) sparse_rows_release(out);
    return status;
}

enum status similarity_lists(struct task *task, const char *label, const struct comparison *comparison, const struct sparse_rows *rows, int64_t most,
                             struct sparse_rows *out, struct error *err) {
    struct finding finding = finding_of(task, comparison, rows, most);
    *out = (struct sparse_rows){0};
    finding.label = label;
    if (pairs_pay(&finding.scoring)) return pairs_lists(task, label, &finding.scoring, rows, finding.most, out, err);
    return each_alone(&finding, out, err);
}

enum status similarity_list(const struct comparison *comparison, const int32_t *columns, const float *values, int64_t n, int64_t most,
                            struct sparse_rows *out, struct error *err) {
    int64_t starts[] = {0, n};
    const struct sparse_rows stranger = {1, comparison->columns->n, starts, (int32_t *)columns, (float *)values};
    struct finding finding = finding_of(NULL, comparison, &stranger, most);
    const struct one_row row = {columns, values, n, -1};
    struct scratch scratch = {0};
    enum status status = scratch_init(&finding, &scratch, err);
    *out = (struct sparse_rows){0};
    if (status == OK) status = sparse_rows_new(1, finding.scoring.n_rows, finding.most, out, err);
    if (status == OK) out->starts[1] = find_list(&finding, &scratch, &row, out->columns, out->values);
    scratch_release(&scratch);
    if (status != OK) sparse_rows_release(out);
    return status;
}
