/* Numbers to text and back. Nothing here looks at the locale: strtod and
 * snprintf only ever see digits and exponents, never a decimal point. */
#include "runtime/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"

void buf_add_count(struct buf *buf, int64_t count) {
    char digits[24];
    uint64_t size = count < 0 ? 0 - (uint64_t)count : (uint64_t)count;
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)size);
    if (count < 0) buf_addc(buf, '-');
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) buf_addc(buf, ',');
        buf_addc(buf, digits[i]);
    }
}

void buf_add_counted(struct buf *buf, int64_t count, const char *what) {
    const size_t word = strcspn(what, " ,.;:>)");
    buf_add_count(buf, count);
    buf_addc(buf, ' ');
    buf_add(buf, what, count == 1 && word > 0 && what[word - 1] == 's' ? word - 1 : word);
    buf_adds(buf, what + word);
}

void buf_add_bytes(struct buf *buf, double size_bytes) {
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    if (!(size_bytes >= 1023.5)) {
        buf_addf(buf, "%d B", size_bytes > 0 ? (int)(size_bytes + 0.5) : 0);
        return;
    }
    size_bytes /= 1024;
    while (size_bytes >= 1023.95 && unit + 1 < sizeof units / sizeof *units) {
        size_bytes /= 1024;
        unit++;
    }
    long long tenths = size_bytes < 1e15 ? (long long)(size_bytes * 10 + 0.5) : (long long)1e16;
    buf_addf(buf, "%lld.%lld %s", tenths / 10, tenths % 10, units[unit]);
}

/* --- shortest text of a floating-point number --- */

/* value = 0.d1d2d3… * 10^point */
struct decimal {
    char digits[24];
    int n_digits, point;
};

/* The n significant digits nearest to value > 0. */
static struct decimal nearest_decimal(double value, int n) {
    char text[48];
    struct decimal out = {.n_digits = n};
    snprintf(text, sizeof text, "%.*e", n - 1, value);
    int filled = 0;
    const char *at = text;
    for (; *at != 'e'; at++)
        if (*at >= '0' && *at <= '9' && filled < n) out.digits[filled++] = *at;
    out.point = (int)strtol(at + 1, NULL, 10) + 1;
    return out;
}

/* The next larger decimal with as many digits. */
static struct decimal decimal_up(struct decimal d) {
    int i = d.n_digits - 1;
    while (i >= 0 && d.digits[i] == '9') d.digits[i--] = '0';
    if (i >= 0) {
        d.digits[i]++;
        return d;
    }
    d.digits[0] = '1';
    d.point++;
    return d;
}

typedef bool (*reads_back_fn)(const char *text, double value);

static bool reads_back_double(const char *text, double value) { return strtod(text, NULL) == value; }

static bool reads_back_float(const char *text, double value) { return (double)strtof(text, NULL) == value; }

static bool decimal_reads_back(const struct decimal *d, double value, reads_back_fn reads_back) {
    char text[48];
    snprintf(text, sizeof text, "%.*se%d", d->n_digits, d->digits, d->point - d->n_digits);
    return reads_back(text, value);
}

/* Fewest digits that read back. Just above a power of two the gap below is half the gap above, so the nearest decimal may
 * miss where the next one up still hits (2^-44 = 5.684341886080802e-14). */
static struct decimal shortest_decimal(double value, int fewest, int most, reads_back_fn reads_back) {
    for (int n = fewest; n < most; n++) {
        struct decimal d = nearest_decimal(value, n);
        if (decimal_reads_back(&d, value, reads_back)) return d;
        d = decimal_up(d);
        if (decimal_reads_back(&d, value, reads_back)) return d;
    }
    return nearest_decimal(value, most);
}

static void add_zeros(struct buf *buf, int n) {
    while (n-- > 0) buf_addc(buf, '0');
}

