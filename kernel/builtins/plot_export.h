/* A figure as a file; called by export(). */
#ifndef RECKON_PLOT_EXPORT_H
#define RECKON_PLOT_EXPORT_H

#include "kernel/builtins/context.h"
#include "plots/plot.h"

/* By the ending: .png (twice the pixels), .svg. ERR_VALUE for others. The file appears whole or not at all. */
enum status plot_export(struct context *context, struct task *task, const struct plot *plot, const char *path, struct error *err) MUST_CHECK;

#endif
