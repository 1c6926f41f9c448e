/* MD5 (RFC 1321): only because publishers name it beside their archives. It
 * finds damage, not malice. Private to runtime/data. */
#ifndef RECKON_MD5_H
#define RECKON_MD5_H

#include "runtime/base/err.h"
#include "runtime/base/task.h"

#define MD5_HEX 33
/* ERR_FILE: can't be read; ERR_INTERRUPTED. */
enum status md5_file(struct task *task, const char *path, char out_hex[MD5_HEX], struct error *err) MUST_CHECK;

#endif
