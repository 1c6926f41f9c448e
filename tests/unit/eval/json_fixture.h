/* What other tools say, written down as JSON beside the test. */
#ifndef RECKON_JSON_FIXTURE_H
#define RECKON_JSON_FIXTURE_H

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "tests/unit/models/fixture.h"

/* json_decref it. */
static inline json_t *read_json(const char *path) {
    struct buf text = BUF_INIT;
    json_t *json = NULL;
    GOOD(file_read(path, 1 << 20, &text, &err));
    GOOD(json_parse((struct slice){buf_text(&text), text.len}, &json, &err));
    buf_release(&text);
    return json;
}

static inline double number_at(const json_t *array, int64_t i) { return json_number_value(json_array_get(array, (size_t)i)); }

#endif
