/* Item cosine on MovieLens 1M, the 50 nearest of each item: Reckon beside the
 * library implicit, in turn in one run. Needs RECKON_DATA with ml-1m. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "models/classic/similarity.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/base/thread.h"
#include "tests/bench/bench.h"
#include "tests/bench/peer.h"

enum { NEIGHBORS = 50, ROUNDS = 5, RUNS = 5 };

/* Items as rows, users as columns. */
static struct sparse_rows items_of(struct dataset *data) {
    const struct csr *by_item;
    struct error err = ERROR_INIT;
    struct sparse_rows rows;
    check(dataset_by_item(data, device_cpu(), &by_item, &err), &err);
    check(sparse_rows_new(csr_rows(by_item), csr_cols(by_item), csr_n(by_item), &rows, &err), &err);
    memcpy(rows.starts, csr_starts(by_item), (size_t)(rows.n + 1) * sizeof *rows.starts);
    memcpy(rows.columns, csr_columns(by_item), (size_t)csr_n(by_item) * sizeof *rows.columns);
    memcpy(rows.values, csr_values(by_item), (size_t)csr_n(by_item) * sizeof *rows.values);
    return rows;
}

struct times {
    double best, processor, kept; /* seconds, seconds of all threads a run, Σ similarities */
};

/* All that a fit does after the data are laid out by item: by user as well, lengths, lists. */
static void ours(const struct sparse_rows *items, struct times *times) {
    struct error err = ERROR_INIT;
    for (int run = 0; run < RUNS; run++) {
        struct comparison comparison = {.measure = MEASURE_COSINE};
        struct sparse_rows users, lists;
        float *lengths;
        const double start = clock_now_s();
        const clock_t before = clock();
        check(sparse_rows_turn(NULL, items, &users, &err), &err);
        check(similarity_lengths(&comparison, items, &lengths, &err), &err);
        comparison.columns = &users;
        comparison.lengths = lengths;
        check(similarity_lists(NULL, NULL, &comparison, items, NEIGHBORS, &lists, &err), &err);
        times->best = fmin(times->best, clock_now_s() - start);
        times->processor += (double)(clock() - before) / CLOCKS_PER_SEC / (RUNS * ROUNDS);
        times->kept = 0;
        for (int64_t e = 0; e < sparse_rows_n(&lists); e++) times->kept += (double)lists.values[e];
        sparse_rows_release(&users);
        sparse_rows_release(&lists);
        mem_free(lengths);
    }
}

static bool theirs(bool ones, struct times *times) {
    char path[2000];
    double numbers[3];
    snprintf(path, sizeof path, "%s/ml-1m/ratings.dat", getenv("RECKON_DATA"));
    const char *argv[] = {"tests/bench/peer_cosine.py", path, "50", ones ? "1" : "0", "5", NULL};
    if (peer_numbers(argv, numbers, 3) != 3) return false;
    times->best = fmin(times->best, numbers[0]);
    times->processor += numbers[1] / ROUNDS;
    times->kept = numbers[2];
    return true;
}

static void compare(struct dataset *data, bool ones) {
    struct sparse_rows items = items_of(data);
    struct times own = {.best = INFINITY}, other = {.best = INFINITY};
    bool has_peer = true;
    for (int round = 0; round < ROUNDS; round++) {
        ours(&items, &own);
        has_peer = has_peer && theirs(ones, &other);
    }
    printf("| %s | Reckon | %.3f | %.3f | %.1f |\n", ones ? "ones" : "ratings", own.best, own.processor, own.kept);
    if (has_peer) printf("| | implicit | %.3f | %.3f | %.1f |\n", other.best, other.processor, other.kept);
    sparse_rows_release(&items);
}

int main(void) {
    struct error err = ERROR_INIT;
    struct dataset *ratings, *rows;
    device_prepare_environment();
    if (!getenv("RECKON_DATA")) {
        fprintf(stderr, "set RECKON_DATA to the folder that holds ml-1m\n");
        return 1;
    }
    ratings = open_data("ml-1m");
    check(dataset_implicit(ratings, 0, false, false, &rows, &err), &err);
    printf(
        "%s, %d threads; %d rounds of %d runs in turn\n\n| values | | s, best | processor s, mean | sum of similarities |\n|---|---|---|---|---|\n",
        device_isa(), pool_threads(), ROUNDS, RUNS);
    compare(rows, true);
    compare(ratings, false);
    dataset_unref(ratings);
    dataset_unref(rows);
    pool_stop();
    return 0;
}
