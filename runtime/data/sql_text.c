#include "runtime/data/sql_text.h"

#include <strings.h>

#include "runtime/base/str.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_OTHER };

struct token {
    enum token_kind kind;
    uint32_t start, end; /* bytes */
    uint32_t depth;      /* brackets around it */
};

/* --- tokens --- */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

static bool in_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || (c & 0x80);
}

static uint32_t after_spaces(const char *sql, uint32_t at) {
    for (;;) {
        const char *end = NULL;
        if (is_space(sql[at])) end = sql + at + 1;
        else if (sql[at] == '-' && sql[at + 1] == '-') end = sql + at + strcspn(sql + at, "\n");
        else if (sql[at] == '/' && sql[at + 1] == '*') {
            const char *close = strstr(sql + at + 2, "*/");
            end = close ? close + 2 : sql + strlen(sql);
        } else return at;
        at = (uint32_t)(end - sql);
    }
}

/* Behind a text or a name in quotes; a quote that stands twice is part of it, as two texts side by side are for what is asked here. */
static uint32_t after_quoted(const char *sql, uint32_t at) {
    const char close = sql[at] == '[' ? ']' : sql[at], *end = strchr(sql + at + 1, close);
    return (uint32_t)(end ? end + 1 - sql : at + (long)strlen(sql + at));
}

static struct token token_at(const char *sql, uint32_t at) {
    struct token token = {.start = at, .end = at + 1, .kind = TOKEN_OTHER};
    if (!sql[at]) return (struct token){TOKEN_END, at, at, 0};
    if (strchr("'\"`[", sql[at])) token.end = after_quoted(sql, at);
    else if (sql[at] == '(') token.kind = TOKEN_OPEN;
    else if (sql[at] == ')') token.kind = TOKEN_CLOSE;
    else if (in_word(sql[at])) {
        token.kind = TOKEN_WORD;
        while (in_word(sql[token.end])) token.end++;
    }
    return token;
}

typedef VEC(struct token) tokens_vec;

/* All of the first statement; TOKEN_END is the last. */
static tokens_vec tokens_of(const char *sql) {
    tokens_vec tokens = {0};
    uint32_t depth = 0;
    for (uint32_t at = 0;;) {
        struct token token = token_at(sql, after_spaces(sql, at));
        if (token.kind == TOKEN_OTHER && sql[token.start] == ';') token.kind = TOKEN_END;
        if (token.kind == TOKEN_CLOSE && depth) depth--;
        token.depth = depth;
        if (token.kind == TOKEN_OPEN) depth++;
        vec_push(&tokens, token);
        if (token.kind == TOKEN_END) return tokens;
        at = token.end;
    }
}

static bool is(const char *sql, const struct token *token, const char *word) {
    return token->kind == TOKEN_WORD && token->end - token->start == strlen(word) && strncasecmp(sql + token->start, word, strlen(word)) == 0;
}

/* --- what it would do --- */

const char *sql_harm(const char *sql) {
    static const struct {
        const char *word, *harm;
    } known[] = {
        {"INSERT", "insert rows"},          {"REPLACE", "insert rows"},       {"UPDATE", "change rows"},           {"DELETE", "delete rows"},
        {"CREATE", "change the database"},  {"DROP", "change the database"},  {"ALTER", "change the database"},    {"REINDEX", "change the database"},
        {"ANALYZE", "change the database"}, {"VACUUM", "write a file"},       {"ATTACH", "attach a file"},         {"DETACH", "detach a file"},
        {"PRAGMA", "run a pragma"},         {"BEGIN", "begin a transaction"}, {"COMMIT", "end a transaction"},     {"END", "end a transaction"},
        {"ROLLBACK", "end a transaction"},  {"RELEASE", "end a transaction"}, {"SAVEPOINT", "begin a transaction"}};
    const struct token first = token_at(sql, after_spaces(sql, 0));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is(sql, &first, known[i].word)) return known[i].harm;
    return NULL;
}

bool sql_explains(const char *sql) {
    const struct token first = token_at(sql, after_spaces(sql, 0));
    return is(sql, &first, "EXPLAIN");
}

/* --- what it names --- */

/* What a word is, or what stands in the quotes. */
static struct slice inside(const char *sql, const struct token *token, const char *quotes) {
    const bool quoted = token->kind == TOKEN_OTHER && strchr(quotes, sql[token->start]);
    const uint32_t start = token->start + quoted, end = token->end - quoted;
    if ((!quoted && token->kind != TOKEN_WORD) || end <= start) return slice_of("");
    return (struct slice){sql + start, end - start};
}

