#include "kernel/progress.h"

#include <math.h>

#include "runtime/base/hash.h"

#define AMBER "#b26a00"

static void add_seconds(struct buf *out, double seconds) {
    if (seconds < 99.95) buf_addf(out, "%.1f s", seconds);
    else buf_addf(out, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
}

/* "epoch 3 of 15" */
static void add_position(struct buf *out, const struct progress *progress) {
    const char *unit = progress->unit ? progress->unit : "";
    buf_addf(out, "%s%s", unit, *unit ? " " : "");
    buf_add_count(out, progress->done);
    if (progress->total <= 0) return;
    buf_adds(out, " of ");
    buf_add_count(out, progress->total);
}

static void add_times(struct buf *out, const struct progress *progress) {
    add_seconds(out, progress->elapsed_s);
    if (progress->finished || progress->interrupted || progress->eta_s < 0 || !isfinite(progress->eta_s)) return;
    buf_adds(out, ", about ");
    add_seconds(out, progress->eta_s);
    buf_adds(out, " left");
}

static void add_line(struct buf *out, const struct progress *progress) {
    buf_addf(out, "%s  ", progress->label ? progress->label : "");
    add_position(out, progress);
    if (progress->text[0]) buf_addf(out, "  %s", progress->text);
    buf_adds(out, "  ");
    add_times(out, progress);
    if (progress->interrupted) buf_adds(out, "  interrupted");
}

static void add_bar(struct buf *out, const struct progress *progress) {
    if (progress->total > 0)
        buf_addf(out, "<progress value=\"%lld\" max=\"%lld\"></progress> ", (long long)progress->done, (long long)progress->total);
    else if (progress->finished) buf_adds(out, "<progress value=\"1\" max=\"1\"></progress> ");
    else buf_adds(out, "<progress></progress> ");
}

void progress_bundle(const struct progress *progress, struct bundle *out) {
    struct buf line = BUF_INIT, *html = bundle_part(out, MIME_HTML);
    add_line(&line, progress);
    buf_adds(html, "<div>");
    add_bar(html, progress);
    buf_addf(html, "<span%s>", progress->interrupted ? " style=\"color: " AMBER "\"" : "");
    buf_add_html(html, (struct slice){buf_text(&line), line.len});
    buf_adds(html, "</span></div>");
    buf_add(bundle_part(out, MIME_TEXT), buf_text(&line), line.len);
    buf_release(&line);
}

void progress_view_report(struct progress_view *view, struct output *output, const struct progress *progress) {
    bool ends = progress->finished || progress->interrupted, shown = view->display_id[0] != 0;
    if (!output || !output->display || (!shown && (ends || progress->elapsed_s < PROGRESS_FIRST_S))) return;
    if (!shown) random_uuid(view->display_id);
    struct bundle bundle = BUNDLE_INIT;
    progress_bundle(progress, &bundle);
    output->display(output->ctx, &bundle, view->display_id, shown);
    bundle_release(&bundle);
    if (ends) view->display_id[0] = 0;
}
