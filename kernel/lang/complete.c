#include "kernel/lang/complete.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lang/candidates.h"
#include "runtime/base/map.h"

/* A completion on its way. The cell up to the cursor is looked at; what follows only for arguments that are given there. */
struct completing {
    struct lookup here;
    struct slice rest; /* of the cell, after the cursor */
    const struct complete_sources *sources;
    struct candidates found;
    struct slice word;   /* typed so far */
    uint32_t word_start; /* byte where what is replaced begins */
    size_t end;          /* token that the word is, or one past the last token */
};

enum { GROUP_PARAM, GROUP_VALUE, GROUP_NAME, GROUP_BUILTIN, GROUP_KEYWORD };

/* --- values of an argument --- */

struct text_sink {
    struct candidates *found;
    const char *type;
};

static void add_source_name(void *ctx, const char *name) {
    struct text_sink *sink = ctx;
    candidates_add_text(sink->found, name, sink->type);
}

static void add_source(struct completing *c, void (*source)(name_sink sink, void *ctx), const char *type) {
    struct text_sink sink = {&c->found, type};
    if (source) source(add_source_name, &sink);
}

static void add_columns_of(struct completing *c, const struct thing *thing) {
    for (size_t i = 0; thing->name && i < thing->name->n_columns; i++) candidates_add_text(&c->found, thing->name->columns[i], "column");
}

static void add_items_of(struct completing *c, const struct thing *thing) {
    if (thing->name && thing->name->items.of) candidates_add_source(&c->found, &thing->name->items, c->word, "item");
}

/* Parts of a split, and models of it, share their titles: each source is read once. */
static bool has_new_items(const struct snapshot *snapshot, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (snapshot_at(snapshot, j)->items.of == snapshot_at(snapshot, i)->items.of) return false;
    return true;
}

typedef void (*thing_adder)(struct completing *c, const struct thing *thing);

static void add_of_everything(struct completing *c, thing_adder add) {
    for (size_t i = 0; i < snapshot_len(c->here.snapshot); i++) {
        struct thing thing = {.name = snapshot_at(c->here.snapshot, i)};
        if (add != add_items_of || has_new_items(c->here.snapshot, i)) add(c, &thing);
    }
}

/* What a call is about: its receiver, else its first argument, else everything there is. */
static void add_of_subject(struct completing *c, size_t open, thing_adder add) {
    size_t before = c->found.all.len;
    if (open >= 2 && lookup_kind(&c->here, open - 2) == TOKEN_DOT) {
        struct thing receiver = lookup_thing(&c->here, open - 2);
        add(c, &receiver);
    }
    size_t end = open + 1;
    while (lookup_kind(&c->here, end) == TOKEN_NAME || lookup_kind(&c->here, end) == TOKEN_DOT) end++;
    if (c->found.all.len == before && end > open + 1) {
        struct thing first = lookup_thing(&c->here, end);
        add(c, &first);
    }
    if (c->found.all.len == before) add_of_everything(c, add);
}

static void add_builtin_names(struct completing *c) {
    for (size_t i = 0; c->here.registry && i < registry_len(c->here.registry); i++) {
        const struct builtin_info *info = registry_at(c->here.registry, i);
        candidates_add(&c->found, info->signatures[0].name, "function", info->signatures[0].text);
    }
}

static void add_choices(struct completing *c, const char *choices) {
    while (*choices) {
        size_t len = strcspn(choices, "|");
        char *choice = xstrndup(choices, len);
        candidates_add_text(&c->found, choice, "param");
        free(choice);
        choices += len + (choices[len] == '|');
    }
}

/* "all" in `list[Id] | "all"`. */
static void add_quoted_types(struct completing *c, const char *text) {
    for (const char *open = strchr(text, '"'); open; open = strchr(open, '"')) {
        const char *close = strchr(open + 1, '"');
        if (!close) return;
        char *word = xstrndup(open + 1, (size_t)(close - open - 1));
        candidates_add_text(&c->found, word, "param");
        free(word);
        open = close + 1;
    }
}

