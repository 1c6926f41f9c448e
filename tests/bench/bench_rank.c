/* Full-rank evaluation of MovieLens 1M: every unseen item ranked for every user, 64 factors, six metrics at 10, from vectors to the means; beside
 * ranx, which gets the lists ready and computes the same six metrics of them.
 *
 * Floor: the products (2.9 Gflop, 3.0 with als's biases, as fast as the scores alone come) and one pass over the scores, as in bench_topk; the
 * metrics themselves are a few thousand flops a user.
 *
 * Target: targets.md, 0.06 s with the scores (ranx 0.17 s for the metrics alone). Reads $RECKON_DATA/ml-1m. */
#include "runtime/base/file.h"
#include "tests/bench/ml1m.h"
#include "tests/bench/peer.h"

enum { N_METRICS = 6, K = 100 };
static const char *const names[N_METRICS] = {"ndcg@10", "recall@10", "precision@10", "hit_rate@10", "mrr@10", "map_rel@10"};

struct judging {
    struct ml1m m;
    struct metric metrics[N_METRICS];
    double values[N_METRICS];
    int64_t n_users;
};

static void judge(void *ctx) {
    struct judging *judging = ctx;
    struct error err = ERROR_INIT;
    const struct rank_request request = {.model = judging->m.model, .judged = judging->m.test, .metrics = judging->metrics, .n_metrics = N_METRICS};
    struct ranked ranked;
    check(rank_users(&request, &ranked, &err), &err);
    for (size_t m = 0; m < N_METRICS; m++) judging->values[m] = ranked_mean(&ranked, m, &judging->metrics[m]);
    judging->n_users = ranked.n_users;
    ranked_release(&ranked);
}

/* The peer gets lists of 100 and the relevant rows. */
static void beside_ranx(const struct judging *judging) {
    char folder[] = "/tmp/reckon-rank-XXXXXX", runs[8];
    struct error err = ERROR_INIT;
    struct events_view rows;
    double theirs[4 + N_METRICS];
    const int64_t n_users = judging->m.n_users, n = dataset_n(judging->m.test), shape[] = {n_users, K, n};
    int32_t *users = xnew_array(int32_t, (size_t)n_users), *items = xnew_array(int32_t, (size_t)(n_users * K));
    float *scores = xnew_array(float, (size_t)(n_users * K));
    const struct recommend_request request = {.users = users, .n_users = n_users, .k = K, .filter_seen = true};
    for (int32_t u = 0; u < n_users; u++) users[u] = u;
    check(model_recommend(judging->m.model, NULL, &request, items, scores, &err), &err);
    check(dataset_columns(judging->m.test, &rows, &err), &err);
    if (!mkdtemp(folder)) return;
    write_array(folder, "shape", shape, sizeof shape);
    write_array(folder, "items", items, (size_t)(n_users * K) * sizeof *items);
    write_array(folder, "relevant_users", rows.users, (size_t)n * sizeof(int32_t));
    write_array(folder, "relevant_items", rows.items, (size_t)n * sizeof(int32_t));
    snprintf(runs, sizeof runs, "%d", RUNS);
    const char *const argv[] = {"tests/bench/peer_rank.py", folder, runs, NULL};
    if (peer_numbers(argv, theirs, 4 + N_METRICS) == 4 + N_METRICS) {
        printf("ranx, metrics alone: %.1f ms least, %.1f median; processors %.1f ms least, %.1f median\n", 1e3 * theirs[0], 1e3 * theirs[1],
               1e3 * theirs[2], 1e3 * theirs[3]);
        for (int m = 0; m < N_METRICS; m++) printf("%-13s %.9f ours, %.9f ranx\n", names[m], judging->values[m], theirs[4 + m]);
    } else printf("ranx: not here\n");
    dir_remove(folder);
    free(users);
    free(items);
    free(scores);
}

int main(void) {
    device_prepare_environment();
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct judging judging = {.m = ml1m_open()};
    struct error err = ERROR_INIT;
    for (int m = 0; m < N_METRICS; m++) check(metric_parse(names[m], 0, &judging.metrics[m], &err), &err);
    scores_alone(&judging.m);
    const struct timed ours = timed(judge, &judging);
    printf("%" PRId64 " users, six metrics", judging.n_users);
    print_timed("", &ours);
    beside_ranx(&judging);
    return 0;
}
