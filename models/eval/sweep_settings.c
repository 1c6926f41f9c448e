/* The settings of a sweep: all combinations, or draws. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/eval/sweep_parts.h"
#include "runtime/base/mem.h"
#include "runtime/base/rng.h"

#define TRIES_A_SETTING 20000 /* where that many draws in a row repeat others, there are no more to be had */

enum param_type axis_type(const struct sweep_request *request, const struct sweep_axis *axis) {
    return axis->row == SWEEP_EPOCHS ? PARAM_INT : request->class->params[axis->row].type;
}

const char *sweep_axis_name(const struct sweep_request *request, size_t axis) {
    const int row = request->axes[axis].row;
    return row == SWEEP_EPOCHS ? "epochs" : request->class->params[row].name;
}

void setting_text(const struct sweep *sweep, const struct setting *setting, struct buf *out) {
    const struct sweep_request *request = &sweep->request;
    for (size_t a = 0; a < request->n_axes; a++) {
        const union param_value value = setting->values[a];
        buf_addf(out, "%s%s=", a ? ", " : "", sweep_axis_name(request, a));
        switch (axis_type(request, &request->axes[a])) {
        case PARAM_INT: buf_addf(out, "%lld", (long long)value.i); break;
        case PARAM_FLOAT: buf_add_double(out, value.f); break;
        case PARAM_BOOL: buf_adds(out, value.b ? "True" : "False"); break;
        case PARAM_STR: buf_addf(out, "\"%s\"", value.s); break;
        }
    }
}

/* --- all combinations --- */

/* Of lists alone; more than SWEEP_SETTINGS_MAX count as one more than that. */
static int64_t n_combinations(const struct sweep_request *request) {
    int64_t n = 1;
    for (size_t a = 0; a < request->n_axes; a++) {
        n *= (int64_t)request->axes[a].n_values;
        if (n > SWEEP_SETTINGS_MAX) return SWEEP_SETTINGS_MAX + 1;
    }
    return n;
}

static bool has_range(const struct sweep_request *request) {
    for (size_t a = 0; a < request->n_axes; a++)
        if (request->axes[a].n_values == 0) return true;
    return false;
}

/* The last axis changes fastest. */
static void fill_grid(struct sweep *sweep, int64_t n) {
    const struct sweep_request *request = &sweep->request;
    sweep->n = n;
    sweep->settings = xnew_array(struct setting, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i;
        for (size_t a = request->n_axes; a-- > 0;) {
            const struct sweep_axis *axis = &request->axes[a];
            sweep->settings[i].values[a] = axis->values[rest % (int64_t)axis->n_values];
            rest /= (int64_t)axis->n_values;
        }
    }
}

static enum status choose_grid(struct sweep *sweep, struct error *err) {
    const struct sweep_request *request = &sweep->request;
    for (size_t a = 0; a < request->n_axes; a++) {
        if (request->axes[a].n_values > 0) continue;
        err_set(err, ERR_VALUE, "the grid goes through lists, and `%s` is a range", sweep_axis_name(request, a));
        err_hint(err, "give the values in a list, or let search=\"random\", n=20 draw from the range");
        return err_about(err, sweep_axis_name(request, a));
    }
    const int64_t n = n_combinations(request);
    if (n > SWEEP_SETTINGS_MAX) {
        err_set(err, ERR_LIMIT, "the grid has more than %d settings", SWEEP_SETTINGS_MAX);
        return err_hint(err, "search=\"random\", n=100 tries some of them");
    }
    fill_grid(sweep, n);
    return OK;
}

/* --- draws --- */

/* Four digits: nobody needs more, and so the shown number is the one that was fitted with. */
static double four_digits(double x) {
    char text[32];
    double rounded = x;
    snprintf(text, sizeof text, "%.4g", x);
    return parse_double(slice_of(text), &rounded) ? rounded : x;
}

static double draw_float(const struct sweep_axis *axis, struct rng *rng) {
    const double u = rng_uniform(rng);
    const double x = axis->by_factors ? axis->low * exp(u * log(axis->high / axis->low)) : axis->low + u * (axis->high - axis->low);
    return fmin(fmax(four_digits(x), axis->low), axis->high);
}

