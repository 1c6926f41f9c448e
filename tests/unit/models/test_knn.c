/* Nearest neighbours against a plain reference in double, against scikit-surprise and implicit, and what a file, a new user and other threads make
 * of them. */
#include "models/classic/knn.h"
#include "tests/unit/folder.h"
#include "tests/unit/models/fixture.h"
#include "tests/unit/models/knn_peers.h"

/* --- a plain reference: every pair of rows by its formula, every prediction by sorting --- */

enum { MOST = 500 };
struct dense {
    int n_users, n_items;
    double r[MOST][MOST]; /* user × item */
    bool has[MOST][MOST];
};

static struct dense *dense_of(struct dataset *data) {
    struct dense *d = xnew(struct dense);
    const struct events_view rows = rows_of(data);
    d->n_users = (int)dataset_n_users(data), d->n_items = (int)dataset_n_items(data);
    assert_true(d->n_users <= MOST && d->n_items <= MOST);
    for (int64_t e = 0; e < dataset_n(data); e++) {
        d->r[rows.users[e]][rows.items[e]] = (double)rows.ratings[e];
        d->has[rows.users[e]][rows.items[e]] = true;
    }
    return d;
}

/* The compared side first: value and presence of (own, other). */
struct side {
    const struct dense *d;
    bool of_users;
    int n, m;
    double (*value)(const struct side *side, int own, int other);
    double mean, *own, *other;
};

static bool has(const struct side *s, int own, int other) { return s->of_users ? s->d->has[own][other] : s->d->has[other][own]; }
static double raw(const struct side *s, int own, int other) { return s->of_users ? s->d->r[own][other] : s->d->r[other][own]; }
static double less(const struct side *s, int own, int other) { return raw(s, own, other) - s->mean - s->own[own] - s->other[other]; }

static double similarity(const struct side *s, const char *name, double shrinkage, int a, int b) {
    double n = 0, either = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0, msd = 0, score = 0;
    const bool correlates = strcmp(name, "pearson") == 0 || strcmp(name, "deviations") == 0;
    for (int c = 0; c < s->m; c++) {
        either += has(s, a, c) || has(s, b, c);
        if (!has(s, a, c) || !has(s, b, c)) continue;
        const double p = s->value(s, a, c), q = s->value(s, b, c);
        n++, x += p, y += q, xx += p * p, yy += q * q, xy += p * q, msd += (p - q) * (p - q);
    }
    if (n == 0) return 0;
    if (strcmp(name, "jaccard") == 0) score = n / either;
    else if (strcmp(name, "msd") == 0) score = 1 / (1 + msd / n);
    else if (strcmp(name, "pearson") == 0) {
        double top = 0, left = 0, right = 0;
        for (int c = 0; c < s->m; c++) {
            if (!has(s, a, c) || !has(s, b, c)) continue;
            const double p = s->value(s, a, c) - x / n, q = s->value(s, b, c) - y / n;
            top += p * q, left += p * p, right += q * q;
        }
        score = left > 1e-12 && right > 1e-12 ? top / sqrt(left * right) : 0;
    } else score = xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
    if (correlates) n--;
    return n > 0 ? score * n / (n + shrinkage) : 0;
}

struct vote {
    double s, says;
    int who;
};
static int nearest_first(const void *a, const void *b) {
    const struct vote *x = a, *y = b;
    const float s = (float)x->s, t = (float)y->s;
    return s != t ? (s > t ? -1 : 1) : x->who - y->who;
}

/* All of a side's similarities, n × n. */
static double *all_similarities(const struct side *s, const char *name, double shrinkage) {
    double *out = xnew_array(double, (size_t)(s->n * s->n));
    for (int a = 0; a < s->n; a++)
        for (int b = 0; b < s->n; b++) out[a * s->n + b] = a == b ? 0 : similarity(s, name, shrinkage, a, b);
    return out;
}

/* The base of (own, other) is that of the side's sums own and other. */
static double predicted(const struct side *s, const double *similar, int k, int own, int other) {
    struct vote votes[MOST];
    int n = 0;
    double top = 0, bottom = 0;
    for (int v = 0; v < s->n; v++)
        if (has(s, v, other) && similar[own * s->n + v] > 0) votes[n++] = (struct vote){similar[own * s->n + v], less(s, v, other), v};
    qsort(votes, (size_t)n, sizeof *votes, nearest_first);
    for (int v = 0; v < n && v < k; v++) top += votes[v].s * votes[v].says, bottom += votes[v].s;
    return s->mean + s->own[own] + s->other[other] + (bottom > 0 ? top / bottom : 0);
}

