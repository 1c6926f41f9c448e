/* Explicit ALS with biases: vectors (q, 1), targets r - mean - bias. */
#include "runtime/device/cuda_normal.cuh"

struct als_source {
    const int32_t *columns;
    const float *values, *other, *other_bias;
    float mean, reg;
    int64_t f;
    float *out, *out_bias;

    DEVICE float number(int64_t entry, int64_t j) const {
        int64_t column = columns[entry];
        if (j < f) return other[column * f + j];
        return j == f ? 1.0f : values[entry] - mean - other_bias[column];
    }
    DEVICE float base(int64_t, int64_t n, int64_t i, int64_t j) const { return i == j ? reg * (float)n : 0.0f; }
    DEVICE void store(int64_t row, int64_t i, float x, bool) const { *(i < f ? &out[row * f + i] : &out_bias[row]) = x; }
};

enum status cuda_als_solve(void *state, struct task *task, const struct als_job *job, int64_t *out_failed_row, struct error *err) {
    struct als_source source = {};
    struct normal_run<als_source> run = {};
    source.columns = job->ratings.columns;
    source.values = job->ratings.values;
    source.other = job->other;
    source.other_bias = job->other_bias;
    source.mean = job->mean;
    source.reg = job->reg;
    source.f = job->n_factors;
    source.out = job->out;
    source.out_bias = job->out_bias;
    TRY(run.init((struct gpu *)state, &job->ratings, job->n_factors + 1, err));
    run.set_up(source, NULL);
    TRY(run.solve_all(task, err));
    return run.first_failure(task, out_failed_row, err);
}
