/* content_knn against its definition in double; words and names; items that nobody has rated; files, new users, explanations. */
#include <stdatomic.h>

#include "models/classic/asker.h"
#include "models/classic/content.h"
#include "tests/unit/folder.h"
#include "tests/unit/models/fixture.h"

enum { USERS = 12, ITEMS = 9, TERMS = 40 };

static const char *const titles[ITEMS] = {"The Red House (1990)", "Red Dawn (1990)",  "House of Cards (1995)",
                                          "Caf\xc3\xa9 Society",  "CAFE of the Dawn", NULL,
                                          "The the The",          "Society's House",  "The Long Night (1995)"};
static const char *const genres[ITEMS][3] = {{"Drama"},  {"War", "Drama"},  {"Drama", "Comedy"},
                                             {"Comedy"}, {"Comedy", "War"}, {"Drama", "Comedy"},
                                             {NULL},     {"War"},           {"Drama", "War", "Comedy"}};

static struct table *item_table(bool with_titles, bool with_genres) {
    struct table *table = table_new(ITEMS);
    int64_t *ids = table_add_ints(table, "item"), n = 0;
    for (int i = 0; i < ITEMS; i++) ids[i] = i;
    if (with_titles) {
        char **texts = table_add_strs(table, "title");
        for (int i = 0; i < ITEMS; i++) texts[i] = titles[i] ? xstrdup(titles[i]) : NULL;
    }
    if (!with_genres) return table;
    struct column *column = table_add_lists(table, "genres", COL_STRS, 3 * ITEMS);
    for (int i = 0; i < ITEMS; i++) {
        for (int g = 0; g < 3 && genres[i][g]; g++) column->u.lists.strs[n++] = xstrdup(genres[i][g]);
        column->u.lists.starts[i + 1] = n;
    }
    return table;
}

/* Who has what: about half of all pairs; the last item is rated once, by the last user. */
static bool has(int user, int item) { return item == ITEMS - 1 ? user == USERS - 1 : (user * 7 + item * 5 + user * item) % 5 < 3; }
static float stars(int user, int item) { return (float)(1 + (user * 3 + item * 2 + user * item) % 5); }

static struct dataset *films(bool explicit, bool with_titles, bool with_genres) {
    struct dataset_draft draft = {.name = "films", .origin = "synthetic", .is_explicit = explicit};
    struct dataset *data = NULL;
    draft.user_ids = xnew_array(int64_t, USERS * ITEMS);
    draft.item_ids = xnew_array(int64_t, USERS * ITEMS);
    if (explicit) draft.ratings = xnew_array(float, USERS *ITEMS);
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            if (!has(u, i)) continue;
            draft.user_ids[draft.n_events] = u;
            draft.item_ids[draft.n_events] = i;
            if (explicit) draft.ratings[draft.n_events] = stars(u, i);
            draft.n_events++;
        }
    draft.item_table = item_table(with_titles, with_genres);
    GOOD(dataset_build(&draft, &data, &err));
    return data;
}

/* --- the plain reference --- */

/* Words and genres by hand: what the titles above are cut into. */
static const char *const words[ITEMS] = {"the red house 1990", "red dawn 1990",   "house of cards 1995", "cafe society", "cafe of the dawn", "",
                                         "the the the",        "society s house", "the long night 1995"};

static void vector(const char *text, const char *const *all_texts, double length, double out[ITEMS * 4]) {
    /* Position p of the vector: the p-th distinct term of all texts. */
    const char *terms[ITEMS * 8];
    static char copies[ITEMS][100];
    int n_terms = 0;
    double squares = 0;
    for (int i = 0; i < ITEMS; i++) {
        char *rest = copies[i];
        snprintf(copies[i], sizeof copies[i], "%s", all_texts[i]);
        for (char *word; (word = strtok_r(rest, " ", &rest));) {
            bool known = false;
            for (int t = 0; t < n_terms; t++) known |= strcmp(terms[t], word) == 0;
            if (!known) terms[n_terms++] = word;
        }
    }
    assert_true(n_terms <= ITEMS * 4);
    for (int t = 0; t < n_terms; t++) {
        double tf = 0, df = 0;
        for (int i = -1; i < ITEMS; i++) {
            char copy[100], *rest = copy;
            double here = 0;
            snprintf(copy, sizeof copy, "%s", i < 0 ? text : all_texts[i]);
            for (char *word; (word = strtok_r(rest, " ", &rest));) here += strcmp(word, terms[t]) == 0;
            if (i < 0) tf = here;
            else df += here > 0;
        }
        out[t] = tf > 0 ? sqrt(tf) * (log(ITEMS) - log1p(df)) : 0;
        squares += out[t] * out[t];
    }
    for (int t = 0; t < n_terms && squares > 0; t++) out[t] *= length / sqrt(squares);
}

