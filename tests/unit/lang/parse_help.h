/* Parsing in tests: a cell's tree as --dump-ast prints it, or the words of its error. Included after cmocka.h. */
#ifndef RECKON_TEST_PARSE_HELP_H
#define RECKON_TEST_PARSE_HELP_H

#include <string.h>

#include "kernel/lang/ast.h"

static inline enum status parse(const char *text, struct buf *out, enum status *out_code) {
    struct source *source = source_new("Cell 1", slice_of(text));
    struct node *node = NULL;
    struct error err = ERROR_INIT;
    enum status status = parse_cell(source, &node, &err);
    if (status == OK) ast_dump(node, out);
    else error_render(&err, false, out);
    *out_code = err.code;
    error_clear(&err);
    assert_int_equal(source->count, 1);
    source_unref(source);
    return status;
}

/* A cell that can't be parsed, all that its error says, and whether more lines could mend it. */
struct bad_row {
    const char *cell;
    bool incomplete;
    const char *words;
};

static inline void check_bad(const struct bad_row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct buf out = BUF_INIT;
        enum status code;
        assert_int_not_equal(parse(rows[i].cell, &out, &code), OK);
        assert_string_equal(buf_text(&out), rows[i].words);
        if ((code == ERR_INCOMPLETE) != rows[i].incomplete) fail_msg("%s: incomplete?", rows[i].cell);
        buf_release(&out);
    }
}

#endif
