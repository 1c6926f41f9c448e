/* Models against one of them, user by user: what significance() shows. */
#ifndef RECKON_SIGNIFICANCE_TABLE_H
#define RECKON_SIGNIFICANCE_TABLE_H

#include "models/eval/evaluate.h"

struct significance_request {
    /* Its last model is what the others are compared with; one metric. intervals and sums are not used. */
    struct evaluate_request judged;
    enum test_method method;
    struct resampling resampling; /* of the test and the intervals */
};
/* Table: model, against, the metric, difference, low, high, p; with several models p_holm. The caption says what was judged. Errors:
 * evaluate_models's, and ERR_VALUE where the method doesn't suit the metric. */
enum status significance_table(const struct significance_request *request, struct table **out, struct error *err) MUST_CHECK;

#endif
