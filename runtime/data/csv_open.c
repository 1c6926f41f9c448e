/* How a delimited file is cut: found out from its first records. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/csv.h"

#define SAMPLE_BYTES ((size_t)256 << 10)
#define SAMPLE_RECORDS 20

static bool is_recbole(const char *path) { return path_ends(path, ".inter") || path_ends(path, ".item") || path_ends(path, ".user"); }

/* --- separators --- */

/* Fields of the first records: the first's number, and whether the others have as many. */
struct trial {
    int n_fields;
    bool same;
};

static struct trial try_format(const struct file_map *sample, const struct csv_format *format, bool is_cut) {
    struct error why = ERROR_INIT;
    struct csv csv = csv_of(NULL, sample, "", format);
    struct trial trial = {.same = true};
    enum status status = OK;
    for (int i = 0; i < SAMPLE_RECORDS && csv_cut(&csv, &status, &why); i++) {
        if (is_cut && csv.scan.at == csv.scan.end && i > 0) break; /* the sample's last record may go on */
        if (i == 0) trial.n_fields = csv.n_fields;
        trial.same = trial.same && csv.n_fields == trial.n_fields;
    }
    if (status != OK) trial.same = false;
    free(csv.fields);
    return trial;
}

/* The one that cuts all records alike into most fields; else the one that cuts the first record into most. */
static void find_separator(const struct file_map *sample, bool is_cut, struct csv_format *format) {
    static const char *const separators[] = {"\t", "::", ",", ";", "|"};
    struct trial best = {0};
    struct csv_format tried = *format;
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
        memcpy(tried.separator, separators[i], strlen(separators[i]) + 1);
        struct trial trial = try_format(sample, &tried, is_cut);
        trial.same = trial.same && trial.n_fields > 1;
        const bool better = trial.same != best.same ? trial.same : trial.n_fields > best.n_fields;
        if (best.n_fields > 0 && !better) continue;
        best = trial;
        *format = tried;
    }
    if (best.n_fields < 2) memcpy(format->separator, ",", 2);
}

static enum status take_separator(const char *separator, struct csv_format *format, struct error *err) {
    const size_t length = strlen(separator);
    if (length == 0 || length > CSV_SEPARATOR_MAX || strpbrk(separator, "\"\r\n")) {
        err_set(err, ERR_VALUE, "separator=\"%s\" can't separate columns", separator);
        err_hint(err, "the usual ones are \",\", \";\", \"\\t\", \"::\" and \"|\"; without separator= it is found out");
        return err_about(err, "separator");
    }
    memcpy(format->separator, separator, length + 1);
    return OK;
}

/* --- headers --- */

static bool is_number(const struct csv_field *field) {
    double number;
    struct slice text = field->text;
    while (text.len && text.data[0] == ' ') text.data++, text.len--;
    while (text.len && text.data[text.len - 1] == ' ') text.len--;
    return parse_double(text, &number) || has_decimal_comma(text);
}

static char **names_of(const struct csv *csv) {
    struct buf scratch = BUF_INIT;
    char **names = xnew_array(char *, (size_t)csv->n_fields + 1);
    for (int i = 0; i < csv->n_fields; i++) {
        struct slice text = csv_field_text(&csv->fields[i], &scratch);
        while (text.len && text.data[0] == ' ') text.data++, text.len--;
        while (text.len && text.data[text.len - 1] == ' ') text.len--;
        names[i] = xstrndup(text.data, text.len);
    }
    buf_release(&scratch);
    return names;
}

/* A first record of texts is a header when it names a user and an item, or when the second has a number where it has none. */
static bool looks_like_header(struct csv *csv) {
    struct error why = ERROR_INIT;
    enum status status = OK;
    if (!csv_cut(csv, &status, &why)) return false;
    for (int i = 0; i < csv->n_fields; i++)
        if (is_number(&csv->fields[i])) return false;
    char **names = names_of(csv);
    const int n_names = csv->n_fields;
    bool is_header = role_column(names, n_names, ROLE_USER) >= 0 || role_column(names, n_names, ROLE_ITEM) >= 0;
    for (int i = 0; i < n_names; i++) free(names[i]);
    free(names);
    if (is_header || !csv_cut(csv, &status, &why)) return is_header;
    for (int i = 0; i < csv->n_fields; i++) is_header = is_header || is_number(&csv->fields[i]);
    return is_header;
}

