/* Lists of rows that mostly meet, where each pair is met once (similarity_pairs.c),
 * against one row at a time: the same bits, for any number of threads. */
#include "models/classic/similarity.h"
#include "models/classic/weighting.h"
#include "tests/unit/models/fixture.h"

enum { ROWS = 1500, COLUMNS = 40 }; /* three panels, the last of no whole stripes */

/* A value in three of ten places, of few kinds, so that many similarities are equal; some rows are empty. */
static struct sparse_rows crowded_rows(void) {
    struct rng rng = rng_at(3, RNG_USER, 0);
    struct sparse_rows rows;
    GOOD(sparse_rows_new(ROWS, COLUMNS, ROWS * COLUMNS, &rows, &err));
    for (int64_t r = 0, e = 0; r < ROWS; r++) {
        for (int32_t c = 0; c < COLUMNS; c++)
            if (r % 97 != 5 && rng_below(&rng, 10) < 3) {
                rows.columns[e] = c;
                rows.values[e++] = (float)rng_below(&rng, 5) - 1.25f;
            }
        rows.starts[r + 1] = e;
    }
    return rows;
}

struct pair {
    float score;
    int32_t row;
};
static int best_first(const void *a, const void *b) {
    const struct pair *x = a, *y = b;
    return x->score != y->score ? (x->score > y->score ? -1 : 1) : x->row - y->row;
}
static int by_row(const void *a, const void *b) { return ((const struct pair *)a)->row - ((const struct pair *)b)->row; }

/* The list of one row as similarity_list has it of a stranger, without the row itself; returns how many. */
static int64_t alone(const struct comparison *comparison, const struct sparse_rows *rows, int64_t row, int64_t most, struct pair *out) {
    struct sparse_rows list;
    int64_t n = 0;
    GOOD(similarity_list(comparison, rows->columns + rows->starts[row], rows->values + rows->starts[row], sparse_rows_length(rows, row), ROWS, &list,
                         &err));
    for (int64_t e = 0; e < sparse_rows_n(&list); e++)
        if (list.columns[e] != row) out[n++] = (struct pair){list.values[e], list.columns[e]};
    sparse_rows_release(&list);
    qsort(out, (size_t)n, sizeof *out, best_first);
    n = n < most ? n : most;
    qsort(out, (size_t)n, sizeof *out, by_row);
    return n;
}

static void check_lists(const struct comparison *comparison, const struct sparse_rows *rows, int64_t most) {
    static struct pair wanted[ROWS];
    struct sparse_rows lists;
    GOOD(similarity_lists(NULL, comparison, rows, most, &lists, &err));
    assert_int_equal(lists.n, ROWS);
    for (int64_t r = 0; r < ROWS; r++) {
        const int64_t n = alone(comparison, rows, r, most, wanted);
        assert_int_equal(sparse_rows_length(&lists, r), n);
        for (int64_t i = 0; i < n; i++) {
            const int64_t at = lists.starts[r] + i;
            assert_int_equal(lists.columns[at], wanted[i].row);
            assert_memory_equal(&lists.values[at], &wanted[i].score, sizeof(float));
        }
    }
    sparse_rows_release(&lists);
}

static void test_pairs(void **state) {
    static const struct comparison comparisons[] = {
        {.measure = MEASURE_COSINE},
        {.measure = MEASURE_COSINE, .shrinkage = 4},
        {.measure = MEASURE_COSINE, .over_common = true, .is_correlation = true, .shrinkage = 4},
        {.measure = MEASURE_PEARSON, .shrinkage = 1},
        {.measure = MEASURE_MSD},
        {.measure = MEASURE_JACCARD, .shrinkage = 2},
    };
    const int before = pool_threads();
    struct sparse_rows rows = crowded_rows(), columns;
    (void)state;
    GOOD(sparse_rows_turn(NULL, &rows, &columns, &err));
    for (size_t c = 0; c < sizeof comparisons / sizeof *comparisons; c++) {
        struct comparison comparison = comparisons[c];
        float *lengths;
        GOOD(similarity_lengths(&comparison, &rows, &lengths, &err));
        comparison.columns = &columns;
        comparison.lengths = lengths;
        for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
            pool_set_threads(n_threads);
            check_lists(&comparison, &rows, 1);
            check_lists(&comparison, &rows, 30);
            check_lists(&comparison, &rows, ROWS);
        }
        mem_free(lengths);
    }
    pool_set_threads(before);
    sparse_rows_release(&rows);
    sparse_rows_release(&columns);
}

/* Values that are all 1 are counted instead. */
static void test_ones(void **state) {
    struct comparison comparison = {.measure = MEASURE_COSINE, .shrinkage = 3};
    struct sparse_rows rows = crowded_rows(), columns;
    float *lengths;
    (void)state;
    for (int64_t e = 0; e < sparse_rows_n(&rows); e++) rows.values[e] = 1;
    GOOD(sparse_rows_turn(NULL, &rows, &columns, &err));
    GOOD(similarity_lengths(&comparison, &rows, &lengths, &err));
    comparison.columns = &columns;
    comparison.lengths = lengths;
    check_lists(&comparison, &rows, 50);
    mem_free(lengths);
    sparse_rows_release(&rows);
    sparse_rows_release(&columns);
}

/* What is made of all rows before the lists are can be interrupted too. */
static void test_interrupted(void **state) {
    (void)state;
    const struct comparison comparison = {.measure = MEASURE_COSINE};
    struct sparse_rows rows = crowded_rows(), columns;
    struct task *task = task_new(NULL);
    struct weigher counted = {.how = WEIGHTING_BM25}, centred = {.how = WEIGHTING_LESS};
    float *lengths;
    GOOD(sparse_rows_turn(NULL, &rows, &columns, &err));
    task_enter(task);
    task_cancel(task);
    BAD(weigher_count(&counted, &rows, &columns, &err), ERR_INTERRUPTED, "interrupted");
    BAD(weigher_less_means(&centred, &columns, &err), ERR_INTERRUPTED, "interrupted");
    BAD(similarity_lengths(&comparison, &rows, &lengths, &err), ERR_INTERRUPTED, "interrupted");
    task_enter(NULL);
    weigher_release(&counted);
    weigher_release(&centred);
    mem_free(lengths);
    task_free(task);
    sparse_rows_release(&rows);
    sparse_rows_release(&columns);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_ones),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
