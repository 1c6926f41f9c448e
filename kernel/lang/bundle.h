/* A MIME bundle: the forms of one shown value. Order of keys doesn't matter to
 * front ends; text/plain is always there. JSON forms are kept as JSON text. */
#ifndef RECKON_BUNDLE_H
#define RECKON_BUNDLE_H

#include "runtime/base/str.h"

struct bundle_part {
    const char *mime;  /* static text */
    struct buf bytes;  /* text, JSON text, or raw image bytes (base64 is the wire's business) */
    int width, height; /* CSS pixels of an image; 0 = unknown */
};

#define BUNDLE_MAX 8
struct bundle {
    struct bundle_part parts[BUNDLE_MAX];
    int n_parts;
};

#define BUNDLE_INIT ((struct bundle){0})
#define MIME_TEXT "text/plain"
#define MIME_HTML "text/html"
#define MIME_MARKDOWN "text/markdown"
#define MIME_LATEX "text/latex"
#define MIME_PNG "image/png"
#define MIME_SVG "image/svg+xml"
#define MIME_VEGALITE "application/vnd.vegalite.v5+json"

struct buf *bundle_part(struct bundle *bundle, const char *mime); /* the part's buffer, made when new */
void bundle_image(struct bundle *bundle, const char *mime, struct buf *takes_bytes, int width, int height);
const struct bundle_part *bundle_find(const struct bundle *bundle, const char *mime); /* or NULL */
void bundle_release(struct bundle *bundle);

#endif
