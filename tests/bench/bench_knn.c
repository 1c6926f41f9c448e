/* The neighbour models on MovieLens 100K, as Markdown: RMSE on u1 … u5 with the
 * seconds of fit and prediction, beside scikit-surprise's; NDCG@10 of full
 * ranking on three splits 8:1:1 per user. With `choose`: what their defaults
 * were chosen by, on validation parts alone (`choose ratings`, `rows` or
 * `content`: only that). Needs RECKON_DATA (or the cache) with ml-100k. */
#include <time.h>

#include "tests/bench/peer.h"
#include "tests/bench/settings.h"

enum { FOLDS = 5 };

/* --- choosing --- */

static const struct split_request ratings_split = {.by = SPLIT_RANDOM, .test = 0.2, .valid = 0.1};
static const struct split_request rows_split = {.by = SPLIT_PER_USER, .test = 0.1, .valid = 0.1};

/* A row of one setting over values of the parameter that heads the columns. */
struct columns {
    const char *name;
    double values[5];
};
static const struct columns neighbors = {"neighbors", {10, 20, 40, 80, 160}}, title_shares = {"title_share", {0, 0.25, 0.5, 0.75, 1}};

static void head(const struct columns *columns, const char *metric) {
    printf("\n%s on the valid parts\n\n| model | %s = |", metric, columns->name);
    for (int c = 0; c < 5; c++) printf(" %g |", columns->values[c]);
    printf("\n|---|---|---|---|---|---|---|\n");
}

static void row_of(const char *kind, const char *text, const struct columns *columns, const struct parts *parts, const char *metric) {
    printf("| %s | %s |", kind, text);
    for (int c = 0; c < 5; c++) {
        struct setting setting = {.kind = kind};
        snprintf(setting.text, sizeof setting.text, "%s, %s=%g", text, columns->name, columns->values[c]);
        printf(" %.4f |", on_valid(&setting, parts, metric));
        fflush(stdout);
    }
    printf("\n");
}

static const char *const kinds[] = {"user_knn", "item_knn"};
static const int shrinkages[] = {0, 10, 30, 100, 300};

static void choose_ratings(const struct parts *parts) {
    static const char *const similarities[] = {"pearson", "cosine", "adjusted_cosine", "msd", "jaccard"};
    char text[100];
    head(&neighbors, "rmse");
    for (int m = 0; m < 2; m++)
        for (int s = 0; s < 5; s++)
            for (int w = 0; w < 5; w++) {
                snprintf(text, sizeof text, "similarity=%s, shrinkage=%d", similarities[s], shrinkages[w]);
                row_of(kinds[m], text, &neighbors, parts, "rmse");
            }
    for (int m = 0; m < 2; m++)
        for (int s = 0; s < 3; s++) {
            snprintf(text, sizeof text, "similarity=%s, shrinkage=100, center=mean", similarities[s]);
            row_of(kinds[m], text, &neighbors, parts, "rmse");
        }
}

static void choose_rows(const struct parts *parts) {
    static const char *const weighed[] = {"cosine, weighting=none", "cosine, weighting=tfidf", "jaccard, weighting=none"};
    char text[100];
    head(&neighbors, "ndcg@10");
    for (int m = 0; m < 2; m++)
        for (int w = 0; w < 3; w++)
            for (int s = 0; s < 5; s++) {
                snprintf(text, sizeof text, "similarity=%s, shrinkage=%d", weighed[w], shrinkages[s]);
                row_of(kinds[m], text, &neighbors, parts, "ndcg@10");
            }
}

static void choose_content(const struct parts *ratings, const struct parts *rows) {
    static const double pulls[] = {0.3, 1, 3, 10};
    char text[100];
    head(&title_shares, "rmse");
    for (int s = 0; s < 4; s++) {
        snprintf(text, sizeof text, "shrinkage=%g", pulls[s]);
        row_of("content_knn", text, &title_shares, ratings, "rmse");
    }
    head(&title_shares, "ndcg@10");
    row_of("content_knn", "shrinkage=1", &title_shares, rows, "ndcg@10");
}

