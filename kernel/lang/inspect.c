/* Panels: of a row of the registry, of a name of the session, of an attribute. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/lookup.h"

#define MONO "font-family:monospace"

/* Text and HTML grow side by side. */
struct panel {
    struct buf *text, *html;
};

static struct panel panel_of(struct bundle *out) {
    struct buf *text = bundle_part(out, MIME_TEXT);
    struct buf *html = bundle_part(out, MIME_HTML);
    return (struct panel){text, html};
}

static void add_html(struct panel *p, const char *text) { buf_add_html(p->html, slice_of(text)); }

static void paragraph(struct panel *p, const char *text) {
    if (!text || !*text) return;
    buf_addf(p->text, "\n%s\n", text);
    buf_adds(p->html, "<p style=\"margin:6px 0\">");
    add_html(p, text);
    buf_adds(p->html, "</p>");
}

static void code(struct panel *p, const char *heading, const char *text) {
    if (!text || !*text) return;
    buf_addf(p->text, "\n%s\n", heading);
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        buf_addf(p->text, "    %.*s\n", (int)len, line);
        line += len + (line[len] == '\n');
    }
    buf_addf(p->html, "<p style=\"margin:6px 0 2px 0\"><b>%s</b></p><pre style=\"margin:0 0 0 12px\">", heading);
    add_html(p, text);
    buf_adds(p->html, "</pre>");
}

/* --- signatures --- */

static void signature_line(struct panel *p, const char *text, bool first) {
    size_t name = strcspn(text, "(");
    buf_addf(p->text, "%s%s", first ? "" : "\n", text);
    buf_adds(p->html, "<div style=\"" MONO ";white-space:pre-wrap\"><b>");
    buf_add_html(p->html, (struct slice){text, name});
    buf_adds(p->html, "</b>");
    add_html(p, text + name);
    buf_adds(p->html, "</div>");
}

/* --- parameters --- */

/* 1, 0.5, 100,000. */
static void add_bound(struct buf *out, double bound) {
    if (bound == floor(bound) && fabs(bound) < 1e15) buf_add_count(out, (int64_t)bound);
    else buf_add_double(out, bound);
}

/* "1 to 4,096", "above 0", "at most 1", "one of random, time". */
static void describe_range(const struct param_note *note, struct buf *out) {
    bool low = note->min > -1e300, high = note->max < 1e300 && note->max < (double)INT64_MAX / 2;
    if (note->choices) {
        buf_adds(out, "one of ");
        for (const char *c = note->choices; *c; c++) buf_add(out, *c == '|' ? ", " : c, *c == '|' ? 2 : 1);
        return;
    }
    if ((note->min == 0 && note->max == 0) || (!low && !high)) return;
    if (low && !high) buf_adds(out, note->above_min ? "above " : "at least ");
    if (low && high && note->above_min) buf_adds(out, "above ");
    if (!low) buf_adds(out, "at most ");
    if (low) add_bound(out, note->min);
    if (low && high) buf_adds(out, note->above_min ? ", at most " : " to ");
    if (high) add_bound(out, note->max);
}

static void describe_param(const struct sig_param *param, struct buf *out) {
    struct buf range = BUF_INIT;
    if (param->note && param->note->doc) buf_adds(out, param->note->doc);
    if (param->note) describe_range(param->note, &range);
    if (range.len) buf_addf(out, "%s(%s)", out->len ? " " : "", buf_text(&range));
    buf_release(&range);
}

static const char *stars(const struct sig_param *param) { return param->kind == SIG_STAR ? "*" : param->kind == SIG_DOUBLE_STAR ? "**" : ""; }

static void param_type(const struct sig_param *param, struct buf *out) {
    buf_adds(out, param->type_text ? param->type_text : "");
    if (param->default_text) buf_addf(out, " = %s", param->default_text);
}

struct widths {
    int name, type;
};

static void pad_to(struct buf *out, const char *text, int width) {
    buf_adds(out, text);
    int wide = text_width(slice_of(text));
    if (width && wide > width - 2) width = wide + 2; /* what is too long for its column is still a word of its own */
    for (int i = wide; i < width; i++) buf_addc(out, ' ');
}