static double plain_similarity(int a, int b, double share) {
    char joined[ITEMS][100];
    const char *names[ITEMS];
    double x[ITEMS * 4] = {0}, y[ITEMS * 4] = {0}, p[ITEMS * 4] = {0}, q[ITEMS * 4] = {0}, sum = 0;
    for (int i = 0; i < ITEMS; i++) {
        joined[i][0] = 0;
        for (int g = 0; g < 3 && genres[i][g]; g++) snprintf(joined[i] + strlen(joined[i]), 50, " %s", genres[i][g]);
        names[i] = joined[i];
    }
    vector(words[a], words, sqrt(share), x), vector(words[b], words, sqrt(share), y);
    vector(names[a], names, sqrt(1 - share), p), vector(names[b], names, sqrt(1 - share), q);
    for (int t = 0; t < ITEMS * 4; t++) sum += x[t] * y[t] + p[t] * q[t];
    return sum;
}

static void test_similar(void **state) {
    struct dataset *data = films(true, true, true);
    struct model *model = fitted("content_knn", data, "title_share=0.3", 0, NULL);
    float similar[ITEMS];
    (void)state;
    for (int i = 0; i < ITEMS; i++) {
        GOOD(model->class->similar(model, NULL, i, similar, &err));
        for (int j = 0; j < ITEMS; j++) NEAR(similar[j], plain_similarity(i, j, 0.3), 1e-6);
    }
    model_unref(model);
    dataset_unref(data);
}

static void test_ratings(void **state) {
    struct dataset *data = films(true, true, true);
    struct model *model = fitted("content_knn", data, "title_share=0.6, shrinkage=0.7", 0, NULL), *bias = fitted("bias", data, "", 0, NULL);
    float *block = all_scores(model);
    (void)state;
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            double top = 0, bottom = 0.7;
            for (int j = 0; j < ITEMS; j++) {
                if (!has(u, j) || j == i) continue;
                top += plain_similarity(i, j, 0.6) * ((double)stars(u, j) - (double)pair_score(bias, u, j));
                bottom += plain_similarity(i, j, 0.6);
            }
            NEAR(pair_score(model, u, i), pair_score(bias, u, i) + top / bottom, 1e-5);
            assert_true(block[u * ITEMS + i] == pair_score(model, u, i));
        }
    NEAR(pair_score(model, -1, 2), pair_score(bias, -1, 2), 1e-6);
    NEAR(pair_score(model, 2, -1), pair_score(bias, 2, -1), 1e-6);
    free(block);
    model_unref(bias);
    model_unref(model);
    dataset_unref(data);
}

static void test_rows(void **state) {
    struct dataset *data = films(false, true, true);
    struct model *model = fitted("content_knn", data, "title_share=0.6", 0, NULL);
    float *block = all_scores(model);
    (void)state;
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            double top = 0, squares = 0;
            for (int j = 0; j < ITEMS; j++)
                for (int k = 0; k < ITEMS && has(u, j); k++) squares += has(u, k) ? plain_similarity(j, k, 0.6) : 0;
            for (int j = 0; j < ITEMS; j++) top += has(u, j) && j != i ? plain_similarity(i, j, 0.6) : 0;
            NEAR(block[u * ITEMS + i], top / sqrt(squares), 1e-5);
        }
    free(block);
    model_unref(model);
    dataset_unref(data);
}

/* --- use --- */

/* An item without a training row is told apart by what it is. */
static void test_cold_item(void **state) {
    struct dataset *data = films(true, true, true), *train, *valid, *test;
    const struct split_request request = {.by = SPLIT_COLD_ITEM, .test = 0.3, .seed = 3};
    char *note = NULL;
    int cold = 0;
    (void)state;
    GOOD(split_dataset(NULL, data, &request, &train, &valid, &test, &note, &err));
    struct model *model = fitted("content_knn", train, "", 0, NULL), *bias = fitted("bias", train, "", 0, NULL);
    int64_t *counts = model_counts(model, EMBED_ITEMS);
    for (int i = 0; i < ITEMS; i++)
        for (int u = 0; u < USERS && counts[i] == 0; u++) cold += fabsf(pair_score(model, u, i) - pair_score(bias, u, i)) > 0.01f;
    assert_true(cold > USERS);
    free(counts);
    free(note);
    model_unref(model);
    model_unref(bias);
    dataset_unref(train);
    dataset_unref(test);
    dataset_unref(data);
}

