/* Completion: `|` is the cursor; what is offered, with blanks between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/lang/complete_world.h"

static char *joined(const struct completions *completions) {
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < completions->n_items; i++) buf_addf(&out, "%s%s", i ? " " : "", completions->items[i].text);
    if (!out.len) buf_adds(&out, "");
    return buf_take(&out);
}

/* typed: code points that are replaced. */
static void check(const struct world *w, const char *text, size_t typed, const char *expected) {
    size_t cursor;
    struct completions got = complete(w, text, &cursor);
    char *all = joined(&got);
    if (strcmp(all, expected) != 0) fail_msg("%s\n  offers %s\n  not    %s", text, all, expected);
    if (got.end != cursor || got.start != cursor - typed) fail_msg("%s: replaces %zu to %zu, cursor %zu", text, got.start, got.end, cursor);
    free(all);
    completions_release(&got);
}

static void names_by_their_beginning(void **state) {
    const struct world *w = *state;
    check(w, "rat|", 3, "ratings");
    check(w, "x = ra|", 2, "ratings");
    check(w, "als|", 3, "als");
    check(w, "re|", 2, "recommend return");
    check(w, "fo|", 2, "fold_in for");
    check(w, "Tr|", 2, "True");
    check(w, "_|", 1, "_hidden");
    check(w, "f\"{rat|", 3, "ratings");
    check(w, "head(ratings)\nsco|\nx", 3, "scores");
    check(w, "?rat|", 3, "ratings");
}

static void a_new_line_offers_everything(void **state) {
    const struct world *w = *state;
    static const char *const cells[] = {"|", "ratings\n|", "if x:\n    |", "x = |", "a; |"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        size_t cursor;
        struct completions got = complete(w, cells[i], &cursor);
        char *all = joined(&got);
        if (!strstr(all, "ratings") || !strstr(all, "load") || !strstr(all, "while")) fail_msg("%s offers %s", cells[i], all);
        free(all);
        completions_release(&got);
    }
    size_t cursor;
    struct completions got = complete(w, "ratings |", &cursor);
    char *all = joined(&got);
    assert_null(strstr(all, "load"));
    assert_non_null(strstr(all, "in is"));
    free(all);
    completions_release(&got);
}

static void names_by_their_letters(void **state) {
    const struct world *w = *state;
    check(w, "RAT|", 3, "ratings");
    check(w, "rtg|", 3, "ratings");
    check(w, "zzz|", 0, "");
}

static void names_of_the_cell_itself(void **state) {
    const struct world *w = *state;
    check(w, "train, test = split(ratings)\nals(tra|", 3, "train");
    check(w, "for epoch in range(3):\n    print(epo|", 3, "epoch");
    check(w, "def helper(): pass\nhel|", 3, "helper help");
}

static void members_after_a_dot(void **state) {
    const struct world *w = *state;
    check(w, "mf.|", 0, "history items users");
    check(w, "mf.it|", 2, "items");
    check(w, "mf.items.|", 0, "shape vectors");
    check(w, "mf.items.ve|", 2, "vectors");
    check(w, "ratings.n_|", 2, "n_items n_users");
    check(w, "scores.so|", 2, "sort");
    check(w, "scores.sort(\"user\").wh|", 2, "where");
    check(w, "als(ratings).it|", 2, "items");
    check(w, "evaluate(mf, ratings)[:10].so|", 2, "sort");
    check(w, "fit_als(ratings).hi|", 2, "history");
    check(w, "nothing.|", 0, "");
    check(w, "1.|", 0, "");
    check(w, "(mf).|", 0, "");
}

static void methods_of_plain_values(void **state) {
    const struct world *w = *state;
    check(w, "name.upp|", 3, "upper");
    check(w, "\"a,b\".joi|", 3, "join");
    check(w, "d.ke|", 2, "keys");
    check(w, "d.items|", 5, "items");
    check(w, "[1, 2].cou|", 3, "count");
    check(w, "name.upper().low|", 3, "lower");
}

static void names_of_arguments(void **state) {
    const struct world *w = *state;
    check(w, "als(fac|", 3, "factors=");
    check(w, "als(ratings, fac|", 3, "factors=");
    check(w, "als(ratings, factors=8, fac|", 0, "");
    check(w, "als(ratings, fac|, factors=8)", 0, "");
    check(w, "als(ratings, se|, reg=1)", 2, "seed=");
    check(w, "scores.sort(des|", 3, "descending=");
    check(w, "dcg(ga|", 2, "gains=");
    check(w, "dcg(x, k|", 1, "k=");
    check(w, "fit_als(ratings, re|", 2, "reg= recommend");
    check(w, "als(ratings,\n    # how many\n    fac|\n", 3, "factors=");
}