/* Python's repr: positional from 1e-4 up to below 1e16, else with an exponent of at least two digits. */
static void add_decimal(struct buf *buf, struct decimal d) {
    while (d.n_digits > 1 && d.digits[d.n_digits - 1] == '0') d.n_digits--;
    if (d.point < -3 || d.point > 16) {
        buf_addc(buf, d.digits[0]);
        if (d.n_digits > 1) buf_addf(buf, ".%.*s", d.n_digits - 1, d.digits + 1);
        int exponent = d.point - 1;
        buf_addf(buf, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    } else if (d.point <= 0) {
        buf_adds(buf, "0.");
        add_zeros(buf, -d.point);
        buf_add(buf, d.digits, (size_t)d.n_digits);
    } else if (d.point >= d.n_digits) {
        buf_add(buf, d.digits, (size_t)d.n_digits);
        add_zeros(buf, d.point - d.n_digits);
        buf_adds(buf, ".0");
    } else {
        buf_addf(buf, "%.*s.%.*s", d.point, d.digits, d.n_digits - d.point, d.digits + d.point);
    }
}

/* True when it was a special or small whole number and has been added. */
static bool add_simple(struct buf *buf, double value) {
    if (value != value) {
        buf_adds(buf, "nan");
        return true;
    }
    if (__builtin_signbit(value)) buf_addc(buf, '-');
    double size = value < 0 ? -value : value;
    if (size > 1.7976931348623157e308) {
        buf_adds(buf, "inf");
        return true;
    }
    if (size >= 1e15 || size != (double)(long long)size) return false;
    buf_addf(buf, "%lld.0", (long long)size);
    return true;
}

void buf_add_double(struct buf *buf, double value) {
    if (add_simple(buf, value)) return;
    double size = value < 0 ? -value : value;
    /* Any decimal of 15 digits survives a normal double, so fewer need no try: trailing zeros show them. */
    int fewest = size < 2.2250738585072014e-308 ? 1 : 15;
    add_decimal(buf, shortest_decimal(size, fewest, 17, reads_back_double));
}

void buf_add_float(struct buf *buf, float value) {
    if (value >= 16777216.0f || value <= -16777216.0f || !add_simple(buf, (double)value)) {
        double size = value < 0 ? -(double)value : (double)value;
        if (size > 3.5e38) {
            buf_adds(buf, value < 0 ? "-inf" : "inf");
            return;
        }
        if (size >= 16777216.0 && value < 0) buf_addc(buf, '-');
        int fewest = size < 1.1754943508222875e-38 ? 1 : 6;
        add_decimal(buf, shortest_decimal(size, fewest, 9, reads_back_float));
    }
}

/* --- reading --- */

bool parse_int64(struct slice text, int64_t *out) {
    bool minus = text.len > 0 && text.data[0] == '-';
    size_t at = text.len > 0 && (minus || text.data[0] == '+');
    if (at == text.len) return false;
    int64_t value = 0; /* negative: its range is the larger one */
    for (; at < text.len; at++) {
        char c = text.data[at];
        if (c < '0' || c > '9') return false;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, c - '0', &value)) return false;
    }
    if (!minus && value == INT64_MIN) return false;
    *out = minus ? value : -value;
    return true;
}

#define KEPT_DIGITS 780 /* no double needs more than 768 to be rounded rightly; a later digit only breaks a tie */

struct scanned {
    char digits[KEPT_DIGITS + 32]; /* room for the sticky digit and the exponent */
    int n_digits;
    int64_t exponent; /* of the last digit kept */
    bool any, lost;   /* any digit at all; a nonzero digit beyond those kept */
};

static void scan_digit(struct scanned *s, char c, bool after_point) {
    s->any = true;
    if (s->n_digits == 0 && c == '0') {
        s->exponent -= after_point;
        return;
    }
    if (s->n_digits < KEPT_DIGITS) {
        s->digits[s->n_digits++] = c;
        s->exponent -= after_point;
        return;
    }
    s->lost |= c != '0';
    s->exponent += !after_point;
}

