/* What order buys in closed form: ease and slist, plain, scored by what came last, and blended. HR@10 and NDCG@10 on the NCF files of MovieLens 1M
 * (each user's last event among its 99 published negatives), NDCG@10 of full ranking on MovieLens 100K, popularity on Gowalla. With `choose`: what
 * the settings were chosen by, on validation parts alone (`choose ncf`, `blends` or `100k`: only that). Needs RECKON_DATA (or the cache) with ncf
 * and ml-100k; gowalla's row stays away where its files are missing. */
#include <time.h>

#include "models/blend.h"
#include "tests/bench/settings.h"

enum { PARTS = 3, DRAWS = 2000 };

/* One model, or a blend of two or three. */
struct mix {
    struct setting parts[PARTS];
    double weights[PARTS]; /* 0: no such part */
};

static int n_parts(const struct mix *mix) {
    int n = 1;
    while (n < PARTS && mix->weights[n] > 0) n++;
    return n;
}

static struct model *blended(struct model *const *parts, int n, const double *weights) {
    struct error err = ERROR_INIT;
    struct model *model;
    check(model_blend(NULL, parts, (size_t)n, weights, NULL, &model, &err), &err);
    return model;
}

static struct model *fit_mix(const struct mix *mix, struct dataset *train) {
    const int n = n_parts(mix);
    struct model *parts[PARTS];
    for (int i = 0; i < n; i++) parts[i] = fit(&mix->parts[i], train);
    if (n == 1) return parts[0];
    struct model *model = blended(parts, n, mix->weights);
    for (int i = 0; i < n; i++) model_unref(parts[i]);
    return model;
}

static void print_mix(const struct mix *mix) {
    const int n = n_parts(mix);
    for (int i = 0; i < n; i++) {
        if (n > 1) printf("%s%.1f ", i ? " + " : "", mix->weights[i]);
        printf("%s%s%s%s", mix->parts[i].kind, *mix->parts[i].text ? "(" : "", mix->parts[i].text, *mix->parts[i].text ? ")" : "");
    }
}

/* --- choosing --- */

struct axis {
    const char *name;
    double values[6];
    int n;
};

typedef double on_part(const struct setting *setting, const struct parts *parts);

static double on_ncf(const struct setting *setting, const struct parts *parts) {
    struct model *model = fit(setting, parts->train);
    const struct protocol drawn = protocol_for_valid(parts->valid, 1);
    const double ndcg = judge_by(model, parts->valid, "ndcg@10", &drawn);
    model_unref(model);
    return ndcg;
}

static double on_three(const struct setting *setting, const struct parts *parts) { return on_valid(setting, parts, "ndcg@10"); }

static double on_last(const struct setting *setting, const struct parts *parts) {
    struct model *model = fit(setting, parts->train);
    const double ndcg = judge(model, parts->valid, "ndcg@10");
    model_unref(model);
    return ndcg;
}

/* kind over two parameters, the others as `rest` says. */
static void grid(const char *kind, const char *rest, struct axis down, struct axis across, on_part *value, const struct parts *parts) {
    printf("\n%s%s%s, NDCG@10 on valid\n\n| %s \\ %s |", kind, *rest ? " with " : "", rest, down.name, across.name);
    for (int c = 0; c < across.n; c++) printf(" %g |", across.values[c]);
    printf("\n|---|");
    for (int c = 0; c < across.n; c++) printf("---|");
    for (int r = 0; r < down.n; r++) {
        printf("\n| %g |", down.values[r]);
        for (int c = 0; c < across.n; c++) {
            struct setting setting = {.kind = kind};
            snprintf(setting.text, sizeof setting.text, "%s=%g, %s=%g%s%s", down.name, down.values[r], across.name, across.values[c],
                     *rest ? ", " : "", rest);
            printf(" %.4f |", value(&setting, parts));
            fflush(stdout);
        }
    }
    printf("\n");
}

