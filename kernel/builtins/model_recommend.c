/* recommend: one user, several, or all. */
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/model_use.h"
#include "runtime/base/mem.h"

/* --- lists as tables --- */

static struct table *compact(const struct model *model, const struct picks *picks, int32_t *users, int64_t *ranks, int32_t *items, float *scores) {
    int64_t n = 0;
    for (int64_t i = 0; i < picks->n_users * picks->k; i++) {
        if (picks->items[i] < 0) continue;
        users[n] = picks->users ? picks->users[i / picks->k] : -1;
        ranks[n] = i % picks->k + 1;
        items[n] = picks->items[i];
        scores[n++] = picks->scores[i];
    }
    struct table *table = table_new(n);
    if (picks->users) table_add_users(table, model->catalog, users);
    memcpy(table_add_ints(table, "rank"), ranks, (size_t)n * sizeof *ranks);
    table_add_items(table, model->catalog, items);
    if (!picks->users) table_add_titles(table, model->catalog, items);
    add_scores(table, "score", scores, picks->decimals);
    if (picks->users) table_add_titles(table, model->catalog, items);
    return table;
}

struct table *picks_table(const struct model *model, const struct picks *picks) {
    const size_t most = (size_t)(picks->n_users * picks->k) + 1;
    int32_t *users = xnew_array(int32_t, most), *items = xnew_array(int32_t, most);
    int64_t *ranks = xnew_array(int64_t, most);
    float *scores = xnew_array(float, most);
    struct table *table = compact(model, picks, users, ranks, items, scores);
    free(users);
    free(items);
    free(ranks);
    free(scores);
    return table;
}

/* --- the request --- */

struct wanted {
    int32_t *users, *only, *exclude; /* owned */
    int64_t n_users, n_only, n_exclude;
    bool several; /* users= or a list: the table has a column for them */
};

static void wanted_release(struct wanted *wanted) {
    free(wanted->users);
    free(wanted->only);
    free(wanted->exclude);
}

static enum status list_users(const struct call *call, const char *name, struct wanted *wanted, struct error *err) {
    const struct value list = arg(call, name);
    wanted->several = true;
    wanted->n_users = (int64_t)seq_len(list);
    wanted->users = xnew_array(int32_t, seq_len(list) + 1);
    for (size_t i = 0; i < seq_len(list); i++) TRY(user_position(call, name, seq_item(list, i), &wanted->users[i], err));
    return OK;
}

static void all_users(const struct model *model, struct wanted *wanted) {
    wanted->several = true;
    wanted->n_users = model->catalog->n_users;
    wanted->users = xnew_array(int32_t, (size_t)wanted->n_users + 1);
    for (int64_t u = 0; u < wanted->n_users; u++) wanted->users[u] = (int32_t)u;
}

static enum status want_users(const struct call *call, struct wanted *wanted, struct error *err) {
    const bool by_user = !arg_is_none(call, "user"), by_users = !arg_is_none(call, "users");
    if (by_user && by_users) return arg_error("users", err, ERR_TYPE, "say user= or users=, not both");
    if (by_users && arg(call, "users").kind == VAL_STR) {
        all_users(model_arg(call), wanted);
        return OK;
    }
    if (by_users) return list_users(call, "users", wanted, err);
    if (by_user && (arg(call, "user").kind == VAL_LIST || arg(call, "user").kind == VAL_TUPLE)) return list_users(call, "user", wanted, err);
    wanted->n_users = 1;
    wanted->users = xnew_array(int32_t, 1);
    return user_of_call(call, wanted->users, err);
}

static enum status want_items(const struct call *call, const char *name, int32_t **out, int64_t *out_n, struct error *err) {
    const struct value list = arg(call, name);
    if (list.kind == VAL_NONE) return OK;
    *out_n = (int64_t)seq_len(list);
    *out = xnew_array(int32_t, seq_len(list) + 1);
    for (size_t i = 0; i < seq_len(list); i++) TRY(item_position(call, name, seq_item(list, i), &(*out)[i], err));
    return OK;
}

/* --- the answer --- */

static struct table *answer_table(const struct model *model, const struct wanted *wanted, int64_t asked, int64_t k, const int32_t *items,
                                  const float *scores) {
    const struct picks picks = {.k = k,
                                .n_users = wanted->n_users,
                                .users = wanted->several ? wanted->users : NULL,
                                .items = items,
                                .scores = scores,
                                .decimals = model->class->predicts_ratings ? SCORE_DECIMALS : -1};
    struct table *table = picks_table(model, &picks);
    struct buf who = BUF_INIT;
    if (wanted->several) {
        buf_add_counted(&who, wanted->n_users, "users");
    } else if (wanted->users[0] == FOLDED_USER) buf_adds(&who, "the user folded in");
    else {
        buf_adds(&who, "user ");
        catalog_user_id(model->catalog, wanted->users[0], &who);
    }
    table_caption(table, "%s for %s", model->name, buf_text(&who));
    if (table->n_rows < wanted->n_users * asked) table_note(table, "Fewer than k=%lld items were left to choose from.", (long long)asked);
    buf_release(&who);
    return table;
}

static enum status answer(const struct call *call, const struct wanted *wanted, struct value *out, struct error *err) {
    const struct model *model = model_arg(call);
    const int64_t k = arg_int(call, "k");
    const struct recommend_request request = {.users = wanted->users,
                                              .n_users = wanted->n_users,
                                              .k = k < model->catalog->n_items ? k : model->catalog->n_items,
                                              .filter_seen = arg_bool(call, "filter_seen"),
                                              .only = wanted->only,
                                              .n_only = wanted->n_only,
                                              .exclude = wanted->exclude,
                                              .n_exclude = wanted->n_exclude};
    const size_t n = (size_t)request.n_users * (size_t)request.k;
    int32_t *items = NULL;
    float *scores = NULL;
    enum status status = mem_try_array(n, "recommendations", &items, err);
    if (status == OK) status = mem_try_array(n, "recommendations", &scores, err);
    if (status == OK) status = model_recommend(model, call->task, &request, items, scores, err);
    if (status == OK) *out = value_table(answer_table(model, wanted, k, request.k, items, scores));
    mem_free(items);
    mem_free(scores);
    return status;
}

enum status bi_recommend(const struct call *call, struct value *out, struct error *err) {
    struct wanted wanted = {0};
    enum status status = want_users(call, &wanted, err);
    if (status == OK) status = want_items(call, "items", &wanted.only, &wanted.n_only, err);
    if (status == OK) status = want_items(call, "exclude", &wanted.exclude, &wanted.n_exclude, err);
    if (status == OK) status = answer(call, &wanted, out, err);
    wanted_release(&wanted);
    return status;
}