/* By factors, every whole number has the share of the numbers up to the next one. */
static int64_t draw_int(const struct sweep_axis *axis, struct rng *rng) {
    const int64_t low = (int64_t)axis->low, high = (int64_t)axis->high;
    if (!axis->by_factors) return low + (int64_t)rng_below(rng, (uint64_t)(high - low) + 1);
    const int64_t drawn = (int64_t)floor(axis->low * exp(rng_uniform(rng) * log((axis->high + 1) / axis->low)));
    return drawn < low ? low : drawn > high ? high : drawn;
}

static union param_value draw(const struct sweep_request *request, const struct sweep_axis *axis, struct rng *rng) {
    if (axis->n_values) return axis->values[rng_below(rng, axis->n_values)];
    if (axis_type(request, axis) == PARAM_INT) return (union param_value){.i = draw_int(axis, rng)};
    return (union param_value){.f = draw_float(axis, rng)};
}

static bool same_value(enum param_type type, union param_value a, union param_value b) {
    switch (type) {
    case PARAM_INT: return a.i == b.i;
    case PARAM_FLOAT: return a.f == b.f;
    case PARAM_BOOL: return a.b == b.b;
    case PARAM_STR: return strcmp(a.s, b.s) == 0;
    }
    return false;
}

static bool is_new(const struct sweep *sweep, const struct setting *setting) {
    const struct sweep_request *request = &sweep->request;
    for (int64_t i = 0; i < sweep->n; i++) {
        size_t a = 0;
        while (a < request->n_axes && same_value(axis_type(request, &request->axes[a]), sweep->settings[i].values[a], setting->values[a])) a++;
        if (a == request->n_axes) return false;
    }
    return true;
}

/* Draw number i has a stream of its own, so more draws begin with the same ones. */
static enum status fill_draws(struct sweep *sweep, struct error *err) {
    const struct sweep_request *request = &sweep->request;
    sweep->drawn = true;
    sweep->settings = xnew_array(struct setting, (size_t)request->n + 1);
    int64_t repeats = 0;
    for (uint64_t i = 0; sweep->n < request->n && repeats < TRIES_A_SETTING; i++) {
        struct setting setting = {0};
        struct rng rng = rng_at(request->common.seed, RNG_SWEEP, i);
        TRY(task_check(request->task, err));
        for (size_t a = 0; a < request->n_axes; a++) setting.values[a] = draw(request, &request->axes[a], &rng);
        if (is_new(sweep, &setting)) {
            sweep->settings[sweep->n++] = setting;
            repeats = 0;
        } else repeats++;
    }
    return OK;
}

/* --- both --- */

static enum status check_n(const struct sweep_request *request, struct error *err) {
    if (request->search == SWEEP_GRID && request->n) {
        err_set(err, ERR_VALUE, "the grid takes every combination: n= is for search=\"random\" and \"halving\"");
        return err_about(err, "n");
    }
    if (request->n >= 0 && request->n <= SWEEP_SETTINGS_MAX) return OK;
    err_set(err, ERR_VALUE, "n must be between 1 and %d, got %lld", SWEEP_SETTINGS_MAX, (long long)request->n);
    return err_about(err, "n");
}

/* All combinations, where as many are wanted as there are: drawn one by one the last would take long. */
enum status sweep_choose(struct sweep *sweep, struct error *err) {
    const struct sweep_request *request = &sweep->request;
    TRY(check_n(request, err));
    if (request->search != SWEEP_GRID && request->n == 0 && has_range(request)) {
        err_set(err, ERR_VALUE, "how many settings shall be drawn?");
        return err_hint(err, "n=20 draws twenty");
    }
    if (request->search == SWEEP_GRID || request->n == 0) return choose_grid(sweep, err);
    if (!has_range(request) && n_combinations(request) <= request->n) return choose_grid(sweep, err);
    return fill_draws(sweep, err);
}
