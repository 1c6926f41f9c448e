/* The interactive twin: valid JSON, all points, no text of a user outside a string. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(points_travel_as_csv), cmocka_unit_test(only_clouds_of_a_moderate_size),
                                       cmocka_unit_test(the_legend_leaves_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
