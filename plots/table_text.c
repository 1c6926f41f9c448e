/* Tables as aligned text, Markdown and LaTeX. */
#include <stdlib.h>
#include <string.h>

#include "plots/table_html.h"
#include "runtime/base/mem.h"

#define CELL_WIDTH_MAX 60 /* of plain text, in terminal cells */

void table_view_size(const struct table_view *view, struct buf *out) {
    buf_add_count(out, view->total_rows);
    buf_addf(out, " row%s × ", view->total_rows == 1 ? "" : "s");
    const int64_t n_columns = view->total_columns ? view->total_columns : view->n_columns;
    buf_add_count(out, n_columns);
    buf_addf(out, " column%s", n_columns == 1 ? "" : "s");
}

static const char *cell_at(const struct table_view *view, int64_t row, int64_t column) {
    const char *text = view->cells[row * view->n_columns + column];
    return text ? text : "—";
}

static unsigned marks_at(const struct table_view *view, int64_t row, int64_t column) {
    return view->marks ? view->marks[row * view->n_columns + column] : 0;
}

/* --- plain text --- */

/* One line, cut to CELL_WIDTH_MAX, with `*` behind the best. */
static void plain_cell(const char *text, unsigned marks, struct buf *out) {
    struct slice rest = slice_of(text);
    uint32_t c;
    int width = 0;
    for (size_t used; (used = utf8_decode(rest, &c)) > 0; rest.data += used, rest.len -= used) {
        width += text_width((struct slice){rest.data, used});
        if (width >= CELL_WIDTH_MAX && rest.len > used) {
            buf_adds(out, "…");
            break;
        }
        buf_add_code_point(out, c < 0x20 ? ' ' : c);
    }
    if (marks & MARK_BEST) buf_addc(out, '*');
}

static bool has_best(const struct table_view *view, int64_t column) {
    for (int64_t r = 0; r < view->n_rows; r++)
        if (marks_at(view, r, column) & MARK_BEST) return true;
    return false;
}

/* What is printed, headers as row 0. */
struct grid {
    struct buf *cells; /* (n_rows + 1) × n_columns */
    int *widths;
};

static void grid_fill(const struct table_view *view, struct grid *grid) {
    const int64_t n = view->n_columns;
    grid->cells = xnew_array(struct buf, (size_t)((view->n_rows + 1) * n + 1));
    grid->widths = xnew_array(int, (size_t)n + 1);
    for (int64_t c = 0; c < n; c++) {
        const bool starred = has_best(view, c);
        plain_cell(view->headers[c], 0, &grid->cells[c]);
        for (int64_t r = 0; r < view->n_rows; r++) plain_cell(cell_at(view, r, c), marks_at(view, r, c), &grid->cells[(r + 1) * n + c]);
        for (int64_t r = 0; r <= view->n_rows; r++) {
            struct buf *cell = &grid->cells[r * n + c];
            const bool has_star = r > 0 && marks_at(view, r - 1, c) & MARK_BEST;
            if (starred && view->numeric[c] && !has_star) buf_addc(cell, ' '); /* keeps the digits in line */
            const int width = text_width((struct slice){buf_text(cell), cell->len});
            if (width > grid->widths[c]) grid->widths[c] = width;
        }
    }
}

static void grid_release(const struct table_view *view, struct grid *grid) {
    for (int64_t i = 0; i < (view->n_rows + 1) * view->n_columns; i++) buf_release(&grid->cells[i]);
    free(grid->cells);
    free(grid->widths);
}

static void pad(struct buf *out, int n) {
    for (int i = 0; i < n; i++) buf_addc(out, ' ');
}

static void end_line(struct buf *out) {
    while (out->len > 0 && out->data[out->len - 1] == ' ') out->data[--out->len] = 0;
    buf_addc(out, '\n');
}

static void plain_row(const struct table_view *view, const struct grid *grid, int64_t row, struct buf *out) {
    for (int64_t c = 0; c < view->n_columns; c++) {
        const struct buf *cell = &grid->cells[row * view->n_columns + c];
        const int missing = grid->widths[c] - text_width((struct slice){buf_text(cell), cell->len});
        if (c) pad(out, 2);
        if (view->numeric[c]) pad(out, missing);
        buf_add(out, buf_text(cell), cell->len);
        if (!view->numeric[c]) pad(out, missing);
    }
    end_line(out);
}

static void plain_rule(const struct table_view *view, const struct grid *grid, struct buf *out) {
    for (int64_t c = 0; c < view->n_columns; c++) {
        if (c) pad(out, 2);
        for (int i = 0; i < grid->widths[c]; i++) buf_adds(out, "─");
    }
    end_line(out);
}

void table_view_text(const struct table_view *view, struct buf *out) {
    struct grid grid;
    grid_fill(view, &grid);
    if (view->caption) buf_addf(out, "%s\n", view->caption);
    plain_row(view, &grid, 0, out);
    plain_rule(view, &grid, out);
    for (int64_t r = 0; r < view->n_rows; r++) {
        if (r == view->gap_after) {
            buf_adds(out, "… ");
            buf_add_count(out, view->total_rows - view->n_rows);
            buf_adds(out, " rows …\n");
        }
        plain_row(view, &grid, r + 1, out);
    }
    if (view->gap_after >= 0 || view->n_rows == 0) table_view_size(view, out), buf_addc(out, '\n');
    for (size_t i = 0; i < view->n_notes; i++) buf_addf(out, "%s\n", view->notes[i]);
    out->data[--out->len] = 0; /* the last line's end */
    grid_release(view, &grid);
}

