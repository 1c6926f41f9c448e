/* The group "Tune": runs. */
#include "runtime/data/runs.h"

#include <string.h>

#include "kernel/builtins/builtins.h"

static int kind_of(const struct call *call) {
    const char *kind = arg_str(call, "kind");
    return !kind ? -1 : strcmp(kind, "fit") == 0 ? RUN_FIT : RUN_EVALUATE;
}

static enum status bi_runs(const struct call *call, struct value *out, struct error *err) {
    struct dataset *data = value_data(arg(call, "data"), &type_dataset);
    const struct runs_filter filter = {.kind = kind_of(call),
                                       .model = arg_str(call, "model"),
                                       .data = data ? NULL : arg_str(call, "data"),
                                       .data_fingerprint = data ? dataset_fingerprint(data) : NULL,
                                       .last = arg_is_none(call, "last") ? 0 : arg_int(call, "last")};
    struct table *table;
    TRY(runs_read(context_of(call)->runs, &filter, call->task, &table, err));
    *out = value_table(table);
    return OK;
}

#define NOTES (const struct param_note[])

const struct builtin_row builtins_runs[] = {
    {.sigs = "runs(kind: \"fit\" | \"evaluate\" | None = None, *, model: str | None = None, data: str | Dataset | None = None, last: int | None = "
             "None) -> Table",
     .group = "Tune",
     .summary = "Every fit and every evaluation so far, of all sessions: what, on which data, how good, how long.",
     .notes = NOTES{{"kind", .doc = "fits or evaluations; None: both"},
                    {"model", .doc = "those of this name, or of this builtin: \"als\""},
                    {"data", .doc = "a data set's name, with or without the part (\"ml-100k\", \"ml-100k train\"); a Dataset: those on the same rows",
                     .completes = "dataset"},
                    {"last", .doc = "the newest so many; None: all", .min = 1, .max = RUNS_READ_MAX},
                    {0}},
     .doc =
         "Oldest first. `recipe` holds all parameters, `seed` and `fingerprint` what else decides a result; a metric has a column of its own: "
         "train_… and valid_… are a fit's. Kept in ~/.local/share/reckon/runs.sqlite, which all sessions share; RECKON_RUNS=file puts it elsewhere, "
         "RECKON_RUNS=off keeps the session's own in memory. In Tables and sql() it is like any other.",
     .example = "train, test = split(synth(), test=0.2, seed=1)\nevaluate(bias(train), test)\nruns(last=2)",
     .run = bi_runs,
     .other_names = "mlflow, search_runs (MLflow), experiments, log"},
    {0},
};
