/* Choosing the weights of a blend on a validation part: two parts by their
 * shares in tenths; of more, each in turn is mixed into what is there, and once
 * more. Ties go to the smaller share of the later part. */
#ifndef RECKON_BLEND_WEIGHTS_H
#define RECKON_BLEND_WEIGHTS_H

#include "models/blend.h"
#include "models/eval/evaluate.h"

/* A blend of the parts with the weights that metric likes best on valid, by evaluate_one under protocol_for_valid. The weights are not negative and
 * add up to 1. The blend remembers that valid chose it. ERR_LEAK where a part was fitted on rows of valid. */
struct blend_request {
    struct model *const *parts;
    size_t n_parts;
    struct dataset *valid;
    const struct metric *metric; /* METRIC_RANKING */
    uint64_t seed;               /* of drawn negatives */
    const char *name;            /* NULL: the parts' names with their weights */
    struct task *task;
};
enum status blend_chosen(const struct blend_request *request, struct model **out, struct error *err) MUST_CHECK;

#endif
