/* The resident gnuplot: pictures, hostile texts, a child that is killed, hangs or is missing, cancel, descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plots/gnuplot.h"
#include "runtime/base/mem.h"

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static struct plot *wave(const char *title) {
    struct plot *plot = plot_new(PLOT_LINES);
    plot_set_text(&plot->title, "%s", title);
    struct series *series = plot_add_series(plot, NULL, 50);
    for (int i = 0; i < 50; i++) series->x[i] = i, series->y[i] = sin(i * 0.2);
    plot_set_text(&plot->summary, "a wave");
    return plot;
}

/* Draws, or fails with gnuplot's own words. */
static void must_draw(struct gnuplot *gnuplot, const struct plot *plot, enum image_format format, int scale, struct buf *out) {
    struct error err = ERROR_INIT;
    if (gnuplot_draw(gnuplot, NULL, plot, format, scale, out, &err) != OK) fail_msg("%s", err.message);
}

static bool is_png(const struct buf *image) { return image->len > 100 && memcmp(image->data, "\x89PNG\r\n\x1a\n", 8) == 0; }

/* Width and height of a PNG. */
static void png_size(const struct buf *image, unsigned *width, unsigned *height) {
    const unsigned char *at = (const unsigned char *)image->data + 16;
    *width = (unsigned)at[0] << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 | at[3];
    *height = (unsigned)at[4] << 24 | (unsigned)at[5] << 16 | (unsigned)at[6] << 8 | at[7];
}

static void every_kind_is_drawn(void **state) {
    struct gnuplot *gnuplot = *state;
    for (int kind = PLOT_LINES; kind <= PLOT_MAP; kind++)
        for (int n = 0; n < 3; n++) {
            struct plot *plot = plot_new((enum plot_kind)kind);
            struct buf png = BUF_INIT, svg = BUF_INIT;
            for (int s = 0; s < n; s++) {
                struct series *series = plot_add_series(plot, "name", n + 1);
                for (int i = 0; i <= n; i++) series->x[i] = i, series->y[i] = i == 2 ? NAN : i + s;
            }
            plot->ticks = xnew_array(char *, 3);
            plot->n_ticks = (size_t)n;
            for (int i = 0; i < n; i++) plot->ticks[i] = xstrdup("bar");
            must_draw(gnuplot, plot, IMAGE_PNG, 2, &png);
            assert_true(is_png(&png));
            must_draw(gnuplot, plot, IMAGE_SVG, 1, &svg);
            assert_non_null(strstr(svg.data, "<svg"));
            buf_release(&png);
            buf_release(&svg);
            plot_unref(plot);
        }
}

static void scale_doubles_the_pixels(void **state) {
    struct plot *plot = wave("x");
    for (unsigned scale = 1; scale <= 2; scale++) {
        struct buf png = BUF_INIT;
        unsigned width, height;
        must_draw(*state, plot, IMAGE_PNG, (int)scale, &png);
        png_size(&png, &width, &height);
        assert_int_equal(width, 900 * scale);
        assert_int_equal(height, 560 * scale);
        buf_release(&png);
    }
    plot_unref(plot);
}

static void hostile_texts_run_nothing(void **state) {
    char marker[] = "/tmp/reckon-plot-XXXXXX", title[300];
    int fd = mkstemp(marker);
    assert_true(fd >= 0);
    close(fd);
    unlink(marker);
    static const char *const forms[] = {"`touch %s`",
                                        "' . system('touch %s') . '",
                                        "x'\nsystem 'touch %s'\n'",
                                        "'; system('touch %s'); '",
                                        "\\'; !touch %s",
                                        "\"; !touch %s\n!touch %s",
                                        "$(touch %s)",
                                        "< touch %s",
                                        "EOD\n!touch %s\nEOD"};
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        struct buf image = BUF_INIT;
        snprintf(title, sizeof title, forms[f], marker, marker);
        struct plot *plot = wave(title);
        char **fields[] = {&plot->subtitle, &plot->footnote, &plot->x_title, &plot->y_title, &plot->best_text, &plot->series[0].name};
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) plot_set_text(fields[i], "%s", title);
        plot->best_x = 5;
        plot_add_label(plot, (struct label){.text = xstrdup(title), .x = 3, .y = 0, .bold = true});
        must_draw(*state, plot, IMAGE_PNG, 1, &image);
        assert_int_not_equal(access(marker, F_OK), 0);
        buf_release(&image);
        plot_unref(plot);
    }
}

static void markup_is_not_interpreted(void **state) {
    struct plot *plot = wave("a_b^{c} & <i>&amp;</i> @x");
    struct buf svg = BUF_INIT;
    must_draw(*state, plot, IMAGE_SVG, 1, &svg);
    assert_non_null(strstr(svg.data, "a_b^{c} &amp; &lt;i>&amp;amp;&lt;/i> @x"));
    buf_release(&svg);
    plot_unref(plot);
}