/* --- ratings --- */

enum { USERS = 25, ITEMS = 17 };

static struct side side_of(const struct dense *d, bool of_users) {
    return (struct side){
        .d = d, .of_users = of_users, .n = of_users ? d->n_users : d->n_items, .m = of_users ? d->n_items : d->n_users, .value = raw};
}

static void means(const struct side *s, double mean, double *out) {
    for (int a = 0; a < s->n; a++) {
        double sum = 0, n = 0;
        for (int c = 0; c < s->m; c++)
            if (has(s, a, c)) sum += raw(s, a, c) - mean, n++;
        out[a] = n > 0 ? sum / n : 0;
    }
}

/* Sets the base that center names; the arrays are the side's. */
static void set_base(struct side *s, struct dataset *data, const char *center, double *own, double *other) {
    struct biases biases;
    memset(own, 0, MOST * sizeof *own), memset(other, 0, MOST * sizeof *other);
    s->mean = dataset_mean(data), s->own = own, s->other = other;
    if (strcmp(center, "mean") == 0) means(s, s->mean, own);
    if (strcmp(center, "bias") != 0) return;
    GOOD(biases_fit(NULL, data, 15, 10, &biases, &err));
    memcpy(own, s->of_users ? biases.users : biases.items, (size_t)s->n * sizeof *own);
    memcpy(other, s->of_users ? biases.items : biases.users, (size_t)s->m * sizeof *other);
    biases_release(&biases);
}

static void check_ratings(struct dataset *data, const struct dense *d, bool of_users, const char *measure, const char *center, double shrinkage) {
    static double own[MOST], other[MOST], zeros[MOST], others_means[MOST];
    struct side base = side_of(d, of_users), compared = side_of(d, of_users), turned = side_of(d, !of_users);
    const char *name = measure;
    char text[200];
    set_base(&base, data, center, own, other);
    if (strcmp(measure, "adjusted_cosine") == 0) {
        means(&turned, 0, others_means);
        compared.value = less, compared.own = zeros, compared.other = others_means;
    }
    if (strcmp(measure, "pearson") == 0 && strcmp(center, "bias") == 0) compared = base, compared.value = less, name = "deviations";
    double *similar = all_similarities(&compared, name, shrinkage);
    snprintf(text, sizeof text, "neighbors=3, similarity=%s, center=%s, shrinkage=%g", measure, center, shrinkage);
    struct model *model = fitted(of_users ? "user_knn" : "item_knn", data, text, 0, NULL);
    float *block = all_scores(model);
    for (int u = 0; u < d->n_users; u++)
        for (int i = 0; i < d->n_items; i++) {
            const double wanted = predicted(&base, similar, 3, of_users ? u : i, of_users ? i : u);
            const float score = pair_score(model, u, i);
            if (fabs((double)score - wanted) > 2e-5)
                fail_msg("%s %s: user %d, item %d: %.6f, not %.6f", model->class->name, text, u, i, (double)score, wanted);
            assert_memory_equal(&score, &block[u * d->n_items + i], sizeof score);
        }
    free(similar);
    free(block);
    model_unref(model);
}

static void test_ratings(void **state) {
    static const char *const measures[] = {"cosine", "adjusted_cosine", "pearson", "msd", "jaccard"}, *const centers[] = {"bias", "mean", "none"};
    struct dataset *data = planted_data(USERS, ITEMS, 0.4, 11, true);
    struct dense *d = dense_of(data);
    (void)state;
    for (int m = 0; m < 5; m++)
        for (int c = 0; c < 3; c++)
            for (int of_users = 0; of_users < 2; of_users++) {
                check_ratings(data, d, of_users, measures[m], centers[c], 0);
                check_ratings(data, d, of_users, measures[m], centers[c], 7);
            }
    free(d);
    dataset_unref(data);
}

