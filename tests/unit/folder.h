/* A folder of its own for each test: *state is its path. For cmocka_unit_test_setup_teardown. */
#ifndef RECKON_TESTS_UNIT_FOLDER_H
#define RECKON_TESTS_UNIT_FOLDER_H

#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"

static inline int make_folder(void **state) {
    char *folder = xstrdup("/tmp/reckon-test-XXXXXX");
    *state = mkdtemp(folder);
    return *state ? 0 : 1;
}

/* With the files in it. */
static inline int remove_folder(void **state) {
    char **names;
    size_t n_names;
    struct error err = ERROR_INIT;
    if (dir_list(*state, &names, &n_names, &err) != OK) return 1;
    for (size_t i = 0; i < n_names; i++) {
        char *path = path_join(*state, names[i]);
        unlink(path);
        free(path);
    }
    names_free(names, n_names);
    int failed = rmdir(*state);
    free(*state);
    return failed;
}

#endif
