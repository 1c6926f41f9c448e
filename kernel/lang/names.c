/* Errors about names: what is near, what other tools call it, what Python has and Reckon has otherwise. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/eval.h"
#include "kernel/lang/parse.h"
#include "runtime/base/vec.h"

#define N(rows) (sizeof(rows) / sizeof *(rows))

/* What a notebook usually binds: after a restart the cell that makes it has to run again. */
static const struct {
    const char *name, *made_by;
} notebook_names[] = {
    {"ratings", "ratings = load(\"ml-100k\")"},
    {"data", "data = load(\"ml-100k\")"},
    {"train", "train, test = split(ratings, test=0.2, seed=42)"},
    {"test", "train, test = split(ratings, test=0.2, seed=42)"},
    {"valid", "train, valid, test = split(ratings, valid=0.1, test=0.2, seed=42)"},
    {"m", "m = als(train)"},
    {"model", "model = als(train)"},
    {"models", "models = [bias(train), als(train)]"},
    {"scores", "scores = evaluate(models, test)"},
    {"recs", "recs = recommend(m, users=\"all\", k=10)"},
};

/* Metrics that other tools have as functions, under the names that evaluate() knows. */
static const struct {
    const char *name, *metric;
} metric_names[] = {
    {"rmse", "rmse"},
    {"mse", "rmse"},
    {"mean_squared_error", "rmse"},
    {"root_mean_squared_error", "rmse"},
    {"mae", "mae"},
    {"mean_absolute_error", "mae"},
    {"ndcg", "ndcg@10"},
    {"ndcg_score", "ndcg@10"},
    {"ndcg_at_k", "ndcg@10"},
    {"hit_rate", "hit_rate@10"},
    {"hr", "hit_rate@10"},
    {"recall", "recall@10"},
    {"recall_at_k", "recall@10"},
    {"precision", "precision@10"},
    {"precision_at_k", "precision@10"},
    {"mrr", "mrr@10"},
    {"auc", "auc"},
    {"roc_auc_score", "auc"},
};

static bool metric_hint(const char *name, struct error *err) {
    for (size_t i = 0; i < N(metric_names); i++) {
        if (strcmp(metric_names[i].name, name) != 0) continue;
        err_hint(err, "metrics are strs: evaluate(m, test, metrics=\"%s\"); help(\"%s\") explains it", metric_names[i].metric,
                 metric_names[i].metric);
        return true;
    }
    return false;
}

/* Python's names that Reckon lacks, with what to write instead. */
static const struct {
    const char *name, *instead;
} python_names[] = {
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
    {"Dataset", "load(\"ml-100k\") makes one; help(\"Dataset\") says what it has"},
    {"Reader", "load(\"ratings.csv\", user=…, item=…, rating=…) names the columns; the scale is that of the ratings"},
    {"SVDpp", "mf(train) is near: biased factors, without the implicit feedback"},
    {"NMF", "mf(train) and als(train) are near: their factors may be negative"},
    {"nmf", "mf(train) and als(train) are near: their factors may be negative"},
    {"knn", "item_knn(train), user_knn(train) and content_knn(train)"},
    {"KNN", "item_knn(train), user_knn(train) and content_knn(train)"},
    {"NormalPredictor", "bias(train) is the least that a rating model has to beat, popular(train) a ranking one"},
    {"LightFM", "ials(train) and bpr(train) rank; content_knn(train) goes by titles and genres"},
    {"ncf", "there are no neural models yet; ease, ials and bpr rank by the same data"},
    {"neumf", "there are no neural models yet; ease, ials and bpr rank by the same data"},
    {"vae", "there are no neural models yet; ease, ials and bpr rank by the same data"},
    {"true", "write True"},
    {"false", "write False"},
    {"null", "write None"},
    {"nil", "write None"},
    {"none", "write None"},
    {"self", "there are no classes; a function takes what it needs as parameters"},
    {"Exception", "there are no exceptions to raise; an error ends the cell and leaves the names as they were"},
};

static bool notebook_hint(const char *name, struct error *err) {
    for (size_t i = 0; i < N(notebook_names); i++) {
        if (strcmp(notebook_names[i].name, name) != 0) continue;
        err_hint(err, "run the cell that makes it again, or e.g. %s", notebook_names[i].made_by);
        return true;
    }
    return false;
}

const char *foreign_name(size_t i) {
    if (i < N(notebook_names)) return notebook_names[i].name;
    i -= N(notebook_names);
    if (i < N(metric_names)) return metric_names[i].name;
    i -= N(metric_names);
    return i < N(python_names) ? python_names[i].name : NULL;
}

static const char *python_hint(const char *name) {
    for (size_t i = 0; i < N(python_names); i++)
        if (strcmp(python_names[i].name, name) == 0) return python_names[i].instead;
    return NULL;
}

static bool is_word_char(char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool other_name(const char *others, const char *name, char tool[64]) {
    size_t len = strlen(name);
    for (const char *at = others; at && (at = strstr(at, name)); at += len) {
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
        if (!other_name(info->row->other_names, name, tool)) continue;
        err_hint(err, "%s%s`%s` is `%s` here", tool, tool[0] ? "'s " : "", name, info->signatures[0].name);
        return true;
    }
    return false;
}

static bool package_name_hint(const struct registry *registry, const char *name, struct error *err) {
    struct buf instead = BUF_INIT;
    bool found = package_hint(registry, name, &instead);
    if (found) err_hint(err, "%s", buf_text(&instead));
    buf_release(&instead);
    return found;
}

/* Among the names that are bound, and the builtins that do no harm where they weren't meant. */
static void nearest_hint(const struct frame *frame, const char *name, bool builtins, struct error *err) {
    VEC(const char *) names = {0};
    const struct interp *interp = frame->interp;
    for (const struct env *env = frame->env; env; env = env->parent)
        for (uint32_t i = 0; i < env->n; i++)
            if (env->slots[i].value.kind != VAL_UNSET) vec_push(&names, env->slots[i].name);
    for (uint32_t i = 0; i < interp->globals->n; i++) vec_push(&names, interp->globals->slots[i].name);
    for (size_t i = 0; builtins && i < registry_len(interp->registry); i++) {
        const struct builtin_info *info = registry_at(interp->registry, i);
        if (!info->row->destroys) vec_push(&names, info->signatures[0].name);
    }
    const char *near = nearest_name(name, names.data, names.len);
    if (near) err_hint(err, "did you mean `%s`?", near);
    vec_release(&names);
}

enum status unknown_name(struct frame *frame, const char *name, struct error *err) {
    const struct registry *registry = frame->interp->registry;
    const char *instead = python_hint(name);
    if (registry_find(registry, name)) {
        err_set(err, ERR_NAME, "`%s` is a builtin, not a name of this session", name);
        return err_hint(err, "bind it first: %s = …", name);
    }
    err_set(err, ERR_NAME, "nothing is called `%s`", name);
    if (notebook_hint(name, err) || metric_hint(name, err) || package_name_hint(registry, name, err) || elsewhere_hint(registry, name, err))
        return err->code;
    if (instead) return err_hint(err, "%s", instead);
    nearest_hint(frame, name, true, err);
    return err->code;
}

enum status nothing_to_delete(struct frame *frame, const char *name, struct error *err) {
    err_set(err, ERR_NAME, "nothing is called `%s`", name);
    nearest_hint(frame, name, false, err);
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
