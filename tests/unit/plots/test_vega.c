/* The interactive twin: valid JSON, all points, no text of a user outside a string. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plots/plot.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"

static struct plot *cloud(enum plot_kind kind, int64_t n) {
    struct plot *plot = plot_new(kind);
    plot_set_text(&plot->title, "a \"map\" of\nthings");
    for (int s = 0; s < 2; s++) {
        struct series *series = plot_add_series(plot, s ? "Sci-Fi" : "Com,edy", n / 2);
        for (int64_t i = 0; i < n / 2; i++) series->x[i] = (double)i + 0.123456, series->y[i] = -(double)i;
    }
    plot->point_titles = xnew_array(char *, (size_t)n);
    for (int64_t i = 0; i < n; i++) plot->point_titles[i] = xstrdup(i ? "plain" : "say \"hi\", ok\\");
    plot_add_label(plot, (struct label){.text = xstrdup("Sci-Fi"), .x = 1, .y = 2, .bold = true});
    return plot;
}

static void points_travel_as_csv(void **state) {
    (void)state;
    struct plot *plot = cloud(PLOT_MAP, 4);
    struct buf out = BUF_INIT;
    struct error err = ERROR_INIT;
    json_t *json = NULL;
    assert_true(plot_vega(plot, &out));
    assert_int_equal(json_parse((struct slice){out.data, out.len}, &json, &err), OK);
    assert_string_equal(json_text(json, "$schema", ""), "https://vega.github.io/schema/vega-lite/v5.json");
    json_t *layers = json_object_get(json, "layer"), *first = json_array_get(layers, 0);
    assert_int_equal(json_array_size(layers), 2);
    assert_string_equal(json_text(json_object_get(first, "data"), "values", ""), "x,y,s,g,t\n"
                                                                                 "0.1235,0.0000,1,\"Com,edy\",\"say \"\"hi\"\", ok\\\"\n"
                                                                                 "1.1235,-1.0000,1,\"Com,edy\",\"plain\"\n"
                                                                                 "0.1235,0.0000,1,\"Sci-Fi\",\"plain\"\n"
                                                                                 "1.1235,-1.0000,1,\"Sci-Fi\",\"plain\"\n");
    json_t *config = json_object_get(json, "config");
    assert_string_equal(json_text(json, "background", ""), "#ffffff"); /* so no ink may be the theme's */
    assert_string_equal(json_text(json_object_get(json, "title"), "color", ""), "#1f2328");
    assert_string_equal(json_text(json_object_get(config, "legend"), "labelColor", ""), "#424a53");
    assert_string_equal(json_text(json_object_get(config, "axis"), "labelColor", ""), "#656d76");
    json_decref(json);
    buf_release(&out);
    plot_unref(plot);
}

static void only_clouds_of_a_moderate_size(void **state) {
    (void)state;
    static const struct {
        enum plot_kind kind;
        int64_t n;
        bool drawn;
    } cases[] = {{PLOT_MAP, 5000, true}, {PLOT_MAP, 5002, false}, {PLOT_SCATTER, 10, true}, {PLOT_LINES, 10, false}, {PLOT_MAP, 0, false}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct plot *plot = cloud(cases[c].kind, cases[c].n);
        struct buf out = BUF_INIT;
        assert_int_equal(plot_vega(plot, &out), cases[c].drawn);
        assert_int_equal(out.len > 0, cases[c].drawn);
        buf_release(&out);
        plot_unref(plot);
    }
}

/* A legend beside the panel where there is room, else below it: the card is as wide as was asked for. */
static void the_legend_leaves_room(void **state) {
    (void)state;
    for (int narrow = 0; narrow < 2; narrow++) {
        struct plot *plot = cloud(PLOT_MAP, 100);
        plot->width = narrow ? 400 : 900;
        struct buf out = BUF_INIT;
        struct error err = ERROR_INIT;
        json_t *json = NULL;
        assert_true(plot_vega(plot, &out));
        assert_int_equal(json_parse((struct slice){out.data, out.len}, &json, &err), OK);
        const json_t *legend = json_object_get(json_object_get(json, "config"), "legend");
        const double width = json_number_value(json_object_get(json, "width"));
        assert_string_equal(json_text(legend, "orient", "right"), narrow ? "bottom" : "right");
        assert_true(narrow ? width > 350 && width < 400 : width > 700 && width < 780);
        json_decref(json);
        buf_release(&out);
        plot_unref(plot);
    }
}

