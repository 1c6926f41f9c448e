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
    size_t n_scanned;  /* names of sources looked at so far */
    const char *quote; /* what stands around texts of strings: "" inside a string, "\"" outside */
};

void candidates_add(struct candidates *candidates, const char *text, const char *type, const char *signature);
/* A string's content: quoted where the place needs it. */
void candidates_add_text(struct candidates *candidates, const char *text, const char *type);
/* Moves those that fit `word` to out, sorted: beginnings as typed; else in any case; else its letters in order. Empties candidates. */
void candidates_sift(struct candidates *candidates, struct slice word, struct completions *out);

/* Names of a source that begin with `word` in any case, else those that hold its letters in order. Of large catalogues the first alone, so that
 * typing never waits. */
#define COMPLETE_ITEMS 2000     /* offered */
#define COMPLETE_SCANNED 200000 /* looked at, of all sources together */
void candidates_add_source(struct candidates *candidates, const struct name_source *source, struct slice word, const char *type);

#define COMPLETE_PATHS 500
/* Files and folders whose path begins with `word`; at most COMPLETE_PATHS. */
void candidates_add_paths(struct candidates *candidates, struct slice word);

#endif
