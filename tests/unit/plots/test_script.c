/* Spec → gnuplot text: exact texts, and that no text of a user can be a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plots/script.h"
#include "runtime/base/mem.h"

static void check_text(const char *given, const char *expected) {
    struct buf out = BUF_INIT;
    script_text(&out, given);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

static void texts_are_quoted(void **state) {
    (void)state;
    check_text("", "''");
    check_text("Toy Story (1995)", "'Toy Story (1995)'");
    check_text("it's", "'it''s'");
    check_text("''x", "'’''x'");
    check_text("'; system('touch /tmp/x'); '", "'’; system(''touch /tmp/x''); '''");
    check_text("`id` $(id) @macro \\n {/Bold x}_a^b", "'`id` $(id) @macro \\n {/Bold x}_a^b'");
    check_text("one\ntwo\tthree\rfour", "'one two threefour'");
    check_text("bell\a esc\033[31m del\177", "'bell esc[31m del'");
    check_text("Amélie 天 🎬", "'Amélie 天 🎬'");
}

static void bad_bytes_are_left_out(void **state) {
    (void)state;
    check_text("a\xff"
               "b\xc3",
               "'ab'");
    check_text("\xc2\x85next\xc2\x9b", "'next'");       /* C1 controls */
    check_text("a\xe2\x80\xa8z\xe2\x80\xaex", "'azx'"); /* line separator, right-to-left override */
    check_text("\xef\xbf\xbd", "'\xef\xbf\xbd'");       /* a real U+FFFD stays */
}

static void long_texts_are_cut(void **state) {
    (void)state;
    char text[1001];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    struct buf out = BUF_INIT;
    script_text(&out, text);
    assert_int_equal(out.len, SCRIPT_TEXT_MAX + 2);
    buf_release(&out);
}

/* Every line of a script with hostile texts is one that we wrote: strings stay closed. */
static bool quotes_balance(const char *line, size_t len) {
    size_t n = 0;
    for (size_t i = 0; i < len; i++) n += line[i] == '\'';
    return n % 2 == 0;
}

static const char *const hostile[] = {"`touch /tmp/owned`",
                                      "' . system('touch /tmp/owned') . '",
                                      "x'\nsystem \"touch /tmp/owned\"\n'",
                                      "\\'; !touch /tmp/owned",
                                      "@x",
                                      "%s%n%d",
                                      "$(touch)"};

static struct plot *hostile_plot(enum plot_kind kind) {
    struct plot *plot = plot_new(kind);
    char **fields[] = {&plot->title, &plot->subtitle, &plot->footnote, &plot->x_title, &plot->y_title, &plot->best_text};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) plot_set_text(fields[i], "%s", hostile[i]);
    plot->best_x = 1;
    for (size_t s = 0; s < 2; s++) {
        struct series *series = plot_add_series(plot, hostile[s], 7);
        series->values = kind == PLOT_HEAT ? xnew_array(double, 7) : NULL;
        for (int i = 0; i < 7; i++) series->x[i] = i, series->y[i] = i * i + (double)s;
    }
    plot->best_y = 1;
    plot->y_ticks = xnew_array(char *, 7);
    plot->n_y_ticks = 7;
    for (int i = 0; i < 7; i++) plot->y_ticks[i] = xstrdup(hostile[i]);
    plot_set_text(&plot->color_title, "%s", hostile[0]);
    plot->ticks = xnew_array(char *, 7);
    plot->n_ticks = 7;
    for (int i = 0; i < 7; i++) plot->ticks[i] = xstrdup(hostile[i]);
    for (int i = 0; i < 7; i++) plot_add_label(plot, (struct label){.text = xstrdup(hostile[i]), .x = i, .y = i, .bold = i & 1, .leader = true});
    plot_set_text(&plot->summary, "x");
    return plot;
}

