/* Users' items in the order of time: of equal times the later row of the data
 * is the later one, and without times the rows stand in order. What models of
 * order learn from, and what makes an event's age: how many of the user's
 * events came after it. */
#ifndef RECKON_SEQUENCES_H
#define RECKON_SEQUENCES_H

#include "runtime/data/dataset.h"

struct sequences {
    int64_t n_users, n_items, n;
    int64_t *starts; /* n_users + 1 */
    int32_t *items;  /* n, repeats included */
};
/* Made of all rows. sequences_release after an error too. */
enum status sequences_make(struct task *task, struct dataset *data, struct sequences *out, struct error *err) MUST_CHECK;
void sequences_release(struct sequences *sequences);
/* The same, each of these users (ascending) with the item as his newest event; of n_items items. sequences_release after an error too. */
enum status sequences_with_item(const struct sequences *from, int64_t n_items, int32_t item, const int32_t *users, int64_t n, struct sequences *out,
                                struct error *err) MUST_CHECK;
int64_t sequences_bytes(const struct sequences *sequences);

/* Under `name`/… in a model's file. sequences_release after an error too. */
enum status sequences_save(const struct sequences *sequences, struct store_writer *writer, const char *name, struct error *err) MUST_CHECK;
enum status sequences_load(struct store_reader *reader, const char *name, int64_t n_users, int64_t n_items, struct sequences *out,
                           struct error *err) MUST_CHECK;

#endif
