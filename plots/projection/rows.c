#include "plots/projection/rows.h"

#include <math.h>
#include <stdlib.h>

#include "runtime/base/mem.h"

#define BLOCK_VALUES (8 << 20)

int64_t rows_a_block(int64_t n) {
    int64_t rows = BLOCK_VALUES / (n > 0 ? n : 1);
    return rows < 16 ? 16 : rows > 512 ? 512 : rows;
}

static enum status check_finite(const float *x, int64_t n, int64_t d, struct error *err) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < d; c++)
            if (!isfinite(x[i * d + c]))
                return err_set(err, ERR_NUMERIC, "row %lld of the vectors holds %s, so it has no place on a map", (long long)i,
                               isnan(x[i * d + c]) ? "a NaN" : "an infinity");
    return OK;
}

static void make_unit(float *x, int64_t n, int64_t d) {
    for (int64_t i = 0; i < n; i++) {
        float *row = &x[i * d];
        double square = 0;
        for (int64_t c = 0; c < d; c++) square += (double)row[c] * row[c];
        double scale = square > 0 ? 1 / sqrt(square) : 0;
        for (int64_t c = 0; c < d; c++) row[c] = (float)(row[c] * scale);
    }
}

static void centre(float *x, int64_t n, int64_t d) {
    double *mean = xnew_array(double, (size_t)d);
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < d; c++) mean[c] += x[i * d + c];
    for (int64_t c = 0; c < d; c++) mean[c] /= (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < d; c++) x[i * d + c] = (float)(x[i * d + c] - mean[c]);
    free(mean);
}

enum status rows_read(const struct mat *x, enum rows_form form, float **out, struct error *err) {
    int64_t n = mat_rows(x), d = mat_cols(x);
    float *values = NULL;
    TRY(mem_try_array((size_t)(n * d), "a copy of the vectors", &values, err));
    enum status status = mat_read(x, 0, n, values, err);
    if (status == OK) status = check_finite(values, n, d, err);
    if (status != OK) {
        mem_free(values);
        return status;
    }
    if (form == ROWS_UNIT) make_unit(values, n, d);
    else centre(values, n, d);
    *out = values;
    return OK;
}
