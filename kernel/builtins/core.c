/* What a cell says and asks: print, show, param, input, sleep. */
#include "kernel/builtins/core.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/builtins.h"
#include "runtime/base/mem.h"

bool call_method(const struct call *call, struct value value, const char *name, struct value *out, enum status *status, struct error *err) {
    if (value.kind != VAL_OBJECT || !registry_method(call->interp->registry, value.u.object->type, name)) return false;
    struct value method;
    *status = value_attribute(call->interp, value, name, &method, err);
    if (*status != OK) return true;
    *status = interp_call(call->interp, method, NULL, 0, out, err);
    value_release(&method);
    return true;
}

static enum status fill_texts(struct value value, const char **texts, size_t n, struct error *err) {
    if (value.kind == VAL_STR) texts[0] = value.u.text->data;
    for (size_t i = 0; value.kind != VAL_STR && i < n; i++) {
        struct value item = seq_item(value, i);
        if (item.kind != VAL_STR) return err_set(err, ERR_TYPE, "item %zu must be str, got %s", i, value_type_name(item));
        texts[i] = item.u.text->data;
    }
    return OK;
}

enum status value_texts(struct value value, const char ***out_owned_array, size_t *out_n, struct error *err) {
    bool is_seq = value.kind == VAL_LIST || value.kind == VAL_TUPLE;
    if (value.kind != VAL_STR && !is_seq) return err_set(err, ERR_TYPE, "expected a str or a list of strs, got %s", value_type_name(value));
    size_t n = is_seq ? seq_len(value) : 1;
    const char **texts = xnew_array(const char *, n + 1);
    enum status status = fill_texts(value, texts, n, err);
    if (status != OK) {
        free(texts);
        return status;
    }
    *out_owned_array = texts;
    *out_n = n;
    return OK;
}

/* --- print and show --- */

static enum status run_print(const struct call *call, struct value *out, struct error *err) {
    struct value values = arg(call, "values"), sep = arg(call, "sep"), end = arg(call, "end");
    struct buf text = BUF_INIT;
    (void)err;
    for (size_t i = 0; i < seq_len(values); i++) {
        if (i) value_str_form(sep, &text);
        value_str_form(seq_item(values, i), &text);
    }
    value_str_form(end, &text);
    interp_print(call->interp, buf_text(&text), text.len);
    buf_release(&text);
    return *out = NONE, OK;
}

static enum status run_show(const struct call *call, struct value *out, struct error *err) {
    struct value values = arg(call, "values");
    for (size_t i = 0; i < seq_len(values); i++) TRY(interp_show(call->interp, seq_item(values, i), err));
    return *out = NONE, OK;
}

/* --- param --- */

/* What comes from outside must be of the default's kind; an int will do for a float. */
static bool fits_default(struct value *value, struct value otherwise) {
    if (value->kind == VAL_INT && otherwise.kind == VAL_FLOAT) *value = value_float((double)value->u.i);
    return value->kind == otherwise.kind || otherwise.kind == VAL_NONE;
}

/* A literal of the default's kind from the environment's text; strs may stand without quotes. */
static enum status read_setting(const struct call *call, const char *variable, const char *text, struct value *out, struct error *err) {
    struct value otherwise = arg(call, "default"), value = UNSET;
    struct error inner = ERROR_INIT;
    if (otherwise.kind == VAL_STR && text[0] != '"' && text[0] != '\'') return *out = value_str(text), OK;
    enum status status = interp_eval(call->interp, variable, slice_of(text), &value, &inner);
    error_clear(&inner);
    if (status == OK && fits_default(&value, otherwise)) return *out = value, OK;
    value_release(&value);
    arg_error("name", err, ERR_VALUE, "%s=%.100s is not %s%s", variable, text, article(value_type_name(otherwise)), value_type_name(otherwise));
    return err_hint(err, "the default decides the type; set %s to one like it, or unset it", variable);
}