static bool find_header(const struct file_map *map, const struct csv_format *format) {
    struct csv csv = csv_of(NULL, map, "", format);
    const bool found = looks_like_header(&csv);
    free(csv.fields);
    return found;
}

/* --- the whole --- */

static enum status check_text(const struct file_map *map, const char *path, struct error *err) {
    const size_t length = map->len < SAMPLE_BYTES ? map->len : SAMPLE_BYTES;
    const bool utf16 = length >= 2 && (memcmp(map->data, "\xFF\xFE", 2) == 0 || memcmp(map->data, "\xFE\xFF", 2) == 0);
    if (utf16) {
        err_set(err, ERR_DATA, "%s is UTF-16 text, and UTF-8 was expected", path);
        return err_hint(err, "save it as UTF-8: iconv -f UTF-16 -t UTF-8 \"%s\" > utf8.csv", path);
    }
    if (length && memchr(map->data, 0, length)) {
        err_set(err, ERR_DATA, "%s is not a text file: it has bytes of value 0", path);
        return err_hint(err, "load reads .csv, .tsv, .jsonl, and them in .zip, .tar, .tgz and .tar.gz by that ending; open reads .reckon");
    }
    return OK;
}

enum status csv_find_format(const struct file_map *map, const char *path, const struct csv_hints *hints, struct csv_format *out, struct error *err) {
    struct file_map sample = *map;
    const bool is_cut = map->len > SAMPLE_BYTES;
    if (is_cut) sample.len = SAMPLE_BYTES;
    TRY(check_text(map, path, err));
    struct csv_format format = {.line_end = '\n', .quotes = !is_recbole(path)};
    if (sample.len && !memchr(sample.data, '\n', sample.len) && memchr(sample.data, '\r', sample.len)) format.line_end = '\r';
    if (hints->separator) TRY(take_separator(hints->separator, &format, err));
    else if (is_recbole(path) || path_ends(path, ".tsv")) memcpy(format.separator, "\t", 2);
    else find_separator(&sample, is_cut, &format);
    format.has_header = hints->header_given ? hints->has_header : hints->names_given || is_recbole(path) || find_header(&sample, &format);
    *out = format;
    return OK;
}

/* Without a header: the order that everybody uses, or numbers. */
static char **usual_names(int n_columns) {
    static const char *const usual[] = {"user", "item", "rating", "time"};
    char **names = xnew_array(char *, (size_t)n_columns + 1);
    for (int i = 0; i < n_columns; i++) {
        struct buf number = BUF_INIT;
        buf_addf(&number, "%d", i + 1);
        names[i] = n_columns <= 4 ? xstrdup(usual[i]) : xstrdup(buf_text(&number));
        buf_release(&number);
    }
    return names;
}

static enum status read_names(struct csv *csv, struct error *err) {
    enum status status = OK;
    const struct scan first = csv->scan;
    if (!csv_cut(csv, &status, err)) return status != OK ? status : err_set(err, ERR_DATA, "%s is empty", csv->scan.path);
    csv->names = csv->format.has_header ? names_of(csv) : usual_names(csv->n_fields);
    csv->n_columns = csv->n_fields;
    if (!csv->format.has_header) csv->scan = first;
    return OK;
}

enum status csv_open(struct task *task, const char *path, const struct csv_hints *hints, struct csv *out, struct error *err) {
    struct file_map map;
    struct csv_format format;
    TRY(file_map_open(path, &map, err));
    enum status status = csv_find_format(&map, path, hints, &format, err);
    if (status != OK) {
        file_map_close(&map);
        return status;
    }
    struct csv csv = csv_of(task, &map, path, &format);
    status = read_names(&csv, err);
    if (status == OK) *out = csv;
    else csv_close(&csv);
    return status;
}