static void an_open_call_offers_arguments_first(void **state) {
    const struct world *w = *state;
    size_t cursor;
    struct completions got = complete(w, "als(ratings, |", &cursor);
    assert_true(got.n_items > 5);
    assert_string_equal(got.items[0].text, "factors=");
    assert_string_equal(got.items[0].type, "param");
    assert_string_equal(got.items[0].signature, "int = 64");
    assert_string_equal(got.items[1].text, "reg=");
    assert_string_equal(got.items[2].text, "seed=");
    completions_release(&got);
}

static void values_of_arguments(void **state) {
    const struct world *w = *state;
    check(w, "split(ratings, by=\"|", 0, "random time user");
    check(w, "split(ratings, by='ti|", 2, "time");
    check(w, "split(ratings, by=ti|", 2, "\"time\"");
    check(w, "split(ratings, \"us|", 2, "user");
    check(w, "split(ratings, shuffle=Tr|", 2, "True");
    check(w, "recommend(mf, users=\"|", 0, "all");
    check(w, "recommend(mf, users=al|", 2, "\"all\" als");
    check(w, "load(\"ml-|", 3, "ml-100k ml-1m");
    check(w, "load(ml|", 2, "\"ml-100k\" \"ml-1m\"");
    check(w, "evaluate(mf, ratings, metrics=[\"nd|", 2, "ndcg@10");
    check(w, "evaluate(mf, ratings, metrics=[\"rmse\", \"|\"])", 0, "ndcg@10 recall@10 rmse");
    check(w, "scores.sort(\"ra|", 2, "rating");
    check(w, "print(\"rat|", 0, "");
}

static void keys_in_brackets(void **state) {
    const struct world *w = *state;
    check(w, "scores[\"|", 0, "item rating user");
    check(w, "scores[ra|", 2, "\"rating\" ratings");
    check(w, "d['al|", 2, "alpha");
    check(w, "vectors[\"Toy|", 3, "Toy Story (1995)");
    check(w, "vectors[\"The|", 3, "The \\\"Big\\\" One (1998)");
}

static void titles_of_what_a_call_is_about(void **state) {
    const struct world *w = *state;
    check(w, "similar(mf, \"to|", 2, "Toy Story (1995)");
    check(w, "similar(mf, item=\"|\")", 0, "Fargo (1996) The \\\"Big\\\" One (1998) Toy Story (1995)");
    check(w, "similar(nothing, \"Far|", 3, "Fargo (1996)"); /* of everything that has titles, each once */
    check(w, "fold_in(mf, {\"Far|", 3, "Fargo (1996)");
    check(w, "fold_in(mf, {\"Toy Story (1995)\": 5, \"Far|", 3, "Fargo (1996)");
    check(w, "mf[\"Toy|", 0, "");        /* a model is not read by titles */
    check(w, "similar(mf, toy|", 0, ""); /* too many to stand among names */
}

static const char *numbered(const void *of, int64_t i) {
    char *text = (char *)(uintptr_t)of;
    snprintf(text, 32, "title %07lld", (long long)i);
    return text;
}

static void a_large_catalogue_is_not_read_to_its_end(void **state) {
    (void)state;
    static char text[32];
    const struct name_source source = {text, 100 * 1000 * 1000, numbered, release_titles};
    struct candidates found = {.quote = ""};
    candidates_add_source(&found, &source, slice_of("TITLE"), "item");
    assert_int_equal(found.all.len, COMPLETE_ITEMS);
    candidates_add_source(&found, &source, slice_of("nothing like it"), "item");
    candidates_add_source(&found, &source, slice_of("title"), "item");
    assert_int_equal(found.n_scanned, COMPLETE_SCANNED);
    assert_int_equal(found.all.len, COMPLETE_ITEMS);
    struct completions out = {0};
    candidates_sift(&found, slice_of("title 0000"), &out);
    assert_int_equal(out.n_items, 1000);
    completions_release(&out);
}

static void names_of_builtins_as_text(void **state) {
    const struct world *w = *state;
    check(w, "help(\"spl|", 3, "split");
    check(w, "help(\"nd|", 2, "ndcg@10");
    check(w, "help(\"ratings|", 0, "");
}

static void columns_in_a_list(void **state) {
    const struct world *w = *state;
    check(w, "scores[[\"us|", 2, "user");
    check(w, "scores[[\"user\", \"ra|", 2, "rating");
    check(w, "scores[[\"user\", ra|", 2, "\"rating\" ratings");
    check(w, "d[[\"al|", 0, ""); /* a list is no key */
    check(w, "scores[[[\"us|", 0, "");
}

