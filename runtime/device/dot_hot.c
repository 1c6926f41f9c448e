/* The canonical dot product. 16 partial sums and a fixed tree; the Makefile
 * compiles this file with -ffp-contract=off at every level, so the bits agree. */
#include "runtime/device/hot_functions.h"

enum { LANES = 16 };

float HOT(dot_run)(const float *a, const float *b, int64_t n) {
    float lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) lane[j] += a[i + j] * b[i + j];
    for (int j = 0; i < n; i++, j++) lane[j] += a[i] * b[i];
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}
