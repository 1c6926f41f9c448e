#include "kernel/progress.h"

#include <math.h>
#include <string.h>

#include "kernel/builtins/builtins.h"
#include "runtime/base/hash.h"

#define AMBER "#b26a00"
#define GAP " · "

static void add_seconds(struct buf *out, double seconds) {
    if (seconds < 99.95) buf_addf(out, "%.1f s", seconds);
    else if (seconds < 3600) buf_addf(out, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
    else buf_addf(out, "%.0f h %02d min", floor(seconds / 3600), (int)(fmod(seconds, 3600) / 60));
}

static bool counts_bytes(const struct progress *progress) { return progress->unit && strcmp(progress->unit, "byte") == 0; }

static void add_amount(struct buf *out, const struct progress *progress, int64_t count) {
    if (counts_bytes(progress)) buf_addf(out, "%.1f MB", (double)count / 1e6);
    else buf_add_count(out, count);
}

/* "epoch 3 of 15", "1.2 MB of 4.9 MB" */
static void add_position(struct buf *out, const struct progress *progress) {
    if (progress->unit && *progress->unit && !counts_bytes(progress)) buf_addf(out, "%s ", progress->unit);
    add_amount(out, progress, progress->done);
    if (progress->total <= 0) return;
    buf_adds(out, " of ");
    add_amount(out, progress, progress->total);
}

static bool has_ended(const struct progress *progress) { return progress->finished || progress->interrupted; }

/* "3.2 epoch/s", or "1.4 s/epoch" where one takes longer than a second. */
static void add_rate(struct buf *out, const struct progress *progress) {
    if (!progress->unit || !*progress->unit || progress->done <= 0 || !(progress->elapsed_s > 0)) return;
    const double rate = (double)progress->done / progress->elapsed_s;
    buf_adds(out, GAP);
    if (rate < 1) buf_addf(out, "%.1f s", 1 / rate);
    else if (rate < 10) buf_addf(out, "%.1f %s", rate, progress->unit);
    else {
        add_amount(out, progress, (int64_t)rate);
        if (!counts_bytes(progress)) buf_addf(out, " %s", progress->unit);
    }
    buf_addf(out, "/%s", rate < 1 ? progress->unit : "s");
}

static void add_times(struct buf *out, const struct progress *progress) {
    add_seconds(out, progress->elapsed_s);
    if (has_ended(progress)) return;
    add_rate(out, progress);
    if (progress->eta_s < 0 || !isfinite(progress->eta_s)) return;
    buf_adds(out, GAP "about ");
    add_seconds(out, progress->eta_s);
    buf_adds(out, " left");
}

/* What the run says of itself; its double spaces would be lost in HTML. */
static void add_words(struct buf *out, const char *text) {
    for (; *text; text++) {
        if (text[0] == ' ' && text[1] == ' ') buf_adds(out, GAP), text++;
        else buf_addc(out, *text);
    }
}

static void add_line(struct buf *out, const struct progress *progress) {
    buf_addf(out, "%s" GAP, progress->label ? progress->label : "");
    add_position(out, progress);
    buf_adds(out, GAP);
    if (progress->text[0]) {
        add_words(out, progress->text);
        buf_adds(out, GAP);
    }
    add_times(out, progress);
    if (progress->interrupted) buf_adds(out, GAP "interrupted");
}

static void add_bar(struct buf *out, const struct progress *progress) {
    if (progress->total > 0)
        buf_addf(out, "<progress value=\"%lld\" max=\"%lld\"></progress> ", (long long)progress->done, (long long)progress->total);
    else buf_adds(out, "<progress></progress> ");
}

static void add_table(const struct table *table, struct bundle *out) {
    static const char *const kinds[] = {MIME_TEXT, MIME_HTML};
    struct bundle shown = BUNDLE_INIT;
    table_render(table, &shown);
    buf_adds(bundle_part(out, MIME_TEXT), "\n");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct bundle_part *part = bundle_find(&shown, kinds[i]);
        buf_add(bundle_part(out, kinds[i]), buf_text(&part->bytes), part->bytes.len);
    }
    bundle_release(&shown);
}

void progress_bundle(const struct progress *progress, const struct table *table, struct bundle *out) {
    struct buf line = BUF_INIT, *html = bundle_part(out, MIME_HTML);
    add_line(&line, progress);
    if (has_ended(progress)) buf_addf(html, "<div style=\"font-size:90%%;%s\">", progress->interrupted ? "color:" AMBER : "opacity:0.7");
    else {
        buf_adds(html, "<div>");
        add_bar(html, progress);
    }
    buf_add_html(html, (struct slice){buf_text(&line), line.len});
    buf_adds(html, "</div>");
    buf_add(bundle_part(out, MIME_TEXT), buf_text(&line), line.len);
    buf_release(&line);
    if (table && !progress->finished) add_table(table, out);
}

void progress_view_report(struct progress_view *view, struct output *output, const struct progress *progress, const struct table *table) {
    bool ends = has_ended(progress), shown = view->display_id[0] != 0;
    if (!output || !output->display || (!shown && (ends || progress->elapsed_s < PROGRESS_FIRST_S))) return;
    if (!shown) random_uuid(view->display_id);
    struct bundle bundle = BUNDLE_INIT;
    progress_bundle(progress, table, &bundle);
    output->display(output->ctx, &bundle, view->display_id, shown);
    bundle_release(&bundle);
    if (ends) view->display_id[0] = 0;
}
