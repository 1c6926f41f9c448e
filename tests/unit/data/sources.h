/* Data sets that the tests of runtime/data share. */
#ifndef TESTS_DATA_SOURCES_H
#define TESTS_DATA_SOURCES_H

#include <stdlib.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/data/layouts.h"
#include "runtime/data/loaders.h"

struct row {
    int user, item;
    float rating;
    long time;
};

/* A data set of these rows; without times when they are all 0. */
static inline struct dataset *dataset_of_rows(const struct row *rows, size_t n) {
    struct dataset_draft draft = {.name = "tiny", .n_events = (int64_t)n, .is_explicit = true};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    bool timed = false;
    draft.user_ids = xnew_array(int64_t, n);
    draft.item_ids = xnew_array(int64_t, n);
    draft.ratings = xnew_array(float, n);
    for (size_t i = 0; i < n; i++) {
        draft.user_ids[i] = rows[i].user;
        draft.item_ids[i] = rows[i].item;
        draft.ratings[i] = rows[i].rating;
        timed = timed || rows[i].time;
    }
    if (timed) draft.times = xnew_array(int64_t, n);
    for (size_t i = 0; timed && i < n; i++) draft.times[i] = rows[i].time;
    assert_int_equal(dataset_build(&draft, &dataset, &err), OK);
    return dataset;
}

static inline struct dataset *synthetic(int64_t users, int64_t items, double density, uint64_t seed) {
    const struct synth_request request = {.users = users, .items = items, .density = density, .genres = 8, .seed = seed};
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    assert_int_equal(synth_dataset(NULL, &request, &dataset, &err), OK);
    return dataset;
}

/* Folder of MovieLens 100K, owned; NULL where RECKON_DATA has none. */
static inline char *ml100k_folder(void) {
    const char *data = getenv("RECKON_DATA");
    char *folder = data && *data ? path_join(data, "ml-100k") : NULL;
    if (folder && file_is_dir(folder)) return folder;
    free(folder);
    return NULL;
}

/* MovieLens 100K; NULL where there is none: skip then. */
static inline struct dataset *ml100k(void) {
    char *folder = ml100k_folder();
    struct error err = ERROR_INIT;
    struct dataset *dataset = NULL;
    if (folder) assert_int_equal(layout_ml100k.load(NULL, folder, "ml-100k", NULL, &dataset, &err), OK);
    free(folder);
    return dataset;
}

#endif
