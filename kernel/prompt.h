/* One question to the front end at a time: the worker asks and waits, the I/O
 * thread brings the answer. */
#ifndef RECKON_PROMPT_H
#define RECKON_PROMPT_H

#include "kernel/publish.h"
#include "runtime/base/task.h"

struct prompt;
struct prompt *prompt_new(void);
void prompt_free(struct prompt *prompt); /* NULL is fine */

/* Worker. Sends an input_request to the one who sent `cell`, after all text that waits, and waits for the answer or until
 * task is cancelled (ERR_INTERRUPTED). */
enum status prompt_ask(struct prompt *prompt, struct publisher *publisher, struct request *cell, const char *text, bool password,
                       const struct task *task, struct buf *out, struct error *err) MUST_CHECK;

/* I/O thread. An input_reply; ignored when it answers something else than the open question. */
void prompt_answer(struct prompt *prompt, const struct request *reply);
bool prompt_is_open(struct prompt *prompt);
/* Any thread: the one who waits looks at its task again. */
void prompt_stir(struct prompt *prompt);

#endif