static void choose(struct dataset *ratings, struct dataset *rows, const char *which) {
    struct parts rated[SEEDS], seen[SEEDS];
    make_parts(ratings, ratings_split, rated);
    make_parts(rows, rows_split, seen);
    if (!which || strcmp(which, "ratings") == 0) choose_ratings(rated);
    if (!which || strcmp(which, "rows") == 0) choose_rows(seen);
    if (!which || strcmp(which, "content") == 0) choose_content(rated, seen);
    for (int s = 0; s < SEEDS; s++) parts_release(&rated[s]), parts_release(&seen[s]);
}

/* --- figures --- */

static void published(struct dataset *data, const struct setting *setting) {
    static const char *const folds[] = {"u1", "u2", "u3", "u4", "u5"};
    double mean = 0, seconds = 0, processor = 0;
    printf("| %s%s%s |", setting->kind, *setting->text ? ", " : "", setting->text);
    for (int f = 0; f < FOLDS; f++) {
        const struct split_request request = {.by = SPLIT_PUBLISHED, .fold = folds[f]};
        struct parts parts = parts_of(data, &request);
        const double start = clock_now_s();
        const clock_t before = clock();
        struct model *model = fit(setting, parts.train);
        const double rmse = judge(model, parts.test, "rmse");
        seconds += clock_now_s() - start;
        processor += (double)(clock() - before) / CLOCKS_PER_SEC;
        mean += rmse / FOLDS;
        printf(" %.4f |", rmse);
        model_unref(model);
        parts_release(&parts);
    }
    printf(" **%.4f** | %.3f | %.3f |\n", mean, seconds, processor);
}

/* KNNBaseline of scikit-surprise, in the same run. */
static void surprise(void) {
    static const char *const names[] = {"its default", "pearson_baseline", "pearson_baseline by items"};
    double numbers[9];
    char path[2000];
    snprintf(path, sizeof path, "%s/ml-100k", getenv("RECKON_DATA") ? getenv("RECKON_DATA") : ".");
    const char *argv[] = {"tests/bench/peer_knn.py", path, NULL};
    const int n = peer_numbers(argv, numbers, 9);
    for (int i = 0; i + 2 < n; i += 3)
        printf("| scikit-surprise KNNBaseline, %s | | | | | | **%.4f** | %.3f | %.3f |\n", names[i / 3], numbers[i], numbers[i + 1], numbers[i + 2]);
}

static void ranked(const struct setting *setting, const struct parts *parts) {
    double mean = 0;
    printf("| %s |", setting->kind);
    for (int s = 0; s < SEEDS; s++) {
        struct model *model = fit(setting, parts[s].train);
        const double ndcg = judge(model, parts[s].test, "ndcg@10");
        printf(" %.4f |", ndcg);
        mean += ndcg / SEEDS;
        model_unref(model);
    }
    printf(" **%.4f** |\n", mean);
}

static void figures(struct dataset *ratings, struct dataset *rows) {
    static const struct setting rated[] = {{.kind = "bias"},
                                           {.kind = "user_knn"},
                                           {.kind = "item_knn"},
                                           {.kind = "content_knn"},
                                           {"user_knn", "neighbors=40, similarity=msd, shrinkage=0"},
                                           {"user_knn", "neighbors=40, similarity=pearson"},
                                           {"item_knn", "neighbors=40, similarity=pearson"}},
                                seen[] = {{.kind = "popular"}, {.kind = "user_knn"}, {.kind = "item_knn"}, {.kind = "content_knn"}};
    struct parts parts[SEEDS];
    printf("| model | u1 | u2 | u3 | u4 | u5 | mean | s, all five | processor s |\n|---|---|---|---|---|---|---|---|---|\n");
    for (int m = 0; m < 7; m++) published(ratings, &rated[m]);
    surprise();
    make_parts(rows, rows_split, parts);
    printf("\n| model | seed 1 | 2 | 3 | mean |\n|---|---|---|---|---|\n");
    for (int m = 0; m < 4; m++) ranked(&seen[m], parts);
    for (int s = 0; s < SEEDS; s++) parts_release(&parts[s]);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    device_prepare_environment();
    struct dataset *ratings = ml_100k(true), *rows = ml_100k(false);
    printf("%s, %d threads\n\n", device_isa(), pool_threads());
    if (argc > 1 && strcmp(argv[1], "choose") == 0) choose(ratings, rows, argc > 2 ? argv[2] : NULL);
    else figures(ratings, rows);
    dataset_unref(ratings);
    dataset_unref(rows);
    pool_stop();
    return 0;
}
