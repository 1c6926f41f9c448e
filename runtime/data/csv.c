#include "runtime/data/csv.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

struct csv csv_of(struct task *task, const struct file_map *map, const char *path, const struct csv_format *format) {
    return (struct csv){.scan = scan_begin(task, map, path), .format = *format, .map = *map, .stop = map->data + map->len};
}

/* --- one field --- */

static bool at_separator(const struct csv *csv, const char *at) {
    const size_t length = strlen(csv->format.separator);
    return (size_t)(csv->scan.end - at) >= length && memcmp(at, csv->format.separator, length) == 0;
}

static enum status too_long(struct csv *csv, bool quoted, struct error *err) {
    csv->is_lost = true;
    err_set(err, ERR_DATA, "%s, line %lld: %s", csv->scan.path, (long long)csv->line,
            quoted ? "a quote (\") is never closed" : "a field has more than 16 MiB");
    return quoted ? err_hint(err, "a quote within a quoted field is written twice: \"say \"\"hello\"\"\"")
                  : err_hint(err, "is this a text file with a line for every interaction?");
}

/* Up to the separator or the line's end, which stays. */
static enum status cut_plain(struct csv *csv, struct csv_field *field, struct error *err) {
    const char first = csv->format.separator[0], line_end = csv->format.line_end;
    const char *start = csv->scan.at, *at = start, *end = csv->scan.end;
    if ((size_t)(end - start) > CSV_FIELD_MAX) end = start + CSV_FIELD_MAX;
    while (at < end && *at != line_end && (*at != first || !at_separator(csv, at))) at++;
    if (at == end && end != csv->scan.end) return too_long(csv, false, err);
    size_t length = (size_t)(at - start);
    if (length && at[-1] == '\r' && (at == csv->scan.end || *at == '\n')) length--;
    *field = (struct csv_field){.text = {start, length}};
    csv->scan.at = at;
    return OK;
}

static enum status after_quote(const struct csv *csv, struct error *err) {
    err_set(err, ERR_DATA, "%s, line %lld: text follows a closing quote (\")", csv->scan.path, (long long)csv->scan.line + 1);
    return err_hint(err, "a quote within a quoted field is written twice: \"say \"\"hello\"\"\"");
}

/* From the opening quote past the closing one. */
static enum status cut_quoted(struct csv *csv, struct csv_field *field, struct error *err) {
    const char *start = csv->scan.at + 1, *at = start, *end = csv->scan.end;
    if ((size_t)(end - start) > CSV_FIELD_MAX) end = start + CSV_FIELD_MAX;
    *field = (struct csv_field){.quoted = true};
    for (;; at += 2, field->doubled = true) {
        at = at < end ? memchr(at, '"', (size_t)(end - at)) : NULL;
        if (!at) return too_long(csv, true, err);
        if (at + 1 >= csv->scan.end || at[1] != '"') break;
    }
    field->text = (struct slice){start, (size_t)(at - start)};
    for (const char *c = start; (c = memchr(c, csv->format.line_end, (size_t)(at - c))) != NULL; c++) csv->scan.line++;
    csv->scan.at = ++at;
    if (at < csv->scan.end && *at == '\r' && (at + 1 == csv->scan.end || at[1] == '\n')) csv->scan.at = ++at;
    if (at == csv->scan.end || *at == csv->format.line_end || at_separator(csv, at)) return OK;
    return after_quote(csv, err);
}

static struct csv_field *next_field(struct csv *csv) {
    if (csv->n_fields == csv->cap_fields) {
        csv->cap_fields = csv->cap_fields ? 2 * csv->cap_fields : 16;
        csv->fields = xrealloc(csv->fields, (size_t)csv->cap_fields * sizeof *csv->fields);
    }
    return &csv->fields[csv->n_fields++];
}

/* --- one record --- */

