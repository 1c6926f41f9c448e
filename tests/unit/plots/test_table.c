/* Tables and cards in all their forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plots/table_html.h"

static const char *const headers[] = {"model", "rmse"};
static const bool numeric[] = {false, true};
static const char *const cells[] = {"a<b> & \"c\"", "0.91", "x|y_z 100%", NULL};
static const unsigned char marks[] = {0, MARK_BEST, MARK_ROW, MARK_SECOND | MARK_ROW};
static const char *const notes[] = {"95 % of <them>"};

static struct table_view view(void) {
    return (struct table_view){.caption = "Scores & more",
                               .headers = headers,
                               .numeric = numeric,
                               .cells = cells,
                               .marks = marks,
                               .n_rows = 2,
                               .n_columns = 2,
                               .total_rows = 2,
                               .gap_after = -1,
                               .notes = notes,
                               .n_notes = 1};
}

static void has(const struct buf *buf, const char *part) {
    if (!strstr(buf_text(buf), part)) fail_msg("%s is not in:\n%s", part, buf_text(buf));
}

static void hasnt(const struct buf *buf, const char *part) {
    if (strstr(buf_text(buf), part)) fail_msg("%s is in:\n%s", part, buf_text(buf));
}

static void html_survives_a_sanitizer(void **state) {
    static const char *const lost[] = {"<style", "<script", "<svg", "var(", "color:", "class=", "onclick"};
    struct table_view table = view();
    struct buf out = BUF_INIT;
    (void)state;
    table_view_html(&table, &out);
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) hasnt(&out, lost[i]);
    has(&out, "a&lt;b&gt; &amp; ");
    has(&out, "Scores &amp; more");
    has(&out, "<b>0.91</b>");
    has(&out, "<u>—</u>");
    has(&out, "95 % of &lt;them&gt;");
    has(&out, "text-align:right");
    buf_release(&out);
}

static void text_is_aligned(void **state) {
    struct table_view table = view();
    struct buf out = BUF_INIT;
    (void)state;
    table_view_text(&table, &out);
    assert_string_equal(buf_text(&out), "Scores & more\n"
                                        "model       rmse\n"
                                        "──────────  ─────\n"
                                        "a<b> & \"c\"  0.91*\n"
                                        "x|y_z 100%     —\n"
                                        "95 % of <them>");
    buf_release(&out);
}

static void long_tables_say_what_they_leave_out(void **state) {
    struct table_view table = view();
    struct buf out = BUF_INIT;
    (void)state;
    table.total_rows = 12345;
    table.gap_after = 1;
    table.total_columns = 7;
    table_view_text(&table, &out);
    has(&out, "… 12,343 rows …\n");
    has(&out, "12,345 rows × 7 columns");
    buf_clear(&out);
    table_view_html(&table, &out);
    has(&out, "… 12,343 rows …");
    has(&out, "colspan=\"2\"");
    buf_clear(&out);
    table_view_latex(&table, &out);
    has(&out, "\\multicolumn{2}{c}{\\dots{} 12,343 rows \\dots{}}");
    buf_clear(&out);
    table_view_markdown(&table, &out);
    has(&out, "| … 12,343 rows … | |\n");
    buf_release(&out);
}

static void markdown_and_latex_escape(void **state) {
    struct table_view table = view();
    struct buf out = BUF_INIT;
    (void)state;
    table_view_markdown(&table, &out);
    has(&out, "|:---|---:|");
    has(&out, "| **0.91** |");
    has(&out, "x\\|y\\_z 100%");
    buf_clear(&out);
    table_view_latex(&table, &out);
    has(&out, "\\begin{tabular}{lr}");
    has(&out, "\\textbf{0.91}");
    has(&out, "a\\textless{}b\\textgreater{} \\& ");
    has(&out, "x\\textbar{}y\\_z 100\\%");
    has(&out, "\\caption{Scores \\& more}");
    buf_release(&out);
}

static void an_empty_table_is_a_table(void **state) {
    struct table_view table = {.headers = headers, .numeric = numeric, .n_columns = 2, .gap_after = -1};
    struct buf out = BUF_INIT;
    (void)state;
    table_view_text(&table, &out);
    assert_string_equal(buf_text(&out), "model  rmse\n─────  ────\n0 rows × 2 columns");
    buf_clear(&out);
    table.n_columns = 0;
    table_view_text(&table, &out);
    has(&out, "0 rows × 0 columns");
    buf_release(&out);
}

static void long_cells_are_cut_in_text(void **state) {
    char text[200];
    const char *const cell[] = {text};
    const struct table_view table = {
        .headers = headers, .numeric = numeric, .cells = cell, .n_rows = 1, .n_columns = 1, .total_rows = 1, .gap_after = -1};
    struct buf out = BUF_INIT;
    (void)state;
    memset(text, 'x', sizeof text);
    text[5] = '\n';
    text[sizeof text - 1] = 0;
    table_view_text(&table, &out);
    has(&out, "xxxxx xxx");
    has(&out, "xxx…");
    hasnt(&out, text + 100);
    buf_release(&out);
}

static void cards_carry_their_picture(void **state) {
    const struct card_line lines[] = {{"users", "943"}, {"a<b", "1 & 2"}};
    struct buf svg = BUF_INIT, out = BUF_INIT;
    const double counts[] = {1, 5, 0, 2}, losses[] = {3, 2, 1.5};
    (void)state;
    svg_bars(counts, 4, 80, 20, &svg);
    has(&svg, "<rect");
    struct card card = {.title = "ml-100k",
                        .subtitle = "MovieLens",
                        .lines = lines,
                        .n_lines = 2,
                        .svg = buf_text(&svg),
                        .svg_words = "bars of \"it\"",
                        .note = "GroupLens"};
    card_html(&card, &out);
    has(&out, "data:image/svg+xml;base64,");
    has(&out, "alt=\"bars of &quot;it&quot;\"");
    has(&out, "a&lt;b");
    hasnt(&out, "<svg");
    buf_clear(&out);
    card_text(&card, &out);
    assert_string_equal(buf_text(&out), "ml-100k\nMovieLens\n  users  943\n  a<b    1 & 2\nGroupLens");
    buf_clear(&svg);
    svg_line(losses, 3, 60, 20, &svg);
    has(&svg, "points=\"3.00,3.00 ");
    buf_clear(&svg);
    svg_line(NULL, 0, 60, 20, &svg);
    hasnt(&svg, "circle");
    buf_release(&svg);
    buf_release(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_survives_a_sanitizer),           cmocka_unit_test(text_is_aligned),
        cmocka_unit_test(long_tables_say_what_they_leave_out), cmocka_unit_test(markdown_and_latex_escape),
        cmocka_unit_test(an_empty_table_is_a_table),           cmocka_unit_test(long_cells_are_cut_in_text),
        cmocka_unit_test(cards_carry_their_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
