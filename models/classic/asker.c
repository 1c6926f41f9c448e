#include "models/classic/asker.h"

struct asker asker_of(const struct model *model, const struct sparse_rows *by_user, const struct biases *base, double folded_bias, int32_t user) {
    if (user == FOLDED_USER) {
        const struct seen_row seen = model_seen(model, user);
        return (struct asker){seen.items, seen.ratings, seen.n, folded_bias};
    }
    if (user < 0) return (struct asker){0};
    const int64_t start = by_user->starts[user];
    return (struct asker){by_user->columns + start, by_user->values + start, sparse_rows_length(by_user, user),
                          base->n_users ? base->users[user] : 0};
}
