/* Loading: by name (a table of known data sets) or by path (layouts recognised
 * by their files, delimited text by header or keywords). */
#ifndef RECKON_LOADERS_H
#define RECKON_LOADERS_H

#include "runtime/data/dataset.h"

struct load_request {
    const char *name_or_path;
    const char *user, *item, *rating, *time; /* column names; NULL: guess from the header */
    const char *separator;                   /* ",", ";", "\t", "::"; NULL: found out */
    bool has_header, header_given;           /* header=True/False; header_given false: found out */
    const char *duplicates;                  /* "error" (default), "last", "sum", "mean" */
    bool skip_bad;                           /* of a file: leaves out rows that can't be used, and prints what is wrong with the first */
    bool download;                           /* may fetch */
};
/* One loaded thing: a Dataset now; other kinds come with other layouts. */
enum status load_dataset(struct task *task, const struct load_request *request, struct dataset **out, struct error *err) MUST_CHECK;

/* Known names, in the order of the table. */
struct known_dataset {
    const char *name, *what, *licence;
    const char *url, *md5; /* of the archive; NULL: there is none to download */
    int64_t size_bytes;    /* of the archive */
    const char *folder;    /* below $RECKON_DATA and the cache */
    const char *files;     /* which files, and whose, where none are downloaded; else NULL */
};
size_t known_datasets(const struct known_dataset **out);
const struct known_dataset *known_dataset_find(const char *name); /* NULL: unknown */
/* Folder where it lies ($RECKON_DATA/<folder>, then the cache), or its archive (<folder>.zip there); owned, or NULL. */
char *known_dataset_folder(const char *name);
/* Table: name, what, size, licence, found. */
struct table *datasets_table(void);

struct synth_request {
    int64_t users, items;
    double density;
    int64_t genres;
    uint64_t seed;
};
/* Planted genres and taste, ML-100K-like marginals (long tail, rating histogram), titles, attributes, times. Deterministic. */
enum status synth_dataset(struct task *task, const struct synth_request *request, struct dataset **out, struct error *err) MUST_CHECK;

#endif
