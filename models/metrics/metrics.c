#include "models/metrics/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/rows.h"

#define DEFAULT_K 10
#define METRICS_MAX 64

static const struct metric_row *const table[] = {
    &metric_accuracy, &metric_auc, &metric_fcp,  &metric_gauc,     &metric_hit_rate,  &metric_mae,    &metric_map,        &metric_map_hits,
    &metric_map_rel,  &metric_mrr, &metric_ndcg, &metric_ndcg_exp, &metric_precision, &metric_recall, &metric_recall_cut, &metric_rmse};
static const size_t n_table = sizeof table / sizeof *table;

static const struct metric_row own_row = {
    .name = "own", .kind = METRIC_RANKING, .takes_k = true, .definition = "A function of the user's own: of a list and what is relevant."};

struct metric metric_of_own(const char *name, int64_t k, const struct own_metric *own) {
    struct metric metric = {.row = &own_row, .k = k, .own = own};
    snprintf(metric.text, sizeof metric.text, "%s", name);
    return metric;
}

size_t metric_rows(const struct metric_row *const **out) {
    *out = table;
    return n_table;
}

static const struct metric_row *find(struct slice name) {
    for (size_t i = 0; i < n_table; i++)
        if (slice_eqz(name, table[i]->name)) return table[i];
    return NULL;
}

/* Rows that other tools call otherwise; case never counts. */
static const char *const other_names[][2] = {{"hit", "hit_rate"},   {"hits", "hit_rate"}, {"hr", "hit_rate"}, {"hitrate", "hit_rate"},
                                             {"prec", "precision"}, {"p", "precision"},   {"r", "recall"},    {"rec", "recall"},
                                             {"mse", "rmse"},       {"roc_auc", "auc"}};

static const char *other_name(struct slice name) {
    char *folded = text_fold(name);
    const struct metric_row *row = find(slice_of(folded));
    const char *other = row ? row->name : NULL;
    for (size_t i = 0; !other && i < sizeof other_names / sizeof *other_names; i++)
        if (strcmp(folded, other_names[i][0]) == 0) other = other_names[i][1];
    free(folded);
    return other;
}

/* rest: "@10" or "" */
static enum status unknown(struct slice name, const char *rest, struct error *err) {
    const char *names[METRICS_MAX];
    struct buf list = BUF_INIT, wrong = BUF_INIT;
    for (size_t i = 0; i < n_table; i++) {
        names[i] = table[i]->name;
        buf_addf(&list, "%s%s", i ? ", " : "", table[i]->name);
    }
    buf_add(&wrong, name.data, name.len);
    err_set(err, ERR_NAME, "there is no metric `%s`; there are %s", buf_text(&wrong), buf_text(&list));
    if (other_name(name)) err_hint(err, "write \"%s%.20s\"", other_name(name), rest);
    else err_suggest(err, buf_text(&wrong), names, n_table);
    buf_release(&list);
    buf_release(&wrong);
    return ERR_NAME;
}

/* The number after "@". */
static enum status parse_k(const char *text, struct slice digits, int64_t default_k, int64_t *out, struct error *err) {
    int64_t k;
    if (!parse_int64(digits, &k) || k < 1) {
        err_set(err, ERR_VALUE, "what follows @ in `%s` must be a whole number from 1 on", text);
        if (strchr(text, ',')) return err_hint(err, "several metrics stand in a list: [\"ndcg@10\", \"recall@10\"]");
        return err_hint(err, "say how long the lists are: \"%.*s@10\"", (int)strcspn(text, "@"), text);
    }
    if (default_k && k != default_k) return err_set(err, ERR_VALUE, "`%s` and k=%lld contradict each other: say it once", text, (long long)default_k);
    *out = k;
    return OK;
}

enum status metric_parse(const char *text, int64_t default_k, struct metric *out, struct error *err) {
    const char *at = strchr(text, '@');
    const struct slice name = {text, at ? (size_t)(at - text) : strlen(text)};
    const struct metric_row *row = find(name);
    if (!row) return unknown(name, at ? at : "", err);
    int64_t k = 0;
    if (at && !row->takes_k) {
        err_set(err, ERR_VALUE, "`%s` takes no @k: it is one value over all rows", row->name);
        return err_hint(err, "write \"%s\"", row->name);
    }
    if (default_k < 0) return err_set(err, ERR_VALUE, "k must be at least 1, not %lld", (long long)default_k);
    if (at) TRY(parse_k(text, slice_of(at + 1), default_k, &k, err));
    else if (row->takes_k) k = default_k ? default_k : DEFAULT_K;
    *out = (struct metric){.row = row, .k = k};
    if (k) snprintf(out->text, sizeof out->text, "%s@%lld", row->name, (long long)k);
    else snprintf(out->text, sizeof out->text, "%s", row->name);
    return OK;
}