static void cell(struct panel *p, const char *text, bool marked, const char *style) {
    buf_addf(p->html, "<td style=\"text-align:left;vertical-align:top;padding:1px 10px 1px 0%s\">%s", style, marked ? "<b>" : "");
    add_html(p, text);
    buf_addf(p->html, "%s</td>", marked ? "</b>" : "");
}

static void param_row(struct panel *p, const struct sig_param *param, bool marked, struct widths widths) {
    struct buf name = BUF_INIT, type = BUF_INIT, doc = BUF_INIT;
    buf_addf(&name, "%s%s", stars(param), param->name);
    param_type(param, &type);
    describe_param(param, &doc);
    struct buf line = BUF_INIT;
    buf_adds(&line, marked ? "  > " : "    ");
    pad_to(&line, buf_text(&name), widths.name + 2);
    pad_to(&line, buf_text(&type), doc.len ? widths.type + 2 : 0);
    buf_adds(&line, buf_text(&doc));
    buf_addf(p->text, "%s\n", buf_text(&line));
    buf_adds(p->html, "<tr>");
    cell(p, buf_text(&name), marked, ";" MONO);
    cell(p, buf_text(&type), marked, ";" MONO);
    cell(p, buf_text(&doc), marked, "");
    buf_adds(p->html, "</tr>");
    buf_release(&name);
    buf_release(&type);
    buf_release(&doc);
    buf_release(&line);
}

/* Whether an overload before this one has told of the parameter. */
static bool told_before(const struct builtin_info *info, size_t overload, const struct sig_param *param) {
    for (size_t i = 0; i < overload; i++)
        for (size_t j = 0; j < info->signatures[i].n_params; j++)
            if (strcmp(info->signatures[i].params[j].name, param->name) == 0) return true;
    return false;
}

typedef void (*param_visit)(void *ctx, const struct sig_param *param);

static void visit_params(const struct builtin_info *info, param_visit visit, void *ctx) {
    for (size_t i = 0; i < info->n_signatures; i++)
        for (size_t j = 0; j < info->signatures[i].n_params; j++)
            if (!told_before(info, i, &info->signatures[i].params[j])) visit(ctx, &info->signatures[i].params[j]);
}

static void measure(void *ctx, const struct sig_param *param) {
    struct widths *widths = ctx;
    struct buf type = BUF_INIT;
    param_type(param, &type);
    int name = text_width(slice_of(param->name)) + (int)strlen(stars(param)), width = text_width(slice_of(buf_text(&type)));
    if (name > widths->name) widths->name = name;
    if (width > widths->type && width <= 40) widths->type = width;
    buf_release(&type);
}

struct rows {
    struct panel *panel;
    const char *current;
    struct widths widths;
};

static void add_row(void *ctx, const struct sig_param *param) {
    struct rows *rows = ctx;
    param_row(rows->panel, param, rows->current && strcmp(rows->current, param->name) == 0, rows->widths);
}

static void parameters(struct panel *p, const struct builtin_info *info, const char *current) {
    struct rows rows = {.panel = p, .current = current};
    visit_params(info, measure, &rows.widths);
    if (!rows.widths.name) return;
    buf_addc(p->text, '\n');
    buf_adds(p->html, "<table style=\"border-collapse:collapse;margin:6px 0\">");
    visit_params(info, add_row, &rows);
    buf_adds(p->html, "</table>");
}

void inspect_row(const struct builtin_info *info, const char *current_param, int detail, struct bundle *out) {
    struct panel p = panel_of(out);
    buf_adds(p.html, "<div>");
    for (size_t i = 0; i < info->n_signatures; i++) signature_line(&p, info->signatures[i].text, i == 0);
    buf_addc(p.text, '\n');
    paragraph(&p, info->row->summary);
    parameters(&p, info, current_param);
    if (detail > 0) paragraph(&p, info->row->doc);
    if (detail > 0) code(&p, "Example", info->row->example);
    if (detail > 0 && info->row->other_names) {
        struct buf also = BUF_INIT;
        buf_addf(&also, "Elsewhere: %s", info->row->other_names);
        paragraph(&p, buf_text(&also));
        buf_release(&also);
    }
    buf_adds(p.html, "</div>");
}

