/* Inspection, snapshots, and half-written cells, where neither inspection nor completion may fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lang/complete_world.h"

/* --- inspection --- */

static char *inspect(const struct world *w, const char *text, int detail, const char *mime) {
    struct buf code = BUF_INIT;
    size_t cursor = cursor_of(text, &code);
    struct bundle bundle = BUNDLE_INIT;
    bool found = inspect_at(w->registry, w->snapshot, (struct slice){buf_text(&code), code.len}, cursor, detail, &bundle);
    const struct bundle_part *part = found ? bundle_find(&bundle, mime) : NULL;
    char *copy = part ? strdup(buf_text(&part->bytes)) : NULL;
    bundle_release(&bundle);
    buf_release(&code);
    return copy;
}

static void check_text(const struct world *w, const char *text, int detail, const char *expected) {
    char *got = inspect(w, text, detail, MIME_TEXT);
    if (!got) fail_msg("%s: nothing found", text);
    assert_string_equal(got, expected);
    free(got);
}

#define ALS_HEAD                                                                              \
    "als(data: Dataset, factors: int = 64, reg: float = 0.1, *, seed: int = None) -> Model\n" \
    "als(*, factors: int = 64, reg: float = 0.1, seed: int = None) -> Recipe\n"               \
    "\nFactors by alternating least squares.\n\n"

static void a_builtin_shows_its_row(void **state) {
    const struct world *w = *state;
    const char *plain = ALS_HEAD "    data     Dataset\n"
                                 "    factors  int = 64     how many numbers describe a user or an item (1 to 4,096)\n"
                                 "    reg      float = 0.1  weight of the penalty (above 0, at most 1,000,000,000)\n"
                                 "    seed     int = None\n";
    check_text(w, "als|", 0, plain);
    check_text(w, "a|ls(ratings)", 0, plain);
    check_text(w, "|als(ratings)", 0, plain);
    check_text(w, "fit_als|", 0, plain);
    check_text(w, "als(ratings)|", 0, plain);
    char *more = inspect(w, "als|", 1, MIME_TEXT);
    assert_memory_equal(more, plain, strlen(plain));
    assert_string_equal(more + strlen(plain), "\nEach side is solved in turn.\n\nExample\n    als(synth(), factors=8)\n\nElsewhere: ALS (Spark)\n");
    free(more);
}

static void the_argument_under_the_cursor_is_marked(void **state) {
    const struct world *w = *state;
    static const char *const cells[] = {"als(ratings, factors=|",      "als(ratings, 8|",       "als(ratings, |", "als(ratings, fac|tors=8)",
                                        "als(ratings, factors=(1 + |", "als(reg=1, factors=|8)"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        char *got = inspect(w, cells[i], 0, MIME_TEXT);
        if (!got || !strstr(got, "\n  > factors  int = 64 ") || strstr(got, "> reg")) fail_msg("%s:\n%s", cells[i], got ? got : "nothing");
        free(got);
    }
    char *html = inspect(w, "als(ratings, factors=|", 0, MIME_HTML);
    assert_non_null(strstr(html, "<b>factors</b>"));
    assert_null(strstr(html, "<b>reg</b>"));
    assert_null(strstr(html, "<style"));
    assert_null(strstr(html, "color"));
    free(html);
}

static void names_show_what_they_are(void **state) {
    const struct world *w = *state;
    char *got = inspect(w, "head(rati|ngs)", 0, MIME_TEXT);
    assert_memory_equal(got, "ratings: Dataset  943 × 1,682\n", strlen("ratings: Dataset  943 × 1,682\n"));
    assert_non_null(strstr(got, "\nColumns: user, item, rating\n"));
    assert_null(strstr(got, "Interactions"));
    free(got);
    got = inspect(w, "ratings|", 1, MIME_TEXT);
    assert_non_null(strstr(got, "\nInteractions of users and items.\n"));
    assert_non_null(strstr(got, ".n_users: int  how many users it has\n"));
    free(got);
    check_text(w, "dcg|", 0, "dcg(gains, k=10)\n\nDiscounted gain.\n");
    check_text(w, "name|", 0, "name: str\n\n'abc'\n");
    check_text(w, "mf.it|ems", 0, "Model.items: Embeddings\n\nvectors of the items\n");
    got = inspect(w, "scores.so|rt(\"user\")", 0, MIME_TEXT);
    assert_memory_equal(got, "sort(column: str, descending: bool = False) -> Table\n", 30);
    free(got);
    got = inspect(w, "scores.sort(\"us|er\")", 0, MIME_TEXT);
    assert_non_null(strstr(got, "\n  > column "));
    free(got);
}