static void a_killed_child_is_replaced(void **state) {
    struct gnuplot *gnuplot = *state;
    struct plot *plot = wave("x");
    for (int i = 0; i < 3; i++) {
        struct buf image = BUF_INIT;
        pid_t before = gnuplot_pid(gnuplot);
        if (before > 0) kill(before, SIGKILL);
        must_draw(gnuplot, plot, IMAGE_PNG, 1, &image);
        assert_true(is_png(&image));
        assert_int_not_equal(gnuplot_pid(gnuplot), before);
        buf_release(&image);
    }
    plot_unref(plot);
}

/* A program that stands in for gnuplot: a shell script in a temporary file. */
static void stand_in(char path[static 64], const char *script) {
    snprintf(path, 64, "/tmp/reckon-gnuplot-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, script, strlen(script)) == (ssize_t)strlen(script));
    fchmod(fd, 0700);
    close(fd);
    setenv("RECKON_GNUPLOT", path, 1);
}

static void end_stand_in(const char *path) {
    unlink(path);
    unsetenv("RECKON_GNUPLOT");
}

static enum status draw_with(struct gnuplot *gnuplot, struct task *task, struct error *err) {
    struct plot *plot = wave("x");
    struct buf image = BUF_INIT;
    enum status status = gnuplot_draw(gnuplot, task, plot, IMAGE_PNG, 1, &image, err);
    assert_int_equal(image.len > 0, status == OK);
    buf_release(&image);
    plot_unref(plot);
    return status;
}

static void a_child_that_always_dies(void **state) {
    (void)state;
    char path[64];
    struct error err = ERROR_INIT;
    stand_in(path, "#!/bin/sh\nkill -9 $$\n");
    struct gnuplot *gnuplot = gnuplot_new();
    assert_int_equal(draw_with(gnuplot, NULL, &err), ERR_PLOT);
    assert_string_equal(err.message, "gnuplot was killed twice while it drew (signal 9)");
    gnuplot_free(gnuplot);
    end_stand_in(path);
}

static void a_child_that_ends(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    setenv("RECKON_GNUPLOT", "/bin/false", 1);
    struct gnuplot *gnuplot = gnuplot_new();
    assert_int_equal(draw_with(gnuplot, NULL, &err), ERR_PLOT);
    assert_string_equal(err.message, "gnuplot ended before it drew (status 1)");
    gnuplot_free(gnuplot);
    unsetenv("RECKON_GNUPLOT");
}

static void a_hung_child_is_stopped(void **state) {
    (void)state;
    char path[64];
    struct error err = ERROR_INIT;
    stand_in(path, "#!/bin/sh\nexec sleep 60\n");
    struct gnuplot *gnuplot = gnuplot_new();
    gnuplot_set_timeout(gnuplot, 0.2);
    double begun = now_s();
    assert_int_equal(draw_with(gnuplot, NULL, &err), ERR_PLOT);
    assert_true(now_s() - begun < 1.5);
    assert_string_equal(err.message, "gnuplot gave no answer within 0.2 s and was stopped");
    assert_int_equal(gnuplot_pid(gnuplot), 0);
    end_stand_in(path);
    err = ERROR_INIT;
    gnuplot_set_timeout(gnuplot, PLOT_TIMEOUT_S);
    assert_int_equal(draw_with(gnuplot, NULL, &err), OK); /* the next one is a real child */
    gnuplot_free(gnuplot);
}

static void a_missing_program_is_named(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    setenv("RECKON_GNUPLOT", "/nowhere/gnuplot", 1);
    struct gnuplot *gnuplot = gnuplot_new();
    assert_int_equal(draw_with(gnuplot, NULL, &err), ERR_MISSING);
    assert_true(strncmp(err.message, "gnuplot is not installed", 24) == 0);
    assert_string_equal(err.hint, "apt-get install gnuplot-nox fonts-dejavu-core");
    unsetenv("RECKON_GNUPLOT");
    char *path = xstrdup(getenv("PATH"));
    err = ERROR_INIT;
    setenv("PATH", "/nowhere", 1);
    assert_int_equal(draw_with(gnuplot, NULL, &err), ERR_MISSING);
    assert_string_equal(err.message, "gnuplot is not installed");
    setenv("PATH", path, 1);
    free(path);
    err = ERROR_INIT;
    assert_int_equal(draw_with(gnuplot, NULL, &err), OK); /* installed meanwhile */
    gnuplot_free(gnuplot);
}

struct canceller {
    struct task *task;
    double at_s;
};

static void *cancel_soon(void *ctx) {
    struct canceller *canceller = ctx;
    usleep(100000);
    canceller->at_s = now_s();
    task_cancel(canceller->task);
    return NULL;
}

static void cancel_is_heard(void **state) {
    (void)state;
    char path[64];
    pthread_t thread;
    struct error err = ERROR_INIT;
    struct canceller canceller = {task_new(NULL), 0};
    stand_in(path, "#!/bin/sh\nexec sleep 60\n");
    struct gnuplot *gnuplot = gnuplot_new();
    pthread_create(&thread, NULL, cancel_soon, &canceller);
    assert_int_equal(draw_with(gnuplot, canceller.task, &err), ERR_INTERRUPTED);
    double late = now_s();
    pthread_join(thread, NULL);
    assert_true(late - canceller.at_s < 0.1);
    assert_int_equal(gnuplot_pid(gnuplot), 0);
    gnuplot_free(gnuplot);
    task_free(canceller.task);
    end_stand_in(path);
}

static size_t open_descriptors(void) {
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir)) n++;
    closedir(dir);
    return n;
}