static bool is_setting_name(const char *name) {
    for (const char *c = name; *c; c++)
        if (*c != '_' && !(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9')) return false;
    return name[0] != 0;
}

static void fix_setting(struct context *context, const char *name, struct value value) {
    if (context->fixed.kind == VAL_UNSET) context->fixed = value_dict();
    dict_puts(&context->fixed, name, value_ref(value));
}

static bool find_fixed(const struct context *context, const char *name, struct value *out_borrowed) {
    if (context->fixed.kind == VAL_UNSET) return false;
    struct value key = value_str(name);
    bool found = dict_get(context->fixed, key, out_borrowed);
    value_release(&key);
    return found;
}

static enum status read_fixed(const struct call *call, const char *name, struct value fixed, struct value *out, struct error *err) {
    struct value otherwise = arg(call, "default");
    if (fits_default(&fixed, otherwise)) return *out = value_ref(fixed), OK;
    arg_error("default", err, ERR_VALUE, "`%s` was fixed from outside as %s%s, its default here is %s%s", name, article(value_type_name(fixed)),
              value_type_name(fixed), article(value_type_name(otherwise)), value_type_name(otherwise));
    return err_hint(err, "give it a value like the default, which decides the type (papermill -p %s …)", name);
}

static enum status read_environment(const struct call *call, const char *name, struct value *out, struct error *err) {
    struct buf variable = BUF_INIT;
    buf_addf(&variable, "RECKON_PARAM_%s", name);
    const char *text = getenv(buf_text(&variable));
    enum status status = OK;
    if (text) status = read_setting(call, buf_text(&variable), text, out, err);
    else *out = value_ref(arg(call, "default"));
    buf_release(&variable);
    return status;
}

static enum status run_param(const struct call *call, struct value *out, struct error *err) {
    const char *name = arg_str(call, "name");
    struct value fixed;
    if (!is_setting_name(name)) return arg_error("name", err, ERR_VALUE, "a parameter's name is made of letters, digits and _, got '%.60s'", name);
    if (arg_bool(call, "override")) fix_setting(context_of(call), name, arg(call, "default"));
    if (find_fixed(context_of(call), name, &fixed)) return read_fixed(call, name, fixed, out, err);
    return read_environment(call, name, out, err);
}

/* --- input and sleep --- */

static enum status run_input(const struct call *call, struct value *out, struct error *err) {
    const struct output *output = call->interp->output;
    struct buf answer = BUF_INIT;
    if (!output->input) {
        err_set(err, ERR_VALUE, "nobody can answer here: this front end takes no input");
        return err_hint(err, "param(\"name\", default) takes values from outside");
    }
    enum status status = output->input(output->ctx, arg_str(call, "prompt"), arg_bool(call, "password"), &answer, err);
    if (status == OK) *out = value_strn(buf_text(&answer), answer.len);
    buf_release(&answer);
    return status;
}

static enum status run_sleep(const struct call *call, struct value *out, struct error *err) {
    TRY(task_sleep(call->task, arg_float(call, "seconds"), err));
    return *out = NONE, OK;
}

#define NOTES (const struct param_note[])

const struct builtin_row builtins_core[] = {
    {.sigs = "print(*values: Any, sep: str = \" \", end: str = \"\\n\") -> None",
     .group = "Plain",
     .summary = "Writes the values as text.",
     .notes = NOTES{{"values", .doc = "anything; strs without quotes"},
                    {"sep", .doc = "stands between two values"},
                    {"end", .doc = "stands after the last"},
                    {0}},
     .example = "print(\"rmse\", 0.93)",
     .run = run_print},
    {.sigs = "show(*values: Any) -> None",
     .group = "Plain",
     .summary = "Shows values in their richest form, anywhere in a cell.",
     .notes = NOTES{{"values", .doc = "Tables, Plots, Models …"}, {0}},
     .doc = "The last expression of a cell shows itself; show is for the others: in loops, in functions, several in a cell.",
     .example = "for k in [1, 2]: show(list(range(k)))",
     .run = run_show,
     .other_names = "display (IPython)"},
    {.sigs = "param(name: str, default: Any, override: bool = False) -> Any",
     .group = "Plain",
     .summary = "A notebook's parameter: the default, or what the environment says.",
     .notes = NOTES{{"name", .doc = "RECKON_PARAM_<name> is looked up in the environment"},
                    {"default", .doc = "used where that is not set; its type decides how the text is read"},
                    {"override", .doc = "gives this value to every later param of the name as well: what papermill -p writes"},
                    {0}},
     .doc = "Lets one notebook run with other settings: RECKON_PARAM_epochs=50 jupyter nbconvert --execute lab.ipynb. The text is read as a literal "
            "of the default's type, so lists, numbers and True are written as in a cell.",
     .example = "epochs = param(\"epochs\", 15); epochs",
     .run = run_param},
    {.sigs = "input(prompt: str = \"\", password: bool = False) -> str",
     .group = "Plain",
     .summary = "Asks in the front end and gives the answer as text.",
     .notes = NOTES{{"prompt", .doc = "the question"}, {"password", .doc = "hides what is typed"}, {0}},
     .doc = "Where nobody can answer (a notebook executed from the command line) it is an error; param() is for such values.",
     .example = "f = lambda: input(\"name? \"); type(f)",
     .run = run_input},
    {.sigs = "sleep(seconds: float) -> None",
     .group = "Plain",
     .summary = "Waits; an interrupt ends the wait at once.",
     .notes = NOTES{{"seconds", .doc = "how long", .min = 0, .max = 1e9}, {0}},
     .example = "sleep(0.01)",
     .run = run_sleep},
    {0}};
