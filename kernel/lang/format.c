/* Python's format mini-language:
 * [[fill]align][sign][z][#][0][width][grouping][.precision][type] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/container.h"

#define WIDTH_MAX 10000

struct spec {
    char fill[5];
    char align; /* 0: the kind's own */
    char sign;  /* '-' '+' ' ' */
    bool no_minus_zero, alternate, zero;
    int width;     /* code points; 0: none */
    char grouping; /* 0 ',' '_' */
    int precision; /* -1: none */
    char type;     /* 0: none */
};

/* --- reading the spec --- */

static enum status bad_spec(struct slice text, const char *why, struct error *err) {
    err_set(err, ERR_VALUE, "the format '%.*s' is not understood: %s", (int)(text.len > 60 ? 60 : text.len), text.data, why);
    return err_hint(err, "for example {x:.3f}, {x:>10}, {n:,}, {share:.1%%}");
}

static bool is_align(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

static size_t read_align(struct slice text, struct spec *out) {
    uint32_t ignored;
    size_t first = utf8_decode(text, &ignored);
    if (first && text.data[0] && first < text.len && is_align(text.data[first])) {
        memcpy(out->fill, text.data, first);
        out->fill[first] = 0;
        out->align = text.data[first];
        return first + 1;
    }
    if (text.len && is_align(text.data[0])) return out->align = text.data[0], 1;
    return 0;
}

static bool read_number(struct slice text, size_t *at, int *out) {
    size_t start = *at;
    int number = 0;
    while (*at < text.len && text.data[*at] >= '0' && text.data[*at] <= '9' && number <= WIDTH_MAX) number = number * 10 + (text.data[(*at)++] - '0');
    if (*at > start) *out = number;
    return *at > start;
}

static bool take(struct slice text, size_t *at, const char *any, char *out) {
    if (*at >= text.len || !memchr(any, text.data[*at], strlen(any))) return false;
    if (out) *out = text.data[*at];
    ++*at;
    return true;
}

static void fill_with_zero(struct spec *spec) { memcpy(spec->fill, "0", sizeof "0"); }

static enum status read_spec(struct slice text, struct spec *out, struct error *err) {
    struct spec spec = {.fill = " ", .sign = '-', .precision = -1};
    size_t at = read_align(text, &spec);
    take(text, &at, "+- ", &spec.sign);
    spec.no_minus_zero = take(text, &at, "z", NULL);
    spec.alternate = take(text, &at, "#", NULL);
    spec.zero = take(text, &at, "0", NULL);
    read_number(text, &at, &spec.width);
    take(text, &at, ",_", &spec.grouping);
    if (take(text, &at, ".", NULL) && !read_number(text, &at, &spec.precision)) return bad_spec(text, "digits are missing after the point", err);
    if (at < text.len && text.data[at]) spec.type = text.data[at++];
    if (at < text.len) return bad_spec(text, "something follows the type letter", err);
    if (spec.width > WIDTH_MAX || spec.precision > WIDTH_MAX) return bad_spec(text, "it is wider than 10,000", err);
    if (spec.zero && !spec.align) {
        fill_with_zero(&spec);
        spec.align = '=';
    } else if (spec.zero && strcmp(spec.fill, " ") == 0) fill_with_zero(&spec);
    *out = spec;
    return OK;
}

/* --- laying out --- */

static void add_fill(const struct spec *spec, int n, struct buf *out) {
    for (int i = 0; i < n; i++) buf_adds(out, spec->fill);
}

static void lay_out(const struct spec *spec, const char *prefix, struct slice body, char own_align, struct buf *out) {
    int room = spec->width - (int)strlen(prefix) - (int)utf8_count(body);
    char align = spec->align ? spec->align : own_align;
    if (room < 0) room = 0;
    int before = align == '>' ? room : align == '^' ? room / 2 : 0;
    add_fill(spec, before, out);
    buf_adds(out, prefix);
    if (align == '=') add_fill(spec, room, out);
    buf_add(out, body.data, body.len);
    if (align == '<' || align == '^') add_fill(spec, room - before, out);
}

/* Digits with separators every `every` from the right, and zeros in front up to `width` when wanted. */
static void group(const char *digits, size_t n, char separator, int every, int width, struct buf *out) {
    int shown = (int)n;
    while (shown + (shown - 1) / every < width) shown++;
    if (shown > (int)n && shown + (shown - 1) / every > width && (shown - 1) % every == 0 && width > 0) shown = shown > (int)n ? shown : (int)n;
    for (int i = shown; i > 0; i--) {
        buf_addc(out, i > (int)n ? '0' : digits[(int)n - i]);
        if (i > 1 && (i - 1) % every == 0) buf_addc(out, separator);
    }
}

static const char *sign_text(const struct spec *spec, bool negative) {
    return negative ? "-" : spec->sign == '+' ? "+" : spec->sign == ' ' ? " " : "";
}

/* prefix + digits + tail ("." and what follows), grouped and laid out. */
static void lay_number(const struct spec *spec, const char *prefix, struct slice digits, struct slice tail, int every, struct buf *out) {
    struct buf body = BUF_INIT;
    bool zeros = spec->align == '=' && strcmp(spec->fill, "0") == 0;
    int width = zeros ? spec->width - (int)strlen(prefix) - (int)tail.len : 0;
    if (spec->grouping && digits.len) group(digits.data, digits.len, spec->grouping, every, width, &body);
    else buf_add(&body, digits.data, digits.len);
    buf_add(&body, tail.data, tail.len);
    lay_out(spec, prefix, (struct slice){buf_text(&body), body.len}, '>', out);
    buf_release(&body);
}

/* --- ints --- */

static void add_digits(uint64_t number, unsigned base, bool upper, struct buf *out) {
    char digits[65];
    int at = 65;
    do digits[--at] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[number % base];
    while (number /= base);
    buf_add(out, digits + at, (size_t)(65 - at));
}

static void format_int(const struct spec *spec, int64_t number, struct buf *out) {
    struct buf digits = BUF_INIT;
    char prefix[8];
    unsigned base = spec->type == 'b' ? 2 : spec->type == 'o' ? 8 : spec->type == 'x' || spec->type == 'X' ? 16 : 10;
    const char *mark = spec->alternate && base != 10 ? (base == 2 ? "0b" : base == 8 ? "0o" : spec->type == 'X' ? "0X" : "0x") : "";
    snprintf(prefix, sizeof prefix, "%s%s", sign_text(spec, number < 0), mark);
    add_digits(number < 0 ? 0 - (uint64_t)number : (uint64_t)number, base, spec->type == 'X', &digits);
    lay_number(spec, prefix, (struct slice){digits.data, digits.len}, (struct slice){"", 0}, base == 10 ? 3 : 4, out);
    buf_release(&digits);
}

/* --- floats --- */

/* "1.50e+03" -> drops zeros (and a bare point) before the exponent. */
static void drop_zeros(struct buf *text) {
    char *e = strchr(text->data, 'e'), *point = strchr(text->data, '.');
    if (!point) return;
    char *end = e ? e : text->data + text->len, *last = end;
    while (last[-1] == '0') last--;
    if (last[-1] == '.') last--;
    memmove(last, end, strlen(end) + 1);
    text->len -= (size_t)(end - last);
}

static int exponent_of(double number, int precision) {
    char text[64];
    if (precision > 40) precision = 40;
    snprintf(text, sizeof text, "%.*e", precision, number);
    return (int)strtol(strchr(text, 'e') + 1, NULL, 10);
}

/* 'g', and with `keep_point` the form without a type letter: at least one digit after the point. */
static void general(double number, int precision, bool keep_zeros, bool keep_point, struct buf *out) {
    int p = precision == 0 ? 1 : precision, exponent = number == 0 ? 0 : exponent_of(number, p - 1);
    bool scientific = exponent < -4 || exponent >= (keep_point ? p - 1 : p);
    if (keep_point && p == 1 && exponent == 0 && number == 0) scientific = exponent >= p - 1;
    if (scientific) buf_addf(out, "%.*e", p - 1, number);
    else buf_addf(out, "%.*f", p - 1 - exponent, number);
    if (!keep_zeros) drop_zeros(out);
    if (keep_point && !scientific && !strchr(out->data, '.')) buf_adds(out, ".0");
    if (keep_zeros && !strchr(out->data, '.')) {
        char *e = strchr(out->data, 'e');
        struct buf tail = BUF_INIT;
        if (e) {
            buf_adds(&tail, e);
            out->len = (size_t)(e - out->data);
        }
        buf_addc(out, '.');
        buf_adds(out, buf_text(&tail));
        buf_release(&tail);
    }
}

static void magnitude(const struct spec *spec, double number, struct buf *out) {
    int precision = spec->precision < 0 ? 6 : spec->precision;
    switch (spec->type) {
    case 'f':
    case 'F': buf_addf(out, spec->alternate ? "%#.*f" : "%.*f", precision, number); break;
    case '%': buf_addf(out, spec->alternate ? "%#.*f" : "%.*f", precision, number * 100); break;
    case 'e':
    case 'E': buf_addf(out, spec->alternate ? "%#.*e" : "%.*e", precision, number); break;
    case 'g':
    case 'G':
    case 'n': general(number, precision, spec->alternate, false, out); break;
    default:
        if (spec->precision < 0) buf_add_double(out, number);
        else general(number, precision, spec->alternate, true, out);
    }
}

static void to_upper(struct buf *text) {
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] >= 'a' && text->data[i] <= 'z') text->data[i] = (char)(text->data[i] - 32);
}