/* Users and items that the model doesn't know, and a neighbourhood that is empty, leave the baseline. */
static void test_fallback(void **state) {
    const int64_t users[] = {1, 1, 2, 3}, items[] = {1, 2, 2, 3};
    const float ratings[] = {5, 3, 4, 1};
    struct dataset *data = data_of(users, items, ratings, 4);
    struct model *model = fitted("user_knn", data, "similarity=msd", 0, NULL), *bias = fitted("bias", data, "", 0, NULL);
    (void)state;
    NEAR(pair_score(model, -1, 1), pair_score(bias, -1, 1), 1e-6);
    NEAR(pair_score(model, 0, -1), pair_score(bias, 0, -1), 1e-6);
    NEAR(pair_score(model, -1, -1), 3.25, 1e-6);
    NEAR(pair_score(model, 2, 0), pair_score(bias, 2, 0), 1e-6); /* nobody is like the third user */
    model_unref(bias);
    model_unref(model);
    model = fitted("item_knn", data, "similarity=msd, center=none", 0, NULL);
    NEAR(pair_score(model, 2, 0), 3.25, 1e-6);
    model_unref(model);
    dataset_unref(data);
}

/* --- implicit data --- */

static double idf(const struct side *s, int other) {
    double n = 0;
    for (int a = 0; a < s->n; a++) n += has(s, a, other);
    return log(s->n) - log1p(n);
}
static double tfidf(const struct side *s, int own, int other) { return sqrt(raw(s, own, other)) * idf(s, other); }
static double bm25(const struct side *s, int own, int other) {
    double length = 0, all = 0;
    for (int a = 0; a < s->n; a++)
        for (int c = 0; c < s->m; c++) all += raw(s, a, c), length += a == own ? raw(s, a, c) : 0;
    const double x = raw(s, own, other);
    return x * 2.2 / (x + 1.2 * (0.25 + 0.75 * length / (all / s->n))) * idf(s, other);
}

/* Cosine over whole rows. */
static double whole_cosine(const struct side *s, double shrinkage, int a, int b) {
    double n = 0, xx = 0, yy = 0, xy = 0;
    for (int c = 0; c < s->m; c++) {
        const double p = has(s, a, c) ? s->value(s, a, c) : 0, q = has(s, b, c) ? s->value(s, b, c) : 0;
        n += has(s, a, c) && has(s, b, c), xx += p * p, yy += q * q, xy += p * q;
    }
    return n > 0 && xy != 0 ? xy / sqrt(xx * yy) * n / (n + shrinkage) : 0;
}

static double *kept_similarities(const struct side *s, const char *measure, double shrinkage, int k) {
    double *out = xnew_array(double, (size_t)(s->n * s->n));
    for (int a = 0; a < s->n; a++) {
        struct vote votes[MOST];
        int n = 0;
        for (int b = 0; b < s->n; b++) {
            const double value = strcmp(measure, "jaccard") == 0 ? similarity(s, "jaccard", shrinkage, a, b) : whole_cosine(s, shrinkage, a, b);
            if (a != b && value > 0) votes[n++] = (struct vote){value, 0, b};
        }
        qsort(votes, (size_t)n, sizeof *votes, nearest_first);
        for (int v = 0; v < n && v < k; v++) out[a * s->n + votes[v].who] = votes[v].s;
    }
    return out;
}

static void check_implicit(struct dataset *data, const struct dense *d, bool of_users, const char *measure, const char *weighting, double shrinkage) {
    struct side s = side_of(d, of_users);
    char text[200];
    s.value = strcmp(weighting, "tfidf") == 0 ? tfidf : strcmp(weighting, "bm25") == 0 ? bm25 : raw;
    double *similar = kept_similarities(&s, measure, shrinkage, 4);
    snprintf(text, sizeof text, "neighbors=4, similarity=%s, weighting=%s, shrinkage=%g", measure, weighting, shrinkage);
    struct model *model = fitted(of_users ? "user_knn" : "item_knn", data, text, 0, NULL);
    float *block = all_scores(model);
    for (int u = 0; u < d->n_users; u++)
        for (int i = 0; i < d->n_items; i++) {
            double wanted = 0;
            for (int v = 0; v < s.n; v++)
                if (of_users ? d->has[v][i] : d->has[u][v]) wanted += similar[(of_users ? u : i) * s.n + v];
            const float score = pair_score(model, u, i);
            if (fabs((double)score - wanted) > 2e-6)
                fail_msg("%s %s: user %d, item %d: %.7f, not %.7f", model->class->name, text, u, i, (double)score, wanted);
            assert_memory_equal(&score, &block[u * d->n_items + i], sizeof score);
        }
    free(similar);
    free(block);
    model_unref(model);
}

