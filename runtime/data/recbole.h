/* RecBole's atomic files. Private to runtime/data. */
#ifndef RECKON_RECBOLE_H
#define RECKON_RECBOLE_H

#include "runtime/data/dataset.h"

/* The tables of users and items beside x.inter, where they are. */
enum status recbole_side_tables(const char *path, struct dataset_draft *draft, struct error *err) MUST_CHECK;

#endif