static void choose_ncf(const struct parts *parts) {
    const struct axis recency = {"recency", {3, 5, 8}, 3};
    grid("ease", "", (struct axis){"reg", {600, 1000, 1350, 2000, 2500, 3000}, 6}, (struct axis){"recency", {0, 3, 5, 8, 12}, 5}, on_ncf, parts);
    grid("slist", "", (struct axis){"reg", {1000, 2000, 3000, 4000}, 4}, recency, on_ncf, parts);
    grid("slist", "", (struct axis){"past", {5, 10, 20, 40}, 4}, (struct axis){"future", {1, 2, 5, 10}, 4}, on_ncf, parts);
    grid("slist", "", (struct axis){"fading", {1, 2, 4}, 3}, recency, on_ncf, parts);
}

/* The same fitted parts with several weights: they are scored once. */
static void weigh(const struct setting *settings, struct model *const *models, int n, const struct parts *parts) {
    static const double two[][PARTS] = {{0.4, 0.6}, {0.5, 0.5}, {0.6, 0.4}};
    static const double three[][PARTS] = {{0.4, 0.4, 0.2}, {0.5, 0.3, 0.2}, {0.5, 0.2, 0.3}, {0.6, 0.2, 0.2}};
    const double(*weights)[PARTS] = n == 2 ? two : three;
    const struct protocol drawn = protocol_for_valid(parts->valid, 1);
    struct model *first = blended(models, n, weights[0]);
    for (int w = 0; w < (n == 2 ? 3 : 4); w++) {
        struct error err = ERROR_INIT;
        struct mix mix = {.weights = {0}};
        struct model *blend;
        for (int i = 0; i < n; i++) mix.parts[i] = settings[i], mix.weights[i] = weights[w][i];
        check(model_blend_again(first, weights[w], NULL, &blend, &err), &err);
        printf("| ");
        print_mix(&mix);
        printf(" | %.4f |\n", judge_by(blend, parts->valid, "ndcg@10", &drawn));
        model_unref(blend);
    }
    model_unref(first);
}

static void choose_blends(const struct parts *parts) {
    static const struct setting firsts[] = {{"ease", "reg=2000, recency=5"},
                                            {"ease", "reg=2000, recency=8"},
                                            {"ease", "reg=2500, recency=5"},
                                            {"ease", "reg=2500, recency=8"}},
                                second = {"slist", "reg=3000"},
                                thirds[] = {{"slist", "reg=1500, past=5, recency=1.5, future=2, fading=1"},
                                            {"slist", "reg=1500, past=5, recency=1, future=2, fading=1"},
                                            {"slist", "reg=1500, past=5, recency=1.5, future=1, fading=1"},
                                            {"slist", "reg=3000, past=5, recency=1.5, future=2, fading=1"}};
    struct model *models[PARTS] = {NULL, fit(&second, parts->train), NULL};
    printf("\n| blend | NDCG@10 on valid |\n|---|---|\n");
    for (int f = 0; f < 4; f++) {
        models[0] = fit(&firsts[f], parts->train);
        weigh((struct setting[]){firsts[f], second}, models, 2, parts);
        for (int t = 0; t < 4; t++) {
            models[2] = fit(&thirds[t], parts->train);
            weigh((struct setting[]){firsts[f], second, thirds[t]}, models, 3, parts);
            model_unref(models[2]);
        }
        model_unref(models[0]);
    }
    model_unref(models[1]);
}

static const struct split_request three_splits = {.by = SPLIT_PER_USER, .test = 0.1, .valid = 0.1},
                                  last_out = {.by = SPLIT_LEAVE_ONE_OUT, .valid_last = true};

static void choose_100k(struct dataset *rows) {
    struct parts parts[SEEDS], last = parts_of(rows, &last_out);
    make_parts(rows, three_splits, parts);
    printf("\n8:1:1 per user, three splits\n");
    grid("ease", "", (struct axis){"reg", {100, 150, 250, 400, 600, 1000}, 6}, (struct axis){"recency", {0}, 1}, on_three, parts);
    printf("\nEach user's last but one\n");
    grid("ease", "", (struct axis){"reg", {150, 250, 400, 600}, 4}, (struct axis){"recency", {0, 3, 5, 8, 12}, 5}, on_last, &last);
    grid("slist", "", (struct axis){"reg", {100, 250, 550, 1000}, 4}, (struct axis){"recency", {3, 5, 8}, 3}, on_last, &last);
    for (int s = 0; s < SEEDS; s++) parts_release(&parts[s]);
    parts_release(&last);
}

