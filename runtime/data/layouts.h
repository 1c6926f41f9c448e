/* Folders of known data sets, recognised by their files. Private to runtime/data. */
#ifndef RECKON_LAYOUTS_H
#define RECKON_LAYOUTS_H

#include "runtime/data/loaders.h"

struct layout {
    const char *what;         /* "MovieLens 100K" */
    const char *const *files; /* that make it recognised, ends with NULL */
    /* folder and name are borrowed; licence: one line or NULL. */
    enum status (*load)(struct task *task, const char *folder, const char *name, const char *licence, struct dataset **out, struct error *err);
};
extern const struct layout layout_ml100k, layout_movielens_dat, layout_movielens_csv, layout_ncf, layout_lightgcn;

/* rows of `user SEP item SEP rating SEP time`, whole-number ids, into the draft. */
enum status read_ratings(struct task *task, const char *path, const char *separator, struct dataset_draft *draft, struct error *err) MUST_CHECK;

/* movies.dat and users.dat, where that is there, of MovieLens 1M or 10M into the draft. */
enum status movielens_dat_tables(const char *folder, struct dataset_draft *draft, struct error *err) MUST_CHECK;

/* Delimited text as a data set. */
enum status load_csv(struct task *task, const struct load_request *request, const char *path, struct dataset **out, struct error *err) MUST_CHECK;

#endif
