/* Interactions over a catalog. Immutable, counted (atomic). A part of a split
 * is a view: row indices into the source's columns, and the split it belongs
 * to, which knows the sibling parts (what is seen, what would leak). */
#ifndef RECKON_DATASET_H
#define RECKON_DATASET_H

#include "runtime/data/catalog.h"
#include "runtime/device/csr.h"

/* Columns of the source, shared by all views; rows in the file's order. */
struct events {
    int count; /* atomic */
    int64_t n_events;
    int32_t *users, *items; /* positions in the catalog */
    float *ratings;         /* ones when implicit */
    int64_t *times;         /* seconds UTC; NULL: the source has none */
};

enum part { PART_NONE = 0, PART_TRAIN = 1, PART_VALID = 2, PART_TEST = 4 }; /* bits: concat(train, valid) is 3 */

/* What a split is, shared by its parts. Counted (atomic). */
struct split {
    int count;
    uint64_t id;       /* fingerprint of how it was made and of what */
    char *description; /* "random, test 0.2, seed 42" */
    int64_t *rows[3];  /* train, valid, test: indices into events, ascending */
    int64_t n_rows[3];
    /* Published negatives of each test row: n_negatives positions a row; NULL: none. */
    int32_t *negatives;
    int32_t n_negatives;
};

struct dataset; /* opaque: use the accessors */

struct dataset *dataset_ref(struct dataset *dataset);
void dataset_unref(struct dataset *dataset);

const char *dataset_name(const struct dataset *dataset);        /* "ml-100k" */
struct catalog *dataset_catalog(const struct dataset *dataset); /* borrowed */
int64_t dataset_n_users(const struct dataset *dataset);         /* of the whole catalogue, in every part */
int64_t dataset_n_items(const struct dataset *dataset);
int64_t dataset_n(const struct dataset *dataset);        /* rows of this view */
bool dataset_is_explicit(const struct dataset *dataset); /* false: every row weighs 1 or a count */
bool dataset_has_times(const struct dataset *dataset);
void dataset_scale(const struct dataset *dataset, float *out_min, float *out_max); /* of the source's ratings; predictions are clipped to it */
double dataset_mean(const struct dataset *dataset);
const char *dataset_licence(const struct dataset *dataset); /* one line, or NULL */
const char *dataset_origin(const struct dataset *dataset);  /* path or "synthetic" */
/* 16 hex digits: user id, item id, rating, time in row order and nothing else. */
const char *dataset_fingerprint(struct dataset *dataset);

/* The i-th row of the view. */
struct event {
    int32_t user, item;
    float rating;
    int64_t time;
    int64_t row;
}; /* row: index into events */
struct event dataset_event(const struct dataset *dataset, int64_t i);
/* The view's columns as arrays of dataset_n, made once and owned by the view. times NULL when there are none. */
struct events_view {
    const int32_t *users, *items;
    const float *ratings;
    const int64_t *times;
};
enum status dataset_columns(struct dataset *dataset, struct events_view *out, struct error *err) MUST_CHECK;

/* Sparse forms of the view, made once under a lock, owned by the view: users × items (or its transpose), columns ascending; repeated pairs stay
 * separate entries in file order. Borrowed. */
enum status dataset_by_user(struct dataset *dataset, struct device *device, const struct csr **out, struct error *err) MUST_CHECK;
enum status dataset_by_item(struct dataset *dataset, struct device *device, const struct csr **out, struct error *err) MUST_CHECK;
int64_t dataset_bytes(const struct dataset *dataset); /* of this view, its mirrors, and its share of the source */

/* Split: NULL / PART_NONE for a whole data set. Borrowed. */
const struct split *dataset_split(const struct dataset *dataset);
int dataset_part(const struct dataset *dataset); /* bits of enum part */
/* Rows seen before this part is judged: for valid train, for test train and valid, else none. Host arrays, by user: starts (n_users + 1), items
 * ascending, no repeats. Made once, borrowed. mask: 0 = by the rule; else bits of enum part. */
enum status dataset_seen(struct dataset *dataset, int mask, const int64_t **out_starts, const int32_t **out_items, struct error *err) MUST_CHECK;
/* Another part of the same split as a new count; ERR_VALUE when it has none. */
enum status dataset_sibling(struct dataset *dataset, enum part part, struct dataset **out, struct error *err) MUST_CHECK;
/* How many rows of `judged` are among the rows of `fitted` (same source): the leak. */
int64_t dataset_overlap(const struct dataset *fitted, const struct dataset *judged);

