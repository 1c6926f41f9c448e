/* The reference page: every row of the registry under its heading. */
#include "kernel/builtins/help.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lang/complete.h"
#include "models/metrics/metrics.h"
#include "runtime/base/vec.h"

/* Headings in the order of the work; others follow. */
static const char *const headings[] = {"Plain",    "Load and shape", "Classical", "Neural",          "Use",
                                       "Retrieve", "Judge",          "See",       "Tune and record", "Session"};
#define N_HEADINGS (sizeof headings / sizeof *headings)

struct page {
    struct buf *text, *html;
};

static void add_heading(struct page *page, const char *heading) {
    buf_addf(page->text, "\n%s\n", heading);
    buf_adds(page->html, "<p style=\"margin:8px 0 2px 0\"><b>");
    buf_add_html(page->html, slice_of(heading));
    buf_adds(page->html, "</b></p>\n<table style=\"border-collapse:collapse;margin:0\">\n");
}

static void end_heading(struct page *page) { buf_adds(page->html, "</table>\n"); }

static void add_entry(struct page *page, const char *name, const char *says) {
    buf_addf(page->text, "  %-18s %s\n", name, says);
    buf_adds(page->html, "<tr><td style=\"text-align:left;vertical-align:top;padding:1px 14px 1px 6px;font-family:monospace\">");
    buf_add_html(page->html, slice_of(name));
    buf_adds(page->html, "</td><td style=\"text-align:left;padding:1px 6px\">");
    buf_add_html(page->html, slice_of(says));
    buf_adds(page->html, "</td></tr>\n");
}

static void add_group(struct page *page, const struct registry *registry, const char *group) {
    bool any = false;
    for (size_t i = 0; i < registry_len(registry); i++) {
        const struct builtin_info *info = registry_at(registry, i);
        if (strcmp(info->row->group, group) != 0) continue;
        if (!any) add_heading(page, group);
        any = true;
        add_entry(page, info->signatures[0].name, info->row->summary);
    }
    if (any) end_heading(page);
}

static bool is_heading(const char *group) {
    for (size_t i = 0; i < N_HEADINGS; i++)
        if (strcmp(headings[i], group) == 0) return true;
    return false;
}

/* Groups that the list above doesn't have, each once. */
static void add_other_groups(struct page *page, const struct registry *registry) {
    VEC(const char *) done = {0};
    for (size_t i = 0; i < registry_len(registry); i++) {
        const char *group = registry_at(registry, i)->row->group;
        bool known = is_heading(group);
        for (size_t j = 0; j < done.len; j++) known |= strcmp(done.data[j], group) == 0;
        if (known) continue;
        vec_push(&done, group);
        add_group(page, registry, group);
    }
    vec_release(&done);
}

static void add_types(struct page *page, const struct registry *registry) {
    add_heading(page, "Types");
    for (size_t i = 0; i < registry_n_types(registry); i++) add_entry(page, registry_type(registry, i)->name, registry_type(registry, i)->doc);
    end_heading(page);
}

static void page_of_all(const struct registry *registry, struct bundle *out) {
    struct buf *text = bundle_part(out, MIME_TEXT), *html = bundle_part(out, MIME_HTML);
    struct page page = {text, html};
    buf_adds(text, "als? says all about als: its parameters with defaults and ranges, and an example. help(\"metrics\") says what each metric is.\n");
    buf_adds(html, "<div>\n<p><code>als?</code> says all about als: its parameters with defaults and ranges, and an example. "
                   "<code>help(\"metrics\")</code> says what each metric is.</p>\n");
    for (size_t i = 0; i < N_HEADINGS; i++) add_group(&page, registry, headings[i]);
    add_other_groups(&page, registry);
    add_types(&page, registry);
    buf_adds(html, "</div>");
}

/* --- metrics --- */

static const char *better(const struct metric_row *metric) { return metric->larger_is_better ? "larger is better" : "smaller is better"; }

/* "ndcg@10": as evaluate shows it. */
static void metric_name(const struct metric_row *metric, struct buf *out) { buf_addf(out, "%s%s", metric->name, metric->takes_k ? "@10" : ""); }

static void add_metrics(struct page *page, enum metric_kind kind, const char *heading) {
    const struct metric_row *const *rows;
    const size_t n = metric_rows(&rows);
    struct buf name = BUF_INIT, says = BUF_INIT;
    add_heading(page, heading);
    for (size_t i = 0; i < n; i++) {
        if (rows[i]->kind != kind) continue;
        buf_clear(&name);
        buf_clear(&says);
        metric_name(rows[i], &name);
        buf_addf(&says, "(%s) %s", better(rows[i]), rows[i]->definition);
        add_entry(page, buf_text(&name), buf_text(&says));
    }
    end_heading(page);
    buf_release(&name);
    buf_release(&says);
}

