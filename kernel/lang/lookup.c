#include "kernel/lang/lookup.h"

#include <ctype.h>
#include <string.h>

static bool is_open(enum token_kind kind) {
    return kind == TOKEN_OPEN_PAREN || kind == TOKEN_OPEN_BRACKET || kind == TOKEN_OPEN_BRACE || kind == TOKEN_FIELD_OPEN;
}

static bool is_close(enum token_kind kind) {
    return kind == TOKEN_CLOSE_PAREN || kind == TOKEN_CLOSE_BRACKET || kind == TOKEN_CLOSE_BRACE || kind == TOKEN_FIELD_CLOSE;
}

static bool is_layout(enum token_kind kind) { return kind == TOKEN_NEWLINE || kind == TOKEN_INDENT || kind == TOKEN_DEDENT || kind == TOKEN_END; }

void lookup_init(struct lookup *lookup, const struct registry *registry, const struct snapshot *snapshot, struct slice code) {
    *lookup = (struct lookup){.registry = registry, .snapshot = snapshot, .source = source_new("", code)};
    lex(lookup->source, true, &lookup->tokens);
    lookup->n = lookup->tokens.n;
    while (lookup->n > 0 && is_layout(lookup->tokens.items[lookup->n - 1].kind)) lookup->n--;
}

void lookup_release(struct lookup *lookup) {
    tokens_release(&lookup->tokens);
    source_unref(lookup->source);
}

/* --- brackets --- */

bool lookup_bracket(const struct lookup *lookup, size_t end, size_t *out_open) {
    size_t depth = 0;
    for (size_t i = end < lookup->n ? end : lookup->n; i-- > 0;) {
        enum token_kind kind = lookup_kind(lookup, i);
        if (is_close(kind)) depth++;
        if (!is_open(kind)) continue;
        if (depth-- == 0) {
            *out_open = i;
            return true;
        }
    }
    return false;
}

/* Index of the bracket that the one at `close` closes; `close` when there is none. */
static size_t matching_open(const struct lookup *lookup, size_t close) {
    size_t open;
    return lookup_bracket(lookup, close, &open) ? open : close;
}

/* Index of the bracket that closes the one at `open`; `end` when there is none. */
static size_t matching_close(const struct lookup *lookup, size_t open, size_t end) {
    size_t depth = 0;
    for (size_t i = open; i < end; i++) {
        enum token_kind kind = lookup_kind(lookup, i);
        if (is_open(kind)) depth++;
        if (is_close(kind) && --depth == 0) return i;
    }
    return end;
}

static bool ends_operand(enum token_kind kind) {
    return kind == TOKEN_NAME || kind == TOKEN_CLOSE_PAREN || kind == TOKEN_CLOSE_BRACKET || kind == TOKEN_STRING || kind == TOKEN_FSTRING_END;
}

bool lookup_applies(const struct lookup *lookup, size_t open) {
    enum token_kind kind = lookup_kind(lookup, open);
    if (open == 0 || (kind != TOKEN_OPEN_PAREN && kind != TOKEN_OPEN_BRACKET) || !ends_operand(lookup_kind(lookup, open - 1))) return false;
    return !(open >= 2 && lookup_kind(lookup, open - 2) == TOKEN_DEF);
}

/* --- arguments --- */

struct argument_place lookup_argument(const struct lookup *lookup, size_t open, size_t end) {
    struct argument_place place = {.start = open + 1};
    size_t depth = 0;
    bool named = false;
    for (size_t i = open + 1; i < end && i < lookup->n; i++) {
        enum token_kind kind = lookup_kind(lookup, i);
        if (is_open(kind)) depth++;
        if (is_close(kind) && depth > 0) depth--;
        if (depth == 0 && kind == TOKEN_ASSIGN && i == place.start + 1 && lookup_kind(lookup, i - 1) == TOKEN_NAME) {
            place.name = lookup_token(lookup, i - 1)->u.name;
            named = true;
        }
        if (depth > 0 || kind != TOKEN_COMMA) continue;
        if (!named) place.position++;
        place.start = i + 1;
        place.name = NULL;
        named = false;
    }
    return place;
}

static const struct sig_param *param_named(const struct signature *signature, const char *name) {
    for (size_t i = 0; i < signature->n_params; i++)
        if (signature->params[i].kind == SIG_PLAIN && strcmp(signature->params[i].name, name) == 0) return &signature->params[i];
    for (size_t i = 0; i < signature->n_params; i++)
        if (signature->params[i].kind == SIG_DOUBLE_STAR) return &signature->params[i];
    return NULL;
}

