/* RecBole's atomic files. Private to runtime/data. */
#ifndef RECKON_RECBOLE_H
#define RECKON_RECBOLE_H

#include "runtime/data/dataset.h"

/* The tables of users and items beside x.inter, where they are. token: int or str by what is in it, float, token_seq and float_seq: lists. skip_bad:
 * what should be a number and isn't becomes null; else ERR_DATA with file, line and column. */
enum status recbole_side_tables(const char *path, bool skip_bad, struct dataset_draft *draft, struct error *err) MUST_CHECK;

#endif