/* Two by two, the last one empty: rows "low", "hi,gh" from below, and the smallest value is best. */
static struct plot *grid(int64_t side) {
    static const char *const names[] = {"low", "hi,gh"};
    struct plot *plot = plot_new(PLOT_HEAT);
    struct series *cells = plot_add_series(plot, NULL, side * side);
    cells->values = xnew_array(double, (size_t)(side * side));
    plot->ticks = xnew_array(char *, (size_t)side);
    plot->y_ticks = xnew_array(char *, (size_t)side);
    plot->n_ticks = plot->n_y_ticks = (size_t)side;
    for (int64_t i = 0; i < side; i++) {
        char text[24];
        snprintf(text, sizeof text, "%d", (int)(8 << (i & 7)));
        plot->ticks[i] = xstrdup(text);
        plot->y_ticks[i] = xstrdup(names[i & 1]);
    }
    for (int64_t i = 0; i < side * side; i++) {
        cells->x[i] = (double)(i % side);
        cells->y[i] = (double)(i / side);
        cells->values[i] = i == side * side - 1 ? (double)NAN : 0.25 * (double)(i + 1);
    }
    plot->best_x = plot->best_y = 0;
    plot_set_text(&plot->color_title, "rm\"se");
    return plot;
}

static json_t *parsed(const struct plot *plot) {
    struct buf out = BUF_INIT;
    struct error err = ERROR_INIT;
    json_t *json = NULL;
    assert_true(plot_vega(plot, &out));
    assert_int_equal(json_parse((struct slice){out.data, out.len}, &json, &err), OK);
    buf_release(&out);
    return json;
}

static json_t *at(json_t *json, const char *a, const char *b) { return json_object_get(json_object_get(json, a), b); }

static void cells_of_a_heatmap(void **state) {
    (void)state;
    struct plot *plot = grid(2);
    json_t *json = parsed(plot), *layers = json_object_get(json, "layer");
    assert_string_equal(json_text(json_object_get(json, "data"), "values", ""), "x,y,v,t,n,c,b\n"
                                                                                "\"8\",\"low\",0.25,0.25,0.25,#ffffff,1\n"
                                                                                "\"16\",\"low\",0.5,0.5,0.5,#ffffff,0\n"
                                                                                "\"8\",\"hi,gh\",0.75,0.75,0.75,#1f2328,0\n"
                                                                                "\"16\",\"hi,gh\",,none,–,#8c959f,0\n");
    json_t *rows = at(at(json, "encoding", "y"), "scale", "domain"), *columns = at(at(json, "encoding", "x"), "scale", "domain");
    assert_string_equal(json_string_value(json_array_get(rows, 0)), "hi,gh"); /* from the top */
    assert_string_equal(json_string_value(json_array_get(columns, 0)), "8");
    assert_int_equal(json_array_size(layers), 4); /* cells, two lines around the best one, numbers */
    json_t *color = at(json_array_get(layers, 0), "encoding", "color"), *domain = at(color, "scale", "domain");
    assert_true(json_number_value(json_array_get(domain, 0)) == 0.25 && json_number_value(json_array_get(domain, 1)) == 0.75);
    assert_string_equal(json_text(json_object_get(color, "legend"), "title", ""), "rm\"se");
    json_decref(json);
    plot->best_x = (double)NAN;
    json = parsed(plot);
    assert_int_equal(json_array_size(json_object_get(json, "layer")), 2);
    json_decref(json);
    plot_unref(plot);
}

static void large_heatmaps(void **state) {
    (void)state;
    struct plot *plot = grid(70); /* 4,900 cells: too small for numbers */
    json_t *json = parsed(plot);
    const char *rows = json_text(json_object_get(json, "data"), "values", "");
    assert_non_null(strstr(rows, "\n\"16\",\"low\",0.5,0.5,,#ffffff,0\n"));
    json_decref(json);
    plot_unref(plot);
    plot = grid(71);
    struct buf out = BUF_INIT;
    assert_false(plot_vega(plot, &out));
    assert_int_equal(out.len, 0);
    plot_unref(plot);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(points_travel_as_csv), cmocka_unit_test(only_clouds_of_a_moderate_size),
                                       cmocka_unit_test(the_legend_leaves_room), cmocka_unit_test(cells_of_a_heatmap),
                                       cmocka_unit_test(large_heatmaps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