const struct sig_param *signature_param(const struct signature *signature, const struct argument_place *place) {
    if (place->name) return param_named(signature, place->name);
    for (size_t i = 0; i < signature->n_params; i++) {
        const struct sig_param *param = &signature->params[i];
        if (param->kind == SIG_STAR) return param;
        if (param->keyword_only || param->kind != SIG_PLAIN) return NULL;
        if (i == place->position) return param;
    }
    return NULL;
}

const struct sig_param *info_param(const struct builtin_info *info, const struct argument_place *place) {
    for (size_t i = 0; i < info->n_signatures; i++) {
        const struct sig_param *param = signature_param(&info->signatures[i], place);
        if (param) return param;
    }
    return NULL;
}

/* --- what things are --- */

const struct builtin_row *thing_methods(const struct thing *thing) {
    if (thing->type) return thing->type->methods;
    return thing->plain != VAL_UNSET ? value_methods(thing->plain) : NULL;
}

static const struct plain_row {
    const char *name;
    enum value_kind kind;
} plains[] = {
    {"str", VAL_STR}, {"list", VAL_LIST}, {"tuple", VAL_TUPLE}, {"dict", VAL_DICT},   {"set", VAL_SET},
    {"int", VAL_INT}, {"bool", VAL_BOOL}, {"float", VAL_FLOAT}, {"range", VAL_RANGE}, {"function", VAL_FUNCTION},
};

/* "Table", "list[Id] | None": the first of a union counts. */
static struct thing thing_of_type(const struct registry *registry, const char *text) {
    size_t len = 0;
    while (isalnum((unsigned char)text[len]) || text[len] == '_') len++;
    struct slice word = {text, len};
    for (size_t i = 0; i < sizeof plains / sizeof *plains; i++)
        if (slice_eqz(word, plains[i].name)) return (struct thing){.plain = plains[i].kind};
    for (size_t i = 0; registry && i < registry_n_types(registry); i++)
        if (slice_eqz(word, registry_type(registry, i)->name)) return (struct thing){.type = registry_type(registry, i)};
    return (struct thing){0};
}

static struct thing thing_of_name(const struct lookup *lookup, const char *text) {
    const struct snapshot_name *name = snapshot_find(lookup->snapshot, text);
    struct thing thing = {0};
    if (!name) {
        thing.info = lookup->registry ? registry_find(lookup->registry, text) : NULL;
        return thing;
    }
    if (name->object_type) thing.type = name->object_type;
    else if (!name->row) thing = thing_of_type(lookup->registry, name->type);
    thing.name = name;
    if (name->row && lookup->registry) thing.info = registry_info(lookup->registry, name->row);
    return thing;
}

static struct thing thing_attribute(const struct lookup *lookup, const struct thing *of, const char *name) {
    struct thing thing = {0};
    for (const struct attribute_row *row = of->type ? of->type->attributes : NULL; row && row->name; row++) {
        if (strcmp(row->name, name) != 0) continue;
        thing = thing_of_type(lookup->registry, row->type ? row->type : "");
        thing.attribute = row;
        thing.owner = of->type;
        return thing;
    }
    for (const struct builtin_row *row = thing_methods(of); row && row->sigs && lookup->registry; row++) {
        const struct builtin_info *info = registry_info(lookup->registry, row);
        if (info && strcmp(info->signatures[0].name, name) == 0) thing.info = info;
    }
    return thing;
}

/* Whether a call with or without positional arguments can mean this signature. */
static bool signature_fits(const struct signature *signature, bool positional) {
    for (size_t i = 0; i < signature->n_params; i++) {
        const struct sig_param *param = &signature->params[i];
        if (positional && (param->kind == SIG_STAR || (param->kind == SIG_PLAIN && !param->keyword_only))) return true;
        if (!positional && param->kind == SIG_PLAIN && !param->default_text) return false;
    }
    return !positional;
}

static struct thing thing_call(const struct lookup *lookup, const struct thing *of, size_t open, size_t close) {
    if (!of->info) return (struct thing){0};
    bool positional = open + 1 < close && !(lookup_kind(lookup, open + 1) == TOKEN_NAME && lookup_kind(lookup, open + 2) == TOKEN_ASSIGN);
    for (size_t i = 0; i < of->info->n_signatures; i++)
        if (signature_fits(&of->info->signatures[i], positional)) return thing_of_type(lookup->registry, of->info->signatures[i].result);
    return thing_of_type(lookup->registry, of->info->signatures[0].result);
}