/* --- names, attributes, types --- */

static void heading(struct panel *p, const char *name, const char *type, const char *shape) {
    buf_addf(p->text, "%s: %s%s%s\n", name, type, *shape ? "  " : "", shape);
    buf_adds(p->html, "<div style=\"" MONO "\"><b>");
    add_html(p, name);
    buf_adds(p->html, "</b>: ");
    add_html(p, type);
    buf_adds(p->html, *shape ? " &nbsp;" : "");
    add_html(p, shape);
    buf_adds(p->html, "</div>");
}

static void columns(struct panel *p, const struct snapshot_name *name) {
    if (!name->n_columns) return;
    struct buf list = BUF_INIT;
    buf_adds(&list, "Columns: ");
    for (size_t i = 0; i < name->n_columns && i < 60; i++) buf_addf(&list, "%s%s", i ? ", " : "", name->columns[i]);
    if (name->n_columns > 60) buf_addf(&list, " and %zu more", name->n_columns - 60);
    paragraph(p, buf_text(&list));
    buf_release(&list);
}

static void members(struct panel *p, const struct registry *registry, const struct type *type) {
    struct buf list = BUF_INIT;
    for (const struct attribute_row *row = type->attributes; row && row->name; row++)
        buf_addf(&list, ".%s: %s%s%s\n", row->name, row->type ? row->type : "", row->doc ? "  " : "", row->doc ? row->doc : "");
    for (const struct builtin_row *row = type->methods; row && row->sigs && registry; row++) {
        const struct builtin_info *info = registry_info(registry, row);
        if (info) buf_addf(&list, ".%s  %s\n", info->signatures[0].text, row->summary ? row->summary : "");
    }
    code(p, "Members", buf_text(&list));
    buf_release(&list);
}

static void inspect_name(const struct lookup *lookup, const struct snapshot_name *name, int detail, struct bundle *out) {
    struct panel p = panel_of(out);
    buf_adds(p.html, "<div>");
    if (name->signature) signature_line(&p, name->signature, true), buf_addc(p.text, '\n');
    else heading(&p, name->name, name->type, name->shape ? name->shape : "");
    paragraph(&p, name->doc);
    if (!name->signature) paragraph(&p, name->line);
    columns(&p, name);
    if (detail > 0 && name->object_type) {
        paragraph(&p, name->object_type->doc);
        members(&p, lookup->registry, name->object_type);
    }
    buf_adds(p.html, "</div>");
}

static void inspect_attribute(const struct lookup *lookup, const struct thing *thing, int detail, struct bundle *out) {
    struct panel p = panel_of(out);
    struct buf name = BUF_INIT;
    buf_addf(&name, "%s.%s", thing->owner->name, thing->attribute->name);
    buf_adds(p.html, "<div>");
    heading(&p, buf_text(&name), thing->attribute->type ? thing->attribute->type : "", "");
    paragraph(&p, thing->attribute->doc);
    if (detail > 0 && thing->type) {
        paragraph(&p, thing->type->doc);
        members(&p, lookup->registry, thing->type);
    }
    buf_adds(p.html, "</div>");
    buf_release(&name);
}

void inspect_type(const struct registry *registry, const struct type *type, struct bundle *out) {
    struct panel p = panel_of(out);
    buf_adds(p.html, "<div>");
    heading(&p, type->name, "type", "");
    paragraph(&p, type->doc);
    members(&p, registry, type);
    buf_adds(p.html, "</div>");
}

bool inspect_type_named(const struct registry *registry, const char *path, struct bundle *out) {
    const size_t len = strcspn(path, ".");
    for (size_t i = 0; i < registry_n_types(registry); i++) {
        const struct type *type = registry_type(registry, i);
        if (strncmp(type->name, path, len) != 0 || type->name[len]) continue;
        const struct builtin_info *method = path[len] ? registry_method(registry, type, path + len + 1) : NULL;
        if (method) inspect_row(method, NULL, 1, out);
        else if (!path[len]) inspect_type(registry, type, out);
        return method || !path[len];
    }
    return false;
}

