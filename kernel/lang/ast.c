#include "kernel/lang/ast.h"

#include "kernel/lang/lex.h"

static const char *const kind_names[] = {
#define X(kind, name) name,
#include "kernel/lang/ast.def"
#undef X
};

const char *op_text(enum op op) {
    static const char *const texts[] = {
        [OP_ADD] = "+",         [OP_SUB] = "-",  [OP_MUL] = "*",         [OP_DIV] = "/",    [OP_FLOORDIV] = "//", [OP_MOD] = "%",
        [OP_MATMUL] = "@",      [OP_POW] = "**", [OP_BITOR] = "|",       [OP_BITXOR] = "^", [OP_BITAND] = "&",    [OP_LT] = "<",
        [OP_LE] = "<=",         [OP_GT] = ">",   [OP_GE] = ">=",         [OP_EQ] = "==",    [OP_NE] = "!=",       [OP_IN] = "in",
        [OP_NOT_IN] = "not in", [OP_IS] = "is",  [OP_IS_NOT] = "is not", [OP_NEG] = "-",    [OP_POS] = "+",       [OP_NOT] = "not",
    };
    return texts[op];
}

/* --- dump --- */

static void dump(const struct node *node, struct buf *out);

/* A child after a blank; NULL is shown as `-`. */
static void child(const struct node *node, struct buf *out) {
    buf_addc(out, ' ');
    if (node) dump(node, out);
    else buf_addc(out, '-');
}

static void children(struct nodes nodes, struct buf *out) {
    for (uint32_t i = 0; i < nodes.n; i++) child(nodes.items[i], out);
}

static void dump_fstring(const struct node *node, struct buf *out) {
    for (uint32_t i = 0; i < node->u.fstring.n; i++) {
        const struct fpart *part = &node->u.fstring.parts[i];
        buf_addc(out, ' ');
        if (!part->expression) {
            buf_add_quoted(out, part->text);
            continue;
        }
        buf_adds(out, "(field");
        if (part->show_source) {
            buf_addc(out, ' ');
            buf_add_quoted(out, part->text);
        }
        child(part->expression, out);
        if (part->conversion) buf_addf(out, " !%c", part->conversion);
        if (part->spec) child(part->spec, out);
        buf_addc(out, ')');
    }
}

static void dump_dict(const struct node *node, struct buf *out) {
    for (uint32_t i = 0; i < node->u.dict.n; i++) {
        buf_addf(out, " (%s", node->u.dict.keys[i] ? "pair" : "unpack");
        if (node->u.dict.keys[i]) child(node->u.dict.keys[i], out);
        child(node->u.dict.values[i], out);
        buf_addc(out, ')');
    }
}

static void dump_comp(const struct node *node, struct buf *out) {
    child(node->u.comp.element, out);
    if (node->u.comp.value) child(node->u.comp.value, out);
    for (uint32_t i = 0; i < node->u.comp.n; i++) {
        const struct comp_clause *clause = &node->u.comp.clauses[i];
        buf_adds(out, " (for");
        child(clause->target, out);
        child(clause->iterable, out);
        for (uint32_t j = 0; j < clause->conditions.n; j++) {
            buf_adds(out, " (if");
            child(clause->conditions.items[j], out);
            buf_addc(out, ')');
        }
        buf_addc(out, ')');
    }
}

static void dump_call(const struct node *node, struct buf *out) {
    child(node->u.call.callee, out);
    for (uint32_t i = 0; i < node->u.call.n; i++) {
        const struct argument *argument = &node->u.call.arguments[i];
        if (argument->kind == ARG_POSITIONAL) {
            child(argument->value, out);
            continue;
        }
        buf_addf(out, " (%s", argument->kind == ARG_NAMED ? argument->name : argument->kind == ARG_STAR ? "*" : "**");
        buf_adds(out, argument->kind == ARG_NAMED ? "=" : "");
        child(argument->value, out);
        buf_addc(out, ')');
    }
}

static void dump_function(const struct node *node, struct buf *out) {
    if (node->u.function.name) buf_addf(out, " %s", node->u.function.name);
    buf_adds(out, " (");
    for (uint32_t i = 0; i < node->u.function.n; i++) {
        const struct parameter *parameter = &node->u.function.parameters[i];
        static const char *const stars[] = {[PARAM_PLAIN] = "", [PARAM_STAR] = "*", [PARAM_DOUBLE_STAR] = "**"};
        buf_addf(out, "%s%s%s", i ? " " : "", stars[parameter->kind], parameter->name);
        if (!parameter->otherwise) continue;
        buf_addc(out, '=');
        dump(parameter->otherwise, out);
    }
    buf_addc(out, ')');
    child(node->u.function.body, out);
}

