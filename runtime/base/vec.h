/* Typed growable array: struct { T *data; size_t len, cap; }.
 *
 *     VEC(int) ids = {0};  vec_push(&ids, 7);  vec_release(&ids); */
#ifndef RECKON_VEC_H
#define RECKON_VEC_H

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

#define VEC(type)        \
    struct {             \
        type *data;      \
        size_t len, cap; \
    }
#define vec_reserve(v, want)                                               \
    do {                                                                   \
        if ((size_t)(want) > (v)->cap) {                                   \
            size_t vec_cap_ = (v)->cap ? (v)->cap * 2 : 8;                 \
            if (vec_cap_ < (size_t)(want)) vec_cap_ = (size_t)(want);      \
            (v)->data = xrealloc((v)->data, vec_cap_ * sizeof *(v)->data); \
            (v)->cap = vec_cap_;                                           \
        }                                                                  \
    } while (0)
#define vec_push(v, item)               \
    do {                                \
        vec_reserve((v), (v)->len + 1); \
        (v)->data[(v)->len++] = (item); \
    } while (0)
#define vec_clear(v) ((v)->len = 0)
#define vec_release(v)           \
    do {                         \
        free((v)->data);         \
        (v)->data = NULL;        \
        (v)->len = (v)->cap = 0; \
    } while (0)

#endif