static bool inspect_thing(const struct lookup *lookup, const struct thing *thing, const char *param, int detail, struct bundle *out) {
    if (thing->attribute) inspect_attribute(lookup, thing, detail, out);
    else if (thing->info) inspect_row(thing->info, param, detail, out);
    else if (thing->name) inspect_name(lookup, thing->name, detail, out);
    else return false;
    return true;
}

/* --- at a cursor --- */

/* Number of tokens that begin before the byte `cursor`. */
static size_t tokens_before(const struct lookup *lookup, uint32_t cursor) {
    size_t n = 0;
    while (n < lookup->n && lookup_token(lookup, n)->span.start < cursor) n++;
    return n;
}

/* The name that the cursor is in, just before or just behind; lookup->n when there is none. */
static size_t name_at(const struct lookup *lookup, uint32_t cursor) {
    size_t n = tokens_before(lookup, cursor);
    if (n > 0 && lookup_kind(lookup, n - 1) == TOKEN_NAME && lookup_token(lookup, n - 1)->span.end >= cursor) return n - 1;
    if (lookup_kind(lookup, n) == TOKEN_NAME && lookup_token(lookup, n)->span.start == cursor) return n;
    return lookup->n;
}

/* The parameter that the place before token `end` fills; NULL: none. */
static const char *param_at(const struct lookup *lookup, const struct builtin_info *info, size_t open, size_t end) {
    struct argument_place place = lookup_argument(lookup, open, end);
    const struct sig_param *param = info_param(info, &place);
    return param ? param->name : NULL;
}

static bool inspect_call(const struct lookup *lookup, size_t end, int detail, struct bundle *out) {
    size_t open, at = end;
    while (lookup_bracket(lookup, at, &open)) {
        at = open;
        if (lookup_kind(lookup, open) != TOKEN_OPEN_PAREN || !lookup_applies(lookup, open)) continue;
        struct thing thing = lookup_thing(lookup, open);
        const char *param = thing.info ? param_at(lookup, thing.info, open, end) : NULL;
        if (inspect_thing(lookup, &thing, param, detail, out)) return true;
    }
    return false;
}

/* `factors` of als(train, factors=8): the call is what its name means. */
static bool names_argument(const struct lookup *lookup, size_t at) {
    size_t open;
    if (at == 0 || lookup_kind(lookup, at + 1) != TOKEN_ASSIGN || !lookup_bracket(lookup, at, &open)) return false;
    enum token_kind before = lookup_kind(lookup, at - 1);
    return (before == TOKEN_OPEN_PAREN || before == TOKEN_COMMA) && lookup_kind(lookup, open) == TOKEN_OPEN_PAREN && lookup_applies(lookup, open);
}

static bool inspect_here(const struct lookup *lookup, uint32_t cursor, int detail, struct bundle *out) {
    size_t before = tokens_before(lookup, cursor), at = name_at(lookup, cursor);
    if (at < lookup->n && names_argument(lookup, at)) return inspect_call(lookup, at + 2, detail, out);
    if (at < lookup->n) {
        struct thing thing = lookup_thing(lookup, at + 1);
        if (inspect_thing(lookup, &thing, NULL, detail, out)) return true;
    }
    size_t closed = before > 0 ? before - 1 : 0, open;
    if (inspect_call(lookup, before, detail, out)) return true;
    if (before == 0 || lookup_kind(lookup, closed) != TOKEN_CLOSE_PAREN || lookup_token(lookup, closed)->span.end != cursor) return false;
    if (!lookup_bracket(lookup, closed, &open) || !lookup_applies(lookup, open)) return false;
    struct thing thing = lookup_thing(lookup, open); /* just behind als(train) */
    return inspect_thing(lookup, &thing, NULL, detail, out);
}

bool inspect_at(const struct registry *registry, const struct snapshot *snapshot, struct slice text, size_t cursor, int detail, struct bundle *out) {
    if (text.len > LIMIT_CELL_BYTES) return false;
    struct lookup lookup;
    lookup_init(&lookup, registry, snapshot, text);
    uint32_t byte = (uint32_t)utf8_offset(lookup.source->text, cursor);
    bool found = inspect_here(&lookup, byte, detail, out);
    lookup_release(&lookup);
    return found;
}
