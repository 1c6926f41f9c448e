/* Base64 (RFC 4648, with padding): pictures in JSON and in data: URIs. */
#ifndef RECKON_BASE64_H
#define RECKON_BASE64_H

#include "runtime/base/str.h"

void buf_add_base64(struct buf *buf, struct slice bytes);

#endif
