/* One look at 64 bytes finds where the numbers of a record end, and up to
 * sixteen digits turn into a number at once. What a record takes is mostly the
 * wait for what comes before: so nothing here is read twice, and the usual order
 * of columns is known when this is compiled. */
#include "runtime/data/csv_numbers.h"

#if defined(__SSE4_1__)
#include <immintrin.h>
#include <string.h>

/* Between the fields; second 0: separators have one byte. */
struct marks {
    char separator, second, line_end;
};

/* The 64 bytes from base: a bit for each that is no digit and hasn't been taken. */
struct look {
    const char *base;
    uint64_t others;
};

static inline uint64_t others_of(const char *at) {
#if HOT_LEVEL >= 4
    return _mm512_cmpgt_epu8_mask(_mm512_sub_epi8(_mm512_loadu_si512(at), _mm512_set1_epi8('0')), _mm512_set1_epi8(9));
#else
    uint64_t digits = 0;
    for (int i = 0; i < 4; i++) {
        const __m128i digit = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(at + 16 * i)), _mm_set1_epi8('0'));
        digits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit)) << 16 * i;
    }
    return ~digits;
#endif
}

/* Where the next byte stands that is no digit. Where none is left, the last one of the look, a digit: nobody takes that for the end of anything. */
static inline const char *take_other(struct look *look) {
    const char *other = look->base + __builtin_ctzll(look->others | 1ull << 63);
    look->others &= look->others - 1;
    return other;
}

/* n digits that stand before end, up to 16. */
static inline uint64_t number_of(const char *end, int64_t n) {
    static const unsigned char keep[32] = {[16] = 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    __m128i x = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(end - 16)), _mm_set1_epi8('0'));
    x = _mm_and_si128(x, _mm_loadu_si128((const __m128i *)(keep + n)));
    x = _mm_maddubs_epi16(x, _mm_set1_epi16(10 | 1 << 8)); /* pairs, */
    x = _mm_madd_epi16(x, _mm_set1_epi32(100 | 1 << 16));  /* fours, */
    x = _mm_packus_epi32(x, x);
    x = _mm_madd_epi16(x, _mm_set1_epi32(10000 | 1 << 16)); /* eights: the upper ones stand first */
    const uint64_t halves = (uint64_t)_mm_cvtsi128_si64(x);
    return (halves & UINT32_MAX) * 100000000 + (halves >> 32);
}

/* Ratings mostly have one digit on either side of the point. */
static inline uint64_t short_number_of(const char *end, int64_t n) { return n == 1 ? (uint64_t)(end[-1] - '0') : number_of(end, n); }

static inline bool is_length(int64_t n) { return n > 0 && n <= DIGITS_MAX; }

/* As it would be written: 007 is a text. */
static inline const char *whole(struct look *look, const char *at, int64_t *out) {
    const char *end = take_other(look);
    if (!is_length(end - at) || (*at == '0' && end - at > 1)) return NULL;
    *out = (int64_t)number_of(end, end - at);
    return end;
}

static inline const char *rating(struct look *look, const char *at, float *out) {
    static const double powers[] = POWERS_OF_TEN;
    static const uint64_t whole_powers[] = POWERS_OF_TEN;
    const char *end = take_other(look), *point = end;
    const int64_t n = end - at;
    int64_t n_fraction = 0;
    if (!is_length(n)) return NULL;
    uint64_t value = short_number_of(end, n);
    if (*point == '.') {
        end = take_other(look);
        n_fraction = end - point - 1;
        if (n + n_fraction > DIGITS_MAX) return NULL;
        value = value * whole_powers[n_fraction] + short_number_of(end, n_fraction);
    }
    *out = (float)((double)(int64_t)value / powers[n_fraction]); /* both exact: rounded once */
    return end;
}

/* Seconds; a fraction is left out. */
static inline const char *time_of(struct look *look, const char *at, int64_t *out) {
    const char *end = take_other(look);
    if (!is_length(end - at)) return NULL;
    *out = (int64_t)number_of(end, end - at);
    return *end == '.' ? take_other(look) : end;
}

static inline const char *field(struct look *look, int role, const char *at, const struct csv_fields *to, int64_t row) {
    switch (role) {
    case ROLE_USER: return whole(look, at, &to->users[row]);
    case ROLE_ITEM: return whole(look, at, &to->items[row]);
    case ROLE_RATING: return rating(look, at, &to->ratings[row]);
    default: return time_of(look, at, &to->times[row]);
    }
}

static inline const char *behind_separator(struct look *look, struct marks marks, const char *at) {
    if (*at++ != marks.separator) return NULL;
    if (!marks.second) return at;
    take_other(look);
    return *at++ == marks.second ? at : NULL;
}

/* Where the next record begins; NULL: this one isn't of digits, or has no end in 64 bytes. */
__attribute__((always_inline)) static inline const char *record(struct marks marks, const signed char *roles, int n_columns, const char *at,
                                                                const struct csv_fields *to, int64_t row) {
    struct look look = {at, others_of(at)};
#pragma GCC unroll 4
    for (int column = 0; column < n_columns; column++) {
        if (column > 0) at = behind_separator(&look, marks, at);
        if (at) at = field(&look, roles[column], at, to, row);
        if (!at) return NULL;
    }
    if (*at == '\r' && marks.line_end == '\n') at++;
    return *at == marks.line_end ? at + 1 : NULL;
}

__attribute__((always_inline)) static inline int64_t records(struct marks marks, const signed char *roles, int n_columns, const char **from,
                                                             const char *end, const struct csv_fields *to) {
    const char *at = *from, *next;
    int64_t n = 0;
    for (; at < end && (next = record(marks, roles, n_columns, at, to, n)) != NULL; n++) at = next;
    *from = at;
    return n;
}

int64_t HOT(csv_numbers)(const struct csv_plan *plan, const char **at, const char *end, struct csv_fields to) {
    static const signed char usual[] = {ROLE_USER, ROLE_ITEM, ROLE_RATING, ROLE_TIME};
    const struct csv_fields fields = to; /* stores through its pointers don't change it */
    struct marks marks = {plan->separator[0], plan->separator_bytes == 2 ? plan->separator[1] : 0, plan->line_end};
    if (marks.second || plan->n_columns != 4 || memcmp(plan->roles, usual, 4) != 0)
        return records(marks, plan->roles, plan->n_columns, at, end, &fields);
    marks.second = 0;
    return records(marks, usual, 4, at, end, &fields);
}
#else
int64_t HOT(csv_numbers)(const struct csv_plan *plan, const char **at, const char *end, struct csv_fields to) {
    (void)plan, (void)at, (void)end, (void)to;
    return 0; /* the other ways read them */
}
#endif
