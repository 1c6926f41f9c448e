/* Exact t-SNE and the drawing of its map, against targets.md's rows.
 *
 * Floor of t-SNE: an iteration looks at every pair once (the padded n² of them),
 * about 14 flops a pair with one reciprocal; at 16 lanes and two fused units a
 * core that is roughly 0.6 ms an iteration for 1,682 points on two cores, so
 * 0.45 s for 750. Peers at equal iterations: openTSNE 2.5 s, scikit-learn 3.4 s
 * (13.9 and 25.5 s for 10,000 points).
 *
 * Points: 20 normal clouds, 64 dimensions. Medians of RUNS runs. */
#include <stdio.h>
#include <stdlib.h>

#include "plots/projection/projection.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

enum { DIMENSIONS = 64, CLOUDS = 20, RUNS = 5, DRAWINGS = 20 };

static void stop(const struct error *err) {
    fprintf(stderr, "bench_tsne: %s\n", err->message);
    exit(1);
}

static struct mat *clouds(int64_t n) {
    struct mat *x = NULL;
    struct error err = ERROR_INIT;
    if (mat_new(device_cpu(), n, DIMENSIONS, &x, &err) != OK) stop(&err);
    float *to = mat_data(x);
    for (int64_t i = 0; i < n; i++) {
        struct rng noise = rng_at(1, RNG_USER, (uint64_t)i), center = rng_at(2, RNG_USER, (uint64_t)(i % CLOUDS));
        for (int64_t c = 0; c < DIMENSIONS; c++) *to++ = (float)(3 * rng_normal(&center) + rng_normal(&noise));
    }
    return x;
}

static int by_value(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }

static double median(double *values, int n) {
    qsort(values, (size_t)n, sizeof *values, by_value);
    return values[n / 2];
}

static double *project(int64_t n, int runs, double target_s) {
    struct mat *x = clouds(n);
    struct error err = ERROR_INIT;
    struct tsne_report report = {0};
    double *map = xnew_array(double, (size_t)(2 * n)), seconds[RUNS];
    for (int run = 0; run < runs; run++) {
        const struct tsne_request request = {.perplexity = 30, .iterations = 750, .seed = (uint64_t)run};
        const double start = clock_now_s();
        if (tsne_project(NULL, x, &request, map, &report, &err) != OK) stop(&err);
        seconds[run] = clock_now_s() - start;
    }
    printf("t-SNE of %6lld x %d, 750 iterations: %7.3f s  (target %.1f)   KL %.3f, 10-neighbour recall %.3f\n", (long long)n, DIMENSIONS,
           median(seconds, runs), target_s, report.kl, report.recall10);
    mat_unref(x);
    return map;
}

static void draw(struct gnuplot *gnuplot, const struct plot *plot, const char *what, enum image_format format, int scale, double target_ms) {
    struct error err = ERROR_INIT;
    double ms[DRAWINGS];
    size_t size_bytes = 0;
    for (int i = 0; i < DRAWINGS; i++) {
        struct buf image = BUF_INIT;
        const double start = clock_now_s();
        if (gnuplot_draw(gnuplot, NULL, plot, format, scale, &image, &err) != OK) stop(&err);
        ms[i] = 1000 * (clock_now_s() - start);
        size_bytes = image.len;
        buf_release(&image);
    }
    printf("map of 1,682 points, %-6s: %7.1f ms  (target %.0f)   %zu bytes\n", what, median(ms, DRAWINGS), target_ms, size_bytes);
}

static struct plot *map_plot(const double *map, int64_t n) {
    struct plot *plot = plot_new(PLOT_MAP);
    plot_set_text(&plot->title, "Clouds");
    plot_set_text(&plot->summary, "a map");
    for (int cloud = 0; cloud < CLOUDS; cloud++) {
        const int64_t size = (n - cloud + CLOUDS - 1) / CLOUDS;
        struct series *series = plot_add_series(plot, NULL, size);
        series->color = cloud % PALETTE_SIZE;
        for (int64_t i = 0; i < size; i++) {
            series->x[i] = map[2 * (cloud + i * CLOUDS)];
            series->y[i] = map[2 * (cloud + i * CLOUDS) + 1];
        }
    }
    return plot;
}

int main(void) {
    device_prepare_environment();
    printf("%s, %d threads\n", device_isa(), pool_threads());
    double *map = project(1682, RUNS, 0.5);
    struct plot *plot = map_plot(map, 1682);
    struct gnuplot *gnuplot = gnuplot_new();
    draw(gnuplot, plot, "PNG 1x", IMAGE_PNG, 1, 25);
    draw(gnuplot, plot, "PNG 2x", IMAGE_PNG, 2, 75);
    draw(gnuplot, plot, "SVG", IMAGE_SVG, 1, 2);
    gnuplot_free(gnuplot);
    plot_unref(plot);
    free(map);
    free(project(10000, 1, 5));
    pool_stop();
    return 0;
}