bool sql_spells(const char *sql, const char *name) {
    tokens_vec tokens = tokens_of(sql);
    bool spells = false;
    for (size_t i = 0; i < tokens.len && !spells; i++) spells = slice_eqz(inside(sql, &tokens.data[i], "\"`["), name);
    vec_release(&tokens);
    return spells;
}

bool sql_names_alone(const char *sql, const char *name) {
    tokens_vec tokens = tokens_of(sql);
    const size_t length = strlen(name);
    bool names = false;
    for (size_t i = 0; i < tokens.len && !names; i++) {
        const struct slice word = inside(sql, &tokens.data[i], "\"`['");
        const bool behind_dot = i > 0 && sql[tokens.data[i - 1].start] == '.';
        names = !behind_dot && word.len == length && strncasecmp(word.data, name, length) == 0;
    }
    vec_release(&tokens);
    return names;
}

/* --- parts --- */

struct cutting {
    const char *sql;
    const struct token *tokens;
    struct slice with; /* the query's own */
    int n_compounds;
    struct sql_parts *out;
};

/* The first token of [from, to) at a depth that is one of the words; to: none. */
static size_t find(const struct cutting *cut, size_t from, size_t to, uint32_t depth, const char *const *words) {
    for (size_t i = from; i < to; i++)
        for (const char *const *word = words; cut->tokens[i].depth == depth && *word; word++)
            if (is(cut->sql, &cut->tokens[i], *word)) return i;
    return to;
}

static struct slice text_of(const struct cutting *cut, size_t from, size_t to) {
    const uint32_t start = cut->tokens[from].start;
    return (struct slice){cut->sql + start, to > from ? cut->tokens[to - 1].end - start : 0};
}

static void add_part(struct cutting *cut, struct slice own_with, size_t from, size_t to, uint32_t depth) {
    static const char *const behind[] = {"ORDER", "LIMIT", NULL};
    struct buf text = BUF_INIT;
    const struct slice select = text_of(cut, from, find(cut, from, to, depth, behind));
    if (own_with.data != cut->with.data) buf_addf(&text, "%.*s ", (int)cut->with.len, cut->with.data);
    buf_addf(&text, "%.*s ", (int)own_with.len, own_with.data);
    buf_add(&text, select.data, select.len);
    const struct sql_part part = {cut->n_compounds, is(cut->sql, &cut->tokens[from], "VALUES"), buf_take(&text)};
    vec_push(cut->out, part);
}

/* What stands between two brackets, or the whole query: [from, to) at its depth. */
static void cut_level(struct cutting *cut, size_t from, size_t to, uint32_t depth) {
    static const char *const verbs[] = {"SELECT", "VALUES", NULL}, *const compounds[] = {"UNION", "INTERSECT", "EXCEPT", NULL};
    const size_t verb = find(cut, from, to, depth, verbs);
    if (verb == to) return;
    const struct slice with = text_of(cut, from, verb);
    if (depth == 0) cut->with = with;
    size_t at = verb, end = find(cut, at, to, depth, compounds);
    if (end == to && !is(cut->sql, &cut->tokens[verb], "VALUES")) return;
    for (;; end = find(cut, at, to, depth, compounds)) {
        add_part(cut, with, at, end, depth);
        if (end == to) break;
        at = find(cut, end, to, depth, verbs);
    }
    cut->n_compounds++;
}

/* The bracket's end, as a place in tokens. */
static size_t close_of(const tokens_vec *tokens, size_t open) {
    size_t at = open + 1;
    while (at + 1 < tokens->len && !(tokens->data[at].kind == TOKEN_CLOSE && tokens->data[at].depth == tokens->data[open].depth)) at++;
    return at;
}

void sql_parts_of(const char *sql, struct sql_parts *out) {
    tokens_vec tokens = tokens_of(sql);
    struct cutting cut = {.sql = sql, .tokens = tokens.data, .out = out};
    cut_level(&cut, 0, tokens.len - 1, 0);
    for (size_t i = 0; i < tokens.len; i++)
        if (tokens.data[i].kind == TOKEN_OPEN) cut_level(&cut, i + 1, close_of(&tokens, i), tokens.data[i].depth + 1);
    vec_release(&tokens);
}

void sql_parts_release(struct sql_parts *parts) {
    for (size_t i = 0; i < parts->len; i++) free(parts->data[i].text);
    vec_release(parts);
}
