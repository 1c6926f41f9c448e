/* Errors about names: what is near, what other tools call it, what Python has and Reckon has otherwise. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/eval.h"
#include "runtime/base/vec.h"

/* Python's names that Reckon lacks, with what to write instead. */
static const struct {
    const char *name, *instead;
} python_names[] = {
    {"np", "Arrays are built in: array([[1, 2], [3, 4]]), with + - * / @, .T, sum, mean, std, norm"},
    {"numpy", "Arrays are built in: array([[1, 2], [3, 4]]), with + - * / @, .T, sum, mean, std, norm"},
    {"pd", "Tables are built in: load(\"x.csv\"), table(…), sql(\"select …\"), t.where(…), t.group(…)"},
    {"pandas", "Tables are built in: load(\"x.csv\"), table(…), sql(\"select …\"), t.where(…), t.group(…)"},
    {"plt", "plots are built in: plot, scatter, hist, bars, heatmap, curve"},
    {"sns", "plots are built in: plot, scatter, hist, bars, heatmap, curve"},
    {"torch", "models are built in: als, mf, neumf, two_tower …; help() lists them"},
    {"tf", "models are built in: als, mf, neumf, two_tower …; help() lists them"},
    {"sklearn", "models, split and evaluate are built in; help() lists them"},
    {"surprise", "its models are built in under other names: svd, mf, user_knn …; help() lists them"},
    {"math", "its functions are builtins: log, log2, exp, sqrt, abs, round"},
    {"random", "every random choice comes from seed=: seed(1), split(…, seed=1), synth(seed=1)"},
    {"os", "load, open, save and export take paths; param(\"name\", default) reads a setting"},
    {"sys", "print(…) writes; param(\"name\", default) reads a setting"},
    {"time", "timeit(expression) measures; sleep(seconds) waits"},
    {"datetime", "times are whole seconds UTC; Tables show them as dates"},
    {"json", "load and export read and write files: .jsonl, .csv"},
    {"re", "strs have find, replace, split, startswith, endswith"},
    {"display", "show(x) shows a value anywhere in a cell"},
    {"isinstance", "compare types: type(x) == int"},
    {"issubclass", "there are no classes; type(x) tells a value's type"},
    {"pow", "write a ** b"},
    {"divmod", "write (a // b, a % b)"},
    {"repr", "write f\"{x!r}\""},
    {"format", "write an f-string: f\"{x:.3f}\""},
    {"iter", "`for` and comprehensions go through items; list(x) makes a list of them"},
    {"next", "take the first item: x[0], or list(x)[0]"},
    {"hash", "a Dataset has .fingerprint"},
    {"id", "who() lists the session's names and their sizes"},
    {"dir", "who() lists names; x? shows what a value can do"},
    {"vars", "who() lists the session's names"},
    {"globals", "who() lists the session's names"},
    {"locals", "who() lists the session's names"},
    {"getattr", "write x.name"},
    {"hasattr", "x? shows what a value can do"},
    {"setattr", "values don't change; make a new one"},
    {"callable", "compare types: type(f)"},
    {"eval", "write the expression itself"},
    {"exec", "write the statements themselves"},
    {"frozenset", "sets don't change anyway: set(x)"},
    {"bytes", "there are strs only; open and load read files"},
    {"complex", "numbers are int and float"},
    {"slice", "write x[start:stop:step]"},
    {"ord", "there is no such need here; strs compare by their code points"},
    {"chr", "write the character itself"},
    {"hex", "write f\"{n:x}\""},
    {"bin", "write f\"{n:b}\""},
    {"oct", "write f\"{n:o}\""},
    {"quit", "Ctrl-D leaves a console; a notebook: Kernel > Shut Down"},
    {"exit", "Ctrl-D leaves a console; a notebook: Kernel > Shut Down"},
    {"nan", "write float(\"nan\")"},
    {"inf", "write float(\"inf\")"},
    {"pi", "write 3.141592653589793"},
    {"true", "write True"},
    {"false", "write False"},
    {"null", "write None"},
    {"nil", "write None"},
    {"none", "write None"},
    {"self", "there are no classes; a function takes what it needs as parameters"},
    {"Exception", "there are no exceptions to raise; an error ends the cell and leaves the names as they were"},
};