static void test_explain(void **state) {
    (void)state;
    for (int explicit = 0; explicit < 2; explicit ++) {
        struct dataset *data = films(explicit, true, true);
        struct model *model = fitted("content_knn", data, "", 0, NULL), *bias = explicit ? fitted("bias", data, "", 0, NULL) : NULL;
        int32_t *items;
        float *ratings, *weights;
        int64_t n;
        for (int32_t u = 0; u < USERS; u++)
            for (int32_t i = 0; i < ITEMS; i++) {
                double sum = 0;
                GOOD(model_explain(model, u, i, &items, &ratings, &weights, &n, &err));
                for (int64_t e = 0; e < n; e++) sum += (double)weights[e];
                NEAR(sum, pair_score(model, u, i) - (bias ? pair_score(bias, u, i) : 0), 1e-5);
                free(items);
                free(ratings);
                free(weights);
            }
        model_unref(model);
        model_unref(bias);
        dataset_unref(data);
    }
}

/* A new user with a known one's rows is scored alike; a file keeps him, and what folding in needs. */
static void test_new_user_and_file(void **state) {
    char *path = path_join(*state, "content.reckon");
    for (int explicit = 0; explicit < 2; explicit ++) {
        struct dataset *data = films(explicit, true, true);
        struct model *model = fitted("content_knn", data, "", 0, NULL), *folded, *other;
        const struct seen_row seen = model_seen(model, 4);
        GOOD(model_fold_in(model, seen.items, seen.ratings, seen.n, &folded, &err));
        struct model *again = reopened(folded, path);
        for (int32_t i = 0; i < ITEMS; i++) {
            NEAR(pair_score(folded, FOLDED_USER, i), pair_score(model, 4, i), 1e-5);
            assert_true(pair_score(again, FOLDED_USER, i) == pair_score(folded, FOLDED_USER, i));
        }
        assert_true(same_scores(model, folded) && same_scores(again, folded));
        assert_true(model_bytes(again) == model_bytes(folded) && again->class->size(again) == folded->class->size(folded));
        GOOD(model_fold_in(again, seen.items, seen.ratings, seen.n, &other, &err));
        for (int32_t i = 0; i < ITEMS; i++) assert_true(pair_score(other, FOLDED_USER, i) == pair_score(folded, FOLDED_USER, i));
        model_unref(other);
        model_unref(again);
        model_unref(folded);
        model_unref(model);
        dataset_unref(data);
    }
    free(path);
}

/* Films with an address each, one in common: what only one item has says nothing, and takes nothing from genres. */
static struct dataset *with_addresses(bool with_genres) {
    struct dataset *data = films(true, false, with_genres), *copy = NULL;
    struct dataset_draft draft = {.name = "films", .origin = "synthetic", .is_explicit = true, .n_events = dataset_n(data)};
    const struct events_view rows = rows_of(data);
    draft.user_ids = xnew_array(int64_t, (size_t)draft.n_events);
    draft.item_ids = xnew_array(int64_t, (size_t)draft.n_events);
    draft.ratings = xmemdup(rows.ratings, (size_t)draft.n_events * sizeof *rows.ratings);
    for (int64_t e = 0; e < draft.n_events; e++) draft.user_ids[e] = rows.users[e], draft.item_ids[e] = rows.items[e];
    draft.item_table = item_table(false, with_genres);
    char **addresses = table_add_strs(draft.item_table, "url");
    for (int i = 0; i < ITEMS; i++) {
        struct buf address = BUF_INIT;
        buf_addf(&address, "http://films.example/%d", i);
        addresses[i] = xstrdup(buf_text(&address));
        buf_release(&address);
    }
    GOOD(dataset_build(&draft, &copy, &err));
    dataset_unref(data);
    return copy;
}

static void test_addresses(void **state) {
    (void)state;
    struct dataset *data = with_addresses(true);
    struct model *model = fitted("content_knn", data, "title_share=0", 0, NULL);
    float similar[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
        GOOD(model->class->similar(model, NULL, i, similar, &err));
        for (int j = 0; j < ITEMS; j++) NEAR(similar[j], plain_similarity(i, j, 0), 1e-6);
    }
    model_unref(model);
    dataset_unref(data);
}

/* In the place of asker_of (Makefile): who asks is looked up once for each profile that is made. */
struct asker __real_asker_of(const struct model *model, const struct sparse_rows *by_user, const struct biases *base, double folded_bias,
                             int32_t user);
