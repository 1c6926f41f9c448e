/* split and folds. */
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/data_rows.h"
#include "runtime/base/mem.h"
#include "runtime/data/split_ways.h"

static const struct {
    const char *name;
    enum split_by by;
} ways[] = {{"random", SPLIT_RANDOM}, {"per_user", SPLIT_PER_USER},   {"per_item", SPLIT_PER_ITEM},
            {"time", SPLIT_TIME},     {"user_time", SPLIT_USER_TIME}, {"leave_one_out", SPLIT_LEAVE_ONE_OUT},
            {"user", SPLIT_USER},     {"cold_item", SPLIT_COLD_ITEM}, {"published", SPLIT_PUBLISHED}};

static enum split_by way_of(const char *name) {
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].name, name) == 0) return ways[i].by;
    return SPLIT_RANDOM; /* the binder has checked the name */
}

static enum status no_use(const char *name, const char *by, const char *why, struct error *err) {
    return arg_error(name, err, ERR_VALUE, "by=\"%s\" has no use for %s=: %s", by, name, why);
}

/* Arguments that another way to split would need. */
static enum status check_use(const struct call *call, enum split_by by, struct error *err) {
    const char *name = arg_str(call, "by");
    if (by == SPLIT_LEAVE_ONE_OUT && arg_given(call, "test")) return no_use("test", name, "it holds out one row of each user", err);
    if (by == SPLIT_LEAVE_ONE_OUT && value_is_number(arg(call, "valid"))) {
        arg_error("valid", err, ERR_VALUE, "by=\"%s\" has no use for a share: it holds out one row of each user", name);
        return err_hint(err, "valid=\"last\" takes each user's last training row");
    }
    if (by == SPLIT_PUBLISHED && arg_given(call, "test")) return no_use("test", name, "the publisher chose the rows", err);
    if (by != SPLIT_PUBLISHED && !arg_is_none(call, "fold")) return no_use("fold", name, "only by=\"published\" has named folds", err);
    if (by != SPLIT_USER && arg_given(call, "given")) return no_use("given", name, "only by=\"user\" keeps rows of held-out users", err);
    return OK;
}

static void say(const struct call *call, char *takes_note) {
    if (!takes_note) return;
    interp_print(call->interp, takes_note, strlen(takes_note));
    interp_print(call->interp, "\n", 1);
    free(takes_note);
}

static void push_part(struct value *parts, struct dataset *takes) {
    if (takes) seq_push(parts, value_dataset(takes));
}

enum status bi_split(const struct call *call, struct value *out, struct error *err) {
    const struct value valid = arg(call, "valid");
    struct split_request request = {.by = way_of(arg_str(call, "by")),
                                    .test = arg_float(call, "test"),
                                    .valid = value_is_number(valid) ? value_number(valid) : 0,
                                    .valid_last = valid.kind == VAL_STR,
                                    .seed = context_seed(call),
                                    .given = arg_int(call, "given"),
                                    .fold = arg_str(call, "fold")};
    struct dataset *train, *valid_part = NULL, *test;
    char *note = NULL;
    TRY(check_use(call, request.by, err));
    TRY(split_dataset(call->task, arg_data(call, "ratings", &type_dataset), &request, &train, &valid_part, &test, &note, err));
    say(call, note);
    *out = value_tuple(3);
    push_part(out, train);
    push_part(out, valid_part);
    push_part(out, test);
    return OK;
}

/* --- folds --- */

static void push_fold(struct value *list, struct dataset *takes_train, struct dataset *takes_test) {
    struct value pair = value_tuple(2);
    push_part(&pair, takes_train);
    push_part(&pair, takes_test);
    seq_push(list, pair);
}

static enum status random_folds(const struct call *call, struct dataset *dataset, struct value *list, struct error *err) {
    const int64_t k = arg_int(call, "k");
    struct dataset *train = NULL, *test = NULL;
    for (int64_t i = 0; i < k; i++) {
        TRY(task_check(call->task, err));
        if (split_fold(call->task, dataset, k, i, context_seed(call), &train, &test, err) != OK) return err_about(err, "k");
        push_fold(list, train, test);
    }
    return OK;
}

static enum status published_folds(const struct call *call, struct dataset *dataset, struct value *list, struct error *err) {
    const char *const *names;
    const size_t n = split_published_partition(dataset, &names);
    struct dataset *train = NULL, *test = NULL;
    if (n == 0) {
        arg_error("k", err, ERR_VALUE, "`%s` has no published folds", dataset_name(dataset));
        return err_hint(err, "folds(ratings, 5) makes five random ones");
    }
    for (size_t i = 0; i < n; i++) {
        const struct split_request request = {.by = SPLIT_PUBLISHED, .fold = names[i]};
        TRY(split_dataset(call->task, dataset, &request, &train, NULL, &test, NULL, err));
        push_fold(list, train, test);
    }
    return OK;
}

enum status bi_folds(const struct call *call, struct value *out, struct error *err) {
    struct dataset *dataset = arg_data(call, "ratings", &type_dataset);
    struct value list = value_list(5);
    const enum status status = arg(call, "k").kind == VAL_STR ? published_folds(call, dataset, &list, err) : random_folds(call, dataset, &list, err);
    if (status == OK) *out = list;
    else value_release(&list);
    return status;
}