static void fifty_plots_one_child(void **state) {
    struct gnuplot *gnuplot = *state;
    struct error err = ERROR_INIT;
    assert_int_equal(draw_with(gnuplot, NULL, &err), OK);
    pid_t pid = gnuplot_pid(gnuplot);
    size_t before = open_descriptors();
    for (int i = 0; i < 50; i++) assert_int_equal(draw_with(gnuplot, NULL, &err), OK);
    assert_int_equal(gnuplot_pid(gnuplot), pid);
    assert_int_equal(open_descriptors(), before);
}

static void replaced_children_leave_no_descriptors(void **state) {
    (void)state;
    size_t before = open_descriptors();
    for (int i = 0; i < 5; i++) {
        struct error err = ERROR_INIT;
        struct gnuplot *gnuplot = gnuplot_new();
        assert_int_equal(draw_with(gnuplot, NULL, &err), OK);
        kill(gnuplot_pid(gnuplot), SIGKILL);
        assert_int_equal(draw_with(gnuplot, NULL, &err), OK);
        gnuplot_free(gnuplot);
    }
    assert_int_equal(open_descriptors(), before);
}

/* Fonts and the like that gnuplot opened itself: a file, nothing of ours (pipes, sockets, memfds, terminals). */
static bool is_own_file(const char *folder, const char *name) {
    char link[320], target[256];
    snprintf(link, sizeof link, "%s/%s", folder, name);
    ssize_t len = readlink(link, target, sizeof target - 1);
    return len > 0 && memcmp(target, "/usr/", 5) == 0;
}

/* The child sees its own three channels and two memfds, and none of ours. */
static void the_child_inherits_nothing_else(void **state) {
    struct gnuplot *gnuplot = *state;
    struct error err = ERROR_INIT;
    int ours = dup(1);
    assert_int_equal(draw_with(gnuplot, NULL, &err), OK);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)gnuplot_pid(gnuplot));
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') assert_true(strtol(entry->d_name, NULL, 10) <= 4 || is_own_file(path, entry->d_name));
    closedir(dir);
    close(ours);
}

static void data_cannot_hold_commands(void **state) {
    struct gnuplot *gnuplot = *state;
    struct plot *plot = plot_new(PLOT_SCATTER);
    struct series *series = plot_add_series(plot, NULL, 64);
    struct buf image = BUF_INIT;
    memcpy(series->x, "\nsystem 'touch /tmp/reckon-owned'\n", 35);
    must_draw(gnuplot, plot, IMAGE_PNG, 1, &image);
    assert_int_not_equal(access("/tmp/reckon-owned", F_OK), 0);
    buf_release(&image);
    plot_unref(plot);
}

static int setup(void **state) {
    *state = gnuplot_new();
    return 0;
}

static int teardown(void **state) {
    gnuplot_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_drawn),
        cmocka_unit_test(scale_doubles_the_pixels),
        cmocka_unit_test(hostile_texts_run_nothing),
        cmocka_unit_test(markup_is_not_interpreted),
        cmocka_unit_test(a_killed_child_is_replaced),
        cmocka_unit_test(a_child_that_always_dies),
        cmocka_unit_test(a_child_that_ends),
        cmocka_unit_test(a_hung_child_is_stopped),
        cmocka_unit_test(a_missing_program_is_named),
        cmocka_unit_test(cancel_is_heard),
        cmocka_unit_test(fifty_plots_one_child),
        cmocka_unit_test(replaced_children_leave_no_descriptors),
        cmocka_unit_test(the_child_inherits_nothing_else),
        cmocka_unit_test(data_cannot_hold_commands),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