struct asker __wrap_asker_of(const struct model *model, const struct sparse_rows *by_user, const struct biases *base, double folded_bias,
                             int32_t user);
static atomic_long n_profiles;

struct asker __wrap_asker_of(const struct model *model, const struct sparse_rows *by_user, const struct biases *base, double folded_bias,
                             int32_t user) {
    atomic_fetch_add(&n_profiles, 1);
    return __real_asker_of(model, by_user, base, folded_bias, user);
}

/* Pairs in any order get what they get by themselves, and users' profiles aren't made anew for each: only where a block of pairs begins. */
static void test_mixed_pairs(void **state) {
    (void)state;
    enum { MANY_USERS = 100, MANY_ITEMS = 1500, EACH = 500, PAIRS = MANY_USERS * EACH };
    struct dataset_draft draft = {.name = "films", .origin = "synthetic"};
    struct dataset *data = NULL;
    draft.user_ids = xnew_array(int64_t, MANY_ITEMS);
    draft.item_ids = xnew_array(int64_t, MANY_ITEMS);
    draft.item_table = table_new(MANY_ITEMS);
    int64_t *ids = table_add_ints(draft.item_table, "item");
    char **texts = table_add_strs(draft.item_table, "title");
    for (int64_t i = 0; i < MANY_ITEMS; i++) {
        char title[64];
        snprintf(title, sizeof title, "a%d b%d c%d", (int)i, (int)(i / 2), (int)(i / 3));
        draft.user_ids[i] = i % MANY_USERS, draft.item_ids[i] = ids[i] = i, texts[i] = xstrdup(title);
    }
    draft.n_events = MANY_ITEMS;
    GOOD(dataset_build(&draft, &data, &err));
    struct model *model = fitted("content_knn", data, "", 0, NULL);
    int32_t *users[2] = {xnew_array(int32_t, PAIRS), xnew_array(int32_t, PAIRS)},
            *items[2] = {xnew_array(int32_t, PAIRS), xnew_array(int32_t, PAIRS)};
    float *scores[2] = {xnew_array(float, PAIRS), xnew_array(float, PAIRS)};
    long profiles[2];
    for (int32_t p = 0; p < PAIRS; p++) {
        users[0][p] = p / EACH, items[0][p] = p % EACH;
        users[1][p] = p % MANY_USERS, items[1][p] = p / MANY_USERS;
    }
    for (int way = 0; way < 2; way++) {
        atomic_store(&n_profiles, 0);
        GOOD(model->class->score_pairs(model, NULL, users[way], items[way], PAIRS, scores[way], &err));
        profiles[way] = atomic_load(&n_profiles);
    }
    for (int32_t p = 0; p < PAIRS; p++) assert_true(scores[0][p] == scores[1][p % EACH * MANY_USERS + p / EACH]);
    assert_int_equal(profiles[1], profiles[0]);
    assert_in_range(profiles[0], MANY_USERS, MANY_USERS + PAIRS / 1000);
    for (int way = 0; way < 2; way++) free(users[way]), free(items[way]), free(scores[way]);
    model_unref(model);
    dataset_unref(data);
}

static enum status try_fit(struct dataset *data, struct error *err) {
    const struct model_class *class = model_class_find("content_knn");
    const struct params params = params_of(class, "");
    const struct fit_request request = request_for(data, &params, 0);
    struct model *model = NULL;
    const enum status status = model_fit(class, &request, &model, err);
    model_unref(model);
    return status;
}

static void test_without(void **state) {
    struct dataset *only_addresses = with_addresses(false), *bare = films(true, false, false), *only_titles = films(true, true, false),
                   *only_genres = films(true, false, true);
    (void)state;
    BAD(try_fit(bare, &err), ERR_VALUE,
        "the items of `films` have neither titles nor columns of names that several share, such as genres, to compare");
    BAD(try_fit(only_addresses, &err), ERR_VALUE, "the items of `films` have neither titles nor columns of names that several share");
    GOOD(try_fit(only_titles, &err));
    GOOD(try_fit(only_genres, &err));
    dataset_unref(only_addresses);
    dataset_unref(bare);
    dataset_unref(only_titles);
    dataset_unref(only_genres);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_similar),     cmocka_unit_test(test_ratings),
        cmocka_unit_test(test_rows),        cmocka_unit_test(test_cold_item),
        cmocka_unit_test(test_explain),     cmocka_unit_test_setup_teardown(test_new_user_and_file, make_folder, remove_folder),
        cmocka_unit_test(test_without),     cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_mixed_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
