/* What the files of the synthetic data share. Private to runtime/data. */
#ifndef RECKON_SYNTH_PARTS_H
#define RECKON_SYNTH_PARTS_H

#include "runtime/base/rng.h"
#include "runtime/data/loaders.h"

#define SYNTH_TASTES 8      /* dimensions of the planted taste */
#define SYNTH_GENRES_MAX 24 /* genres that have a name */

enum { SYNTH_STUDENT = 0, SYNTH_OTHER = 1, SYNTH_RETIRED = 15 }; /* of the list of occupations */

/* Streams of numbers: one a kind and an index. */
enum synth_kind {
    SYNTH_GENRE,
    SYNTH_ITEM,
    SYNTH_USER,
    SYNTH_CHOICE,  /* which items a user rates */
    SYNTH_COVER,   /* who rates items that nobody chose */
    SYNTH_OPINION, /* noise of a user's ratings */
    SYNTH_TIME,
    SYNTH_TITLES,
    SYNTH_ORDER /* of the rows */
};
struct rng synth_rng(const struct synth_request *request, enum synth_kind kind, int64_t index);

/* Users, items or rows between two safe points. */
#define SYNTH_CHECK 4096

/* What is planted: whom and what there is. */
struct synth_world {
    const struct synth_request *request;
    double (*genre_tastes)[SYNTH_TASTES];
    struct synth_item {
        uint32_t genres;   /* bits */
        double popularity; /* weight, > 0 */
        double quality;    /* N(0, 1) */
        double taste[SYNTH_TASTES];
        int year;
    } * items;
    struct synth_user {
        int age, occupation, zip;
        bool is_woman;
        double activity; /* weight, > 0 */
        double mildness; /* N(0, 1) */
        double taste[SYNTH_TASTES];
    } * users;
};
enum status synth_world_make(struct task *task, const struct synth_request *request, struct synth_world *out, struct error *err) MUST_CHECK;
void synth_world_release(struct synth_world *world);

/* item, title, genres; user, age, gender, occupation, zip. Ids count from 1. */
struct table *synth_item_table(const struct synth_world *world);
struct table *synth_user_table(const struct synth_world *world);

/* synth_rows.c: rows of who rated what, user by user, n of them; starts has users + 1. */
struct synth_rows {
    int64_t n, *starts;
    int32_t *items; /* of each row */
};
enum status synth_rows_make(struct task *task, const struct synth_world *world, int64_t n, struct synth_rows *out, struct error *err) MUST_CHECK;
void synth_rows_release(struct synth_rows *rows);

#endif