static void hostile_texts_stay_texts(void **state) {
    (void)state;
    for (int kind = PLOT_LINES; kind <= PLOT_HEAT; kind++) {
        struct plot *plot = hostile_plot((enum plot_kind)kind);
        struct script script;
        script_write(plot, IMAGE_PNG, 2, "/data", "/image", &script);
        static const char *const commands[] = {"set ", "unset ", "reset", "plot ", "     '/data'"};
        for (const char *line = buf_text(&script.commands); *line;) {
            size_t len = strcspn(line, "\n");
            bool known = len == 0;
            for (size_t c = 0; c < sizeof commands / sizeof *commands; c++) known = known || strncmp(line, commands[c], strlen(commands[c])) == 0;
            if (!known) fail_msg("an unknown command: %.*s", (int)len, line);
            assert_true(quotes_balance(line, len));
            line += len + (line[len] == '\n');
        }
        script_release(&script);
        plot_unref(plot);
    }
}

static void the_text_of_lines(void **state) {
    (void)state;
    struct plot *plot = plot_new(PLOT_LINES);
    plot_set_text(&plot->title, "als");
    plot_set_text(&plot->x_title, "epoch");
    struct series *series = plot_add_series(plot, "train_rmse", 3);
    for (int i = 0; i < 3; i++) series->x[i] = i + 1, series->y[i] = 1.5 - 0.25 * i;
    struct script script;
    script_write(plot, IMAGE_PNG, 2, "/data", "/image", &script);
    assert_string_equal(
        buf_text(&script.commands),
        "reset\n"
        "set encoding utf8\n"
        "set terminal pngcairo noenhanced size 1800,1120 fontscale 2 linewidth 2 pointscale 2 font 'DejaVu Sans,9.375' background '#ffffff'\n"
        "set output '/image'\n"
        "unset key\n"
        "set style fill solid noborder\n"
        "set lmargin at screen 0.06431\n"
        "set rmargin at screen 0.96889\n"
        "set tmargin at screen 0.89286\n"
        "set bmargin at screen 0.10357\n"
        "set label 1 'als' at screen 0.03111,0.95000 left font 'DejaVu Sans:Bold,15' tc rgb '#1f2328' noenhanced front\n"
        "set xrange [0.96:3.04]\n"
        "set yrange [1:1.5]\n"
        "set border 1 lc rgb '#8c959f' lw 0.8 back\n"
        "set grid y lt 1 dt solid lc rgb '#e6e8eb' lw 0.8 back\n"
        "set xtics out nomirror scale 0.5 textcolor rgb '#656d76' ('1' 1, '2' 2, '3' 3)\n"
        "set ytics out nomirror scale 0.5 textcolor rgb '#656d76' ('1.0' 1, '1.1' 1.1, '1.2' 1.2, '1.3' 1.3, '1.4' 1.4, '1.5' 1.5)\n"
        "set label 2 'epoch' at screen 0.51660,0.03214 center font 'DejaVu Sans,9.375' tc rgb '#656d76' noenhanced front\n"
        "plot '/data' binary skip=0 record=(3) format='%double%double' using 1:2 with lines lc rgb '#0072B2' lw 2.2 pt 7 ps 0.833 notitle\n"
        "unset output\n");
    const double expected[] = {1, 1.5, 2, 1.25, 3, 1};
    assert_int_equal(script.data.len, sizeof expected);
    assert_memory_equal(script.data.data, expected, sizeof expected);
    script_release(&script);
    plot_unref(plot);
}

/* Without the 64 steps of the key. */
static char *without_objects(const char *commands, int *out_n) {
    struct buf kept = BUF_INIT;
    *out_n = 0;
    for (const char *line = commands; *line;) {
        const size_t len = strcspn(line, "\n") + 1;
        if (strncmp(line, "set object ", 11) == 0) ++*out_n;
        else buf_add(&kept, line, len);
        line += len;
    }
    return buf_take(&kept);
}

