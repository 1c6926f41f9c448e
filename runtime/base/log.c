#include "runtime/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int log_fd = STDERR_FILENO;

void log_to(int fd) { atomic_store(&log_fd, fd); }

static enum log_level level_wanted(void) {
    const char *name = getenv("RECKON_LOG");
    if (name && strcmp(name, "debug") == 0) return LOG_DEBUG;
    return name && strcmp(name, "info") == 0 ? LOG_INFO : LOG_ERROR;
}

void log_raw(const char *line) { dprintf(atomic_load(&log_fd), "%s\n", line); }

/* One write a line, so that lines of several threads don't mix. */
void log_line(enum log_level level, const char *format, ...) {
    static const char *const names[] = {"error", "info", "debug"};
    if (level > level_wanted()) return;
    char line[2048];
    int used = snprintf(line, sizeof line, "reckon %s: ", names[level]);
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
    va_end(args);
    if (len < 0) return;
    size_t total = strlen(line);
    line[total++] = '\n';
    ssize_t ignored = write(atomic_load(&log_fd), line, total);
    (void)ignored;
}