/* t["rmse"] is a list, t[0] a dict, t[:10] a Table; a slice of anything keeps its type. */
static struct thing thing_index(const struct lookup *lookup, const struct thing *of, size_t open, size_t close) {
    struct thing same = {.type = of->type, .plain = of->plain};
    for (size_t i = open + 1; i < close; i++)
        if (lookup_kind(lookup, i) == TOKEN_COLON) return same;
    if (of->type && of->type->column_names) return (struct thing){.plain = lookup_kind(lookup, open + 1) == TOKEN_STRING ? VAL_LIST : VAL_DICT};
    return (struct thing){.plain = of->plain == VAL_STR ? VAL_STR : VAL_UNSET};
}

static struct thing thing_bracket(const struct lookup *lookup, size_t open, size_t close) {
    enum token_kind kind = lookup_kind(lookup, open);
    size_t depth = 0;
    bool comma = false, colon = false;
    for (size_t i = open; i < close; i++) {
        enum token_kind inside = lookup_kind(lookup, i);
        if (is_open(inside)) depth++;
        if (is_close(inside)) depth--;
        comma |= depth == 1 && inside == TOKEN_COMMA;
        colon |= depth == 1 && inside == TOKEN_COLON;
    }
    if (kind == TOKEN_OPEN_BRACKET) return (struct thing){.plain = VAL_LIST};
    if (kind == TOKEN_OPEN_BRACE) return (struct thing){.plain = colon || close == open + 1 ? VAL_DICT : VAL_SET};
    return (struct thing){.plain = comma ? VAL_TUPLE : VAL_UNSET};
}

/* First token of the chain that ends before `end`; `end` when none does. */
static size_t chain_start(const struct lookup *lookup, size_t end) {
    size_t i = end;
    while (i > 0) {
        enum token_kind kind = lookup_kind(lookup, i - 1);
        if (kind == TOKEN_NAME) {
            i--;
            if (i == 0 || lookup_kind(lookup, i - 1) != TOKEN_DOT) return i;
            i--;
        } else if (kind == TOKEN_CLOSE_PAREN || kind == TOKEN_CLOSE_BRACKET || kind == TOKEN_CLOSE_BRACE) {
            size_t open = matching_open(lookup, i - 1);
            if (open == i - 1) return end;
            if (kind == TOKEN_CLOSE_BRACE || !lookup_applies(lookup, open)) return open;
            i = open;
        } else {
            return kind == TOKEN_STRING || kind == TOKEN_FSTRING_END ? i - 1 : end;
        }
    }
    return end;
}

static struct thing chain_head(const struct lookup *lookup, size_t start, size_t end, size_t *out_next) {
    const struct token *token = lookup_token(lookup, start);
    *out_next = start + 1;
    if (token->kind == TOKEN_NAME) return thing_of_name(lookup, token->u.name);
    if (token->kind == TOKEN_STRING || token->kind == TOKEN_FSTRING_END) return (struct thing){.plain = VAL_STR};
    size_t close = matching_close(lookup, start, end);
    *out_next = close + 1;
    return thing_bracket(lookup, start, close);
}

struct thing lookup_thing(const struct lookup *lookup, size_t end) {
    size_t i = chain_start(lookup, end);
    if (i >= end) return (struct thing){0};
    struct thing thing = chain_head(lookup, i, end, &i);
    while (i < end) {
        enum token_kind kind = lookup_kind(lookup, i);
        if (kind == TOKEN_DOT && i + 1 < end && lookup_kind(lookup, i + 1) == TOKEN_NAME) {
            thing = thing_attribute(lookup, &thing, lookup_token(lookup, i + 1)->u.name);
            i += 2;
        } else if (kind == TOKEN_OPEN_PAREN || kind == TOKEN_OPEN_BRACKET) {
            size_t close = matching_close(lookup, i, end);
            thing = kind == TOKEN_OPEN_PAREN ? thing_call(lookup, &thing, i, close) : thing_index(lookup, &thing, i, close);
            i = close + 1;
        } else {
            return (struct thing){0};
        }
    }
    return thing;
}
