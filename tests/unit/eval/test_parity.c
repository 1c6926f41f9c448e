/* Our metrics beside those of trec_eval, ranx and RecBole on the same float32 scores, ties and users without anything to find included. What the
 * tools say was written down by make_metric_fixtures.py (which has their versions); each of its series names the metric of ours that it equals. */
#include "models/eval/evaluate.h"
#include "models/eval/outside.h"
#include "tests/unit/eval/json_fixture.h"

#define FIXTURES "tests/unit/eval/metric_fixtures.json"

/* User u of the fixture has the id u + 1, item i the id i + 1. */
struct fixture {
    json_t *json;
    int64_t n_users, n_items;
    struct dataset *all, *judged; /* all: every user and item occurs; judged: what is relevant */
    struct table *table;
    struct model *model; /* the scores */
};

/* Relevant rows come first; then one row of each user and each item, so that they are in the catalog. */
static void make_data(struct fixture *f) {
    const json_t *relevant = json_object_get(f->json, "relevant");
    const size_t room = (size_t)(f->n_users * f->n_items + f->n_users + f->n_items);
    int64_t *users = xnew_array(int64_t, room), *items = xnew_array(int64_t, room), n = 0, n_relevant;
    float *ratings = xnew_array(float, room);
    for (int64_t u = 0; u < f->n_users; u++) {
        const char *item;
        json_t *gain;
        json_object_foreach(json_array_get(relevant, (size_t)u), item, gain) {
            users[n] = u + 1;
            items[n] = strtoll(item, NULL, 10) + 1;
            ratings[n++] = (float)json_number_value(gain);
        }
    }
    n_relevant = n;
    for (int64_t u = 0; u < f->n_users; u++) users[n] = u + 1, items[n] = 1, ratings[n++] = 1;
    for (int64_t i = 0; i < f->n_items; i++) users[n] = 1, items[n] = i + 1, ratings[n++] = 1;
    f->all = data_of(users, items, ratings, n);
    int64_t *rows = xnew_array(int64_t, (size_t)n_relevant);
    for (int64_t r = 0; r < n_relevant; r++) rows[r] = r;
    f->judged = dataset_view(f->all, rows, n_relevant, NULL, PART_NONE, "judged");
    free(users);
    free(items);
    free(ratings);
}

static void make_model(struct fixture *f) {
    f->table = table_new(f->n_users * f->n_items);
    int64_t *users = table_add_ints(f->table, "user"), *items = table_add_ints(f->table, "item");
    double *scores = table_add_floats(f->table, "score", -1);
    for (int64_t u = 0, row = 0; u < f->n_users; u++)
        for (int64_t i = 0; i < f->n_items; i++, row++) {
            users[row] = u + 1;
            items[row] = i + 1;
            scores[row] = number_at(json_array_get(json_object_get(f->json, "scores"), (size_t)u), i);
        }
    GOOD(outside_model(NULL, f->table, "scores", f->judged, &f->model, &err));
}

static struct fixture fixture_open(void) {
    struct fixture f = {.json = read_json(FIXTURES)};
    f.n_users = (int64_t)json_array_size(json_object_get(f.json, "scores"));
    f.n_items = json_int(f.json, "n_items", 0);
    assert_true(f.n_users > 10 && f.n_items > 10);
    make_data(&f);
    make_model(&f);
    return f;
}

static void fixture_close(struct fixture *f) {
    model_unref(f->model);
    table_unref(f->table);
    dataset_unref(f->judged);
    dataset_unref(f->all);
    json_decref(f->json);
}

static struct ranked rank(const struct fixture *f, const struct metric *metric) {
    const struct rank_request request = {.model = f->model, .judged = f->judged, .metrics = metric, .n_metrics = 1};
    struct ranked ranked = {0};
    GOOD(rank_users(&request, &ranked, &err));
    return ranked;
}

/* A user without relevant items is left out by ours, 0 or absent with the tools. */
static int compare_users(const struct ranked *ranked, const json_t *series) {
    const json_t *values = json_object_get(series, "values");
    int n = 0;
    for (int64_t u = 0, at = 0; u < (int64_t)json_array_size(values); u++) {
        const json_t *theirs = json_array_get(values, (size_t)u);
        if (at == ranked->n_users || ranked->users[at] != u) {
            assert_true(json_is_null(theirs) || json_number_value(theirs) == 0);
            continue;
        }
        const double ours = ranked->values[at++];
        if (isnan(ours) != json_is_null(theirs) || fabs(ours - json_number_value(theirs)) > 1e-12)
            fail_msg("%s of %s for user %lld: %.17g, ours %.17g", json_text(series, "metric", ""), json_text(series, "tool", ""), (long long)u,
                     json_number_value(theirs), ours);
        n++;
    }
    return n;
}

static void test_other_tools(void **state) {
    (void)state;
    struct fixture f = fixture_open();
    const json_t *all = json_object_get(f.json, "series");
    int n_values = 0;
    for (size_t s = 0; s < json_array_size(all); s++) {
        const json_t *series = json_array_get(all, s);
        struct metric metric;
        GOOD(metric_parse(json_text(series, "ours", ""), 0, &metric, &err));
        struct ranked ranked = rank(&f, &metric);
        assert_int_equal(ranked.n_users + ranked.n_left_out, f.n_users);
        if (json_object_get(series, "values")) n_values += compare_users(&ranked, series);
        else NEAR(ranked_mean(&ranked, 0, &metric), json_number_value(json_object_get(series, "mean")), 1e-12);
        ranked_release(&ranked);
    }
    assert_true(json_array_size(all) >= 85 && n_values > 2000);
    fixture_close(&f);
}

/* Every row of the table that ranks is held against somebody else's. */
static void test_no_metric_is_missing(void **state) {
    (void)state;
    const struct metric_row *const *rows;
    const size_t n = metric_rows(&rows);
    json_t *json = read_json(FIXTURES);
    const json_t *all = json_object_get(json, "series");
    for (size_t r = 0; r < n; r++) {
        bool found = rows[r]->kind == METRIC_RATING;
        for (size_t s = 0; s < json_array_size(all); s++) {
            const char *ours = json_text(json_array_get(all, s), "ours", "");
            found = found || strncmp(ours, rows[r]->name, strcspn(ours, "@")) == 0;
        }
        if (!found) fail_msg("nothing to compare %s with", rows[r]->name);
    }
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_other_tools), cmocka_unit_test(test_no_metric_is_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
