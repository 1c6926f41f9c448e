/* Text: `struct slice` borrows bytes, `struct buf` owns a growing, always
 * NUL-terminated text. Text is UTF-8; lengths are bytes unless a name says
 * otherwise. libutf8proc is owned by str.c. */
#ifndef RECKON_STR_H
#define RECKON_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"

struct slice {
    const char *data;
    size_t len;
};

struct buf {
    char *data; /* never NULL after the first add; use buf_text for a safe view */
    size_t len, cap;
};

#define BUF_INIT ((struct buf){0})

struct slice slice_of(const char *text);
bool slice_eq(struct slice a, struct slice b);
bool slice_eqz(struct slice a, const char *text);

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_adds(struct buf *buf, const char *text);
void buf_addc(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_addv(struct buf *buf, const char *format, va_list args);
void buf_reserve(struct buf *buf, size_t more); /* room for so many bytes more at once, where they will come in small pieces */
void buf_clear(struct buf *buf);                /* keeps the memory */
void buf_release(struct buf *buf);              /* frees, makes empty */
char *buf_take(struct buf *buf);                /* returns owned NUL-terminated text (free), makes empty */
const char *buf_text(const struct buf *buf);    /* "" when empty; borrowed until the next add */

/* Escapes. html: & < > " ; appended to buf. */
void buf_add_html(struct buf *buf, struct slice text);
/* 1234567 -> "1,234,567". */
void buf_add_count(struct buf *buf, int64_t count);
/* "1,682 items, " of 1682 and "items, "; "1 item, " of 1. The first word is a plural that ends in s. */
void buf_add_counted(struct buf *buf, int64_t count, const char *what);
/* Shortest text that reads back as the same double, as Python's repr: 0.1, 1e-05, 2.0, inf, nan. */
void buf_add_double(struct buf *buf, double value);
/* Same for a float32 (Arrays): 0.1 for 0.1f. */
void buf_add_float(struct buf *buf, float value);
/* The double that is written as the float32 is: 3.9 of 3.9f, not 3.9000000953674316. Whole numbers are themselves. */
double float_as_written(float value);
/* 1536 -> "1.5 KiB". */
void buf_add_bytes(struct buf *buf, double size_bytes);

/* Unicode (libutf8proc). */
bool utf8_valid(struct slice text);
size_t utf8_count(struct slice text);                            /* code points */
size_t utf8_offset(struct slice text, size_t code_points);       /* byte offset of a code point, clamped to len */
size_t utf8_decode(struct slice text, uint32_t *out_code_point); /* bytes used, 1 with U+FFFD for a bad byte; 0 at the end */
void utf8_drop_bad(char *text);                                  /* closes up over bytes that are not UTF-8: halves of cut code points */
void buf_add_code_point(struct buf *buf, uint32_t code_point);
bool code_point_is_letter(uint32_t code_point);        /* what a name may begin with, besides _ */
bool code_point_is_mark_or_digit(uint32_t code_point); /* what a name may go on with, besides letters */
uint32_t code_point_upper(uint32_t code_point);
uint32_t code_point_lower(uint32_t code_point);
int text_width(struct slice text); /* terminal cells */
/* Lower-cased, accents dropped: for loose title comparison and nearest names. Owned. */
char *text_fold(struct slice text);
/* ISO-8859-1 to UTF-8, owned. */
char *latin1_to_utf8(struct slice text);
/* Numbers independent of the locale. False when the whole of text is not a number (or does not fit). */
bool parse_int64(struct slice text, int64_t *out);
bool parse_double(struct slice text, double *out);
/* "2,5": what parse_double would take with a point. */
bool has_decimal_comma(struct slice text);

#endif
