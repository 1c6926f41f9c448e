/* What tests and measurements need to know of the resident gnuplot; drawing
 * itself is gnuplot_draw in plot.h.
 *
 * One child `gnuplot -d` ($RECKON_GNUPLOT names another program), started at
 * the first drawing, in our process group with SIGINT blocked, reading commands
 * from a socket and ending at its end of file. Numbers and the picture go
 * through two memfds that only the child inherits; a printerr on its stderr
 * says that a drawing is done. Used by one thread. */
#ifndef RECKON_GNUPLOT_H
#define RECKON_GNUPLOT_H

#include <sys/types.h>

#include "plots/plot.h"

/* Seconds to wait for an answer (PLOT_TIMEOUT_S at first). */
void gnuplot_set_timeout(struct gnuplot *gnuplot, double timeout_s);
/* The running child, 0 = none. */
pid_t gnuplot_pid(const struct gnuplot *gnuplot);

#endif