static void choose(const char *which) {
    const struct split_request published = {.by = SPLIT_PUBLISHED, .valid_last = true};
    struct dataset *ncf = open_data("ncf-ml-1m"), *rows = ml_100k(false);
    struct parts parts = parts_of(ncf, &published);
    if (!which || strcmp(which, "ncf") == 0) choose_ncf(&parts);
    if (!which || strcmp(which, "blends") == 0) choose_blends(&parts);
    if (!which || strcmp(which, "100k") == 0) choose_100k(rows);
    parts_release(&parts);
    dataset_unref(ncf);
    dataset_unref(rows);
}

/* --- figures --- */

/* HR@10 and NDCG@10 by user. */
struct judged {
    struct user_sums by_user[2];
    double wall_s, processor_s; /* fit and judging; of all threads */
};

static struct judged judge_mix(const struct mix *mix, const struct parts *parts, const struct protocol *protocol) {
    struct error err = ERROR_INIT;
    struct judged judged = {.wall_s = clock_now_s()};
    const clock_t spent = clock();
    struct metric metrics[2];
    struct ranked ranked;
    struct model *model = fit_mix(mix, parts->train);
    check(metric_parse("hit_rate@10", 0, &metrics[0], &err), &err);
    check(metric_parse("ndcg@10", 0, &metrics[1], &err), &err);
    const struct rank_request request = {.model = model, .judged = parts->test, .metrics = metrics, .n_metrics = 2, .protocol = *protocol};
    check(rank_users(&request, &ranked, &err), &err);
    for (int m = 0; m < 2; m++) {
        check(user_sums_new(dataset_n_users(parts->test), &judged.by_user[m], &err), &err);
        ranked_sums(&ranked, (size_t)m, &metrics[m], &judged.by_user[m]);
    }
    judged.wall_s = clock_now_s() - judged.wall_s;
    judged.processor_s = (double)(clock() - spent) / CLOCKS_PER_SEC;
    ranked_release(&ranked);
    model_unref(model);
    return judged;
}

static void print_interval(const struct user_sums *a, const struct user_sums *b) {
    const struct resampling resampling = {.n = DRAWS, .level = 0.95, .seed = 1};
    struct error err = ERROR_INIT;
    struct interval interval;
    check(bootstrap_interval(a, b, &resampling, &interval, &err), &err);
    printf(b ? " %+.4f (%+.4f to %+.4f) |" : " **%.4f** (%.4f to %.4f) |", interval.value, interval.low, interval.high);
}

/* Each row's difference is paired, user by user, with the row before. */
static void table_of(const struct mix *mixes, int n, const struct parts *parts, const struct protocol *protocol) {
    struct judged before = {.wall_s = 0};
    printf("| model | HR@10 (95 %%) | NDCG@10 (95 %%) | NDCG@10 against the row before | s, fit and judging | of processors |\n"
           "|---|---|---|---|---|---|\n");
    for (int i = 0; i < n; i++) {
        struct judged now = judge_mix(&mixes[i], parts, protocol);
        printf("| ");
        print_mix(&mixes[i]);
        printf(" |");
        print_interval(&now.by_user[0], NULL);
        print_interval(&now.by_user[1], NULL);
        if (i > 0) print_interval(&now.by_user[1], &before.by_user[1]);
        else printf(" |");
        printf(" %.1f | %.1f |\n", now.wall_s, now.processor_s);
        for (int m = 0; m < 2; m++) user_sums_release(&before.by_user[m]);
        before = now;
    }
    for (int m = 0; m < 2; m++) user_sums_release(&before.by_user[m]);
}

static void ncf(void) {
    static const struct mix mixes[] = {
        {{{"popular", ""}}, {1}},
        {{{"ease", ""}}, {1}},
        {{{"slist", ""}}, {1}},
        {{{"ease", "recency=5"}}, {1}},
        {{{"ease", "reg=2000, recency=5"}, {"slist", "reg=3000"}}, {0.5, 0.5}},
        {{{"ease", "reg=2500, recency=8"}, {"slist", "reg=3000"}, {"slist", "reg=1500, past=5, recency=1.5, future=2, fading=1"}}, {0.5, 0.3, 0.2}},
        {{{"ease", "reg=2000, recency=8"}, {"slist", "reg=3000"}, {"slist", "reg=1500, past=5, recency=1, future=2, fading=1"}}, {0.5, 0.2, 0.3}}};
    const struct split_request published = {.by = SPLIT_PUBLISHED};
    struct dataset *data = open_data("ncf-ml-1m");
    struct parts parts = parts_of(data, &published);
    printf("The NCF files\n\n");
    table_of(mixes, 7, &parts, &(struct protocol){.sampled = true});
    parts_release(&parts);
    dataset_unref(data);
}