/* Whether a type's text names a type: "bool" in "bool | None". */
static bool type_names(const char *text, const char *name) {
    size_t len = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at += len) {
        bool begins = at == text || !strchr("abcdefghijklmnopqrstuvwxyz_", at[-1]);
        if (begins && !strchr("abcdefghijklmnopqrstuvwxyz_", at[len] ? at[len] : ' ')) return true;
    }
    return false;
}

static void add_param_values(struct completing *c, const struct sig_param *param, size_t open, bool in_string) {
    const struct param_note *note = param->note;
    c->found.group = GROUP_VALUE;
    if (!in_string && type_names(param->type_text, "bool")) {
        candidates_add(&c->found, "True", "keyword", "");
        candidates_add(&c->found, "False", "keyword", "");
    }
    if (param->type_text) add_quoted_types(c, param->type_text);
    if (!note) return;
    if (note->choices) add_choices(c, note->choices);
    if (!note->completes) return;
    bool dataset = strcmp(note->completes, "dataset") == 0;
    if (dataset && c->sources) add_source(c, c->sources->datasets, "dataset");
    const bool topic = strcmp(note->completes, "topic") == 0;
    if ((strcmp(note->completes, "metric") == 0 || (topic && in_string)) && c->sources) add_source(c, c->sources->metrics, "metric");
    if (strcmp(note->completes, "column") == 0) add_of_subject(c, open, add_columns_of);
    if (in_string && strcmp(note->completes, "item") == 0) add_of_subject(c, open, add_items_of);
    if (in_string && topic) add_builtin_names(c);
    if (in_string && (dataset || strcmp(note->completes, "path") == 0)) candidates_add_paths(&c->found, c->word);
}

/* --- names of arguments --- */

/* Names that the rest of the call gives after the cursor. */
static void given_after(struct slice rest, struct str_map *given) {
    struct lookup after;
    lookup_init(&after, NULL, NULL, rest);
    int depth = 0;
    for (size_t i = 0; i < after.n && depth >= 0; i++) {
        enum token_kind kind = lookup_kind(&after, i);
        if (kind == TOKEN_OPEN_PAREN || kind == TOKEN_OPEN_BRACKET || kind == TOKEN_OPEN_BRACE) depth++;
        if (kind == TOKEN_CLOSE_PAREN || kind == TOKEN_CLOSE_BRACKET || kind == TOKEN_CLOSE_BRACE) depth--;
        if (depth == 0 && kind == TOKEN_NAME && lookup_kind(&after, i + 1) == TOKEN_ASSIGN)
            str_map_put(given, slice_of(lookup_token(&after, i)->u.name), 1, false);
    }
    lookup_release(&after);
}

/* Names that the call gives before the cursor and after it. */
static struct str_map *given_names(struct completing *c, size_t open) {
    struct str_map *given = str_map_new();
    int depth = 0;
    for (size_t i = open + 1; i < c->end; i++) {
        enum token_kind kind = lookup_kind(&c->here, i), before = lookup_kind(&c->here, i - 1);
        if (kind == TOKEN_OPEN_PAREN || kind == TOKEN_OPEN_BRACKET || kind == TOKEN_OPEN_BRACE) depth++;
        if (kind == TOKEN_CLOSE_PAREN || kind == TOKEN_CLOSE_BRACKET || kind == TOKEN_CLOSE_BRACE) depth--;
        bool begins = depth == 0 && (before == TOKEN_OPEN_PAREN || before == TOKEN_COMMA);
        if (begins && kind == TOKEN_NAME && lookup_kind(&c->here, i + 1) == TOKEN_ASSIGN)
            str_map_put(given, slice_of(lookup_token(&c->here, i)->u.name), 1, false);
    }
    given_after(c->rest, given);
    return given;
}