static void the_text_of_a_heatmap(void **state) {
    (void)state;
    struct plot *plot = plot_new(PLOT_HEAT);
    struct series *cells = plot_add_series(plot, NULL, 4);
    static const char *const names[] = {"16", "64"}, *const rows[] = {"0.1", "0.2"};
    const double values[] = {0.92, 0.95, NAN, 0.91};
    cells->values = xmemdup(values, sizeof values);
    for (int i = 0; i < 4; i++) cells->x[i] = i % 2, cells->y[i] = i / 2;
    plot->ticks = xnew_array(char *, 2);
    plot->y_ticks = xnew_array(char *, 2);
    plot->n_ticks = plot->n_y_ticks = 2;
    for (int i = 0; i < 2; i++) plot->ticks[i] = xstrdup(names[i]), plot->y_ticks[i] = xstrdup(rows[i]);
    plot_set_text(&plot->x_title, "factors");
    plot_set_text(&plot->y_title, "reg");
    plot_set_text(&plot->color_title, "rmse");
    plot->best_x = plot->best_y = 1;
    plot->width = 500, plot->height = 300;
    struct script script;
    int n_objects;
    script_write(plot, IMAGE_PNG, 2, "/data", "/image", &script);
    char *text = without_objects(buf_text(&script.commands), &n_objects);
    assert_int_equal(n_objects, 64);
    assert_non_null(strstr(buf_text(&script.commands), "fillcolor rgb '#440154' fillstyle solid noborder front\n"));
    assert_non_null(strstr(buf_text(&script.commands), "fillcolor rgb '#FDE725' fillstyle solid noborder front\n"));
    assert_string_equal(
        text,
        "reset\n"
        "set encoding utf8\n"
        "set terminal pngcairo noenhanced size 1000,600 fontscale 1.5 linewidth 1.5 pointscale 1.5 font 'DejaVu Sans,9.375' background '#ffffff'\n"
        "set output '/image'\n"
        "unset key\n"
        "set style fill solid noborder\n"
        "set lmargin at screen 0.08550\n"
        "set rmargin at screen 0.84600\n"
        "set tmargin at screen 0.87000\n"
        "set bmargin at screen 0.14500\n"
        "set xrange [-0.5:1.5]\n"
        "set yrange [-0.5:1.5]\n"
        "unset border\n"
        "unset tics\n"
        "set label 1 'factors' at screen 0.46575,0.04500 center font 'DejaVu Sans,9.375' tc rgb '#656d76' noenhanced front\n"
        "set label 2 'reg' at screen 0.04200,0.92000 left font 'DejaVu Sans,9.375' tc rgb '#656d76' noenhanced front\n"
        "set label 3 '16' at screen 0.27563,0.10750 center font 'DejaVu Sans,9.375' tc rgb '#424a53' noenhanced front\n"
        "set label 4 '64' at screen 0.65587,0.10750 center font 'DejaVu Sans,9.375' tc rgb '#424a53' noenhanced front\n"
        "set label 5 '0.2' at screen 0.07350,0.68875 right font 'DejaVu Sans,9.375' tc rgb '#424a53' noenhanced front\n"
        "set label 6 '0.1' at screen 0.07350,0.32625 right font 'DejaVu Sans,9.375' tc rgb '#424a53' noenhanced front\n"
        "set label 7 '0.91' at screen 0.91350,0.14500 left font 'DejaVu Sans,9.375' tc rgb '#656d76' noenhanced front\n"
        "set label 8 '0.92' at screen 0.91350,0.32625 left font 'DejaVu Sans,9.375' tc rgb '#656d76' noenhanced front\n"
        "set label 9 '0.93' at screen 0.91350,0.50750 left font 'DejaVu Sans,9.375' tc rgb '#656d76' noenhanced front\n"
        "set label 10 '0.94' at screen 0.91350,0.68875 left font 'DejaVu Sans,9.375' tc rgb '#656d76' noenhanced front\n"
        "set label 11 '0.95' at screen 0.91350,0.87000 left font 'DejaVu Sans,9.375' tc rgb '#656d76' noenhanced front\n"
        "set label 12 'rmse' at screen 0.95800,0.92000 right font 'DejaVu Sans,9.375' tc rgb '#656d76' noenhanced front\n"
        "set arrow 1 from screen 0.46575,0.87000 to screen 0.84600,0.87000 nohead lc rgb '#1f2328' lw 3 front\n"
        "set arrow 2 from screen 0.84600,0.87000 to screen 0.84600,0.50750 nohead lc rgb '#1f2328' lw 3 front\n"
        "set arrow 3 from screen 0.84600,0.50750 to screen 0.46575,0.50750 nohead lc rgb '#1f2328' lw 3 front\n"
        "set arrow 4 from screen 0.46575,0.50750 to screen 0.46575,0.87000 nohead lc rgb '#1f2328' lw 3 front\n"
        "set arrow 5 from screen 0.46950,0.86375 to screen 0.84225,0.86375 nohead lc rgb '#ffffff' lw 1.6 front\n"
        "set arrow 6 from screen 0.84225,0.86375 to screen 0.84225,0.51375 nohead lc rgb '#ffffff' lw 1.6 front\n"
        "set arrow 7 from screen 0.84225,0.51375 to screen 0.46950,0.51375 nohead lc rgb '#ffffff' lw 1.6 front\n"
        "set arrow 8 from screen 0.46950,0.51375 to screen 0.46950,0.86375 nohead lc rgb '#ffffff' lw 1.6 front\n"
        "set label 13 '0.92' at screen 0.27563,0.32625 center font 'DejaVu Sans,8.625' tc rgb '#ffffff' noenhanced front\n"
        "set label 14 '0.95' at screen 0.65587,0.32625 center font 'DejaVu Sans,8.625' tc rgb '#1f2328' noenhanced front\n"
        "set label 15 '–' at screen 0.27563,0.68875 center font 'DejaVu Sans,8.625' tc rgb '#8c959f' noenhanced front\n"
        "set label 16 '0.91' at screen 0.65587,0.68875 center font 'DejaVu Sans:Bold,8.625' tc rgb '#ffffff' noenhanced front\n"
        "plot '/data' binary skip=0 record=(4) format='%double%double%double%double%double%double%double' using 1:2:3:4:5:6:7 with boxxyerror fs "
        "solid noborder lc rgb variable notitle\n"
        "unset output\n");
    const double first[] = {0, 0}, colors[] = {0x3B528B, 0xFDE725, 0xF1F3F5, 0x440154};
    assert_int_equal(script.data.len, 4 * 7 * sizeof(double));
    assert_memory_equal(script.data.data, first, sizeof first);
    for (int i = 0; i < 4; i++) assert_memory_equal(script.data.data + (size_t)(7 * i + 6) * sizeof(double), &colors[i], sizeof *colors);
    free(text);
    script_release(&script);
    plot_unref(plot);
}

