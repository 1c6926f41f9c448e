/* Answers that need no language value. They come also while a cell runs: all on
 * the I/O thread, but answer_history on the history's. Registered in requests.c. */
#ifndef RECKON_ANSWERS_H
#define RECKON_ANSWERS_H

#include "kernel/requests.h"

#define ANSWER(name) enum status name(struct kernel *kernel, struct request *request, const json_t *content, struct reply *reply, struct error *err)

/* answers_kernel.c: what the kernel is and does. */
ANSWER(answer_kernel_info);
ANSWER(answer_connect);
ANSWER(answer_interrupt);
ANSWER(answer_shutdown);
ANSWER(answer_usage);
ANSWER(answer_comm_info);
ANSWER(answer_comm_open);
ANSWER(answer_nothing);
ANSWER(answer_unknown);

/* answers_code.c: what code means. */
ANSWER(answer_complete);
ANSWER(answer_inspect);
ANSWER(answer_is_complete);
ANSWER(answer_history);

#endif
