#include "plots/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/str.h"

static double nice_step(double span, int wanted) {
    double raw = span / wanted, power = pow(10, floor(log10(raw))), lead = raw / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

static void scaled_text(char *out, size_t size, double value, double unit, const char *suffix) {
    double scaled = value / unit;
    int decimals = fabs(scaled - round(scaled)) < 1e-9 ? 0 : fabs(scaled * 10 - round(scaled * 10)) < 1e-9 ? 1 : 2;
    snprintf(out, size, "%.*f%s", decimals, scaled, suffix);
}

/* Digits that tell neighbours apart: as many decimals as the step has. largest: of the axis, so that all its ticks count in one unit. */
static void tick_text(double value, double step, double largest, char *out, size_t size) {
    if (value == 0 && largest >= 1e6) snprintf(out, size, "0");
    else if (largest >= 1e15 || step < 1e-6) snprintf(out, size, "%.4g", value);
    else if (largest >= 1e9) scaled_text(out, size, value, 1e9, "B");
    else if (largest >= 1e6) scaled_text(out, size, value, 1e6, "M");
    else if (step >= 1 && fabs(value - round(value)) < 1e-9) {
        struct buf text = BUF_INIT;
        buf_add_count(&text, (int64_t)round(value));
        snprintf(out, size, "%s", buf_text(&text));
        buf_release(&text);
    } else {
        int decimals = (int)ceil(-log10(step) - 1e-9);
        snprintf(out, size, "%.*f", decimals > 0 ? decimals : 0, value);
    }
}

static void add_tick(struct axis *axis, double at, double step) {
    if (axis->n_ticks == AXIS_TICKS_MAX) return;
    struct tick *tick = &axis->ticks[axis->n_ticks++];
    tick->at = at == 0 ? 0 : at; /* no "-0" */
    double largest = axis->log ? fabs(tick->at) : fmax(fabs(axis->min), fabs(axis->max));
    tick_text(tick->at, step, largest, tick->text, sizeof tick->text);
}

static void linear_ticks(struct axis *axis, double step) {
    double slack = step * 1e-6;
    for (double k = ceil((axis->min - slack) / step); k * step <= axis->max + slack && axis->n_ticks < AXIS_TICKS_MAX; k++) {
        double at = k * step;
        if (!axis->log || at > 0) add_tick(axis, at, step);
    }
}

/* 1, 10, 100 …; also 2 and 5 between them where there is room. */
static void log_ticks(struct axis *axis, int wanted_ticks) {
    double decades = log10(axis->max / axis->min);
    bool between = 3 * decades <= 1.5 * wanted_ticks;
    double every = ceil(decades / 10);
    for (double power = floor(log10(axis->min)); power <= ceil(log10(axis->max)); power += every)
        for (int lead = 1; lead <= 5; lead = lead == 1 ? 2 : lead == 2 ? 5 : 6) {
            double at = lead * pow(10, power);
            if ((lead > 1 && !between) || at < axis->min * (1 - 1e-9) || at > axis->max * (1 + 1e-9)) continue;
            add_tick(axis, at, fmin(at, 1));
        }
}

/* An axis needs a span: a lone value gets room on both sides. */
static void ensure_span(double *min, double *max, bool log) {
    if (!isfinite(*min) || !isfinite(*max) || *min > *max) *min = log ? 1 : 0, *max = log ? 10 : 1;
    double tiny = 1e-12 * fmax(fabs(*min), fabs(*max));
    if (*max - *min > tiny) return;
    if (log) {
        *min /= 2;
        *max *= 2;
    } else {
        double room = *min == 0 ? 1 : fabs(*min) * 0.1;
        *min -= room;
        *max += room;
    }
}

void axis_fit(struct axis *axis, double min, double max, bool log, bool round_out, bool whole, int wanted_ticks) {
    memset(axis, 0, sizeof *axis);
    ensure_span(&min, &max, log);
    axis->log = log;
    axis->min = min;
    axis->max = max;
    if (log && max / min > 8) {
        log_ticks(axis, wanted_ticks);
        return;
    }
    double step = nice_step(max - min, wanted_ticks);
    if (whole && step < 1) step = 1;
    if (round_out && !log) {
        axis->min = floor(min / step + 1e-9) * step;
        axis->max = ceil(max / step - 1e-9) * step;
    }
    linear_ticks(axis, step);
}

static double along(const struct axis *axis, double value) {
    return axis->log ? log(value / axis->min) / log(axis->max / axis->min) : (value - axis->min) / (axis->max - axis->min);
}

double axis_px(const struct axis *axis, double value, double start_px, double end_px) { return start_px + along(axis, value) * (end_px - start_px); }

double axis_value(const struct axis *axis, double px, double start_px, double end_px) {
    double share = (px - start_px) / (end_px - start_px);
    return axis->log ? axis->min * pow(axis->max / axis->min, share) : axis->min + share * (axis->max - axis->min);
}
