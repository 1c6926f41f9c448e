/* Signature text to parameters, once at start. */
#include "kernel/lang/signature.h"

#include <ctype.h>
#include <string.h>

#include "runtime/base/mem.h"

struct scan {
    const char *at, *end;
    const struct builtin_row *row;
    struct arena *arena;
    struct error *err;
};

static void *fail(struct scan *s, const char *why) {
    err_set(s->err, ERR_INTERNAL, "the signature \"%.60s\" is not understood: %s at \"%.20s\"", s->row->sigs, why, s->at);
    return NULL;
}

static void skip(struct scan *s) {
    while (s->at < s->end && *s->at == ' ') s->at++;
}

static bool accept(struct scan *s, const char *text) {
    skip(s);
    size_t len = strlen(text);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, text, len) != 0) return false;
    s->at += len;
    return true;
}

static char *word(struct scan *s) {
    skip(s);
    const char *start = s->at;
    while (s->at < s->end && (isalnum((unsigned char)*s->at) || *s->at == '_')) s->at++;
    return s->at > start ? arena_strndup(s->arena, start, (size_t)(s->at - start)) : NULL;
}

/* --- types --- */

static const struct {
    const char *name;
    enum sig_kind kind;
} plain_types[] = {
    {"Any", SIG_ANY}, {"bool", SIG_BOOL},   {"int", SIG_INT},           {"float", SIG_FLOAT}, {"str", SIG_STR},
    {"Id", SIG_ID},   {"None", SIG_NONE},   {"list", SIG_LIST},         {"tuple", SIG_TUPLE}, {"dict", SIG_DICT},
    {"set", SIG_SET}, {"range", SIG_RANGE}, {"function", SIG_FUNCTION}, {"Expr", SIG_EXPR},
};

static struct sig_type *parse_type(struct scan *s);

static struct sig_type *quoted_word(struct scan *s) {
    const char *start = s->at;
    while (s->at < s->end && *s->at != '"') s->at++;
    if (s->at == s->end) return fail(s, "a quote is missing");
    struct sig_type *type = arena_new(s->arena, struct sig_type);
    type->kind = SIG_WORD;
    type->word = arena_strndup(s->arena, start, (size_t)(s->at++ - start));
    return type;
}

static struct sig_type *named_type(struct scan *s) {
    char *name = word(s);
    if (!name) return fail(s, "a type is missing");
    struct sig_type *type = arena_new(s->arena, struct sig_type);
    type->kind = SIG_OBJECT;
    type->word = name;
    for (size_t i = 0; i < sizeof plain_types / sizeof *plain_types; i++)
        if (strcmp(plain_types[i].name, name) == 0) type->kind = plain_types[i].kind;
    if (!accept(s, "[")) return type;
    type->element = parse_type(s);
    if (!type->element) return NULL;
    return accept(s, "]") ? type : fail(s, "`]` is missing");
}

static struct sig_type *parse_type(struct scan *s) {
    struct sig_type *type = accept(s, "\"") ? quoted_word(s) : named_type(s);
    if (!type || !accept(s, "|")) return type;
    type->next = parse_type(s);
    return type->next ? type : NULL;
}

bool sig_type_has(const struct sig_type *type, enum sig_kind kind) {
    for (; type; type = type->next)
        if (type->kind == kind) return true;
    return false;
}

static void one_type_words(const struct sig_type *type, struct buf *out) {
    if (type->kind == SIG_WORD) buf_addf(out, "\"%s\"", type->word);
    else if (type->kind == SIG_OBJECT) buf_adds(out, type->word);
    else if (type->kind == SIG_ID) buf_adds(out, "int or str");
    else if (type->kind == SIG_EXPR) buf_adds(out, "an expression");
    else if (type->kind == SIG_FUNCTION) buf_adds(out, "a function");
    else
        for (size_t i = 0; i < sizeof plain_types / sizeof *plain_types; i++)
            if (plain_types[i].kind == type->kind) buf_adds(out, plain_types[i].name);
    if (!type->element) return;
    buf_adds(out, " of ");
    sig_type_words(type->element, out);
}

void sig_type_words(const struct sig_type *type, struct buf *out) {
    for (const struct sig_type *one = type; one; one = one->next) {
        if (one != type) buf_adds(out, one->next ? ", " : " or ");
        one_type_words(one, out);
    }
}

/* --- defaults --- */

static bool parse_literal(struct scan *s, struct value *out);

static char escaped(char c) { return c == 'n' ? '\n' : c == 't' ? '\t' : c; }

static bool literal_text(struct scan *s, char quote, struct value *out) {
    struct buf text = BUF_INIT;
    while (s->at < s->end && *s->at != quote) {
        const bool is_escape = *s->at == '\\' && s->at + 1 < s->end;
        buf_addc(&text, is_escape ? escaped(s->at[1]) : *s->at);
        s->at += is_escape ? 2 : 1;
    }
    const bool closed = s->at < s->end;
    if (closed) *out = value_strn(buf_text(&text), text.len);
    if (closed) s->at++;
    buf_release(&text);
    return closed;
}

static bool literal_items(struct scan *s, const char *close, struct value seq, struct value *out) {
    while (!accept(s, close)) {
        struct value item;
        if (!parse_literal(s, &item)) {
            value_release(&seq);
            return false;
        }
        seq_push(&seq, item);
        accept(s, ",");
    }
    *out = seq;
    return true;
}

