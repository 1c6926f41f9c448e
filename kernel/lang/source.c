#include "kernel/lang/source.h"

#include <string.h>

#include "runtime/base/vec.h"

/* A line wider than this is shown as a window around its span. */
#define SHOWN_CELLS 120
#define TAB_CELLS 4

/* --- text and lines --- */

static void copy_lines(struct source *source, struct slice text) {
    char *data = xalloc(text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\r' && i + 1 < text.len && text.data[i + 1] == '\n') continue;
        data[len++] = text.data[i] == '\r' ? '\n' : text.data[i];
    }
    source->text = (struct slice){data, len};
}

static void map_lines(struct source *source) {
    VEC(uint32_t) starts = {0};
    vec_push(&starts, 0);
    for (size_t i = 0; i < source->text.len; i++)
        if (source->text.data[i] == '\n') vec_push(&starts, (uint32_t)(i + 1));
    source->line_starts = starts.data;
    source->n_lines = (uint32_t)starts.len;
}

struct source *source_new(const char *name, struct slice text) {
    struct source *source = xnew(struct source);
    source->count = 1;
    source->name = xstrdup(name);
    copy_lines(source, text);
    map_lines(source);
    return source;
}

struct source *source_ref(struct source *source) {
    source->count++;
    return source;
}

void source_unref(struct source *source) {
    if (!source || --source->count > 0) return;
    arena_release(&source->arena);
    free((char *)source->text.data);
    free(source->line_starts);
    free(source->name);
    free(source);
}

/* Index (from 0) of the line that holds a byte offset. */
static uint32_t line_of(const struct source *source, uint32_t offset) {
    uint32_t low = 0, high = source->n_lines;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->line_starts[middle] <= offset) low = middle;
        else high = middle;
    }
    return low;
}

void source_position(const struct source *source, uint32_t offset, uint32_t *out_line, uint32_t *out_column) {
    if (offset > source->text.len) offset = (uint32_t)source->text.len;
    uint32_t line = line_of(source, offset), start = source->line_starts[line];
    *out_line = line + 1;
    *out_column = (uint32_t)utf8_count((struct slice){source->text.data + start, offset - start}) + 1;
}

struct slice source_line(const struct source *source, uint32_t line) {
    if (line < 1 || line > source->n_lines) return (struct slice){"", 0};
    uint32_t start = source->line_starts[line - 1];
    size_t end = line < source->n_lines ? source->line_starts[line] - 1 : source->text.len;
    return (struct slice){source->text.data + start, end - start};
}

/* --- errors with a place --- */

void error_place(struct error *err, struct source *source, struct span span) {
    if (err->source) return;
    err->source = source_ref(source);
    err->span = span;
}

void error_clear(struct error *err) {
    source_unref(err->source);
    err->source = NULL;
    err_reset(err);
}

/* A source line as it is shown: bad bytes replaced, tabs opened to spaces. */
struct shown_line {
    struct buf text;
    int before, under; /* cells before the span and beneath it */
};

