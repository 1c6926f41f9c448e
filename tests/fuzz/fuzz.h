/* What the fuzz targets share. A target is a file target_<name>.c with libFuzzer's
 * entry point; it is linked twice: by `make fuzz` with libFuzzer (clang), and by
 * `make test-fuzz` with corpus.c, which runs it over tests/fuzz/corpus/<name>.
 *
 * Targets run in one thread, keep what is slow to make (a registry, a session)
 * from input to input, and leave nothing else behind. A property that must hold
 * is a `must`. */
#ifndef RECKON_TESTS_FUZZ_H
#define RECKON_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define must(condition)                                                                \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                   \
        }                                                                              \
    } while (0)

/* The first line of *text, without its end; *text moves past it. */
static inline struct slice fuzz_line(struct slice *text) {
    size_t len = 0;
    while (len < text->len && text->data[len] != '\n') len++;
    struct slice line = {text->data, len};
    text->data += len + (len < text->len);
    text->len -= len + (len < text->len);
    return line;
}

#endif
