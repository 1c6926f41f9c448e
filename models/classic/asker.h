/* Who asks for scores: a user's own rows, and his part of the baseline. What
 * user_knn, item_knn and content_knn share. */
#ifndef RECKON_ASKER_H
#define RECKON_ASKER_H

#include "models/classic/bias.h"
#include "models/classic/sparse_rows.h"

struct asker {
    const int32_t *items; /* ascending */
    const float *values;
    int64_t n;
    double bias;
};

/* Of a known user, of the one folded in, or nobody's (-1). base: of no users where nothing is rated. Borrowed of model and by_user. */
struct asker asker_of(const struct model *model, const struct sparse_rows *by_user, const struct biases *base, double folded_bias, int32_t user);

#endif
