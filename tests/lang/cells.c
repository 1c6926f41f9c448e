#include "tests/lang/cells.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lang/complete.h"
#include "runtime/base/vec.h"

#define ANYTHING "…"

static const char *const words[N_DIRECTIVES] = {"=>", "error", "prints:", "shows:", "table:", "quiet", "input:", "interrupt"};

bool cells_match(const char *pattern, const char *text) {
    const char *gap = strstr(pattern, ANYTHING);
    if (!gap) return strcmp(pattern, text) == 0;
    const size_t len = (size_t)(gap - pattern);
    if (strncmp(pattern, text, len) != 0) return false;
    for (text += len; *text; text++)
        if (cells_match(gap + strlen(ANYTHING), text)) return true;
    return cells_match(gap + strlen(ANYTHING), text);
}

/* --- directives --- */

static char *trimmed(struct slice text) {
    while (text.len && (text.data[0] == ' ' || text.data[0] == '\t')) text.data++, text.len--;
    while (text.len && strchr(" \t\r", text.data[text.len - 1])) text.len--;
    return xstrndup(text.data, text.len);
}

/* "⏎" becomes the end of a line. */
static char *unescaped(char *text) {
    const size_t len = strlen("⏎");
    char *to = text;
    for (const char *from = text; *from;) {
        const bool is_end = strncmp(from, "⏎", len) == 0;
        *to++ = is_end ? '\n' : *from;
        from += is_end ? len : 1;
    }
    *to = 0;
    return text;
}

/* The directive that begins at `text` (behind "# "). */
static bool directive_at(struct slice text, struct directive *out) {
    for (int kind = 0; kind < N_DIRECTIVES; kind++) {
        const size_t len = strlen(words[kind]);
        if (text.len < len || memcmp(text.data, words[kind], len) != 0) continue;
        struct slice rest = {text.data + len, text.len - len};
        *out = (struct directive){.kind = (enum expect)kind};
        if (kind == EXPECT_ERROR) {
            const char *close = rest.len && rest.data[0] == '[' ? memmem(rest.data, rest.len, "]:", 2) : NULL;
            if (close) {
                out->underlined = xstrndup(rest.data + 1, (size_t)(close - rest.data) - 1);
                rest = (struct slice){close + 1, rest.len - (size_t)(close + 1 - rest.data)};
            }
            if (!rest.len || rest.data[0] != ':') return free(out->underlined), false;
            rest.data++, rest.len--;
        }
        out->text = unescaped(trimmed(rest));
        return true;
    }
    return false;
}

/* The directive in the comment at a line's end; it begins at *out_start. */
static bool directive_of_line(struct slice line, struct directive *out, size_t *out_start) {
    for (size_t i = 0; i + 2 < line.len; i++) {
        if (line.data[i] != '#' || line.data[i + 1] != ' ' || !directive_at((struct slice){line.data + i + 2, line.len - i - 2}, out)) continue;
        *out_start = i;
        return true;
    }
    return false;
}

/* --- cells --- */

struct lines {
    const char *at, *end;
    int number; /* of the line that comes next */
};

static bool next_line(struct lines *lines, struct slice *out) {
    if (lines->at >= lines->end) return false;
    const char *end = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    *out = (struct slice){lines->at, (size_t)((end ? end : lines->end) - lines->at)};
    lines->at = end ? end + 1 : lines->end;
    lines->number++;
    return true;
}

static bool begins(struct slice line, const char *text) { return line.len >= strlen(text) && memcmp(line.data, text, strlen(text)) == 0; }

static bool is_blank(struct slice line) {
    for (size_t i = 0; i < line.len; i++)
        if (!strchr(" \t\r", line.data[i])) return false;
    return true;
}

/* Whether the next line belongs to the code so far. */
static bool goes_on(const struct lines *lines, const struct buf *code) {
    struct lines ahead = *lines;
    struct slice line;
    int indent;
    if (!next_line(&ahead, &line) || is_blank(line) || begins(line, "#")) return false;
    if (line.data[0] == ' ' || line.data[0] == '\t' || begins(line, "elif ") || begins(line, "else:")) return true;
    return strcmp(completeness((struct slice){buf_text(code), code->len}, &indent), "incomplete") == 0;
}

static void add_directive(struct cell *cell, struct directive directive) {
    cell->directives = xrealloc(cell->directives, (cell->n_directives + 1) * sizeof *cell->directives);
    cell->directives[cell->n_directives++] = directive;
}

static void add_code(struct cell *cell, struct buf *code, struct slice line) {
    struct directive directive;
    size_t start = line.len;
    if (directive_of_line(line, &directive, &start)) add_directive(cell, directive);
    while (start > 0 && line.data[start - 1] == ' ') start--;
    if (code->len) buf_addc(code, '\n');
    buf_add(code, line.data, start);
}

static struct cell read_cell(struct lines *lines, struct slice line) {
    struct cell cell = {.line = lines->number};
    struct buf code = BUF_INIT;
    add_code(&cell, &code, line);
    while (goes_on(lines, &code) && next_line(lines, &line)) add_code(&cell, &code, line);
    cell.code = buf_take(&code);
    return cell;
}

static struct section *last_section(struct cell_file *file) { return &file->sections[file->n_sections - 1]; }

static void add_section(struct cell_file *file, struct slice name) {
    file->sections = xrealloc(file->sections, (file->n_sections + 1) * sizeof *file->sections);
    struct section *section = &file->sections[file->n_sections++];
    *section = (struct section){.name = trimmed(name)};
    char *needs = strstr(section->name, " needs ");
    if (!needs) return;
    section->needs = xstrdup(needs + strlen(" needs "));
    *needs = 0;
}

static void add_cell(struct cell_file *file, struct cell cell) {
    if (!file->n_sections) add_section(file, slice_of("cells"));
    struct section *section = last_section(file);
    section->cells = xrealloc(section->cells, (section->n_cells + 1) * sizeof *section->cells);
    section->cells[section->n_cells++] = cell;
}

struct cell_file cells_parse(struct slice text) {
    struct cell_file file = {0};
    struct lines lines = {text.data, text.data + text.len, 0};
    struct slice line;
    while (next_line(&lines, &line)) {
        struct directive directive;
        if (begins(line, "#==")) add_section(&file, (struct slice){line.data + 3, line.len - 3});
        else if (begins(line, "# ") && file.n_sections && last_section(&file)->n_cells &&
                 directive_at((struct slice){line.data + 2, line.len - 2}, &directive))
            add_directive(&last_section(&file)->cells[last_section(&file)->n_cells - 1], directive);
        else if (!is_blank(line) && !begins(line, "#")) add_cell(&file, read_cell(&lines, line));
    }
    return file;
}

static void cell_free(struct cell *cell) {
    for (size_t i = 0; i < cell->n_directives; i++) {
        free(cell->directives[i].text);
        free(cell->directives[i].underlined);
    }
    free(cell->directives);
    free(cell->code);
}

void cells_free(struct cell_file *file) {
    for (size_t s = 0; s < file->n_sections; s++) {
        for (size_t c = 0; c < file->sections[s].n_cells; c++) cell_free(&file->sections[s].cells[c]);
        free(file->sections[s].cells);
        free(file->sections[s].name);
        free(file->sections[s].needs);
    }
    free(file->sections);
}
