/* The 100 best unseen items of every MovieLens 1M user, 64 factors: seconds, beside `implicit` on the same vectors in the same run.
 *
 * Floor: 6,040 × 3,706 products of 64, 2.9 Gflop (3.0 with als's biases) as fast as the scores alone come (measured below); then each score is read
 * once to be compared. Nothing else grows with users times items.
 *
 * Target: targets.md, 0.05 s (`implicit` 0.174 s). Reads $RECKON_DATA/ml-1m. */
#include "runtime/base/file.h"
#include "tests/bench/ml1m.h"
#include "tests/bench/peer.h"

enum { K = 100 };

struct top {
    struct ml1m m;
    int32_t *users, *items;
    float *scores;
};

static void recommend(void *ctx) {
    struct top *top = ctx;
    struct error err = ERROR_INIT;
    const struct recommend_request request = {.users = top->users, .n_users = top->m.n_users, .k = K, .filter_seen = true};
    check(model_recommend(top->m.model, NULL, &request, top->items, top->scores, &err), &err);
}

/* The peer gets the first 64 columns of the vectors, and what each user has seen. */
static void beside_implicit(const struct top *top) {
    char folder[] = "/tmp/reckon-topk-XXXXXX", runs[8];
    const struct csr *seen;
    struct error err = ERROR_INIT;
    double seconds[4];
    check(dataset_by_user(top->m.train, device_cpu(), &seen, &err), &err);
    if (!mkdtemp(folder)) return;
    snprintf(runs, sizeof runs, "%d", RUNS);
    const int64_t shape[] = {top->m.n_users, top->m.n_items, mat_cols(top->m.users), csr_n(seen)};
    write_array(folder, "shape", shape, sizeof shape);
    write_array(folder, "users", mat_values(top->m.users), (size_t)(shape[0] * shape[2]) * sizeof(float));
    write_array(folder, "items", mat_values(top->m.items), (size_t)(shape[1] * shape[2]) * sizeof(float));
    write_array(folder, "starts", csr_starts(seen), (size_t)(shape[0] + 1) * sizeof(int64_t));
    write_array(folder, "columns", csr_columns(seen), (size_t)shape[3] * sizeof(int32_t));
    const char *const argv[] = {"tests/bench/peer_topk.py", folder, runs, NULL};
    if (peer_numbers(argv, seconds, 4) == 4)
        printf("implicit: %.1f ms least, %.1f median; processors %.1f ms least, %.1f median\n", 1e3 * seconds[0], 1e3 * seconds[1], 1e3 * seconds[2],
               1e3 * seconds[3]);
    else printf("implicit: not here\n");
    dir_remove(folder);
}

int main(void) {
    device_prepare_environment();
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct top top = {.m = ml1m_open()};
    top.users = xnew_array(int32_t, (size_t)top.m.n_users);
    top.items = xnew_array(int32_t, (size_t)top.m.n_users * K);
    top.scores = xnew_array(float, (size_t)top.m.n_users *K);
    for (int32_t u = 0; u < top.m.n_users; u++) top.users[u] = u;
    scores_alone(&top.m);
    const struct timed ours = timed(recommend, &top);
    print_timed("top 100 of 6,040 users", &ours);
    beside_implicit(&top);
    return 0;
}
