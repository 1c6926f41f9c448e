/* What the tests of models and of judging share: small data sets with planted
 * taste, parts of a split, fits by a line of parameters. */
#ifndef RECKON_TEST_MODELS_FIXTURE_H
#define RECKON_TEST_MODELS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/classic/factors.h"
#include "models/fit.h"
#include "models/model.h"
#include "runtime/base/mem.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/data/split_ways.h"

/* A call that must succeed; prints why it didn't. */
#define GOOD(call)                                                              \
    do {                                                                        \
        struct error err = ERROR_INIT;                                          \
        const enum status good_ = (call);                                       \
        if (good_ != OK) fail_msg("%s: %s (%s)", #call, err.message, err.hint); \
    } while (0)

/* A call that must fail with this status and a message that holds this text. */
#define BAD(call, wanted, text)                                                 \
    do {                                                                        \
        struct error err = ERROR_INIT;                                          \
        assert_int_equal((call), wanted);                                       \
        assert_int_equal(err.code, wanted);                                     \
        if (!strstr(err.message, text)) fail_msg("%s: %s", #call, err.message); \
    } while (0)

#define NEAR(a, b, tolerance)                                                                                      \
    do {                                                                                                           \
        const double near_a_ = (double)(a), near_b_ = (double)(b);                                                 \
        if (!(fabs(near_a_ - near_b_) <= (tolerance))) fail_msg("%s = %.9g, %s = %.9g", #a, near_a_, #b, near_b_); \
    } while (0)

/* --- data --- */

/* Rows (user, item, rating) as a data set; ids are the numbers themselves. ratings NULL: implicit. */
static inline struct dataset *data_of(const int64_t *users, const int64_t *items, const float *ratings, int64_t n) {
    struct dataset_draft draft = {.name = "small", .origin = "synthetic", .n_events = n, .is_explicit = ratings != NULL};
    struct dataset *data = NULL;
    draft.user_ids = xmemdup(users, (size_t)n * sizeof *users);
    draft.item_ids = xmemdup(items, (size_t)n * sizeof *items);
    draft.ratings = ratings ? xmemdup(ratings, (size_t)n * sizeof *ratings) : NULL;
    GOOD(dataset_build(&draft, &data, &err));
    return data;
}

/* Ratings 1 … 5 of a user's taste in two planted directions; every user and item occurs. */
static inline float planted(uint64_t seed, int64_t user, int64_t item, struct rng *noise) {
    struct rng u = rng_at(seed, RNG_USER, (uint64_t)user), i = rng_at(seed, RNG_USER, (uint64_t)(100000 + item));
    double r = 3.4 + 0.4 * rng_normal(&u) + 0.5 * rng_normal(&i);
    for (int f = 0; f < 2; f++) r += 0.6 * rng_normal(&u) * rng_normal(&i);
    r = round(r + 0.5 * rng_normal(noise));
    return (float)(r < 1 ? 1 : r > 5 ? 5 : r);
}

static inline struct dataset *planted_data(int64_t n_users, int64_t n_items, double density, uint64_t seed, bool explicit) {
    const size_t room = (size_t)(n_users * n_items);
    int64_t *users = xnew_array(int64_t, room), *items = xnew_array(int64_t, room), n = 0;
    float *ratings = xnew_array(float, room);
    struct rng rng = rng_at(seed, RNG_SYNTH, 0);
    for (int64_t u = 0; u < n_users; u++)
        for (int64_t i = 0; i < n_items; i++) {
            if (rng_uniform(&rng) >= density && u % n_items != i && i % n_users != u) continue;
            users[n] = u + 1;
            items[n] = i + 1;
            ratings[n++] = planted(seed, u, i, &rng);
        }
    struct dataset *data = data_of(users, items, explicit ? ratings : NULL, n);
    free(users);
    free(items);
    free(ratings);
    return data;
}

struct parts {
    struct dataset *all, *train, *valid, *test;
};

/* Takes data. valid 0: no such part. */
static inline struct parts parts_of(struct dataset *data, double valid, double test) {
    struct parts parts = {.all = data};
    char *note = NULL;
    const struct split_request request = {.by = SPLIT_RANDOM, .test = test, .valid = valid, .seed = 7};
    GOOD(split_dataset(NULL, data, &request, &parts.train, &parts.valid, &parts.test, &note, &err));
    free(note);
    return parts;
}

static inline void parts_release(struct parts *parts) {
    dataset_unref(parts->train);
    if (parts->valid) dataset_unref(parts->valid);
    dataset_unref(parts->test);
    dataset_unref(parts->all);
}

static inline struct events_view rows_of(struct dataset *data) {
    struct events_view view;
    GOOD(dataset_columns(data, &view, &err));
    return view;
}

/* --- fits --- */

/* "factors=8, reg=0.1, optimizer=adam" over the defaults. */
static inline struct params params_of(const struct model_class *class, const char *text) {
    struct params params;
    char *copy = xstrdup(text), *rest = copy;
    params_defaults(class, &params);
    for (char *part; (part = strtok_r(rest, ", ", &rest));) {
        char *equals = strchr(part, '=');
        assert_non_null(equals);
        *equals = 0;
        const int row = params_find(class, part);
        if (row < 0) fail_msg("%s has no parameter %s", class->name, part);
        switch (class->params[row].type) {
        case PARAM_INT: params.values[row].i = strtoll(equals + 1, NULL, 10); break;
        case PARAM_FLOAT: params.values[row].f = strtod(equals + 1, NULL); break;
        case PARAM_BOOL: params.values[row].b = strcmp(equals + 1, "True") == 0; break;
        case PARAM_STR: params.values[row].s = param_choice(&class->params[row], equals + 1); break;
        }
        params.given[row] = true;
    }
    free(copy);
    return params;
}

/* A request to change further; params must outlive it. */
static inline struct fit_request request_for(struct dataset *data, const struct params *params, int64_t epochs) {
    return (struct fit_request){
        .data = data, .params = params, .common = {.seed = 3, .epochs = epochs, .patience = 5}, .device = device_cpu(), .task = NULL};
}

static inline struct model *fitted(const char *kind, struct dataset *data, const char *text, int64_t epochs, const struct model *start) {
    const struct model_class *class = model_class_find(kind);
    struct model *model = NULL;
    assert_non_null(class);
    const struct params params = params_of(class, text);
    struct fit_request request = request_for(data, &params, epochs);
    request.start = start;
    GOOD(model_fit(class, &request, &model, &err));
    return model;
}

/* Saved and opened again. */
static inline struct model *reopened(const struct model *model, const char *path) {
    struct model *again = NULL;
    GOOD(model_save(model, path, &err));
    GOOD(model_open(path, &again, &err));
    return again;
}

/* Every user's scores of every item, n_users × n_items; owned. */
static inline float *all_scores(const struct model *model) {
    const int64_t n_users = model->catalog->n_users, n_items = model->catalog->n_items;
    int32_t *users = xnew_array(int32_t, (size_t)n_users);
    float *scores = xnew_array(float, (size_t)(n_users * n_items));
    for (int32_t u = 0; u < n_users; u++) users[u] = u;
    GOOD(model_score_block(model, NULL, users, n_users, scores, &err));
    free(users);
    return scores;
}

static inline float pair_score(const struct model *model, int32_t user, int32_t item) {
    float score = NAN;
    GOOD(model->class->score_pairs(model, NULL, &user, &item, 1, &score, &err));
    return score;
}

/* Equal to the bit: pair scores of every user and item. */
static inline bool same_scores(const struct model *a, const struct model *b) {
    bool same = true;
    for (int32_t u = 0; same && u < a->catalog->n_users; u++)
        for (int32_t i = 0; same && i < a->catalog->n_items; i++) {
            const float x = pair_score(a, u, i), y = pair_score(b, u, i);
            same = memcmp(&x, &y, sizeof x) == 0;
        }
    return same;
}

#endif