static void test_implicit(void **state) {
    static const char *const weightings[] = {"none", "tfidf", "bm25"};
    struct dataset *data = planted_data(USERS, ITEMS, 0.4, 11, false), *counts = NULL;
    struct dataset *rated = planted_data(USERS, ITEMS, 0.4, 11, true);
    (void)state;
    GOOD(dataset_implicit(rated, 0, false, true, &counts, &err));
    struct dense *d = dense_of(data), *counted = dense_of(counts);
    for (int of_users = 0; of_users < 2; of_users++)
        for (int w = 0; w < 3; w++)
            for (int shrinkage = 0; shrinkage < 10; shrinkage += 5) {
                check_implicit(data, d, of_users, "cosine", weightings[w], shrinkage);
                check_implicit(counts, counted, of_users, "cosine", weightings[w], shrinkage);
                if (w == 0) check_implicit(data, d, of_users, "jaccard", "none", shrinkage);
            }
    free(d);
    free(counted);
    dataset_unref(data);
    dataset_unref(counts);
    dataset_unref(rated);
}

/* Rows that meet few others go another way: their sums are kept of those alone. */
static void test_sparse(void **state) {
    enum { N = 160, M = 150 };
    static int64_t users[3 * N], items[3 * N];
    static float ratings[3 * N];
    struct rng rng = rng_at(5, RNG_USER, 0);
    (void)state;
    for (int u = 0; u < N; u++)
        for (int e = 0; e < 3; e++) {
            users[3 * u + e] = u;
            items[3 * u + e] = e == 0 ? u % M : (items[3 * u + e - 1] + 1 + (int64_t)rng_below(&rng, M / 4)) % M;
            ratings[3 * u + e] = (float)(1 + rng_below(&rng, 5));
        }
    struct dataset *data = data_of(users, items, ratings, 3 * N), *rows = data_of(users, items, NULL, 3 * N);
    struct dense *d = dense_of(data), *ones = dense_of(rows);
    check_ratings(data, d, true, "msd", "bias", 2);
    check_ratings(data, d, false, "pearson", "bias", 2);
    check_implicit(rows, ones, true, "cosine", "none", 3);
    check_implicit(rows, ones, false, "cosine", "tfidf", 0);
    free(d);
    free(ones);
    dataset_unref(data);
    dataset_unref(rows);
}

/* --- peers --- */

static void test_surprise(void **state) {
    struct dataset *data = data_of(peer_users, peer_items, peer_ratings, PEER_ROWS);
    struct dense *d = dense_of(data);
    (void)state;
    for (size_t c = 0; c < sizeof peer_cases / sizeof *peer_cases; c++) {
        struct model *model = fitted(peer_cases[c].kind, data, peer_cases[c].text, 0, NULL);
        int n = 0;
        for (int u = 0; u < PEER_USERS; u++)
            for (int i = 0; i < PEER_ITEMS; i++) {
                if (d->has[u][i]) continue;
                const double score = (double)pair_score(model, u, i), wanted = peer_cases[c].predictions[n++];
                if (fabs(score - wanted) > 1e-5)
                    fail_msg("%s %s: user %d, item %d: %.6f, not %.6f", peer_cases[c].kind, peer_cases[c].text, u + 1, i + 1, score, wanted);
            }
        model_unref(model);
    }
    free(d);
    dataset_unref(data);
}

static void check_similar(struct dataset *rows, const char *text, const double *wanted) {
    struct model *model = fitted("item_knn", rows, text, 0, NULL);
    float similar[PEER_ITEMS];
    for (int i = 0; i < PEER_ITEMS; i++) {
        GOOD(model->class->similar(model, NULL, i, similar, &err));
        for (int j = 0; j < PEER_ITEMS; j++) {
            if (i == j) continue;
            NEAR(isnan(similar[j]) ? 0 : similar[j], *wanted > 0 ? *wanted : 0, 1e-6);
            wanted++;
        }
    }
    model_unref(model);
}