static bool is_control(uint32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

static int add_shown(struct buf *out, struct slice text) {
    int cells = 0;
    uint32_t c;
    for (size_t used; (used = utf8_decode(text, &c)) > 0; text.data += used, text.len -= used) {
        if (c == '\t') {
            buf_adds(out, "    ");
            cells += TAB_CELLS;
            continue;
        }
        if (is_control(c)) c = 0xFFFD;
        size_t from = out->len;
        buf_add_code_point(out, c);
        int width = text_width((struct slice){out->data + from, out->len - from});
        cells += width > 0 ? width : 0;
    }
    return cells;
}

static size_t leading_blanks(struct slice line) {
    size_t n = 0;
    while (n < line.len && (line.data[n] == ' ' || line.data[n] == '\t' || line.data[n] == '\f')) n++;
    return n;
}

/* Cuts bytes from the front (or keeps those at the end) so that about `cells` code points stay. */
static struct slice last_points(struct slice text, size_t points) {
    size_t n = utf8_count(text);
    size_t skip = n > points ? utf8_offset(text, n - points) : 0;
    return (struct slice){text.data + skip, text.len - skip};
}

static struct slice first_points(struct slice text, size_t points) { return (struct slice){text.data, utf8_offset(text, points)}; }

/* start and end: bytes of the span within the line. */
static void show_line(struct slice line, size_t start, size_t end, struct shown_line *out) {
    size_t blank = leading_blanks(line);
    if (blank > start) blank = start;
    struct slice head = {line.data + blank, start - blank};
    struct slice span = {line.data + start, end - start}, tail = {line.data + end, line.len - end};
    bool wide = line.len - blank > SHOWN_CELLS && utf8_count((struct slice){line.data + blank, line.len - blank}) > SHOWN_CELLS;
    struct slice near = wide ? last_points(head, SHOWN_CELLS / 3) : head;
    struct slice core = wide ? first_points(span, SHOWN_CELLS / 2) : span;
    struct slice rest = wide ? first_points(tail, core.len < span.len ? 0 : SHOWN_CELLS / 4) : tail;
    out->before = 0;
    if (near.len < head.len) out->before += add_shown(&out->text, slice_of("…"));
    out->before += add_shown(&out->text, near);
    out->under = add_shown(&out->text, core);
    add_shown(&out->text, rest);
    if (core.len < span.len || rest.len < tail.len) buf_adds(&out->text, "…");
}

static void paint(struct buf *out, bool ansi, const char *colour) {
    if (ansi) buf_adds(out, colour);
}

#define RED "\x1b[31m"
#define BOLD "\x1b[1m"
#define DIM "\x1b[2m"
#define PLAIN "\x1b[0m"

static void render_place(const struct source *source, struct span span, bool ansi, struct buf *out) {
    uint32_t first, last, column;
    source_position(source, span.end > span.start ? span.end - 1 : span.start, &last, &column);
    source_position(source, span.start, &first, &column);
    buf_adds(out, "\n  ");
    paint(out, ansi, DIM);
    if (last > first) buf_addf(out, "%s, lines %u to %u", source->name, first, last);
    else buf_addf(out, "%s, line %u", source->name, first);
    paint(out, ansi, PLAIN);
}

static void render_code(const struct source *source, struct span span, bool ansi, struct buf *out) {
    uint32_t line, column;
    source_position(source, span.start, &line, &column);
    struct slice text = source_line(source, line);
    uint32_t origin = source->line_starts[line - 1];
    size_t start = span.start - origin, end = span.end > span.start ? span.end - origin : start;
    if (start > text.len) start = text.len;
    if (end > text.len) end = text.len;
    struct shown_line shown = {0};
    show_line(text, start, end, &shown);
    buf_addf(out, "\n    %s\n    ", buf_text(&shown.text));
    for (int i = 0; i < shown.before; i++) buf_addc(out, ' ');
    paint(out, ansi, RED);
    for (int i = 0; i < shown.under || i == 0; i++) buf_addc(out, '^');
    paint(out, ansi, PLAIN);
    buf_release(&shown.text);
}

/* Lines of a hint or of notes, each moved in by two. Hints are bold: no colour reads on both the pink and the dark red of notebooks. */
static void render_lines(const char *text, bool ansi, const char *colour, struct buf *out) {
    while (*text) {
        size_t len = strcspn(text, "\n");
        buf_adds(out, "\n  ");
        paint(out, ansi, colour);
        buf_add(out, text, len);
        paint(out, ansi, PLAIN);
        text += len + (text[len] == '\n');
    }
}

void error_render(const struct error *err, bool ansi, struct buf *out) {
    paint(out, ansi, RED); /* not bold: JupyterLab darkens bold colours, unreadable on its dark theme's error red */
    buf_adds(out, err_name(err->code));
    paint(out, ansi, PLAIN);
    buf_addf(out, ": %s", err->message);
    if (err->source) {
        struct span span = err->span;
        if (span.start > err->source->text.len) span.start = (uint32_t)err->source->text.len;
        if (span.end > err->source->text.len) span.end = (uint32_t)err->source->text.len;
        render_place(err->source, span, ansi, out);
        render_code(err->source, span, ansi, out);
    }
    render_lines(err->hint, ansi, BOLD, out);
    render_lines(err->notes, ansi, DIM, out);
}