static enum status cut_fields(struct csv *csv, struct error *err) {
    const size_t length = strlen(csv->format.separator);
    csv->n_fields = 0;
    csv->line = csv->scan.line + 1;
    for (;;) {
        if (csv->n_fields == CSV_COLUMNS_MAX) {
            err_set(err, ERR_LIMIT, "%s, line %lld: more than %d columns", csv->scan.path, (long long)csv->line, CSV_COLUMNS_MAX);
            return err_hint(err, "is it cut right? separator=\",\" says at what");
        }
        struct csv_field *field = next_field(csv);
        const bool quoted = csv->format.quotes && csv->scan.at < csv->scan.end && *csv->scan.at == '"';
        TRY(quoted ? cut_quoted(csv, field, err) : cut_plain(csv, field, err));
        if (csv->scan.at == csv->scan.end || *csv->scan.at == csv->format.line_end) break;
        csv->scan.at += length;
    }
    csv->scan.line++;
    if (csv->scan.at < csv->scan.end) csv->scan.at++;
    return OK;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* Nothing, or nothing but spaces and tabs. */
static bool is_empty_line(const struct csv *csv) {
    if (csv->n_fields > 1 && !is_blank(csv->format.separator[0])) return false;
    for (int i = 0; i < csv->n_fields; i++) {
        const struct csv_field *field = &csv->fields[i];
        if (field->quoted) return false;
        for (size_t b = 0; b < field->text.len; b++)
            if (!is_blank(field->text.data[b])) return false;
    }
    return true;
}

bool csv_cut(struct csv *csv, enum status *out_status, struct error *err) {
    while (csv->scan.at < csv->stop) {
        *out_status = scan_check(&csv->scan, err);
        if (*out_status == OK) *out_status = cut_fields(csv, err);
        if (*out_status != OK) return false;
        if (!is_empty_line(csv)) return true;
    }
    return false;
}

static enum status wrong_count(const struct csv *csv, struct error *err) {
    struct buf names = BUF_INIT;
    for (int i = 0; i < csv->n_columns && i < 8; i++) buf_addf(&names, "%s%s", i ? ", " : "", csv->names[i]);
    if (csv->n_columns > 8) buf_adds(&names, ", …");
    err_set(err, ERR_DATA, "%s, line %lld: expected %d columns (%s), got %d", csv->scan.path, (long long)csv->line, csv->n_columns, buf_text(&names),
            csv->n_fields);
    buf_release(&names);
    if (csv->n_fields < csv->n_columns) return err_hint(err, "a field that is empty keeps its separator: 1,,4");
    return err_hint(err, "fields that hold the separator or a line's end stand in quotes");
}

bool csv_next(struct csv *csv, enum status *out_status, struct error *err) {
    if (!csv_cut(csv, out_status, err)) return false;
    if (csv->n_fields != csv->n_columns) *out_status = wrong_count(csv, err);
    return *out_status == OK;
}

int64_t csv_count(const struct csv *csv) {
    int64_t n = 1;
    const char *at = csv->scan.at, *end = csv->scan.end;
    for (; at < end && (at = memchr(at, csv->format.line_end, (size_t)(end - at))) != NULL; at++) n++;
    return n;
}

void csv_close(struct csv *csv) {
    for (int i = 0; i < csv->n_columns; i++) free(csv->names[i]);
    free(csv->names);
    free(csv->fields);
    file_map_close(&csv->map);
    *csv = (struct csv){0};
}

struct slice csv_field_text(const struct csv_field *field, struct buf *scratch) {
    struct slice text = field->text;
    if (field->doubled) {
        buf_clear(scratch);
        for (size_t i = 0; i < text.len; i++) {
            buf_addc(scratch, text.data[i]);
            if (text.data[i] == '"') i++;
        }
        text = (struct slice){buf_text(scratch), scratch->len};
    }
    if (utf8_valid(text)) return text;
    char *utf8 = latin1_to_utf8(text);
    buf_release(scratch);
    buf_adds(scratch, utf8);
    free(utf8);
    return (struct slice){buf_text(scratch), scratch->len};
}
