/* What completion could offer, gathered first and sifted by the typed word. */
#ifndef RECKON_CANDIDATES_H
#define RECKON_CANDIDATES_H

#include "kernel/lang/lookup.h"
#include "runtime/base/vec.h"

struct candidate {
    char *text;
    const char *type;
    char *signature;
    int group;   /* lower groups stand first */
    size_t skip; /* bytes of text that the typed word doesn't hold: an opening quote */
};

struct candidates {
    VEC(struct candidate) all;
    int group;         /* of those added next */
    const char *quote; /* what stands around texts of strings: "" inside a string, "\"" outside */
};

void candidates_add(struct candidates *candidates, const char *text, const char *type, const char *signature);
/* A string's content: quoted where the place needs it. */
void candidates_add_text(struct candidates *candidates, const char *text, const char *type);
/* Moves those that fit `word` to out, sorted: beginnings as typed; else in any case; else its letters in order. Empties candidates. */
void candidates_sift(struct candidates *candidates, struct slice word, struct completions *out);

#define COMPLETE_PATHS 500
/* Files and folders whose path begins with `word`; at most COMPLETE_PATHS. */
void candidates_add_paths(struct candidates *candidates, struct slice word);

#endif
