/* JSON. jansson is owned by json.c and json.h: other files use these names.
 * Output never contains NaN or Infinity (null instead). */
#ifndef RECKON_JSON_H
#define RECKON_JSON_H

#include <jansson.h>

#include "runtime/base/err.h"
#include "runtime/base/str.h"

/* At start: from now on jansson's memory comes from mem.h. */
void json_prepare(void);
/* Text to JSON: refuses depth > 512, lone surrogates, trailing junk; allows NUL in strings. Caller owns *out (json_decref). */
enum status json_parse(struct slice text, json_t **out, struct error *err) MUST_CHECK;
void json_write(struct buf *buf, const json_t *json);         /* compact */
void buf_add_json_string(struct buf *buf, struct slice text); /* quoted, escaped; bad UTF-8 becomes U+FFFD */
void buf_add_json_double(struct buf *buf, double value);      /* null when not finite */
const char *json_text(const json_t *object, const char *key, const char *otherwise);
bool json_flag(const json_t *object, const char *key, bool otherwise);
int64_t json_int(const json_t *object, const char *key, int64_t otherwise);

#endif