static void the_same_spec_gives_the_same_text(void **state) {
    (void)state;
    struct script scripts[2];
    for (int i = 0; i < 2; i++) {
        struct plot *plot = hostile_plot(PLOT_MAP);
        script_write(plot, IMAGE_SVG, 1, "/data", "/image", &scripts[i]);
        plot_unref(plot);
    }
    assert_string_equal(buf_text(&scripts[0].commands), buf_text(&scripts[1].commands));
    assert_int_equal(scripts[0].data.len, scripts[1].data.len);
    assert_memory_equal(scripts[0].data.data, scripts[1].data.data, scripts[0].data.len);
    for (int i = 0; i < 2; i++) script_release(&scripts[i]);
}

static void check_ticks(double min, double max, bool log, int wanted, const char *expected) {
    struct axis axis;
    struct buf texts = BUF_INIT;
    axis_fit(&axis, min, max, log, true, false, wanted);
    for (size_t i = 0; i < axis.n_ticks; i++) buf_addf(&texts, "%s%s", i ? " " : "", axis.ticks[i].text);
    assert_string_equal(buf_text(&texts), expected);
    buf_release(&texts);
}

static void ticks_are_round_numbers(void **state) {
    (void)state;
    check_ticks(0, 1, false, 5, "0.0 0.2 0.4 0.6 0.8 1.0");
    check_ticks(0.61, 1.18, false, 6, "0.6 0.7 0.8 0.9 1.0 1.1 1.2");
    check_ticks(0, 34174, false, 7, "0 5,000 10,000 15,000 20,000 25,000 30,000 35,000");
    check_ticks(-3, 3, false, 3, "-4 -2 0 2 4");
    check_ticks(0, 2.5e6, false, 5, "0 0.5M 1M 1.5M 2M 2.5M");
    check_ticks(0.001, 1000, true, 5, "0.001 0.01 0.1 1 10 100 1,000");
    check_ticks(1, 100, true, 5, "1 2 5 10 20 50 100");
    check_ticks(1, 1000, true, 7, "1 2 5 10 20 50 100 200 500 1,000");
    check_ticks(3, 3, false, 4, "2.6 2.8 3.0 3.2 3.4");
    check_ticks(NAN, NAN, false, 2, "0.0 0.5 1.0");
}