static void add_param(struct completing *c, const char *name, const char *signature, struct str_map *given) {
    int64_t is_given;
    if (str_map_get(given, slice_of(name), &is_given)) return;
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s=", name);
    candidates_add(&c->found, buf_text(&text), "param", signature);
    buf_release(&text);
}

static void add_row_params(struct completing *c, const struct signature *signature, size_t position, struct str_map *given) {
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < signature->n_params; i++) {
        const struct sig_param *param = &signature->params[i];
        if (param->kind != SIG_PLAIN || (i < position && !param->keyword_only)) continue;
        buf_clear(&text);
        buf_addf(&text, "%s%s%s", param->type_text ? param->type_text : "", param->default_text ? " = " : "",
                 param->default_text ? param->default_text : "");
        add_param(c, param->name, buf_text(&text), given);
    }
    buf_release(&text);
}

/* Parameters of a def function, from its text "dcg(gains, k=10)". */
static void add_def_params(struct completing *c, const char *signature, size_t position, struct str_map *given) {
    struct lookup text;
    lookup_init(&text, NULL, NULL, slice_of(signature));
    size_t nth = 0;
    int depth = 0;
    for (size_t i = 0; i < text.n; i++) {
        enum token_kind kind = lookup_kind(&text, i);
        if (kind == TOKEN_OPEN_PAREN || kind == TOKEN_OPEN_BRACKET || kind == TOKEN_OPEN_BRACE) depth++;
        if (kind == TOKEN_CLOSE_PAREN || kind == TOKEN_CLOSE_BRACKET || kind == TOKEN_CLOSE_BRACE) depth--;
        enum token_kind before = i ? lookup_kind(&text, i - 1) : TOKEN_END;
        if (kind != TOKEN_NAME || depth > 1 || (before != TOKEN_OPEN_PAREN && before != TOKEN_COMMA && before != TOKEN_LAMBDA)) continue;
        if (nth++ >= position) add_param(c, lookup_token(&text, i)->u.name, "", given);
    }
    lookup_release(&text);
}

/* The builtin that the first argument is a recipe of: als() itself, or a name of one, whose line begins "als(". */
static const struct builtin_info *recipe_of_call(const struct completing *c, size_t open) {
    if (lookup_kind(&c->here, open + 1) != TOKEN_NAME || !c->here.registry) return NULL;
    const char *name = lookup_token(&c->here, open + 1)->u.name;
    if (lookup_kind(&c->here, open + 2) == TOKEN_OPEN_PAREN) return registry_find(c->here.registry, name);
    const struct snapshot_name *held = c->here.snapshot ? snapshot_find(c->here.snapshot, name) : NULL;
    if (!held || !held->line || !strchr(held->line, '(')) return NULL;
    char *builtin = xstrndup(held->line, strcspn(held->line, "("));
    const struct builtin_info *info = registry_find(c->here.registry, builtin);
    free(builtin);
    return info;
}

static bool has_param(const struct signature *signature, const char *name) {
    for (size_t i = 0; i < signature->n_params; i++)
        if (signature->params[i].kind == SIG_PLAIN && strcmp(signature->params[i].name, name) == 0) return true;
    return false;
}

/* `**parameters` that are a recipe's: what can vary stands first among its keywords, each with a default that says something. */
static void add_recipe_params(struct completing *c, const struct signature *callee, size_t open, struct str_map *given) {
    const struct sig_param *rest = callee->n_params ? &callee->params[callee->n_params - 1] : NULL;
    if (!rest || rest->kind != SIG_DOUBLE_STAR || !rest->note || !rest->note->completes || strcmp(rest->note->completes, "recipe") != 0) return;
    const struct builtin_info *info = recipe_of_call(c, open);
    for (size_t i = 0; info && i < info->signatures[0].n_params; i++) {
        const struct sig_param *param = &info->signatures[0].params[i];
        if (!param->keyword_only) continue;
        if (!param->default_text || strcmp(param->default_text, "None") == 0) return;
        if (!has_param(callee, param->name)) add_param(c, param->name, param->type_text ? param->type_text : "", given);
    }
}

