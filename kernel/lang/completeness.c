/* is_complete_request. */
#include <string.h>

#include "kernel/lang/complete.h"

/* A block stays open until a blank line: whether the last line with text is moved in, and no blank one follows. */
static bool block_open(const struct source *source, const struct node *block) {
    struct slice text = source->text;
    size_t end = text.len;
    while (end > 0 && (text.data[end - 1] == ' ' || text.data[end - 1] == '\t')) end--;
    if (end == 0 || text.data[end - 1] == '\n') return false;
    const struct node *last = block->u.list.n ? block->u.list.items[block->u.list.n - 1] : NULL;
    if (!last || (last->kind != NODE_FOR && last->kind != NODE_WHILE && last->kind != NODE_IF && last->kind != NODE_DEF)) return false;
    uint32_t first, final, column;
    source_position(source, last->span.start, &first, &column);
    source_position(source, last->span.end, &final, &column);
    return final > first;
}

const char *completeness(struct slice code, int *out_indent) {
    struct source *source = source_new("", code);
    struct node *block = NULL;
    struct error err = ERROR_INIT;
    enum status status = parse_cell(source, &block, &err);
    const char *answer = status == OK ? (block_open(source, block) ? "incomplete" : "complete") : status == ERR_INCOMPLETE ? "incomplete" : "invalid";
    *out_indent = strcmp(answer, "incomplete") == 0 ? next_indent(source) : 0;
    error_clear(&err);
    source_unref(source);
    return answer;
}