static void a_map_keeps_its_aspect(void **state) {
    (void)state;
    struct plot *plot = plot_new(PLOT_MAP);
    struct series *series = plot_add_series(plot, NULL, 2);
    series->x[0] = -50, series->x[1] = 30, series->y[0] = 2, series->y[1] = 3;
    struct layout layout;
    plot_layout(plot, &layout);
    double x_unit = (layout.x.max - layout.x.min) / (layout.panel.right - layout.panel.left),
           y_unit = (layout.y.max - layout.y.min) / (layout.panel.bottom - layout.panel.top);
    assert_true(fabs(x_unit / y_unit - 1) < 1e-9);
    assert_true(layout_x(&layout, -50) > layout.panel.left && layout_x(&layout, 30) < layout.panel.right);
    layout_release(&layout);
    plot_unref(plot);
}

static void long_titles_fit(void **state) {
    (void)state;
    struct plot *plot = plot_new(PLOT_SCATTER);
    plot_set_text(&plot->title, "%0300d", 7);
    plot_set_text(&plot->subtitle, "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
                                   "eighteen nineteen twenty twenty-one");
    struct layout layout;
    plot_layout(plot, &layout);
    assert_true(strlen(layout.title) < 300);
    assert_non_null(strstr(layout.title, "…"));
    assert_int_equal(layout.n_subtitle, 2);
    assert_true(layout.panel.top > layout.subtitle_y + LINE_SUBTITLE);
    layout_release(&layout);
    plot_unref(plot);
}

/* Texts shrink with the picture, down to what still reads; its size is what was asked for. */
static void small_pictures_have_smaller_text(void **state) {
    (void)state;
    struct plot *plot = plot_new(PLOT_MAP);
    plot->width = 420, plot->height = 360;
    struct layout layout;
    plot_layout(plot, &layout);
    assert_true(layout.zoom == ZOOM_MIN && layout.width == 560 && layout.height == 480);
    layout_release(&layout);
    struct script png, svg;
    script_write(plot, IMAGE_PNG, 2, "/data", "/image", &png);
    script_write(plot, IMAGE_SVG, 1, "/data", "/image", &svg);
    assert_non_null(strstr(buf_text(&png.commands), "size 840,720 fontscale 1.5 linewidth 1.5 pointscale 1.5 "));
    assert_non_null(strstr(buf_text(&svg.commands), "size 420,360 fontscale 0.75 linewidth 0.75 "));
    script_release(&png);
    script_release(&svg);
    plot_unref(plot);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_quoted),
        cmocka_unit_test(bad_bytes_are_left_out),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(hostile_texts_stay_texts),
        cmocka_unit_test(the_text_of_lines),
        cmocka_unit_test(the_text_of_a_heatmap),
        cmocka_unit_test(the_same_spec_gives_the_same_text),
        cmocka_unit_test(ticks_are_round_numbers),
        cmocka_unit_test(a_map_keeps_its_aspect),
        cmocka_unit_test(long_titles_fit),
        cmocka_unit_test(small_pictures_have_smaller_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
