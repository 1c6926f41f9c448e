/* What help() shows: a panel of one thing, or the page of all. */
#ifndef RECKON_HELP_H
#define RECKON_HELP_H

#include "kernel/builtins/context.h"

/* has_topic false: the page of all rows and types. ERR_NAME: nothing is known by that name. */
enum status help_page(struct interp *interp, struct value topic, bool has_topic, struct bundle *out, struct error *err) MUST_CHECK;

#endif