static void nothing_in_text_and_numbers(void **state) {
    const struct world *w = *state;
    check(w, "# rat|", 0, "");
    check(w, "x = 1 # rat|", 0, "");
    check(w, "\"rat|", 0, "");
    check(w, "f\"rat|", 0, "");
    check(w, "12|", 0, "");
    check(w, "def ra|", 0, "");
}

static void cursors_count_code_points(void **state) {
    const struct world *w = *state;
    check(w, "\"😀é\" + rat|", 3, "ratings");
    struct completions got;
    complete_at(w->registry, w->snapshot, &sources, slice_of("rat"), 999, &got);
    assert_int_equal(got.n_items, 1);
    assert_int_equal(got.start, 0);
    assert_int_equal(got.end, 3);
    completions_release(&got);
    complete_at(w->registry, w->snapshot, &sources, slice_of("ratings"), 3, &got);
    assert_int_equal(got.n_items, 1);
    assert_int_equal(got.end, 3);
    completions_release(&got);
    complete_at(w->registry, NULL, NULL, slice_of(""), 0, &got);
    assert_true(got.n_items > 10);
    completions_release(&got);
}

static void items_tell_type_and_signature(void **state) {
    const struct world *w = *state;
    static const char *const rows_of[][3] = {{"rat|", "instance", ""},
                                             {"dcg|", "function", "dcg(gains, k=10)"},
                                             {"len|", "function", "len(value: Any) -> int"},
                                             {"whi|", "keyword", ""},
                                             {"load(\"go|", "dataset", ""},
                                             {"evaluate(mf, ratings, metrics=\"rm|", "metric", ""},
                                             {"scores[\"us|", "column", ""},
                                             {"mf.it|", "instance", "Embeddings"}};
    for (size_t i = 0; i < sizeof rows_of / sizeof *rows_of; i++) {
        size_t cursor;
        struct completions got = complete(w, rows_of[i][0], &cursor);
        assert_int_equal(got.n_items, 1);
        assert_string_equal(got.items[0].type, rows_of[i][1]);
        assert_string_equal(got.items[0].signature, rows_of[i][2]);
        completions_release(&got);
    }
}

static void paths_below_the_folder(void **state) {
    const struct world *w = *state;
    char folder[] = "/tmp/reckon-complete-XXXXXX", before[4096];
    assert_non_null(mkdtemp(folder));
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("data", 0700), 0);
    fclose(fopen("data/a.csv", "w"));
    fclose(fopen("model.reckon", "w"));
    fclose(fopen(".secret", "w"));
    check(w, "save(mf, \"|", 0, "data/ model.reckon");
    check(w, "save(mf, \"mo|", 2, "model.reckon");
    check(w, "save(mf, \"data/|", 5, "data/a.csv");
    check(w, "save(mf, \"./data/A|", 8, "./data/a.csv");
    check(w, "save(mf, \".s|", 2, ".secret");
    check(w, "load(\"m|", 1, "ml-100k ml-1m model.reckon");
    check(w, "save(mf, path=mod|", 0, "");
    for (int i = 0; i < 600; i++) {
        char name[32];
        snprintf(name, sizeof name, "many%03d", i);
        fclose(fopen(name, "w"));
    }
    size_t cursor;
    struct completions got = complete(w, "save(mf, \"many|", &cursor);
    assert_int_equal(got.n_items, 500);
    completions_release(&got);
    for (int i = 0; i < 600; i++) {
        char name[32];
        snprintf(name, sizeof name, "many%03d", i);
        unlink(name);
    }
    unlink("data/a.csv");
    rmdir("data");
    unlink("model.reckon");
    unlink(".secret");
    assert_int_equal(chdir(before), 0);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_by_their_beginning),
        cmocka_unit_test(a_new_line_offers_everything),
        cmocka_unit_test(names_by_their_letters),
        cmocka_unit_test(names_of_the_cell_itself),
        cmocka_unit_test(members_after_a_dot),
        cmocka_unit_test(methods_of_plain_values),
        cmocka_unit_test(names_of_arguments),
        cmocka_unit_test(an_open_call_offers_arguments_first),
        cmocka_unit_test(values_of_arguments),
        cmocka_unit_test(keys_in_brackets),
        cmocka_unit_test(titles_of_what_a_call_is_about),
        cmocka_unit_test(a_large_catalogue_is_not_read_to_its_end),
        cmocka_unit_test(names_of_builtins_as_text),
        cmocka_unit_test(columns_in_a_list),
        cmocka_unit_test(nothing_in_text_and_numbers),
        cmocka_unit_test(cursors_count_code_points),
        cmocka_unit_test(items_tell_type_and_signature),
        cmocka_unit_test(paths_below_the_folder),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
