/* What the benches share: a failure ends them; data sets by name. */
#ifndef RECKON_BENCH_H
#define RECKON_BENCH_H

#include <stdio.h>
#include <stdlib.h>

#include "runtime/data/loaders.h"

static inline void check(enum status status, const struct error *err) {
    if (status == OK) return;
    fprintf(stderr, "%s: %s\n%s\n", err_name(status), err->message, err->hint);
    exit(1);
}

static inline struct dataset *open_data(const char *name) {
    const struct load_request request = {.name_or_path = name, .download = true};
    struct error err = ERROR_INIT;
    struct dataset *data = NULL;
    check(load_dataset(NULL, &request, &data, &err), &err);
    return data;
}

#endif