/* "12.5e-3" from at on; false when something else is in the way. */
static bool scan_number(struct slice text, size_t at, struct scanned *s) {
    bool after_point = false;
    for (; at < text.len; at++) {
        char c = text.data[at];
        if (c == '.' && !after_point) after_point = true;
        else if (c >= '0' && c <= '9') scan_digit(s, c, after_point);
        else break;
    }
    if (!s->any || at == text.len) return s->any;
    if (text.data[at] != 'e' && text.data[at] != 'E') return false;
    at++;
    bool minus = at < text.len && text.data[at] == '-';
    if (at < text.len && (minus || text.data[at] == '+')) at++;
    if (at == text.len) return false;
    int64_t exponent = 0;
    for (; at < text.len; at++) {
        if (text.data[at] < '0' || text.data[at] > '9') return false;
        if (exponent < INT32_MAX) exponent = exponent * 10 + (text.data[at] - '0');
    }
    s->exponent += minus ? -exponent : exponent;
    return true;
}

/* Up to 15 digits and a power of ten that is exact as a double: one operation, rightly rounded (Clinger's fast path). */
static bool scanned_fast(const struct scanned *s, double *out) {
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (s->n_digits > 15 || s->exponent > 22 || s->exponent < -22) return false;
    int64_t whole = 0;
    for (int i = 0; i < s->n_digits; i++) whole = whole * 10 + (s->digits[i] - '0');
    *out = s->exponent < 0 ? (double)whole / tens[-s->exponent] : (double)whole * tens[s->exponent];
    return true;
}

static bool scanned_value(struct scanned *s, double *out) {
    if (s->n_digits == 0) {
        *out = 0;
        return true;
    }
    if (scanned_fast(s, out)) return true;
    if (s->lost) {
        s->digits[s->n_digits++] = '1';
        s->exponent--;
    }
    if (s->exponent > 10000) return false;
    if (s->exponent < -20000) s->exponent = -20000;
    snprintf(s->digits + s->n_digits, sizeof s->digits - (size_t)s->n_digits, "e%d", (int)s->exponent);
    double value = strtod(s->digits, NULL);
    if (value > 1.7976931348623157e308) return false;
    *out = value;
    return true;
}

static bool same_letters(struct slice text, size_t at, const char *word) {
    if (text.len - at != strlen(word)) return false;
    for (size_t i = 0; word[i]; i++)
        if ((text.data[at + i] | 0x20) != word[i]) return false;
    return true;
}

bool parse_double(struct slice text, double *out) {
    bool minus = text.len > 0 && text.data[0] == '-';
    size_t at = text.len > 0 && (minus || text.data[0] == '+');
    double value;
    if (same_letters(text, at, "inf") || same_letters(text, at, "infinity")) {
        value = __builtin_inf();
    } else if (same_letters(text, at, "nan")) {
        value = __builtin_nan("");
    } else {
        struct scanned s;
        s.n_digits = 0;
        s.exponent = 0;
        s.any = s.lost = false;
        if (!scan_number(text, at, &s) || !scanned_value(&s, &value)) return false;
    }
    *out = minus ? -value : value;
    return true;
}

static size_t skip_digits(struct slice text, size_t at) {
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9') at++;
    return at;
}

bool has_decimal_comma(struct slice text) {
    const size_t start = text.len > 0 && text.data[0] == '-', comma = skip_digits(text, start);
    return comma > start && comma + 1 < text.len && text.data[comma] == ',' && skip_digits(text, comma + 1) == text.len;
}

#define DECIMALS_TRIED 1e6 /* ratings and prices have few: they need no text */

double float_as_written(float value) {
    const double wide = (double)value;
    if (wide == __builtin_rint(wide) || value != value) return wide;
    for (double ten = 10; ten <= DECIMALS_TRIED; ten *= 10) {
        const double near = __builtin_rint(wide * ten) / ten;
        if ((float)near == value) return near;
    }
    double written = wide;
    struct buf text = BUF_INIT;
    buf_add_float(&text, value);
    (void)parse_double((struct slice){buf_text(&text), text.len}, &written);
    buf_release(&text);
    return written;
}