/* --- making data sets --- */

/* Loaders fill one of these. All arrays are taken (from mem_try or xnew_array alike). Ids arrive per event: numbers, texts, or numbers into a list of
 * names. */
/* The least and the greatest of numbers. */
struct id_range {
    bool is_known;
    int64_t least, most;
};
struct dataset_draft {
    const char *name, *origin, *licence;
    int64_t n_events;
    int64_t *user_ids, *item_ids;           /* numbers, or */
    int32_t *user_ids32, *item_ids32;       /* the same, where all of a side fit, or */
    struct id_range user_range, item_range; /* of the numbers, where the loader knows */
    char **user_texts, **item_texts;        /* text ids, or */
    char **user_names, **item_names;        /* distinct text ids, which user_ids and item_ids count off */
    int64_t n_user_names, n_item_names;
    float *ratings;                        /* NULL: implicit */
    int64_t *times;                        /* NULL: none */
    struct table *user_table, *item_table; /* first column "user" / "item" = id; item_table may have "title", "genres"; NULL: none */
    bool is_explicit;
    struct task *task; /* borrowed, may be NULL: building can be interrupted */
};
enum status dataset_build(struct dataset_draft *draft, struct dataset **out, struct error *err) MUST_CHECK; /* takes the draft's contents */

/* The same source with other rows (indices into events, taken), part of split (a count is taken; NULL: none). */
struct dataset *dataset_view(struct dataset *source, int64_t *rows, int64_t n_rows, struct split *split, int part, const char *name);
/* A new source over the same catalog, e.g. with ratings replaced (implicit). rows: indices kept; ratings: n_rows or NULL = ones. Split knowledge is
 * kept when dataset is a part: same description, same parts restricted. */
enum status dataset_implicit(struct dataset *dataset, double threshold, bool has_threshold, bool counts, struct dataset **out,
                             struct error *err) MUST_CHECK;
enum status dataset_concat(struct dataset *const *parts, size_t n_parts, struct dataset **out,
                           struct error *err) MUST_CHECK; /* parts of one split stay in it */
struct data_filter {
    int64_t min_user, min_item;
    int64_t since, until;
    bool has_since, has_until;
};
/* Rows with since <= time < until that keep_rows (dataset_n, NULL: all) allows, of users with at least min_user and items with at least min_item of
 * them (repeated until both hold). A whole data set gives a new source whose catalogue holds what is left; a part stays in its split and keeps the
 * catalogue. ERR_DATA when nothing is left. */
enum status dataset_filter(struct dataset *dataset, const struct data_filter *filter, const bool *keep_rows, struct dataset **out,
                           struct error *err) MUST_CHECK;

/* The same rows, with the columns of a side table added to what is known of the users or items: its column "user" or "item" holds the ids, each at
 * most once; rows of others are counted as left out. A part stays in its split. ERR_KEY (no such column), ERR_TYPE (no ids), ERR_DATA (an id twice,
 * none that fits), ERR_VALUE (a column that is known already). */
enum status dataset_join(struct dataset *dataset, const struct table *table, bool of_users, struct dataset **out, struct error *err) MUST_CHECK;

enum status dataset_save(struct dataset *dataset, const char *path, struct error *err) MUST_CHECK;
enum status dataset_open(const char *path, struct dataset **out, struct error *err) MUST_CHECK;
/* .csv, .tsv or .jsonl by the ending: user, item, rating, time with the source's own ids. Loaded again it has the same fingerprint; times that there
 * aren't and the ratings of implicit data that are all 1 are left out. */
enum status dataset_export(struct task *task, struct dataset *dataset, const char *path, struct error *err) MUST_CHECK;

/* Tables about a data set; describe.h has its figures. */
enum status dataset_describe(struct dataset *dataset, struct table **out, struct error *err) MUST_CHECK;
struct table *dataset_head(struct dataset *dataset, int64_t n); /* user, item, rating, time, title */
struct table *dataset_interactions(struct dataset *dataset);    /* the same for all rows */
struct table *dataset_users(struct dataset *dataset);           /* user, features…, ratings, mean */
struct table *dataset_items(struct dataset *dataset);           /* item, title, features…, ratings, mean */
/* Columns of table->n_rows positions: "user", "item" as the source's own ids, "title" where the source has titles. */
void table_add_users(struct table *table, const struct catalog *catalog, const int32_t *users);
void table_add_items(struct table *table, const struct catalog *catalog, const int32_t *items);
void table_add_titles(struct table *table, const struct catalog *catalog, const int32_t *items);

#endif