static void test_implicit_library(void **state) {
    struct dataset *rows = data_of(peer_users, peer_items, NULL, PEER_ROWS), *counted = data_of(peer_users, peer_items, peer_counts, PEER_ROWS);
    struct dataset *counts;
    (void)state;
    GOOD(dataset_implicit(counted, 0, false, true, &counts, &err));
    check_similar(rows, "similarity=cosine", peer_cosine);
    check_similar(rows, "weighting=none", peer_cosine);
    check_similar(rows, "", peer_tfidf);               /* as auto reads implicit data */
    check_similar(rows, "weighting=bm25", peer_tfidf); /* ones: its length of a row goes out of the cosine */
    check_similar(counts, "weighting=none", peer_cosine_of_counts);
    check_similar(counts, "", peer_tfidf_of_counts);
    check_similar(counts, "similarity=cosine, shrinkage=0, weighting=bm25", peer_bm25_of_counts);
    dataset_unref(rows);
    dataset_unref(counted);
    dataset_unref(counts);
}

/* --- use --- */

/* Four users alike in every way: with one neighbour the first of them speaks. */
static void test_ties(void **state) {
    const int64_t users[] = {1, 1, 2, 2, 3, 3, 4, 4, 5}, items[] = {1, 2, 1, 2, 1, 2, 1, 2, 1};
    const float ratings[] = {3, 5, 3, 4, 3, 2, 3, 1, 3};
    struct dataset *data = data_of(users, items, ratings, 9);
    struct model *model = fitted("user_knn", data, "neighbors=1, similarity=msd, center=none", 0, NULL);
    (void)state;
    NEAR(pair_score(model, 4, 1), 5, 1e-6);
    model_unref(model);
    model = fitted("user_knn", data, "neighbors=2, similarity=msd, center=none", 0, NULL);
    NEAR(pair_score(model, 4, 1), 4.5, 1e-6);
    model_unref(model);
    dataset_unref(data);
}

/* Repeated pairs: the mean of ratings, the sum of weights. */
static void test_repeats(void **state) {
    const int64_t users[] = {1, 1, 1, 2, 2, 3, 3}, items[] = {1, 1, 2, 1, 2, 1, 3};
    const float ratings[] = {2, 4, 5, 3, 4, 3, 2};
    const int64_t users_once[] = {1, 1, 2, 2, 3, 3}, items_once[] = {1, 2, 1, 2, 1, 3};
    const float ratings_once[] = {3, 5, 3, 4, 3, 2};
    struct dataset *twice = data_of(users, items, ratings, 7), *once = data_of(users_once, items_once, ratings_once, 6), *rows;
    struct model *a = fitted("item_knn", twice, "similarity=cosine, center=mean", 0, NULL),
                 *b = fitted("item_knn", once, "similarity=cosine, center=mean", 0, NULL);
    (void)state;
    const struct sparse_rows *merged = &((const struct knn_state *)a->state)->knn->by_user;
    assert_int_equal(merged->starts[3], 6);
    assert_true(merged->values[0] == 3);
    float x[3], y[3];
    for (int i = 0; i < 3; i++) {
        GOOD(a->class->similar(a, NULL, i, x, &err));
        GOOD(b->class->similar(b, NULL, i, y, &err));
        assert_memory_equal(x, y, sizeof x);
    }
    model_unref(a);
    GOOD(dataset_implicit(twice, 0, false, false, &rows, &err));
    a = fitted("item_knn", rows, "", 0, NULL);
    assert_true(((const struct knn_state *)a->state)->knn->by_user.values[0] == 2);
    model_unref(a);
    model_unref(b);
    dataset_unref(twice);
    dataset_unref(once);
    dataset_unref(rows);
}

/* What was seen but not fitted on takes no part. */
static void test_valid_part(void **state) {
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.5, 3, true), 0.2, 0.2);
    struct model *model = fitted("item_knn", parts.train, "", 0, NULL);
    (void)state;
    assert_true(model->seen_starts[USERS] > dataset_n(parts.train));
    assert_int_equal(((const struct knn_state *)model->state)->knn->by_user.starts[USERS], dataset_n(parts.train));
    model_unref(model);
    parts_release(&parts);
}

