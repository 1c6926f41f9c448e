/* Packages of Python: what is built in instead. One table for `import torch`, `from torch import nn` and the bare name `torch`. */
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/builtin.h"
#include "kernel/lang/parse.h"
#include "runtime/base/mem.h"

/* builtins: those of them that the registry has are named, so that a hint never promises what isn't there. */
static const struct package_row {
    const char *names, *builtins, *instead;
} packages[] = {
    {"numpy np jax cupy", NULL, "array([[1, 2], [3, 4]]) makes an Array: + - * / @, .T, .mean(axis=0), log, exp, sqrt"},
    {"pandas pd polars pyarrow duckdb sqlite3", NULL, "load(\"ratings.csv\") reads a file; table(…) and the methods of Table do the rest"},
    {"torch tensorflow tf keras flax pytorch_lightning", "neumf two_tower gmf mlp dense relu embedding mf als svd", "help() lists what there is"},
    {"sklearn surprise implicit lightfm recbole cornac scipy spotlight lenskit",
     "split evaluate cross_validate bias als mf svd ials bpr item_knn user_knn", "help() lists what there is"},
    {"matplotlib plt seaborn sns plotly bokeh altair", "plot curve scatter hist bars heatmap tsne pca", "help() lists what there is"},
    {"faiss annoy hnswlib scann", "index search neighbors similar", "help() lists what there is"},
    {"math cmath statistics", "sqrt log log2 exp round abs mean std", "help() lists what there is"},
    {"random", NULL, "every random choice has a seed: seed(42), split(ratings, seed=42), synth(seed=3)"},
    {"os sys pathlib glob json csv pickle io", NULL,
     "load, open, save and export read and write files; param(\"name\", default) takes settings from outside"},
    {"time timeit datetime", NULL, "timeit(als(train)) times an expression; times of ratings are seconds, Tables show them as dates"},
    {"re", NULL, "strs have find, replace, split, startswith and endswith"},
};

static bool word_in(const char *words, const char *word) {
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += len)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) return true;
    return false;
}

/* "als, mf, svd": those of the words that are builtins. */
static void add_builtins(const struct registry *registry, const char *words, struct buf *out) {
    while (registry && *words) {
        size_t len = strcspn(words, " ");
        char *name = xstrndup(words, len);
        if (registry_find(registry, name)) buf_addf(out, "%s%s", out->len ? ", " : "", name);
        free(name);
        words += len + (words[len] == ' ');
    }
}

bool package_hint(const struct registry *registry, const char *name, struct buf *out) {
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        const struct package_row *row = &packages[i];
        if (!word_in(row->names, name)) continue;
        if (row->builtins) add_builtins(registry, row->builtins, out);
        if (out->len) buf_adds(out, " … are built in; ");
        buf_adds(out, row->instead);
        return true;
    }
    return false;
}

const char *package_names(size_t i) { return i < sizeof packages / sizeof *packages ? packages[i].names : NULL; }