static bool literal_number(struct scan *s, struct value *out) {
    const char *start = s->at;
    while (s->at < s->end && (isalnum((unsigned char)*s->at) || strchr("+-._", *s->at))) s->at++;
    struct slice text = {start, (size_t)(s->at - start)};
    int64_t whole;
    double real;
    if (parse_int64(text, &whole)) return *out = value_int(whole), true;
    if (parse_double(text, &real)) return *out = value_float(real), true;
    return false;
}

static bool parse_literal(struct scan *s, struct value *out) {
    skip(s);
    if (accept(s, "\"")) return literal_text(s, '"', out);
    if (accept(s, "'")) return literal_text(s, '\'', out);
    if (accept(s, "[")) return literal_items(s, "]", value_list(0), out);
    if (accept(s, "(")) return literal_items(s, ")", value_tuple(0), out);
    if (accept(s, "None")) return *out = NONE, true;
    if (accept(s, "True")) return *out = value_bool(true), true;
    if (accept(s, "False")) return *out = value_bool(false), true;
    return literal_number(s, out);
}

/* --- parameters --- */

static const struct param_note *find_note(const struct builtin_row *row, const char *name) {
    for (const struct param_note *note = row->notes; note && note->name; note++)
        if (strcmp(note->name, name) == 0) return note;
    return NULL;
}

static char *trimmed(struct scan *s, const char *start) {
    const char *end = s->at;
    while (*start == ' ') start++;
    while (end > start && end[-1] == ' ') end--;
    return arena_strndup(s->arena, start, (size_t)(end - start));
}

static bool parse_param(struct scan *s, bool keyword_only, struct sig_param *out) {
    out->kind = accept(s, "**") ? SIG_DOUBLE_STAR : accept(s, "*") ? SIG_STAR : SIG_PLAIN;
    out->keyword_only = keyword_only;
    out->name = word(s);
    if (!out->name) return fail(s, "a parameter's name is missing") != NULL;
    out->note = find_note(s->row, out->name);
    if (!accept(s, ":")) return fail(s, "`:` and a type are missing") != NULL;
    const char *start = s->at;
    out->type = parse_type(s);
    if (!out->type) return false;
    out->type_text = trimmed(s, start);
    if (!accept(s, "=")) return true;
    start = s->at;
    if (!parse_literal(s, &out->otherwise)) return fail(s, "the default is not a literal") != NULL;
    out->default_text = trimmed(s, start);
    return true;
}

static bool parse_params(struct scan *s, struct signature *out) {
    struct sig_param params[SIG_PARAMS_MAX] = {0};
    bool keyword_only = false, ok = true;
    size_t n = 0;
    while (ok && !accept(s, ")")) {
        skip(s);
        if (*s->at == '*' && (s->at[1] == ',' || s->at[1] == ' ')) {
            s->at++;
            keyword_only = true;
        } else if (n == SIG_PARAMS_MAX) ok = fail(s, "too many parameters") != NULL;
        else {
            ok = parse_param(s, keyword_only, &params[n]);
            keyword_only |= params[n++].kind == SIG_STAR;
        }
        if (ok && !accept(s, ",") && (skip(s), s->at == s->end || *s->at != ')')) ok = fail(s, "`,` or `)` is missing") != NULL;
    }
    out->params = arena_memdup(s->arena, params, n * sizeof *params);
    out->n_params = n;
    return ok;
}

static bool parse_line(struct scan *s, struct signature *out) {
    const char *start = s->at;
    out->name = word(s);
    if (!out->name) return fail(s, "the name is missing") != NULL;
    if (!accept(s, "(")) return fail(s, "`(` is missing") != NULL;
    if (!parse_params(s, out)) return false;
    if (!accept(s, "->")) return fail(s, "`->` and the result are missing") != NULL;
    const char *result = s->at;
    s->at = s->end;
    out->result = trimmed(s, result);
    out->text = trimmed(s, start);
    return true;
}

static size_t count_lines(const char *text) {
    size_t n = 1;
    for (; *text; text++) n += *text == '\n';
    return n;
}

enum status signature_parse(const struct builtin_row *row, struct arena *arena, struct builtin_info *info, struct error *err) {
    size_t n = count_lines(row->sigs);
    *info = (struct builtin_info){row, arena_new_array(arena, struct signature, n), n};
    const char *at = row->sigs;
    for (size_t i = 0; i < n; i++) {
        const char *end = at + strcspn(at, "\n");
        struct scan s = {at, end, row, arena, err};
        if (!parse_line(&s, &info->signatures[i])) {
            info->n_signatures = i + 1;
            signature_release(info);
            return err->code;
        }
        if (strcmp(info->signatures[i].name, info->signatures[0].name) != 0) {
            signature_release(info);
            return err_set(err, ERR_INTERNAL, "the signatures of `%s` have several names", info->signatures[0].name);
        }
        at = end + 1;
    }
    return OK;
}

void signature_release(struct builtin_info *info) {
    for (size_t i = 0; i < info->n_signatures; i++)
        for (size_t j = 0; j < info->signatures[i].n_params; j++) value_release(&info->signatures[i].params[j].otherwise);
}
