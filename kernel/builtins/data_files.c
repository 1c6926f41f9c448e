/* Files: save and open (.reckon), export (what other programs read). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/data_rows.h"
#include "kernel/builtins/plot_export.h"
#include "runtime/base/file.h"
#include "runtime/data/dataset_file.h"
#include "runtime/data/export.h"

/* "csv" of "ratings.csv"; "" where there is none. */
static const char *ending_of(const char *path) {
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    return dot && (!slash || dot > slash) ? dot + 1 : "";
}

/* --- save and open --- */

static enum status run_save(const struct call *call, struct value *out, struct error *err) {
    char *path = path_expand(arg_str(call, "path"));
    const struct model *model = arg_data(call, "value", &type_model);
    struct dataset *dataset = arg_data(call, "value", &type_dataset);
    enum status status;
    if (strcmp(ending_of(path), "reckon") != 0) {
        status = arg_error("path", err, ERR_VALUE, "save writes .reckon files, not \"%s\"", arg_str(call, "path"));
        err_hint(err, "save(value, \"name.reckon\"); export writes what other programs read: .csv, .tsv, .jsonl, .md, .tex, .html");
    } else if (model) status = model_save(model, path, err);
    else if (dataset) status = dataset_save(dataset, path, err);
    else status = table_save(arg_data(call, "value", &type_table), path, err);
    free(path);
    if (status != OK) return err_about(err, "path");
    *out = NONE;
    return OK;
}

static enum status open_model(const char *path, struct value *out, struct error *err) {
    struct model *model;
    TRY(model_open(path, &model, err));
    *out = value_model(model);
    return OK;
}

static enum status open_dataset(const char *path, struct value *out, struct error *err) {
    struct dataset *dataset;
    TRY(dataset_open(path, &dataset, err));
    *out = value_dataset(dataset);
    return OK;
}

static enum status open_table(const char *path, struct value *out, struct error *err) {
    struct table *table;
    TRY(table_open(path, &table, err));
    *out = value_table(table);
    return OK;
}

static enum status open_kind(const char *path, struct value *out, struct error *err) {
    struct store_reader *reader;
    char kind[32];
    TRY(store_open(path, &reader, err));
    snprintf(kind, sizeof kind, "%s", store_kind(reader));
    store_close(reader);
    if (strcmp(kind, "model") == 0) return open_model(path, out, err);
    if (strcmp(kind, "dataset") == 0) return open_dataset(path, out, err);
    if (strcmp(kind, "table") == 0) return open_table(path, out, err);
    return err_set(err, ERR_DATA, "\"%s\" holds a %s, which this version can't open", path, kind);
}

static enum status run_open(const struct call *call, struct value *out, struct error *err) {
    char *path = path_expand(arg_str(call, "path"));
    enum status status;
    if (strcmp(ending_of(path), "reckon") != 0) {
        status = arg_error("path", err, ERR_VALUE, "open reads .reckon files, not \"%s\"", arg_str(call, "path"));
        err_hint(err, "load(path) reads ratings from .csv, .tsv and folders of data sets");
    } else status = open_kind(path, out, err);
    free(path);
    return status == OK ? OK : err_about(err, "path");
}

/* --- export --- */

static enum status no_form(const struct call *call, const char *what, const char *endings, struct error *err) {
    arg_error("path", err, ERR_VALUE, "a %s can't be written as \"%s\"", what, arg_str(call, "path"));
    return err_hint(err, "the ending chooses the form: %s", endings);
}

/* One of the forms that the value shows itself in. */
static enum status export_form(const struct call *call, const char *mime, const char *path, struct error *err) {
    struct bundle bundle = BUNDLE_INIT;
    struct file_writer writer;
    enum status status = render_value(call->interp, arg(call, "value"), &bundle, err);
    const struct bundle_part *part = status == OK ? bundle_find(&bundle, mime) : NULL;
    if (status == OK && !part) status = err_set(err, ERR_VALUE, "%s has no form of this kind", value_type_name(arg(call, "value")));
    if (status == OK) status = file_writer_open(path, &writer, err);
    if (status == OK) {
        file_writer_add(&writer, part->bytes.data, part->bytes.len);
        file_writer_add(&writer, "\n", 1);
        status = file_writer_close(&writer, true, err);
    }
    bundle_release(&bundle);
    return status;
}