/* The weights of an explanation add up to what the score has over the baseline. */
static void check_explained(struct dataset *data, const char *kind, const char *text) {
    struct model *model = fitted(kind, data, text, 0, NULL), *bias = model->is_explicit ? fitted("bias", data, "", 0, NULL) : NULL;
    int32_t *items;
    float *ratings, *weights;
    int64_t n, heavy = 0;
    for (int32_t u = 0; u < USERS; u++)
        for (int32_t i = 0; i < ITEMS; i++) {
            double sum = 0;
            GOOD(model_explain(model, u, i, &items, &ratings, &weights, &n, &err));
            assert_int_equal(n, model_seen(model, u).n);
            for (int64_t e = 0; e < n; e++) sum += (double)weights[e], heavy += weights[e] != 0;
            NEAR(sum, pair_score(model, u, i) - (bias ? pair_score(bias, u, i) : 0), 1e-5);
            free(items);
            free(ratings);
            free(weights);
        }
    assert_true(heavy > USERS * ITEMS);
    model_unref(model);
    if (bias) model_unref(bias);
}

static void test_explain(void **state) {
    struct dataset *data = planted_data(USERS, ITEMS, 0.4, 11, true), *rows = planted_data(USERS, ITEMS, 0.4, 11, false);
    (void)state;
    check_explained(data, "item_knn", "neighbors=5, shrinkage=1");
    check_explained(data, "user_knn", "neighbors=5, shrinkage=1");
    check_explained(rows, "item_knn", "neighbors=5");
    check_explained(rows, "user_knn", "neighbors=5");
    dataset_unref(data);
    dataset_unref(rows);
}

static void same_as_known(const struct model *model, const struct model *folded, int32_t user, double tolerance) {
    for (int32_t i = 0; i < ITEMS; i++) NEAR(pair_score(folded, FOLDED_USER, i), pair_score(model, user, i), tolerance);
    for (int32_t i = 0; i < ITEMS; i++) NEAR(pair_score(folded, user, i), pair_score(model, user, i), 0);
}

/* By items a new user with the rows of a known one is scored alike. */
static void test_new_user_by_items(void **state) {
    static const char *const texts[] = {"neighbors=4", "neighbors=4, center=mean, similarity=msd", "neighbors=4, center=none"};
    (void)state;
    for (int explicit = 0; explicit < 2; explicit ++)
        for (int t = 0; t < 3; t++) {
            struct dataset *data = planted_data(USERS, ITEMS, 0.4, 11, explicit);
            struct model *model = fitted("item_knn", data, !explicit ? "neighbors=4" : texts[t], 0, NULL), *folded;
            const struct seen_row seen = model_seen(model, 7);
            GOOD(model_fold_in(model, seen.items, seen.ratings, seen.n, &folded, &err));
            same_as_known(model, folded, 7, 1e-5);
            model_unref(folded);
            model_unref(model);
            dataset_unref(data);
        }
}

/* By users a new user's list is that of a known one with the same rows, and this one stands first in it: their rows are the same. */
static void test_new_user_by_users(void **state) {
    static const char *const texts[] = {"neighbors=4, shrinkage=1", "neighbors=4, similarity=msd, shrinkage=1, center=mean",
                                        "neighbors=4, similarity=adjusted_cosine, shrinkage=1, center=none"};
    static const char *const implicit_texts[] = {"neighbors=50", "neighbors=50, weighting=tfidf", "neighbors=50, weighting=bm25"};
    (void)state;
    for (int explicit = 0; explicit < 2; explicit ++)
        for (int t = 0; t < 3; t++) {
            struct dataset *data = planted_data(USERS, ITEMS, 0.4, 11, explicit);
            struct model *model = fitted("user_knn", data, explicit ? texts[t] : implicit_texts[t], 0, NULL), *folded;
            const struct seen_row seen = model_seen(model, 7);
            GOOD(model_fold_in(model, seen.items, seen.ratings, seen.n, &folded, &err));
            const struct sparse_rows *lists = &((const struct knn_state *)model->state)->knn->lists;
            const struct sparse_rows *list = &((const struct knn_state *)folded->state)->folded;
            int64_t at = lists->starts[7];
            float most = 0, own = 0;
            for (int64_t e = 0; e < list->starts[1]; e++) {
                if (list->values[e] > most) most = list->values[e];
                if (list->columns[e] == 7) {
                    own = list->values[e];
                    continue;
                }
                assert_int_equal(list->columns[e], lists->columns[at]);
                NEAR(list->values[e], lists->values[at++], 2e-6);
            }
            assert_int_equal(at, lists->starts[8]);
            assert_true(own > 0 && (!explicit || own >= most - 1e-6f));
            model_unref(folded);
            model_unref(model);
            dataset_unref(data);
        }
}

