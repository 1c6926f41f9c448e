/* Lists of rows that mostly meet, where each pair is met once (similarity_pairs.c),
 * against one row at a time: the same bits, for any number of threads. */
#include "models/classic/similarity_sums.h"
#include "models/classic/weighting.h"
#include "tests/unit/models/fixture.h"

enum { ROWS = 1500, COLUMNS = 40 }; /* three panels, the last of no whole stripes */

/* A value in three of ten places, of few kinds; some rows are empty. Sums of steps of 1 are exact in float, so that many similarities are equal;
 * those of thirds round, so that bits say in which order they were added up. */
static struct sparse_rows crowded_rows(float step) {
    struct rng rng = rng_at(3, RNG_USER, 0);
    struct sparse_rows rows;
    GOOD(sparse_rows_new(ROWS, COLUMNS, ROWS * COLUMNS, &rows, &err));
    for (int64_t r = 0, e = 0; r < ROWS; r++) {
        for (int32_t c = 0; c < COLUMNS; c++)
            if (r % 97 != 5 && rng_below(&rng, 10) < 3) {
                rows.columns[e] = c;
                rows.values[e++] = ((float)rng_below(&rng, 5) - 1.25f) * step;
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

/* What similarity_list says of each row as a stranger, the best first, without the row itself. */
struct reference {
    struct pair *pairs; /* ROWS × ROWS */
    int64_t lengths[ROWS];
};

static void ask_alone(const struct comparison *comparison, const struct sparse_rows *rows, struct reference *out) {
    for (int64_t r = 0; r < ROWS; r++) {
        struct sparse_rows list;
        struct pair *pairs = out->pairs + r * ROWS;
        int64_t n = 0;
        GOOD(similarity_list(comparison, rows->columns + rows->starts[r], rows->values + rows->starts[r], sparse_rows_length(rows, r), ROWS, &list,
                             &err));
        for (int64_t e = 0; e < sparse_rows_n(&list); e++)
            if (list.columns[e] != r) pairs[n++] = (struct pair){list.values[e], list.columns[e]};
        qsort(pairs, (size_t)n, sizeof *pairs, best_first);
        out->lengths[r] = n;
        sparse_rows_release(&list);
    }
}

static void check_lists(const struct comparison *comparison, const struct sparse_rows *rows, const struct reference *reference, int64_t most) {
    struct sparse_rows lists;
    GOOD(similarity_lists(NULL, NULL, comparison, rows, most, &lists, &err));
    assert_int_equal(lists.n, ROWS);
    for (int64_t r = 0; r < ROWS; r++) {
        struct pair wanted[ROWS];
        const int64_t n = reference->lengths[r] < most ? reference->lengths[r] : most;
        memcpy(wanted, reference->pairs + r * ROWS, (size_t)n * sizeof *wanted);
        qsort(wanted, (size_t)n, sizeof *wanted, by_row);
        assert_int_equal(sparse_rows_length(&lists, r), n);
        for (int64_t i = 0; i < n; i++) {
            const int64_t at = lists.starts[r] + i;
            assert_int_equal(lists.columns[at], wanted[i].row);
            assert_memory_equal(&lists.values[at], &wanted[i].score, sizeof(float));
        }
    }
    sparse_rows_release(&lists);
}

static void check_comparison(struct comparison comparison, const struct sparse_rows *rows, const struct sparse_rows *columns) {
    static const int64_t mosts[] = {1, 30, ROWS - 20, ROWS};
    const int before = pool_threads();
    struct reference reference = {.pairs = xnew_array(struct pair, (size_t)ROWS * ROWS)};
    float *lengths;
    GOOD(similarity_lengths(&comparison, rows, &lengths, &err));
    comparison.columns = columns;
    comparison.lengths = lengths;
    ask_alone(&comparison, rows, &reference);
    for (size_t m = 0; m < sizeof mosts / sizeof *mosts; m++)
        for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
            pool_set_threads(n_threads);
            check_lists(&comparison, rows, &reference, mosts[m]);
        }
    pool_set_threads(before);
    free(reference.pairs);
    mem_free(lengths);
}

static void check_pairs(float step) {
    static const struct comparison comparisons[] = {
        {.measure = MEASURE_COSINE},
        {.measure = MEASURE_COSINE, .shrinkage = 4},
        {.measure = MEASURE_COSINE, .over_common = true, .is_correlation = true, .shrinkage = 4},
        {.measure = MEASURE_PEARSON, .shrinkage = 1},
        {.measure = MEASURE_MSD},
        {.measure = MEASURE_JACCARD, .shrinkage = 2},
    };
    struct sparse_rows rows = crowded_rows(step), columns;
    GOOD(sparse_rows_turn(NULL, &rows, &columns, &err));
    for (size_t c = 0; c < sizeof comparisons / sizeof *comparisons; c++) check_comparison(comparisons[c], &rows, &columns);
    sparse_rows_release(&rows);
    sparse_rows_release(&columns);
}

static void test_equal_scores(void **state) {
    (void)state;
    check_pairs(1);
}

static void test_rounded_sums(void **state) {
    (void)state;
    check_pairs(1 / 3.0f);
}

/* Short lists take in as many again before they are cut, long ones never more than there are rows. */
static void test_room(void **state) {
    (void)state;
    assert_int_equal(pairs_room(30, 6000), 2 * 30 + 4 * PAIRS_STRIPE);
    for (int64_t most = 2900; most <= 6000; most += 100) assert_true(pairs_room(most, 6000) > most && pairs_room(most, 6000) <= 6000 + PAIRS_STRIPE);
}

/* Values that are all 1 are counted instead. */
static void test_ones(void **state) {
    struct sparse_rows rows = crowded_rows(1), columns;
    (void)state;
    for (int64_t e = 0; e < sparse_rows_n(&rows); e++) rows.values[e] = 1;
    GOOD(sparse_rows_turn(NULL, &rows, &columns, &err));
    check_comparison((struct comparison){.measure = MEASURE_COSINE, .shrinkage = 3}, &rows, &columns);
    sparse_rows_release(&rows);
    sparse_rows_release(&columns);
}

/* What is made of all rows before the lists are can be interrupted too. */
static void test_interrupted(void **state) {
    (void)state;
    const struct comparison comparison = {.measure = MEASURE_COSINE};
    struct sparse_rows rows = crowded_rows(1), columns;
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
        cmocka_unit_test(test_equal_scores), cmocka_unit_test(test_rounded_sums), cmocka_unit_test(test_room),
        cmocka_unit_test(test_ones),         cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
