/* The language for fuzz targets: all of it but what leaves the process (files,
 * network, gnuplot), waits for somebody or measures time; and a limit of CPU
 * time, so that no input takes long. */
#ifndef RECKON_TESTS_FUZZ_LANGUAGE_H
#define RECKON_TESTS_FUZZ_LANGUAGE_H

#include "kernel/lang/bundle.h"
#include "kernel/session.h"

/* A session that lives as long as the process. */
struct session *fuzz_session(void);
/* Forgets names, seed and an old interrupt. */
void fuzz_session_reset(struct session *session);

/* Between begin and end the task is cancelled after so many milliseconds of CPU time. */
void fuzz_limit_begin(struct task *task, int cpu_ms);
void fuzz_limit_end(void);

/* Every text form is UTF-8, and there is a plain one. */
void fuzz_check_bundle(const struct bundle *bundle);
/* Message, hint and notes are UTF-8, and the error can be shown. */
void fuzz_check_error(const struct error *err);

#endif