/* The last event of each user of MovieLens 100K among all that he hasn't; fitted on what comes before. */
static void last(struct dataset *rows) {
    static const struct mix mixes[] = {{{{"popular", ""}}, {1}},
                                       {{{"ease", ""}}, {1}},
                                       {{{"ease", "recency=5"}}, {1}},
                                       {{{"slist", ""}}, {1}},
                                       {{{"ease", "recency=5"}, {"slist", ""}}, {0.5, 0.5}}};
    struct parts parts = parts_of(rows, &(struct split_request){.by = SPLIT_LEAVE_ONE_OUT});
    printf("\nMovieLens 100K, each user's last rating, full ranking\n\n");
    table_of(mixes, 5, &parts, &(struct protocol){0});
    parts_release(&parts);
}

/* NDCG@10 of full ranking where order plays no part; refitted: on train and valid. */
static void random_parts(struct dataset *rows) {
    static const struct setting kinds[] = {{.kind = "popular"}, {.kind = "ease"}};
    struct parts parts[SEEDS];
    make_parts(rows, three_splits, parts);
    printf("\nMovieLens 100K, 8:1:1 per user, full ranking, NDCG@10\n\n| model | fitted on | seed 1 | 2 | 3 | mean |\n|---|---|---|---|---|---|\n");
    for (int k = 0; k < 2; k++)
        for (int both = 0; both < 2; both++) {
            double mean = 0;
            printf("| %s | %s |", kinds[k].kind, both ? "train and valid" : "train");
            for (int s = 0; s < SEEDS; s++) {
                struct error err = ERROR_INIT;
                struct dataset *joined;
                check(dataset_concat((struct dataset *[]){parts[s].train, parts[s].valid}, 2, &joined, &err), &err);
                struct model *model = fit(&kinds[k], both ? joined : parts[s].train);
                const double ndcg = judge(model, parts[s].test, "ndcg@10");
                printf(" %.4f |", ndcg);
                mean += ndcg / SEEDS;
                model_unref(model);
                dataset_unref(joined);
            }
            printf(" **%.4f** |\n", mean);
        }
    for (int s = 0; s < SEEDS; s++) parts_release(&parts[s]);
}

static void gowalla(void) {
    const struct load_request request = {.name_or_path = "gowalla"};
    const struct setting popular = {.kind = "popular"};
    struct error err = ERROR_INIT;
    struct dataset *data;
    if (load_dataset(NULL, &request, &data, &err) != OK) {
        printf("\nGowalla: %s\n", err.message);
        return;
    }
    struct parts parts = parts_of(data, &(struct split_request){.by = SPLIT_PUBLISHED});
    struct model *model = fit(&popular, parts.train);
    printf("\nGowalla, published split, popular: recall@20 **%.4f**, NDCG@20 **%.4f**\n", judge(model, parts.test, "recall@20"),
           judge(model, parts.test, "ndcg@20"));
    model_unref(model);
    parts_release(&parts);
    dataset_unref(data);
}

static void print_load(const char *when) {
    double load = 0;
    if (getloadavg(&load, 1) == 1) printf("%s: load of the last minute %.1f\n\n", when, load);
}

static void figures(void) {
    struct dataset *rows = ml_100k(false);
    print_load("Before");
    ncf();
    printf("\n");
    print_load("After the NCF files");
    last(rows);
    random_parts(rows);
    gowalla();
    dataset_unref(rows);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    device_prepare_environment();
    printf("%s, %d threads\n\n", device_isa(), pool_threads());
    if (argc > 1 && strcmp(argv[1], "choose") == 0) choose(argc > 2 ? argv[2] : NULL);
    else figures();
    pool_stop();
    return 0;
}
