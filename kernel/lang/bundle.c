#include "kernel/lang/bundle.h"

#include <string.h>

#include "runtime/base/mem.h"

const struct bundle_part *bundle_find(const struct bundle *bundle, const char *mime) {
    for (int i = 0; i < bundle->n_parts; i++)
        if (strcmp(bundle->parts[i].mime, mime) == 0) return &bundle->parts[i];
    return NULL;
}

static struct bundle_part *part_of(struct bundle *bundle, const char *mime) {
    for (int i = 0; i < bundle->n_parts; i++)
        if (strcmp(bundle->parts[i].mime, mime) == 0) return &bundle->parts[i];
    int last = bundle->n_parts < BUNDLE_MAX ? bundle->n_parts++ : BUNDLE_MAX - 1; /* there are fewer kinds than places */
    bundle->parts[last].mime = mime;
    return &bundle->parts[last];
}

struct buf *bundle_part(struct bundle *bundle, const char *mime) {
    return &part_of(bundle, mime)->bytes;
}

void bundle_image(struct bundle *bundle, const char *mime, struct buf *takes_bytes, int width, int height) {
    struct bundle_part *part = part_of(bundle, mime);
    buf_release(&part->bytes);
    part->bytes = *takes_bytes;
    *takes_bytes = BUF_INIT;
    part->width = width;
    part->height = height;
}

void bundle_release(struct bundle *bundle) {
    for (int i = 0; i < bundle->n_parts; i++) buf_release(&bundle->parts[i].bytes);
    *bundle = BUNDLE_INIT;
}