static void add_params(struct completing *c, const struct thing *callee, size_t open, const struct argument_place *place) {
    struct str_map *given = given_names(c, open);
    c->found.group = GROUP_PARAM;
    for (size_t i = 0; callee->info && i < callee->info->n_signatures; i++) add_recipe_params(c, &callee->info->signatures[i], open, given);
    for (size_t i = 0; callee->info && i < callee->info->n_signatures; i++) add_row_params(c, &callee->info->signatures[i], place->position, given);
    if (!callee->info && callee->name && callee->name->signature) add_def_params(c, callee->name->signature, place->position, given);
    str_map_free(given);
}

/* --- the call around the cursor --- */

/* The nearest call around token `end`; brackets of lists and tuples inside its arguments are stepped over. */
static bool call_around(const struct completing *c, size_t end, size_t *out_open, bool *out_nested) {
    *out_nested = false;
    while (lookup_bracket(&c->here, end, out_open)) {
        enum token_kind kind = lookup_kind(&c->here, *out_open);
        if (lookup_applies(&c->here, *out_open)) return kind == TOKEN_OPEN_PAREN;
        if (kind == TOKEN_FIELD_OPEN) return false;
        *out_nested = true;
        end = *out_open;
    }
    return false;
}

static void add_from_call(struct completing *c, bool in_string) {
    size_t open;
    bool nested;
    if (!call_around(c, c->end, &open, &nested)) return;
    struct thing callee = lookup_thing(&c->here, open);
    struct argument_place place = lookup_argument(&c->here, open, c->end);
    if (!in_string && !nested && !place.name && place.start == c->end) add_params(c, &callee, open, &place);
    bool value = place.name ? place.start + 2 == c->end : place.start == c->end;
    if (!value && !nested && !in_string) return;
    for (size_t i = 0; callee.info && i < callee.info->n_signatures; i++) {
        const struct sig_param *param = signature_param(&callee.info->signatures[i], &place);
        if (param) add_param_values(c, param, open, in_string);
    }
}

/* The subscript around the cursor; a list in it, t[["a", "b"]], is stepped over. */
static bool subscript_around(const struct completing *c, size_t *out_open, bool *out_listed) {
    size_t end = c->end;
    for (*out_listed = false; lookup_bracket(&c->here, end, out_open) && lookup_kind(&c->here, *out_open) == TOKEN_OPEN_BRACKET; *out_listed = true) {
        if (lookup_applies(&c->here, *out_open)) return true;
        if (*out_listed) return false;
        end = *out_open;
    }
    return false;
}

/* t["…"], t[["…"]], d["…"], e["…"]: columns, keys and titles of what the brackets belong to. */
static void add_from_subscript(struct completing *c, bool in_string) {
    size_t open;
    bool listed;
    if (!subscript_around(c, &open, &listed)) return;
    struct thing thing = lookup_thing(&c->here, open);
    c->found.group = GROUP_VALUE;
    add_columns_of(c, &thing);
    if (listed) return;
    if (in_string && thing.type && thing.type->keyed) add_items_of(c, &thing);
    for (size_t i = 0; thing.name && i < thing.name->n_keys; i++) candidates_add_text(&c->found, thing.name->keys[i], "column");
}

/* --- names --- */

static bool hidden(struct slice word, const char *name) { return name[0] == '_' && (word.len == 0 || word.data[0] != '_'); }

static void add_session_names(struct completing *c) {
    for (size_t i = 0; i < snapshot_len(c->here.snapshot); i++) {
        const struct snapshot_name *name = snapshot_at(c->here.snapshot, i);
        if (hidden(c->word, name->name)) continue;
        bool function = name->row || name->signature;
        candidates_add(&c->found, name->name, function ? "function" : "instance", name->signature ? name->signature : "");
    }
}

