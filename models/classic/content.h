/* What the catalogue says of items, as sparse rows: titles cut into words, and
 * the columns of names (genres, …), by TF-IDF (Salton & Buckley 1988). */
#ifndef RECKON_CONTENT_H
#define RECKON_CONTENT_H

#include "models/classic/sparse_rows.h"

/* Items × terms. The title's terms of an item have length √title_share, those of its columns √(1 - title_share), so that the product of two rows is
 * title_share · cosine of titles + (1 - title_share) · cosine of columns. An item without one of the two has only the other's part.
 * Words: runs of letters and digits, folded. Columns: all of texts or lists of texts but `genre`, which follows from genres; of columns of texts only
 * what several items have, so that ids and addresses don't make everything unlike. */
enum status content_of(struct task *task, const struct catalog *catalog, double title_share, struct sparse_rows *out, struct error *err) MUST_CHECK;

bool content_is_there(const struct catalog *catalog); /* titles, or such columns */

#endif
