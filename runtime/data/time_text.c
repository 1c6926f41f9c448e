/* Times as text and back. */
#include <math.h>

#include "runtime/data/table.h"

#define DAY_S 86400

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar; eras of 400 years keep it in whole numbers. */
static void date_of(int64_t days, int64_t *out_year, int *out_month, int *out_day) {
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t day_of_era = days - era * 146097;
    const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;
    *out_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    *out_month = (int)(month < 10 ? month + 3 : month - 9);
    *out_year = year_of_era + era * 400 + (*out_month <= 2);
}

/* The other way round. */
static int64_t days_of(int64_t year, int month, int day) {
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400, year_of_era = year - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void time_text(int64_t seconds, struct buf *out) {
    int64_t days = seconds / DAY_S, rest = seconds % DAY_S, year;
    int month, day;
    if (rest < 0) days--, rest += DAY_S;
    date_of(days, &year, &month, &day);
    buf_addf(out, "%04lld-%02d-%02d %02d:%02d:%02d", (long long)year, month, day, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

/* --- reading --- */

static bool take_digits(struct slice *text, int n_digits, int *out) {
    int value = 0;
    if (text->len < (size_t)n_digits) return false;
    for (int i = 0; i < n_digits; i++) {
        const char c = text->data[i];
        if (c < '0' || c > '9') return false;
        value = value * 10 + (c - '0');
    }
    text->data += n_digits;
    text->len -= (size_t)n_digits;
    *out = value;
    return true;
}

static bool take_char(struct slice *text, char c) {
    if (!text->len || text->data[0] != c) return false;
    text->data++;
    text->len--;
    return true;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct slice *text, int64_t *out_days) {
    int year, month, day;
    if (!take_digits(text, 4, &year) || !take_char(text, '-')) return false;
    if (!take_digits(text, 2, &month) || !take_char(text, '-') || !take_digits(text, 2, &day)) return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
    *out_days = days_of(year, month, day);
    return true;
}

/* "08:15", "08:15:00", "08:15:00.123"; the fraction is left out. */
static bool take_clock(struct slice *text, int64_t *out_seconds) {
    int hour, minute, second = 0, digit;
    if (!take_digits(text, 2, &hour) || !take_char(text, ':') || !take_digits(text, 2, &minute)) return false;
    if (take_char(text, ':') && !take_digits(text, 2, &second)) return false;
    if (hour > 23 || minute > 59 || second > 60) return false;
    if (take_char(text, '.') && !take_digits(text, 1, &digit)) return false;
    while (take_digits(text, 1, &digit)) continue;
    *out_seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* "Z", " UTC", "+02:00", "-0530" or nothing; to be added to the clock's time. */
static bool take_zone(struct slice *text, int64_t *out_seconds) {
    int hour, minute = 0;
    *out_seconds = 0;
    if (text->len == 0 || take_char(text, 'Z')) return text->len == 0;
    take_char(text, ' ');
    if (slice_eqz(*text, "UTC")) return true;
    const int sign = take_char(text, '+') ? -1 : take_char(text, '-') ? 1 : 0;
    if (!sign || !take_digits(text, 2, &hour)) return false;
    if (take_char(text, ':') || text->len) {
        if (!take_digits(text, 2, &minute)) return false;
    }
    *out_seconds = sign * (hour * 3600 + minute * 60);
    return text->len == 0;
}

static bool parse_date(struct slice text, int64_t *out) {
    int64_t days, seconds = 0, zone = 0;
    if (!take_date(&text, &days)) return false;
    if (text.len) {
        if (!take_char(&text, ' ') && !take_char(&text, 'T')) return false;
        if (!take_clock(&text, &seconds) || !take_zone(&text, &zone)) return false;
    }
    *out = days * DAY_S + seconds + zone;
    return true;
}

bool time_parse(struct slice text, int64_t *out) {
    double number;
    if (parse_int64(text, out) || parse_date(text, out)) return true;
    if (!parse_double(text, &number) || !(fabs(number) < 9e15)) return false;
    *out = (int64_t)floor(number);
    return true;
}
