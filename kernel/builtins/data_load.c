/* load, datasets, synth. */
#include "kernel/builtins/data_rows.h"
#include "runtime/data/loaders.h"

enum status bi_load(const struct call *call, struct value *out, struct error *err) {
    struct dataset *dataset;
    const bool header_given = !arg_is_none(call, "header");
    const struct load_request request = {.name_or_path = arg_str(call, "source"),
                                         .user = arg_str(call, "user"),
                                         .item = arg_str(call, "item"),
                                         .rating = arg_str(call, "rating"),
                                         .time = arg_str(call, "time"),
                                         .separator = arg_str(call, "separator"),
                                         .has_header = header_given && arg_bool(call, "header"),
                                         .header_given = header_given,
                                         .duplicates = arg_str(call, "duplicates"),
                                         .skip_bad = arg_bool(call, "skip_bad"),
                                         .download = true};
    if (load_dataset(call->task, &request, &dataset, err) != OK) return err_about(err, "source");
    *out = value_dataset(dataset);
    return OK;
}

enum status bi_datasets(const struct call *call, struct value *out, struct error *err) {
    (void)call;
    (void)err;
    *out = value_table(datasets_table());
    return OK;
}

enum status bi_synth(const struct call *call, struct value *out, struct error *err) {
    struct dataset *dataset;
    const struct synth_request request = {.users = arg_int(call, "users"),
                                          .items = arg_int(call, "items"),
                                          .density = arg_float(call, "density"),
                                          .genres = arg_int(call, "genres"),
                                          .seed = context_seed(call)};
    TRY(synth_dataset(call->task, &request, &dataset, err));
    *out = value_dataset(dataset);
    return OK;
}