static void page_of_metrics(struct bundle *out) {
    struct page page = {bundle_part(out, MIME_TEXT), bundle_part(out, MIME_HTML)};
    buf_adds(page.text, "@10 is the length of the lists; any other from 1 on works as well.\n");
    buf_adds(page.html, "<div>\n<p><code>@10</code> is the length of the lists; any other from 1 on works as well.</p>\n");
    add_metrics(&page, METRIC_RATING, "Metrics of predicted ratings");
    add_metrics(&page, METRIC_RANKING, "Metrics of ranked lists");
    buf_adds(page.html, "</div>");
}

static void page_of_metric(const struct metric *metric, struct bundle *out) {
    const struct metric_row *row = metric->row;
    struct page page = {bundle_part(out, MIME_TEXT), bundle_part(out, MIME_HTML)};
    struct buf call = BUF_INIT;
    buf_addf(page.text, "%s: a metric of %s; %s", metric->text, row->kind == METRIC_RATING ? "predicted ratings" : "ranked lists", better(row));
    if (row->takes_k) buf_addf(page.text, "; @%lld: of the first %lld of each list", (long long)metric->k, (long long)metric->k);
    buf_adds(page.html, "<div><p><b>");
    buf_add_html(page.html, slice_of(buf_text(page.text)));
    buf_adds(page.html, "</b></p>\n<p>");
    buf_add_html(page.html, slice_of(row->definition));
    buf_adds(page.html, "</p>\n<pre>");
    buf_addf(&call, "evaluate(model, test, metrics=\"%s\")", metric->text);
    buf_add_html(page.html, slice_of(buf_text(&call)));
    buf_adds(page.html, "</pre></div>");
    buf_addf(page.text, "\n%s\n\n    %s", row->definition, buf_text(&call));
    buf_release(&call);
}

/* "metrics", "ndcg", "ndcg@20". */
static bool page_of_judging(const char *text, struct bundle *out) {
    struct error wrong = {0};
    struct metric metric;
    if (strcmp(text, "metrics") == 0) {
        page_of_metrics(out);
        return true;
    }
    const bool known = metric_parse(text, 0, &metric, &wrong) == OK;
    if (known) page_of_metric(&metric, out);
    error_clear(&wrong);
    return known;
}

/* --- one thing --- */

/* "als", "Table", "Table.group", a name of the session. */
static bool page_of_text(struct interp *interp, const char *text, struct bundle *out) {
    if (inspect_type_named(interp->registry, text, out)) return true;
    struct snapshot *snapshot = snapshot_new(interp);
    const struct slice code = slice_of(text);
    const bool found = inspect_at(interp->registry, snapshot, code, utf8_count(code), 1, out);
    snapshot_unref(snapshot);
    return found;
}

static void hint_name(const struct registry *registry, const char *wrong, struct error *err) {
    VEC(const char *) names = {0};
    const struct metric_row *const *metrics;
    const size_t n = metric_rows(&metrics);
    for (size_t i = 0; i < registry_len(registry); i++) vec_push(&names, registry_at(registry, i)->signatures[0].name);
    for (size_t i = 0; i < n; i++) vec_push(&names, metrics[i]->name);
    const char *near = nearest_name(wrong, names.data, names.len);
    if (near) err_hint(err, "did you mean `%s`?", near);
    else err_hint(err, "help() lists all there is, help(\"metrics\") the metrics");
    vec_release(&names);
}

static void page_of_value(struct interp *interp, struct value value, struct bundle *out) {
    const struct builtin_info *info = value.kind == VAL_BUILTIN ? registry_info(interp->registry, value.u.bound->row) : NULL;
    if (info) inspect_row(info, NULL, 1, out);
    else if (value.kind == VAL_OBJECT) inspect_type(interp->registry, value.u.object->type, out);
    else {
        struct buf *text = bundle_part(out, MIME_TEXT);
        buf_addf(text, "%s: ", value_type_name(value));
        value_repr_short(value, 400, text);
        for (const struct builtin_row *row = value_methods(value.kind); row && row->sigs; row++)
            buf_addf(text, "\n  .%-16.*s %s", (int)strcspn(row->sigs, "("), row->sigs, row->summary);
    }
}

enum status help_page(struct interp *interp, struct value topic, bool has_topic, struct bundle *out, struct error *err) {
    if (!has_topic) page_of_all(interp->registry, out);
    else if (topic.kind != VAL_STR) page_of_value(interp, topic, out);
    else if (!page_of_text(interp, topic.u.text->data, out) && !page_of_judging(topic.u.text->data, out)) {
        err_set(err, ERR_NAME, "there is nothing to say about `%.80s`", topic.u.text->data);
        hint_name(interp->registry, topic.u.text->data, err);
        return err->code;
    }
    return OK;
}