static bool is_all_zero(const struct buf *text) { return strspn(text->data, "0.") >= strcspn(text->data, "e%"); }

static void format_float(const struct spec *spec, double number, struct buf *out) {
    struct buf text = BUF_INIT;
    bool negative = signbit(number) && !isnan(number);
    if (isfinite(number)) magnitude(spec, fabs(number), &text);
    else buf_adds(&text, isnan(number) ? "nan" : "inf");
    if (spec->no_minus_zero && is_all_zero(&text)) negative = false;
    if (spec->type == 'E' || spec->type == 'G' || spec->type == 'F') to_upper(&text);
    size_t n_digits = strspn(text.data, "0123456789");
    if (spec->type == '%') buf_addc(&text, '%');
    lay_number(spec, sign_text(spec, negative), (struct slice){text.data, n_digits}, (struct slice){text.data + n_digits, text.len - n_digits}, 3,
               out);
    buf_release(&text);
}

/* --- strs --- */

static void format_text(const struct spec *spec, struct slice text, struct buf *out) {
    if (spec->precision >= 0) text.len = utf8_offset(text, (size_t)spec->precision);
    struct spec padded = *spec;
    if (spec->zero && spec->align == '=') padded.align = '<';
    lay_out(&padded, "", text, '<', out);
}

