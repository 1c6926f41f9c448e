/* What the classes' fit functions call: checks of the data, and the loop of
 * iterative models (epochs, history, progress, early stopping, the partial
 * model of an interrupt).
 *
 * A trainer works on state of its own. After each epoch it publishes a frozen
 * state (what model->state is); so a judge, an interrupted cell and the best
 * epoch each see something whole, and a failed fit changes nothing. Epochs are
 * numbered from 1 over all fits of a model: a trainer whose randomness is keyed
 * by (seed, epoch) goes on from a start model as if it had never stopped. */
#ifndef RECKON_FIT_H
#define RECKON_FIT_H

#include "models/model.h"

struct fit_steps {
    /* *out_train: the loss over the training rows. */
    enum status (*epoch)(void *trainer, int64_t epoch, double *out_train, struct error *err);
    /* A new frozen state; the loop owns it (class->free_state). */
    enum status (*publish)(void *trainer, void **out_state, struct error *err);
};
/* Trains request->common.epochs more epochs and leaves the best state (with a judge) or the last in model->state. */
enum status fit_epochs(const struct fit_request *request, struct model *model, const struct fit_steps *steps, void *trainer,
                       struct error *err) MUST_CHECK;

/* ERR_VALUE for implicit data. advice: the hint; NULL: which models learn from such data. */
enum status fit_wants_ratings(const struct fit_request *request, const struct model *model, const char *advice, struct error *err) MUST_CHECK;
/* A parameter of the request by name (assert: the row exists). */
int64_t fit_int(const struct fit_request *request, const struct model *model, const char *name);
double fit_float(const struct fit_request *request, const struct model *model, const char *name);
const char *fit_str(const struct fit_request *request, const struct model *model, const char *name);
bool fit_bool(const struct fit_request *request, const struct model *model, const char *name);

/* A whole model as sections of a file that holds more: model_file.c. */
enum status model_put(const struct model *model, struct store_writer *writer, struct error *err) MUST_CHECK;
enum status model_get(struct store_reader *reader, struct model **out, struct error *err) MUST_CHECK;
/* The item's title, else its id, which buf then holds. Borrowed of the model or of buf. */
const char *model_item_label(const struct model *model, int32_t item, struct buf *buf);
/* What model_similar orders by: out (n_items). ERR_VALUE where the kind has none. */
enum status model_similarities(const struct model *model, struct task *task, int32_t item, float *out, struct error *err) MUST_CHECK;

/* seen.c: fills model->seen_* from the data and the parts of its split. */
enum status model_fill_seen(struct model *model, struct dataset *data, struct error *err) MUST_CHECK;
/* Same ids in the same order. */
bool catalog_same(const struct catalog *a, const struct catalog *b);
/* Where from's users and items are in `to`: n_users and n_items positions, -1 = not there. Only fails when the cell is interrupted. */
enum status catalog_map(const struct catalog *from, const struct catalog *to, int32_t *out_users, int32_t *out_items, struct error *err) MUST_CHECK;
/* Remembers what the epoch was chosen on, once. */
void model_add_chosen(struct model *model, const struct met_rows *rows);
/* A copy that shares nothing mutable: catalog and data set counted, arrays copied, no state. */
enum status model_shell_copy(const struct model *from, struct model **out, struct error *err) MUST_CHECK;

#endif