static void what_is_unknown_is_not_found(void **state) {
    const struct world *w = *state;
    static const char *const cells[] = {"|", "nothing|", "1 + |1", "for| x in y: pass", "# als|", "\"als|\"", "(|", "nothing(|"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) assert_null(inspect(w, cells[i], 0, MIME_TEXT));
}

/* --- snapshots --- */

static void a_snapshot_outlives_its_session(void **state) {
    struct world *w = *state;
    struct snapshot *snapshot = snapshot_ref(w->snapshot);
    interp_reset(w->interp);
    const struct snapshot_name *name = snapshot_find(snapshot, "ratings");
    assert_string_equal(name->type, "Dataset");
    assert_string_equal(name->shape, "943 × 1,682");
    assert_int_equal(name->n_columns, 3);
    assert_int_equal(snapshot_find(snapshot, "d")->n_keys, 2);
    assert_string_equal(snapshot_find(snapshot, "d")->keys[1], "beta");
    assert_string_equal(snapshot_find(snapshot, "dcg")->doc, "Discounted gain.");
    assert_null(snapshot_find(snapshot, "nothing"));
    assert_true(snapshot_len(snapshot) >= 9);
    snapshot_unref(snapshot);
}

/* --- half-written cells: every cut and many changes of whole notebooks --- */

static void probe(const struct world *w, const char *text, size_t len, bool ask) {
    struct slice code = {text, len};
    int indent;
    assert_non_null(completeness(code, &indent));
    assert_true(indent >= 0);
    if (!ask) return;
    struct completions completions;
    complete_at(w->registry, w->snapshot, &sources, code, utf8_count(code), &completions);
    assert_true(completions.start <= completions.end && completions.end <= utf8_count(code));
    completions_release(&completions);
    struct bundle bundle = BUNDLE_INIT;
    inspect_at(w->registry, w->snapshot, code, utf8_count(code), 1, &bundle);
    bundle_release(&bundle);
}

static char *read_cells(size_t *out_len) {
    FILE *file = fopen("tests/unit/lang/cells.txt", "rb");
    assert_non_null(file); /* tests run in the repository's root */
    struct buf text = BUF_INIT;
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;) buf_add(&text, part, n);
    fclose(file);
    *out_len = text.len;
    return buf_take(&text);
}

static void broken_cells_never_crash(void **state) {
    const struct world *w = *state;
    size_t len;
    char *cells = read_cells(&len);
    static const char junk[] = "()[]{}\"'\\\n\t#:;,.=*?!@%f\xff\x00";
    uint32_t random = 1;
    for (char *begin = cells, *end; begin < cells + len; begin = end) {
        end = strstr(begin, "\n#----\n");
        end = end ? end + 7 : cells + len;
        size_t n = (size_t)(end - begin);
        for (size_t cut = 0; cut <= n; cut++) probe(w, begin, cut, true);
        for (size_t cut = 0; cut < n; cut++) {
            random = random * 1664525u + 1013904223u;
            char old = begin[cut];
            begin[cut] = junk[(random >> 16) % (sizeof junk - 1)];
            size_t stop = cut + (random >> 8) % 64;
            probe(w, begin, stop < n ? stop : n, true);
            probe(w, begin, n, false);
            begin[cut] = old;
        }
    }
    free(cells);
}

static void long_junk_is_quick(void **state) {
    const struct world *w = *state;
    static const char *const parts[] = {"(", "a,", "f'{", "a.b(", "x[", "a=1,", "\"", "'''", "for ", "lambda a:", "als("};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct buf text = BUF_INIT;
        while (text.len < 60000) buf_adds(&text, parts[i]);
        probe(w, buf_text(&text), text.len, true);
        buf_release(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_builtin_shows_its_row),         cmocka_unit_test(the_argument_under_the_cursor_is_marked),
        cmocka_unit_test(names_show_what_they_are),        cmocka_unit_test(what_is_unknown_is_not_found),
        cmocka_unit_test(broken_cells_never_crash),        cmocka_unit_test(long_junk_is_quick),
        cmocka_unit_test(a_snapshot_outlives_its_session),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
