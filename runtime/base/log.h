/* Diagnostics of our own, to the descriptor that stderr was at start (never
 * into a cell). Level from RECKON_LOG: error (default), info, debug. */
#ifndef RECKON_LOG_H
#define RECKON_LOG_H

#include "runtime/base/err.h"

enum log_level { LOG_ERROR, LOG_INFO, LOG_DEBUG };
void log_to(int fd);
void log_raw(const char *line); /* as it is, whatever the level */
void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