static void dump_compare(const struct node *node, struct buf *out) {
    child(node->u.compare.first, out);
    for (uint32_t i = 0; i < node->u.compare.n; i++) {
        buf_addf(out, " `%s`", op_text(node->u.compare.ops[i]));
        child(node->u.compare.operands[i], out);
    }
}

static void dump_if(const struct node *node, struct buf *out) {
    for (uint32_t i = 0; i < node->u.choice.n; i++) {
        child(node->u.choice.branches[i].condition, out);
        child(node->u.choice.branches[i].body, out);
    }
    if (node->u.choice.otherwise) child(node->u.choice.otherwise, out);
}

static void dump_literal(const struct node *node, struct buf *out) {
    switch (node->kind) {
    case NODE_BOOL: buf_adds(out, node->u.boolean ? " True" : " False"); break;
    case NODE_INT: buf_addf(out, " %lld", (long long)node->u.integer); break;
    case NODE_FLOAT:
        buf_addc(out, ' ');
        buf_add_double(out, node->u.real);
        break;
    case NODE_STRING:
        buf_addc(out, ' ');
        buf_add_quoted(out, node->u.string);
        break;
    case NODE_NAME:
    case NODE_DEL: buf_addf(out, " %s", node->u.name); break;
    default: break;
    }
}

static void dump_expression(const struct node *node, struct buf *out) {
    switch (node->kind) {
    case NODE_FSTRING: dump_fstring(node, out); break;
    case NODE_LIST:
    case NODE_TUPLE:
    case NODE_SET:
    case NODE_BLOCK: children(node->u.list, out); break;
    case NODE_DICT: dump_dict(node, out); break;
    case NODE_LISTCOMP:
    case NODE_SETCOMP:
    case NODE_DICTCOMP:
    case NODE_GENEXP: dump_comp(node, out); break;
    case NODE_ATTRIBUTE:
        child(node->u.attribute.object, out);
        buf_addf(out, " %s", node->u.attribute.name);
        break;
    case NODE_CALL: dump_call(node, out); break;
    case NODE_INDEX:
        child(node->u.index.object, out);
        children(node->u.index.subscripts, out);
        break;
    case NODE_SLICE:
        child(node->u.slice.start, out);
        child(node->u.slice.stop, out);
        child(node->u.slice.step, out);
        break;
    case NODE_UNARY:
        buf_addf(out, " `%s`", op_text(node->u.unary.op));
        child(node->u.unary.operand, out);
        break;
    case NODE_BINARY: buf_addf(out, " `%s`", op_text(node->u.binary.op)); /* fall through */
    case NODE_AND:
    case NODE_OR:
        child(node->u.binary.left, out);
        child(node->u.binary.right, out);
        break;
    case NODE_COMPARE: dump_compare(node, out); break;
    case NODE_CONDITIONAL:
        child(node->u.conditional.condition, out);
        child(node->u.conditional.then, out);
        child(node->u.conditional.otherwise, out);
        break;
    default: dump_literal(node, out);
    }
}

static void dump_help(const struct node *node, struct buf *out) {
    for (uint32_t i = 0; i < node->u.help.n; i++) buf_addf(out, "%s%s", i ? "." : " ", node->u.help.path[i]);
}

static void dump_inside(const struct node *node, struct buf *out) {
    switch (node->kind) {
    case NODE_STARRED:
    case NODE_EXPRESSION:
    case NODE_RETURN: child(node->u.operand, out); break;
    case NODE_ASSIGN:
        for (uint32_t i = 0; i < node->u.assign.n; i++) child(node->u.assign.targets[i], out);
        child(node->u.assign.value, out);
        break;
    case NODE_AUGMENTED:
        buf_addf(out, " `%s=`", op_text(node->u.augmented.op));
        child(node->u.augmented.target, out);
        child(node->u.augmented.value, out);
        break;
    case NODE_FOR:
        child(node->u.loop.target, out);
        child(node->u.loop.iterable, out);
        child(node->u.loop.body, out);
        break;
    case NODE_WHILE:
        child(node->u.whilst.condition, out);
        child(node->u.whilst.body, out);
        break;
    case NODE_IF: dump_if(node, out); break;
    case NODE_LAMBDA:
    case NODE_DEF: dump_function(node, out); break;
    case NODE_HELP: dump_help(node, out); break;
    default: dump_expression(node, out);
    }
}

static void dump(const struct node *node, struct buf *out) {
    buf_addf(out, "(%s", kind_names[node->kind]);
    dump_inside(node, out);
    buf_adds(out, node->quiet ? " quiet)" : ")");
}

void ast_dump(const struct node *node, struct buf *out) {
    if (node->kind != NODE_BLOCK) {
        dump(node, out);
        return;
    }
    for (uint32_t i = 0; i < node->u.list.n; i++) {
        dump(node->u.list.items[i], out);
        buf_addc(out, '\n');
    }
}