/* The token after a row of names with commas that begins at i. */
static size_t after_names(const struct lookup *here, size_t i) {
    for (int most = 0; most < 100 && lookup_kind(here, i + 1) == TOKEN_COMMA && lookup_kind(here, i + 2) == TOKEN_NAME; most++) i += 2;
    return i + 1;
}

static bool begins_line(enum token_kind before) {
    return before == TOKEN_NEWLINE || before == TOKEN_INDENT || before == TOKEN_DEDENT || before == TOKEN_SEMICOLON || before == TOKEN_COLON;
}

static void add_cell_name(struct completing *c, size_t i, const char *type) {
    const char *name = lookup_token(&c->here, i)->u.name;
    if (!hidden(c->word, name)) candidates_add(&c->found, name, type, "");
}

/* Names that the cell itself binds before the cursor: `a, b = …`, `for k in`, `def f`. */
static void add_cell_names(struct completing *c) {
    const struct lookup *here = &c->here;
    for (size_t i = 0; i < c->end; i++) {
        enum token_kind before = i ? lookup_kind(here, i - 1) : TOKEN_NEWLINE;
        if (lookup_kind(here, i) != TOKEN_NAME) continue;
        if (before == TOKEN_DEF) add_cell_name(c, i, "function");
        if (!begins_line(before) && before != TOKEN_FOR) continue;
        size_t end = after_names(here, i);
        if (end >= c->end || lookup_kind(here, end) != (before == TOKEN_FOR ? TOKEN_IN : TOKEN_ASSIGN)) continue;
        for (size_t j = i; j < end; j += 2) add_cell_name(c, j, "instance");
    }
}

static void add_names(struct completing *c) {
    c->found.group = GROUP_NAME;
    add_session_names(c);
    add_cell_names(c);
    c->found.group = GROUP_BUILTIN;
    add_builtin_names(c);
}

/* Words that only a statement begins with don't stand in brackets. */
static bool begins_statement(const char *word) {
    static const char *const words[] = {"break", "continue", "def", "del", "elif", "pass", "return", "while"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) return true;
    return false;
}

static void add_keywords(struct completing *c) {
    size_t open;
    bool inside = lookup_bracket(&c->here, c->end, &open);
    c->found.group = GROUP_KEYWORD;
    for (size_t i = 0; lang_keyword(i); i++)
        if (!inside || !begins_statement(lang_keyword(i))) candidates_add(&c->found, lang_keyword(i), "keyword", "");
}

static void add_attributes(struct completing *c, size_t dot) {
    struct thing thing = lookup_thing(&c->here, dot);
    for (const struct attribute_row *row = thing.type ? thing.type->attributes : NULL; row && row->name; row++)
        candidates_add(&c->found, row->name, "instance", row->type);
    for (const struct builtin_row *row = thing_methods(&thing); row && row->sigs && c->here.registry; row++) {
        const struct builtin_info *info = registry_info(c->here.registry, row);
        if (info) candidates_add(&c->found, info->signatures[0].name, "function", info->signatures[0].text);
    }
}

/* --- where the cursor is --- */

static bool ends_value(enum token_kind kind) {
    switch (kind) {
    case TOKEN_NAME:
    case TOKEN_INT:
    case TOKEN_FLOAT:
    case TOKEN_STRING:
    case TOKEN_FSTRING_END:
    case TOKEN_CLOSE_PAREN:
    case TOKEN_CLOSE_BRACKET:
    case TOKEN_CLOSE_BRACE:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NONE: return true;
    default: return false;
    }
}

/* Whether a line ended between the last token and the cursor. */
static bool on_new_line(const struct completing *c) {
    const struct token *after = &c->here.tokens.items[c->here.n];
    return c->end == c->here.n && after->kind == TOKEN_NEWLINE && after->span.end > after->span.start;
}

