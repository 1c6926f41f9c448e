/* Splits as made, for tests of them. Row numbers are indices into the source; part_of says where each row went. */
#ifndef TESTS_DATA_SPLITS_H
#define TESTS_DATA_SPLITS_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/base/monitor.h"
#include "runtime/data/split_ways.h"
#include "tests/unit/data/sources.h"

enum { TRAIN, VALID, TEST, NOWHERE };

/* A split as made: its parts, and each source row's part. */
struct made {
    struct dataset *parts[3];
    char *note;
    unsigned char *part_of; /* n of the source */
    int64_t n[3];
};

static inline void mark(struct made *made, int part) {
    int64_t last = -1;
    made->n[part] = made->parts[part] ? dataset_n(made->parts[part]) : 0;
    for (int64_t i = 0; i < made->n[part]; i++) {
        const struct event event = dataset_event(made->parts[part], i);
        assert_true(event.row > last); /* in the source's order, none twice */
        assert_int_equal(made->part_of[event.row], NOWHERE);
        made->part_of[event.row] = (unsigned char)part;
        last = event.row;
    }
}

/* Splits, checks that no row is in two parts, that a part is there when it was asked for and that it is not empty. */
static inline struct made make(struct dataset *dataset, struct split_request request, int64_t n_source) {
    struct made made = {0};
    struct error err = ERROR_INIT;
    const enum status status = split_dataset(NULL, dataset, &request, &made.parts[TRAIN], &made.parts[VALID], &made.parts[TEST], &made.note, &err);
    if (status != OK) print_error("%s\n", err.message);
    assert_int_equal(status, OK);
    made.part_of = malloc((size_t)n_source);
    memset(made.part_of, NOWHERE, (size_t)n_source);
    for (int p = TRAIN; p <= TEST; p++) mark(&made, p);
    assert_int_equal(made.parts[VALID] != NULL, request.valid_last || request.valid > 0);
    assert_true(made.n[TRAIN] > 0 && made.n[TEST] > 0);
    return made;
}

static inline void made_free(struct made *made) {
    for (int p = 0; p < 3; p++) dataset_unref(made->parts[p]);
    free(made->note);
    free(made->part_of);
}

static inline int64_t nearest(double share, int64_t n) { return (int64_t)(share * (double)n + 0.5); }

static inline bool later(const struct event *a, const struct event *b) { return a->time != b->time ? a->time > b->time : a->row > b->row; }

/* The data sets on which a way must hold: made up, MovieLens 100K where it is, without times. */
static inline void on_each(void (*check)(struct dataset *dataset)) {
    static const struct row untimed[] = {{1, 1, 3, 0}, {1, 2, 4, 0}, {2, 1, 5, 0}, {1, 3, 1, 0}, {2, 2, 2, 0}, {3, 3, 3, 0}, {2, 3, 1, 0}};
    struct dataset *datasets[] = {synthetic(120, 80, 0.1, 5), ml100k(), dataset_of_rows(untimed, 7)};
    for (size_t i = 0; i < 3; i++) {
        if (!datasets[i]) continue;
        check(datasets[i]);
        dataset_unref(datasets[i]);
    }
}

#endif