static const char *python_hint(const char *name) {
    for (size_t i = 0; i < sizeof python_names / sizeof *python_names; i++)
        if (strcmp(python_names[i].name, name) == 0) return python_names[i].instead;
    return NULL;
}

static bool is_word_char(char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Finds name as a whole word in "SVD (Surprise), FunkSVD"; copies the tool in brackets that follows it. */
static bool other_name(const char *others, const char *name, char tool[64]) {
    size_t len = strlen(name);
    for (const char *at = others; (at = strstr(at, name)); at += len) {
        if ((at > others && is_word_char(at[-1])) || is_word_char(at[len])) continue;
        size_t depth = 0;
        for (const char *c = others; c < at; c++) depth += *c == '(' ? 1 : *c == ')' ? (size_t)-1 : 0;
        if (depth) continue; /* the tool's own name */
        tool[0] = 0;
        const char *open = strncmp(at + len, " (", 2) == 0 ? at + len + 2 : NULL;
        if (open) snprintf(tool, 64, "%.*s", (int)strcspn(open, ")"), open);
        return true;
    }
    return false;
}

static bool elsewhere_hint(const struct registry *registry, const char *name, struct error *err) {
    char tool[64];
    for (size_t i = 0; i < registry_len(registry); i++) {
        const struct builtin_info *info = registry_at(registry, i);
        if (!info->row->other_names || !other_name(info->row->other_names, name, tool)) continue;
        if (tool[0]) err_hint(err, "%s's `%s` is `%s` here", tool, name, info->signatures[0].name);
        else err_hint(err, "`%s` is `%s` here", name, info->signatures[0].name);
        return true;
    }
    return false;
}

static void nearest_hint(const struct frame *frame, const char *name, struct error *err) {
    VEC(const char *) names = {0};
    const struct interp *interp = frame->interp;
    for (const struct env *env = frame->env; env; env = env->parent)
        for (uint32_t i = 0; i < env->n; i++)
            if (env->slots[i].value.kind != VAL_UNSET) vec_push(&names, env->slots[i].name);
    for (uint32_t i = 0; i < interp->globals->n; i++) vec_push(&names, interp->globals->slots[i].name);
    for (size_t i = 0; i < registry_len(interp->registry); i++) vec_push(&names, registry_at(interp->registry, i)->signatures[0].name);
    const char *near = nearest_name(name, names.data, names.len);
    if (near) err_hint(err, "did you mean `%s`?", near);
    vec_release(&names);
}

enum status unknown_name(struct frame *frame, const char *name, struct error *err) {
    const char *instead = python_hint(name);
    if (registry_find(frame->interp->registry, name)) {
        err_set(err, ERR_NAME, "`%s` is a builtin, not a name of this session", name);
        return err_hint(err, "bind it first: %s = …", name);
    }
    err_set(err, ERR_NAME, "nothing is called `%s`", name);
    if (elsewhere_hint(frame->interp->registry, name, err)) return err->code;
    if (instead) return err_hint(err, "%s", instead);
    nearest_hint(frame, name, err);
    return err->code;
}

enum status no_value_yet(struct frame *frame, const char *name, struct error *err) {
    const char *function = frame->function ? function_name(frame->function) : NULL;
    bool outside = env_find(frame->interp->globals, name) != NULL;
    for (const struct env *env = frame->env ? frame->env->parent : NULL; env && !outside; env = env->parent) {
        struct env_slot *slot = env_find(env, name);
        outside = slot && slot->value.kind != VAL_UNSET;
    }
    if (!function) return err_set(err, ERR_NAME, "`%s` has no value here yet", name);
    err_set(err, ERR_NAME, "`%s` has no value yet in `%s`", name, function);
    if (outside) return err_hint(err, "`%s` binds a `%s` of its own further down; to use the outer one take it as a parameter", function, name);
    return err_hint(err, "`%s` binds it further down, or in a branch that was not taken", function);
}