/* A name, or nothing yet, at token c->end. */
static void complete_name(struct completing *c) {
    enum token_kind before = c->end && !on_new_line(c) ? lookup_kind(&c->here, c->end - 1) : TOKEN_NEWLINE;
    if (before == TOKEN_DOT) {
        add_attributes(c, c->end - 1);
        return;
    }
    if (before == TOKEN_DEF) return;
    if (!ends_value(before)) {
        c->found.quote = "\"";
        add_from_call(c, false);
        add_from_subscript(c, false);
        add_names(c);
    }
    add_keywords(c);
}

static void complete_string(struct completing *c) {
    c->found.quote = "";
    add_from_subscript(c, true);
    add_from_call(c, true);
}

/* Whether the text from the last token to the cursor holds a comment, or ends a line. */
static bool gap_holds(const struct completing *c, uint32_t from, char what, uint32_t *out_at) {
    struct slice text = c->here.source->text;
    for (uint32_t i = (uint32_t)text.len; i-- > from;) {
        *out_at = i;
        if (text.data[i] == what) return true;
        if (text.data[i] == '\n' && what == '#') return false;
    }
    return false;
}

static void at_string(struct completing *c, const struct token *token) {
    const char *text = c->here.source->text.data;
    uint32_t start = token->span.start;
    while (text[start] != '"' && text[start] != '\'') start++;
    bool triple = start + 2 < token->span.end && text[start + 1] == text[start] && text[start + 2] == text[start];
    c->word = token->u.string;
    c->word_start = start + (triple ? 3 : 1);
    c->end = c->here.n - 1;
    complete_string(c);
}

static void at_word(struct completing *c, const struct token *token) {
    c->word = (struct slice){c->here.source->text.data + token->span.start, token->span.end - token->span.start};
    c->word_start = token->span.start;
    c->end = c->here.n - 1;
    complete_name(c);
}

static void complete_here(struct completing *c) {
    uint32_t cursor = (uint32_t)c->here.source->text.len, at;
    const struct token *last = c->here.n ? lookup_token(&c->here, c->here.n - 1) : NULL;
    bool touches = last && last->span.end == cursor;
    c->word = (struct slice){"", 0};
    c->word_start = cursor;
    c->end = c->here.n;
    if (gap_holds(c, last ? last->span.end : 0, '#', &at)) return;
    if (touches && last->kind == TOKEN_STRING_OPEN) at_string(c, last);
    else if (touches && (last->kind == TOKEN_NAME || token_is_word(last->kind))) at_word(c, last);
    else if (touches && (last->kind == TOKEN_FSTRING_TEXT || last->kind == TOKEN_FSTRING_START || last->kind == TOKEN_FIELD_SPEC ||
                         last->kind == TOKEN_FIELD_CLOSE || last->kind == TOKEN_INT || last->kind == TOKEN_FLOAT || last->kind == TOKEN_STRING ||
                         last->kind == TOKEN_FSTRING_END))
        return;
    else complete_name(c);
}

void complete_at(const struct registry *registry, const struct snapshot *snapshot, const struct complete_sources *sources, struct slice code,
                 size_t cursor, struct completions *out) {
    size_t n = utf8_count(code);
    if (cursor > n) cursor = n;
    size_t cut = utf8_offset(code, cursor);
    *out = (struct completions){.start = cursor, .end = cursor};
    if (code.len > LIMIT_CELL_BYTES) return;
    struct completing c = {.sources = sources, .rest = {code.data + cut, code.len - cut}, .found.quote = ""};
    lookup_init(&c.here, registry, snapshot, (struct slice){code.data, cut});
    complete_here(&c);
    struct slice text = c.here.source->text;
    out->start = cursor - utf8_count((struct slice){text.data + c.word_start, text.len - c.word_start});
    candidates_sift(&c.found, c.word, out);
    if (!out->n_items) out->start = cursor;
    lookup_release(&c.here);
}

void completions_release(struct completions *completions) {
    for (size_t i = 0; i < completions->n_items; i++) {
        free(completions->items[i].text);
        free(completions->items[i].signature);
    }
    free(completions->items);
    *completions = (struct completions){0};
}