static void check_file(const char *path, const char *kind, struct dataset *data, const char *text) {
    struct model *model = fitted(kind, data, text, 0, NULL), *folded;
    const struct seen_row seen = model_seen(model, 3);
    GOOD(model_fold_in(model, seen.items, seen.ratings, seen.n, &folded, &err));
    struct model *again = reopened(folded, path);
    assert_true(same_scores(folded, again));
    for (int32_t i = 0; i < ITEMS; i++) assert_true(pair_score(folded, FOLDED_USER, i) == pair_score(again, FOLDED_USER, i));
    assert_true(model_bytes(again) == model_bytes(folded) && again->class->size(again) == folded->class->size(folded));
    struct model *refolded;
    const struct seen_row other = model_seen(again, 5);
    GOOD(model_fold_in(again, other.items, other.ratings, other.n, &refolded, &err)); /* what folding in needs is there again */
    model_unref(refolded);
    model_unref(again);
    model_unref(folded);
    model_unref(model);
}

static void test_file(void **state) {
    struct dataset *data = planted_data(USERS, ITEMS, 0.4, 11, true), *rows = planted_data(USERS, ITEMS, 0.4, 11, false);
    char *path = path_join(*state, "knn.reckon");
    check_file(path, "user_knn", data, "neighbors=5");
    check_file(path, "item_knn", data, "neighbors=5, similarity=pearson, center=mean");
    check_file(path, "user_knn", rows, "neighbors=5, weighting=bm25");
    check_file(path, "item_knn", rows, "neighbors=5, similarity=jaccard");
    free(path);
    dataset_unref(data);
    dataset_unref(rows);
}

static void test_threads(void **state) {
    static const char *const kinds[] = {"user_knn", "item_knn"};
    const int before = pool_threads();
    (void)state;
    for (int m = 0; m < 2; m++)
        for (int explicit = 0; explicit < 2; explicit ++) {
            struct dataset *data = planted_data(300, 200, 0.1, 2, explicit);
            pool_set_threads(1);
            struct model *one = fitted(kinds[m], data, "neighbors=10", 0, NULL);
            float *wanted = all_scores(one);
            pool_set_threads(4);
            struct model *four = fitted(kinds[m], data, "neighbors=10", 0, NULL);
            float *got = all_scores(four);
            assert_memory_equal(wanted, got, 300 * 200 * sizeof *got);
            free(wanted);
            free(got);
            model_unref(one);
            model_unref(four);
            dataset_unref(data);
        }
    pool_set_threads(before);
}

static enum status try_fit(struct dataset *data, const char *text, struct error *err) {
    const struct model_class *class = model_class_find("item_knn");
    const struct params params = params_of(class, text);
    const struct fit_request request = request_for(data, &params, 0);
    struct model *model = NULL;
    const enum status status = model_fit(class, &request, &model, err);
    model_unref(model);
    return status;
}

static void test_errors(void **state) {
    struct dataset *data = planted_data(USERS, ITEMS, 0.4, 11, true), *rows = planted_data(USERS, ITEMS, 0.4, 11, false);
    (void)state;
    BAD(try_fit(rows, "similarity=pearson", &err), ERR_VALUE, "similarity=\"pearson\" compares ratings, and implicit data have none");
    BAD(try_fit(rows, "similarity=msd", &err), ERR_VALUE, "similarity=\"msd\" compares ratings");
    BAD(try_fit(data, "weighting=bm25", &err), ERR_VALUE, "weighting=\"bm25\" weighs the rows of implicit data; ratings are compared as they are");
    BAD(try_fit(data, "neighbors=0", &err), ERR_VALUE, "`neighbors` must be from 1 to");
    BAD(try_fit(data, "neighbors=10, listed=9", &err), ERR_VALUE, "lists of 9 can't name 10 neighbors");
    BAD(try_fit(rows, "neighbors=10, listed=20", &err), ERR_VALUE, "lists of implicit data are as long as `neighbors`");
    dataset_unref(data);
    dataset_unref(rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratings),
        cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_implicit),
        cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_surprise),
        cmocka_unit_test(test_implicit_library),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_valid_part),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_new_user_by_items),
        cmocka_unit_test(test_new_user_by_users),
        cmocka_unit_test_setup_teardown(test_file, make_folder, remove_folder),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