/* --- all --- */

static bool is_float_type(char type) { return type && strchr("eEfFgG%", type); }
static bool is_int_type(char type) { return type && strchr("bcdoxX", type); }

static enum status wrong_type(struct value value, char type, struct error *err) {
    err_set(err, ERR_VALUE, "the format letter `%c` doesn't suit %s%s", type, article(value_type_name(value)), value_type_name(value));
    if (value.kind == VAL_STR && (is_float_type(type) || is_int_type(type))) return err_hint(err, "make it a number first: float(x)");
    if (value.kind == VAL_FLOAT && type == 'd') return err_hint(err, "write .0f, or int(x)");
    return err_hint(err, "numbers take d f e g %% x b, strs take none");
}

static enum status format_whole(const struct spec *spec, struct value value, struct slice text, struct buf *out, struct error *err) {
    if (is_float_type(spec->type)) return format_float(spec, value_number(value), out), OK;
    if (spec->type && spec->type != 'n' && !is_int_type(spec->type)) return wrong_type(value, spec->type, err);
    if (spec->precision >= 0) return bad_spec(text, "an int has no digits after the point; write .2f for a float's form", err);
    if (spec->type == 'c') {
        if (value_whole(value) < 0 || value_whole(value) > 0x10FFFF)
            return err_set(err, ERR_OVERFLOW, "%lld is not a character's number", (long long)value_whole(value));
        struct buf c = BUF_INIT;
        buf_add_code_point(&c, (uint32_t)value_whole(value));
        lay_out(spec, "", (struct slice){c.data, c.len}, '<', out);
        buf_release(&c);
        return OK;
    }
    format_int(spec, value_whole(value), out);
    return OK;
}

enum status value_format(struct value value, struct slice text, struct buf *out, struct error *err) {
    struct spec spec;
    if (text.len == 0) return value_str_form(value, out), OK;
    TRY(read_spec(text, &spec, err));
    if (value.kind == VAL_BOOL && !spec.type) {
        format_text(&spec, slice_of(value.u.b ? "True" : "False"), out);
        return OK;
    }
    if (value_is_whole(value)) return format_whole(&spec, value, text, out, err);
    if (value.kind == VAL_FLOAT) {
        if (spec.type && !is_float_type(spec.type) && spec.type != 'n') return wrong_type(value, spec.type, err);
        return format_float(&spec, value.u.f, out), OK;
    }
    if (value.kind != VAL_STR) {
        err_set(err, ERR_TYPE, "%s takes no format '%.*s'", value.kind == VAL_NONE ? "None" : value_type_name(value), (int)text.len, text.data);
        return err_hint(err, value.kind == VAL_NONE ? "test for it first: `x is None`" : "format its items one by one, or str(x)");
    }
    if (spec.type && spec.type != 's') return wrong_type(value, spec.type, err);
    if (spec.grouping || spec.sign != '-') return bad_spec(text, "a str has no sign and no thousands", err);
    format_text(&spec, value_text(value), out);
    return OK;
}
