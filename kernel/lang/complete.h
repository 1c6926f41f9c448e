/* Completion and inspection over a snapshot: copied strings of the session's
 * names, made by the worker after each statement that binds names, read by the
 * I/O thread. Immutable and counted (atomic). */
#ifndef RECKON_COMPLETE_H
#define RECKON_COMPLETE_H

#include "kernel/lang/builtin.h"

struct snapshot_name {
    char *name, *type; /* "train", "Dataset" */
    char *line;        /* one-line text for inspect */
    char *shape;
    const struct type *object_type; /* NULL for plain values */
    const struct builtin_row *row;  /* a builtin under another name, else NULL */
    char **columns;
    size_t n_columns; /* t["…"], ds columns */
    char **keys;
    size_t n_keys;            /* of a dict (at most SNAPSHOT_KEYS) */
    struct name_source items; /* titles of what a data set, a model or its vectors are about */
    char *signature, *doc;    /* functions made by def */
};
#define SNAPSHOT_KEYS 2000

struct snapshot;
struct snapshot *snapshot_new(struct interp *interp);     /* worker thread */
struct snapshot *snapshot_ref(struct snapshot *snapshot); /* any thread */
void snapshot_unref(struct snapshot *snapshot);
size_t snapshot_len(const struct snapshot *snapshot);
const struct snapshot_name *snapshot_at(const struct snapshot *snapshot, size_t i);
const struct snapshot_name *snapshot_find(const struct snapshot *snapshot, const char *name);

struct completion {
    char *text;       /* what replaces [start, end) */
    const char *type; /* "function" "instance" "keyword" "param" "column" "dataset" "path" "metric" "item" */
    char *signature;  /* "" when none */
};
struct completions {
    struct completion *items;
    size_t n_items;
    size_t start, end; /* code points */
};
/* Sources of names that lang does not know itself; any member may be NULL. */
struct complete_sources {
    void (*datasets)(name_sink sink, void *ctx);
    void (*metrics)(name_sink sink, void *ctx);
};
/* cursor in code points, clamped. Never fails: nothing found gives n_items 0. Works on broken and half-written code. */
void complete_at(const struct registry *registry, const struct snapshot *snapshot, const struct complete_sources *sources, struct slice code,
                 size_t cursor, struct completions *out);
void completions_release(struct completions *completions);

/* Inspect panel: fills text/plain and text/html; false when nothing is there. detail 0 or 1. */
bool inspect_at(const struct registry *registry, const struct snapshot *snapshot, struct slice code, size_t cursor, int detail, struct bundle *out);
/* Panel of one row, for `als?`, help() and the reference page. current_param: name to mark, or NULL. */
void inspect_row(const struct builtin_info *info, const char *current_param, int detail, struct bundle *out);

/* Panel of an object type: what it is, its attributes and methods. */
void inspect_type(const struct registry *registry, const struct type *type, struct bundle *out);
/* "Table", "Table.group": the panel of a type or of its method; false: there is none. */
bool inspect_type_named(const struct registry *registry, const char *path, struct bundle *out);

/* is_complete_request: "complete", "incomplete" (then *out_indent), "invalid". */
const char *completeness(struct slice code, int *out_indent);

#endif