static enum status export_table(const struct call *call, const char *path, struct error *err) {
    const char *ending = ending_of(path);
    const struct table *table = arg_data(call, "value", &type_table);
    if (strcmp(ending, "md") == 0) return export_form(call, MIME_MARKDOWN, path, err);
    if (strcmp(ending, "tex") == 0) return export_form(call, MIME_LATEX, path, err);
    if (strcmp(ending, "html") == 0) return export_form(call, MIME_HTML, path, err);
    if (strcmp(ending, "csv") == 0 || strcmp(ending, "tsv") == 0 || strcmp(ending, "jsonl") == 0) return table_export(call->task, table, path, err);
    return no_form(call, "Table", ".csv, .tsv, .jsonl, .md, .tex or .html", err);
}

static enum status export_dataset(const struct call *call, const char *path, struct error *err) {
    const char *ending = ending_of(path);
    if (strcmp(ending, "html") == 0) return export_form(call, MIME_HTML, path, err);
    if (strcmp(ending, "csv") == 0 || strcmp(ending, "tsv") == 0 || strcmp(ending, "jsonl") == 0)
        return dataset_export(call->task, arg_data(call, "value", &type_dataset), path, err);
    return no_form(call, "Dataset", ".csv, .tsv, .jsonl, or .html for its card; save(dataset, \"name.reckon\") keeps titles and attributes too", err);
}

static enum status run_export(const struct call *call, struct value *out, struct error *err) {
    char *path = path_expand(arg_str(call, "path"));
    const struct value value = arg(call, "value");
    enum status status;
    if (value_data(value, &type_table)) status = export_table(call, path, err);
    else if (value_data(value, &type_dataset)) status = export_dataset(call, path, err);
    else status = plot_export(context_of(call), call->task, value_data(value, &type_plot), path, err);
    free(path);
    if (status != OK) return err_about(err, "path");
    *out = NONE;
    return OK;
}

/* --- rows --- */

#define GROUP "Load and shape"
#define NOTES (const struct param_note[])

const struct builtin_row builtins_files[] = {
    {.sigs = "save(value: Model | Dataset | Table, path: str) -> None",
     .group = GROUP,
     .summary = "Writes a model, a data set or a table into a .reckon file.",
     .notes = NOTES{{"value", .doc = "what to keep"}, {"path", .doc = "ends in .reckon", .completes = "path"}, {0}},
     .doc = "The file appears whole or not at all. open(path) gives the value back; a model keeps its ids, titles and what users have seen.",
     .example = "save(bias(synth(seed=1)), \"bias.reckon\")\nopen(\"bias.reckon\").name",
     .run = run_save,
     .other_names = "dump (pickle, joblib, Surprise), torch.save"},
    {.sigs = "open(path: str) -> Model | Dataset | Table",
     .group = GROUP,
     .summary = "What save() wrote.",
     .notes = NOTES{{"path", .doc = "of a .reckon file", .completes = "path"}, {0}},
     .example = "save(synth(seed=1), \"made-up.reckon\")\nlen(open(\"made-up.reckon\"))",
     .run = run_open,
     .other_names = "pickle.load, joblib.load, torch.load"},
    {.sigs = "export(value: Dataset | Table | Plot, path: str) -> None",
     .group = GROUP,
     .summary = "Writes what other programs read; the ending chooses the form.",
     .notes = NOTES{{"value", .doc = "what to write"},
                    {"path", .doc = "Dataset: .csv .tsv .jsonl .html; Table: .csv .tsv .jsonl .md .tex .html; Plot: .png .svg", .completes = "path"},
                    {0}},
     .doc = "A Dataset becomes lines of user, item, rating, time with the source's own ids, which load() reads back to the same fingerprint.",
     .example = "export(describe(synth()), \"describe.csv\")",
     .run = run_export,
     .other_names = "to_csv (pandas), savefig (matplotlib), write"},
    {0},
};
