/* What the files of the data sets share among themselves. */
#ifndef RECKON_DATASET_PARTS_H
#define RECKON_DATASET_PARTS_H

#include "runtime/base/monitor.h"
#include "runtime/data/dataset.h"

/* How the publisher of a data set splits it: split_published.c. */
struct published;
struct unpacked;

/* Columns and everything that all views share. events.count counts holders. */
struct data_source {
    struct events events;
    struct catalog *catalog;
    char *name, *origin, *licence;
    bool is_explicit;
    float scale_min, scale_max;
    /* Made from another source (implicit, filter): whose rows these are, so that a leak is seen through the change. */
    struct data_source *parent;
    int64_t *parent_rows;
    struct data_source *lender;        /* the columns and parent_rows are this one's (join); NULL: they are its own */
    const struct published *published; /* NULL: none */
    struct unpacked *unpacked;         /* the archive's folder that `origin` lies in; NULL: it is of none, or the parent or lender has it */
    char fingerprint[17];              /* of all rows; "" until asked for */
    struct monitor *monitor;
};

struct mirror {
    struct device *device;
    struct csr *by_user, *by_item;
};
#define MIRRORS_MAX 8

struct dataset {
    int count; /* atomic */
    struct data_source *source;
    int64_t *rows; /* NULL: all rows of the source */
    int64_t n;
    struct split *split;
    int part;
    char *name;
    /* Made once, under the lock. */
    struct monitor *monitor;
    struct events_view columns;
    struct mirror mirrors[MIRRORS_MAX];
    int n_mirrors;
    int64_t *seen_starts[8]; /* by mask */
    int32_t *seen_items[8];
    char fingerprint[17];
};

static inline int64_t dataset_row(const struct dataset *dataset, int64_t i) { return dataset->rows ? dataset->rows[i] : i; }
struct data_source *data_source_ref(struct data_source *source);
void data_source_unref(struct data_source *source);
/* The numbers of one side of a draft: one of the two. */
struct draft_ids {
    int64_t *wide;
    int32_t *narrow;
};
static inline struct draft_ids draft_ids_of(const struct dataset_draft *draft, bool of_users) {
    return of_users ? (struct draft_ids){draft->user_ids, draft->user_ids32} : (struct draft_ids){draft->item_ids, draft->item_ids32};
}
static inline int64_t draft_ids_at(struct draft_ids ids, int64_t row) { return ids.narrow ? ids.narrow[row] : ids.wide[row]; }
static inline void draft_ids_put(struct draft_ids ids, int64_t row, int64_t id) {
    if (ids.narrow) ids.narrow[row] = (int32_t)id;
    else ids.wide[row] = id;
}
/* Looks for the range of n > 0 numbers unless it is known. */
enum status draft_id_range(struct task *task, struct draft_ids ids, int64_t n, struct id_range *range, struct error *err) MUST_CHECK;
/* Frees what the draft holds. */
void draft_release(struct dataset_draft *draft);
/* A whole data set of a source; takes the count. */
struct dataset *dataset_of(struct data_source *source);
/* An empty source with the name, origin and licence of another and its catalog. Its scale and columns are the caller's to set. */
struct data_source *data_source_derive(struct data_source *from, int64_t n_events, struct error *err);
void data_source_measure(struct data_source *source); /* scale from the ratings */
const char *data_source_fingerprint(struct data_source *source);

struct split *split_ref(struct split *split);
void split_unref(struct split *split);
/* A split of nothing yet, count 1. */
struct split *split_new(const char *description);
void split_name(struct split *split, const struct data_source *source); /* sets id from description, rows and source */
const char *part_name(int part);                                        /* "train", "train and valid" */

/* split_published.c */
void dataset_set_published(struct dataset *dataset, const struct published *published);
/* The archive's folder that the data set was read from stays while it lives: the publisher's parts are read later. Once, before others see it. */
void dataset_keep_unpacked(struct dataset *dataset, struct unpacked *unpacked);
extern const struct published published_ml100k, published_ncf, published_lightgcn;
/* By the name that files of data sets know it by; NULL: unknown. */
const struct published *published_find(const char *name);
const char *published_name(const struct published *published);

#endif
