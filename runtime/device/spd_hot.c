#include "runtime/device/hot_functions.h"

/* Pivot after pivot: a_ij −= a_ik a_kj / a_kk; all swept, a is minus its inverse. */
bool HOT(sweep_all)(double *a, int64_t n) {
    for (int64_t k = 0; k < n; k++) {
        double *restrict pivot_row = a + k * n;
        const double pivot = pivot_row[k];
        if (!(pivot > 0)) return false;
        for (int64_t j = 0; j < n; j++) pivot_row[j] /= pivot;
        pivot_row[k] = -1 / pivot;
        for (int64_t i = 0; i < n; i++) {
            double *restrict row = a + i * n;
            const double factor = row[k];
            if (i == k) continue;
            row[k] = 0;
            for (int64_t j = 0; j < n; j++) row[j] -= factor * pivot_row[j];
        }
    }
    for (int64_t i = 0; i < n * n; i++) a[i] = -a[i];
    return true;
}
