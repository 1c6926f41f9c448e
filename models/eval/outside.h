/* A Table of scores from anywhere (columns user, item, score) in the place of
 * a model, so that the engine judges both alike: a pair without a row scores
 * -infinity, which is on no list and loses to all that have one. */
#ifndef RECKON_OUTSIDE_H
#define RECKON_OUTSIDE_H

#include "models/model.h"

/* Over the catalog of `judged`; *out: a count. Ids are the source's own; the score is `score`, else `prediction` (as predict() gives it), kept as
 * float32. Rows whose ids the catalog lacks are left out and counted. ERR_KEY: a column is missing; ERR_TYPE: of a wrong type; ERR_DATA: an empty
 * cell, a pair that comes twice, no id that is known. */
enum status outside_model(struct task *task, const struct table *table, const char *name, struct dataset *judged, struct model **out,
                          struct error *err) MUST_CHECK;
bool outside_is(const struct model *model);
/* What was left out of it, and what it lacks. */
int64_t outside_unknown(const struct model *model); /* rows of users or items that the data doesn't have */
bool outside_has_user(const struct model *model, int32_t user);
/* ERR_DATA when one of the judged rows has no score: their errors can't be measured then. */
enum status outside_check_rows(const struct model *model, struct dataset *judged, const char *metric, struct error *err) MUST_CHECK;

#endif