/* --- Markdown --- */

static void markdown_text(const char *text, struct buf *out) {
    for (; *text; text++) {
        if (*text == '\n' || *text == '\r') buf_addc(out, ' ');
        else {
            if (strchr("|*_`<>[]\\", *text)) buf_addc(out, '\\');
            buf_addc(out, *text);
        }
    }
}

static void markdown_row(const struct table_view *view, int64_t row, struct buf *out) {
    for (int64_t c = 0; c < view->n_columns; c++) {
        const bool best = marks_at(view, row, c) & MARK_BEST;
        buf_adds(out, best ? "| **" : "| ");
        markdown_text(cell_at(view, row, c), out);
        buf_adds(out, best ? "** " : " ");
    }
    buf_adds(out, "|\n");
}

void table_view_markdown(const struct table_view *view, struct buf *out) {
    if (view->caption) {
        buf_adds(out, "**");
        markdown_text(view->caption, out);
        buf_adds(out, "**\n\n");
    }
    for (int64_t c = 0; c < view->n_columns; c++) {
        buf_adds(out, "| ");
        markdown_text(view->headers[c], out);
        buf_addc(out, ' ');
    }
    buf_adds(out, "|\n");
    for (int64_t c = 0; c < view->n_columns; c++) buf_adds(out, view->numeric[c] ? "|---:" : "|:---");
    buf_adds(out, "|\n");
    for (int64_t r = 0; r < view->n_rows; r++) {
        if (r == view->gap_after) {
            buf_adds(out, "| … ");
            buf_add_count(out, view->total_rows - view->n_rows);
            buf_adds(out, " rows … ");
            for (int64_t c = 1; c < view->n_columns; c++) buf_adds(out, "| ");
            buf_adds(out, "|\n");
        }
        markdown_row(view, r, out);
    }
    for (size_t i = 0; i < view->n_notes; i++) {
        buf_addc(out, '\n');
        markdown_text(view->notes[i], out);
        buf_addc(out, '\n');
    }
}

/* --- LaTeX, with booktabs --- */

static void latex_char(uint32_t c, struct buf *out) {
    switch (c) {
    case '\\': buf_adds(out, "\\textbackslash{}"); return;
    case '~': buf_adds(out, "\\textasciitilde{}"); return;
    case '^': buf_adds(out, "\\textasciicircum{}"); return;
    case '<': buf_adds(out, "\\textless{}"); return;
    case '>': buf_adds(out, "\\textgreater{}"); return;
    case '|': buf_adds(out, "\\textbar{}"); return;
    case 0x2014: buf_adds(out, "--"); return;
    case 0x2026: buf_adds(out, "\\dots{}"); return;
    case 0xD7: buf_adds(out, "$\\times$"); return;
    case 0xB1: buf_adds(out, "$\\pm$"); return;
    case '\n':
    case '\r': buf_addc(out, ' '); return;
    default: break;
    }
    if (c < 0x80 && strchr("&%$#_{}", (int)c)) buf_addc(out, '\\');
    buf_add_code_point(out, c);
}

static void latex_text(const char *text, struct buf *out) {
    struct slice rest = slice_of(text);
    uint32_t c;
    for (size_t used; (used = utf8_decode(rest, &c)) > 0; rest.data += used, rest.len -= used) latex_char(c, out);
}

static void latex_row(const struct table_view *view, int64_t row, struct buf *out) {
    for (int64_t c = 0; c < view->n_columns; c++) {
        const unsigned marks = marks_at(view, row, c);
        if (c) buf_adds(out, " & ");
        if (marks & MARK_BEST) buf_adds(out, "\\textbf{");
        if (marks & MARK_SECOND) buf_adds(out, "\\underline{");
        latex_text(cell_at(view, row, c), out);
        if (marks & MARK_SECOND) buf_addc(out, '}');
        if (marks & MARK_BEST) buf_addc(out, '}');
    }
    buf_adds(out, " \\\\\n");
}

static void latex_gap(const struct table_view *view, struct buf *out) {
    buf_addf(out, "\\multicolumn{%lld}{c}{\\dots{} ", (long long)view->n_columns);
    buf_add_count(out, view->total_rows - view->n_rows);
    buf_adds(out, " rows \\dots{}} \\\\\n");
}

static void latex_body(const struct table_view *view, struct buf *out) {
    buf_adds(out, "\\begin{tabular}{");
    for (int64_t c = 0; c < view->n_columns; c++) buf_addc(out, view->numeric[c] ? 'r' : 'l');
    buf_adds(out, "}\n\\toprule\n");
    for (int64_t c = 0; c < view->n_columns; c++) {
        if (c) buf_adds(out, " & ");
        latex_text(view->headers[c], out);
    }
    buf_adds(out, " \\\\\n\\midrule\n");
    for (int64_t r = 0; r < view->n_rows; r++) {
        if (r == view->gap_after) latex_gap(view, out);
        latex_row(view, r, out);
    }
    buf_adds(out, "\\bottomrule\n\\end{tabular}\n");
}

void table_view_latex(const struct table_view *view, struct buf *out) {
    buf_adds(out, "\\begin{table}\n\\centering\n");
    if (view->caption) {
        buf_adds(out, "\\caption{");
        latex_text(view->caption, out);
        buf_adds(out, "}\n");
    }
    latex_body(view, out);
    for (size_t i = 0; i < view->n_notes; i++) {
        buf_adds(out, "\\par\\footnotesize ");
        latex_text(view->notes[i], out);
        buf_addc(out, '\n');
    }
    buf_adds(out, "\\end{table}");
}
