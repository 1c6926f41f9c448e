/* The language's dictionary for libFuzzer, on stdout: its words, operators, builtins with their parameters, types and
 * their members. */
#include <stdio.h>
#include <string.h>

#include "kernel/builtins/builtins.h"
#include "kernel/lang/lex.h"
#include "tests/fuzz/fuzz.h"

static void entry(const char *text, const char *after) {
    putchar('"');
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\') putchar('\\');
        if (*c >= ' ' && *c < 0x7F) putchar(*c);
    }
    printf("%s\"\n", after);
}

static void rows(const struct registry *registry, const struct builtin_row *row, const char *before) {
    for (; row && row->sigs; row++) {
        const struct builtin_info *info = registry_info(registry, row);
        char name[80];
        if (!info) continue;
        snprintf(name, sizeof name, "%s%s", before, info->signatures[0].name);
        entry(name, "(");
        for (size_t i = 0; i < info->signatures[0].n_params; i++) entry(info->signatures[0].params[i].name, "=");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return (void)data, (int)(size & 0); }

int main(void) {
    static const enum value_kind kinds[] = {VAL_STR, VAL_LIST, VAL_TUPLE, VAL_DICT, VAL_SET};
    static const char *const more[] = {"\\x0a    ",
                                       "\\x0a# %%\\x0a",
                                       "f\\\"{",
                                       "!r}",
                                       ":.3f}",
                                       ":>10}",
                                       "\\\"\\\"\\\"",
                                       "\\\\\\\\N",
                                       "\\xc3\\xa9",
                                       "1e308",
                                       "0x7fffffffffffffff",
                                       "-9223372036854775808",
                                       "[::-1]",
                                       "lambda x: ",
                                       " for x in ",
                                       "range(9)"};
    struct error err = ERROR_INIT;
    struct registry *registry = builtins_registry(NULL, &err);
    must(registry);
    for (int kind = 0; kind < TOKEN_COUNT; kind++)
        if (token_has_text((enum token_kind)kind)) entry(token_text((enum token_kind)kind), "");
    for (size_t i = 0; i < registry_len(registry); i++) rows(registry, registry_at(registry, i)->row, "");
    for (size_t i = 0; i < registry_n_types(registry); i++) {
        rows(registry, registry_type(registry, i)->methods, ".");
        for (const struct attribute_row *row = registry_type(registry, i)->attributes; row && row->name; row++) entry(row->name, "");
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) rows(registry, value_methods(kinds[i]), ".");
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) printf("\"%s\"\n", more[i]);
    registry_free(registry);
    return 0;
}
