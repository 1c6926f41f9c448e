/* Fits the arguments of a call to the signatures of a row, then runs it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lang/container.h"
#include "kernel/lang/interp.h"
#include "kernel/lang/signature.h"
#include "runtime/base/vec.h"

static const char *call_name(const struct bound_call *b) { return b->signature->name; }

/* The error belongs to argument i (its name or its value). */
static enum status blame(const struct bound_call *b, size_t i, bool name, struct error *err) {
    const struct arguments *a = b->arguments;
    if (a->spans && a->source) error_place(err, a->source, name && a->names && a->names[i] ? a->name_spans[i] : a->spans[i]);
    return err->code;
}

/* --- placing arguments ---
 * After a first fault the rest is still tried, to see how much of it fits; `err` is NULL then and nothing more is said. */

static const char *argument_name(const struct arguments *a, size_t i) { return a->names ? a->names[i] : NULL; }

static int find_param(const struct signature *signature, const char *name) {
    for (size_t i = 0; i < signature->n_params; i++)
        if (signature->params[i].kind == SIG_PLAIN && strcmp(signature->params[i].name, name) == 0) return (int)i;
    return -1;
}

static int find_kind(const struct signature *signature, int kind) {
    for (size_t i = 0; i < signature->n_params; i++)
        if ((int)signature->params[i].kind == kind) return (int)i;
    return -1;
}

static size_t count_positional(const struct signature *signature) {
    size_t n = 0;
    for (size_t i = 0; i < signature->n_params; i++) n += signature->params[i].kind == SIG_PLAIN && !signature->params[i].keyword_only;
    return n;
}

/* The parameter that positional argument number `position` goes to; -1: the star one or none. */
static int positional_param(const struct signature *signature, size_t position) {
    for (size_t i = 0; i < signature->n_params; i++)
        if (signature->params[i].kind == SIG_PLAIN && !signature->params[i].keyword_only && position-- == 0) return (int)i;
    return -1;
}

static bool accepts(const struct sig_type *type, struct value value) {
    struct value accepted;
    const bool fits = sig_accept(type, value, &accepted);
    if (fits) value_release(&accepted);
    return fits;
}

#define NAMES_SHOWN 4

/* The parameters that have to be named and take such a value: lambda r: … is where=, 0.2 is test= or valid=. */
static void named_hint(const struct signature *signature, struct value value, struct error *err) {
    const char *names[NAMES_SHOWN + 1];
    size_t n = 0;
    struct buf list = BUF_INIT;
    for (size_t i = 0; i < signature->n_params && n <= NAMES_SHOWN; i++) {
        const struct sig_param *param = &signature->params[i];
        if (param->kind != SIG_PLAIN || !param->keyword_only || sig_type_has(param->type, SIG_ANY)) continue;
        if (accepts(param->type, value)) names[n++] = param->name;
    }
    const bool more = n > NAMES_SHOWN;
    for (size_t i = 0; i < n - more; i++) buf_addf(&list, "%s%s=", i == 0 ? "" : i + 1 == n ? " or " : ", ", names[i]);
    if (n) err_hint(err, "give it by name: %s%s", buf_text(&list), more ? " …" : "");
    buf_release(&list);
}

/* evaluate(a, b, test): the first parameter takes a list of what was given as several. */
static void several_given_hint(const struct bound_call *b, struct error *err) {
    const struct arguments *a = b->arguments;
    const struct sig_type *type = b->signature->n_params ? b->signature->params[0].type : NULL;
    const int second = positional_param(b->signature, 1);
    if (a->n < 2 || argument_name(a, 0) || argument_name(a, 1)) return;
    if (second >= 0 && accepts(b->signature->params[second].type, a->values[1])) return;
    for (; type; type = type->next)
        if (type->kind == SIG_LIST && type->element && accepts(type->element, a->values[0]) && accepts(type->element, a->values[1]))
            err_hint(err, "several stand in a list: %s([…, …]%s)", call_name(b), count_positional(b->signature) > 1 ? ", …" : "");
}

static enum status too_many(const struct bound_call *b, size_t i, struct error *err) {
    if (!err) return ERR_TYPE;
    size_t given = 0, most = count_positional(b->signature);
    for (size_t j = 0; j < b->arguments->n; j++) given += !argument_name(b->arguments, j);
    bool fewer = b->signature->n_params > most;
    err_set(err, ERR_TYPE, "%s takes %s%zu argument%s%s, got %zu", call_name(b),
            most && (fewer || b->signature->params[0].default_text) ? "at most " : "", most, most == 1 ? "" : "s", fewer ? " by position" : "",
            given);
    several_given_hint(b, err);
    hint_about_word(b->signature, NULL, b->arguments->values[i], err);
    named_hint(b->signature, b->arguments->values[i], err);
    if (fewer) err_hint(err, "give the others by name: %s", b->signature->text);
    else err_hint(err, "%s", b->signature->text);
    return blame(b, i, false, err);
}

/* All that `*name` took, as one. */
static bool star_span(const struct bound_call *b, struct span *out) {
    const struct arguments *a = b->arguments;
    size_t n = 0, before = count_positional(b->signature);
    for (size_t i = 0; i < a->n; i++) {
        if (argument_name(a, i) || n++ < before) continue;
        if (n == before + 1) *out = a->spans[i];
        out->end = a->spans[i].end;
    }
    return n > before;
}

static bool span_about(const struct bound_call *b, const char *about, struct span *out) {
    const struct arguments *a = b->arguments;
    for (size_t i = 0; i < b->signature->n_params; i++) {
        if (strcmp(b->signature->params[i].name, about) != 0) continue;
        if (b->signature->params[i].kind == SIG_STAR) return star_span(b, out);
        if (b->from[i] >= 0) *out = a->spans[b->from[i]];
        return b->from[i] >= 0;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (!argument_name(a, i) || strcmp(argument_name(a, i), about) != 0) continue;
        *out = a->spans[i];
        return true;
    }
    return false;
}

/* The argument that a builtin's error is about. */
static void place_about(const struct bound_call *b, struct error *err) {
    struct span span;
    if (err->about[0] && b->arguments->spans && b->arguments->source && span_about(b, err->about, &span))
        error_place(err, b->arguments->source, span);
    err->about[0] = 0; /* the calls around this one have other arguments */
}

static void parameter_names(const struct builtin_info *info, struct buf *list, struct error *err, const char *wrong) {
    VEC(const char *) names = {0};
    for (size_t i = 0; i < info->n_signatures; i++)
        for (size_t j = 0; j < info->signatures[i].n_params; j++)
            if (info->signatures[i].params[j].kind == SIG_PLAIN) vec_push(&names, info->signatures[i].params[j].name);
    const char *near = nearest_name(wrong, names.data, names.len);
    if (near) err_hint(err, "did you mean `%s`?", near);
    for (size_t i = 0; !near && i < names.len && i < info->signatures[0].n_params; i++) buf_addf(list, "%s`%s`", i ? ", " : "", names.data[i]);
    vec_release(&names);
}

static enum status unknown_name(const struct bound_call *b, size_t i, struct error *err) {
    if (!err) return ERR_TYPE;
    struct buf list = BUF_INIT;
    err_set(err, ERR_TYPE, "%s has no parameter `%s`", call_name(b), argument_name(b->arguments, i));
    hint_about_parameter(b->info, argument_name(b->arguments, i), err);
    if (err->hint[0]) return blame(b, i, true, err);
    parameter_names(b->info, &list, err, argument_name(b->arguments, i));
    if (list.len) err_hint(err, "its parameters: %s", buf_text(&list));
    else if (!err->hint[0]) err_hint(err, "it takes none by name");
    buf_release(&list);
    return blame(b, i, true, err);
}

static enum status place_named(struct bound_call *b, size_t i, struct error *err) {
    const char *name = argument_name(b->arguments, i);
    int at = find_param(b->signature, name);
    if (at < 0) {
        int rest = find_kind(b->signature, SIG_DOUBLE_STAR);
        if (rest < 0) return unknown_name(b, i, err);
        dict_puts(&b->args[rest], name, value_ref(b->arguments->values[i]));
        b->given[rest] = true;
        return OK;
    }
    if (b->given[at]) {
        if (!err) return ERR_TYPE;
        bool by_position = b->from[at] >= 0 && !argument_name(b->arguments, (size_t)b->from[at]);
        err_set(err, ERR_TYPE, "%s: `%s` is given twice%s", call_name(b), name, by_position ? ", by position and by name" : "");
        hint_about_word(b->signature, &b->signature->params[at], b->arguments->values[i], err);
        return blame(b, i, true, err);
    }
    b->from[at] = (int)i;
    b->given[at] = true;
    b->args[at] = value_ref(b->arguments->values[i]);
    return OK;
}

static enum status place_positional(struct bound_call *b, size_t i, size_t position, struct error *err) {
    int at = positional_param(b->signature, position), star = find_kind(b->signature, SIG_STAR);
    if (at < 0 && star < 0) return too_many(b, i, err);
    if (at < 0) {
        seq_push(&b->args[star], value_ref(b->arguments->values[i]));
        b->given[star] = true;
        b->from[star] = (int)i;
        return OK;
    }
    b->from[at] = (int)i;
    b->given[at] = true;
    b->args[at] = value_ref(b->arguments->values[i]);
    return OK;
}

static enum status place_all(struct bound_call *b, struct error *err) {
    enum status status = OK;
    size_t position = 0;
    for (size_t i = 0; i < b->arguments->n; i++) {
        struct error *tell = status == OK ? err : NULL;
        enum status placed = argument_name(b->arguments, i) ? place_named(b, i, tell) : place_positional(b, i, position++, tell);
        if (status == OK) status = placed;
    }
    return status;
}

/* --- types, defaults --- */

static bool accept_items(const struct sig_type *element, struct value seq) {
    bool is_seq = seq.kind == VAL_LIST || seq.kind == VAL_TUPLE;
    size_t n = is_seq ? seq_len(seq) : dict_len(seq);
    for (size_t i = 0; element && i < n; i++) {
        struct value accepted;
        if (!sig_accept(element, is_seq ? seq_item(seq, i) : dict_key(seq, i), &accepted)) return false;
        value_release(&accepted);
    }
    return true;
}

static bool is_callable(struct value value) {
    return value.kind == VAL_FUNCTION || value.kind == VAL_BUILTIN || (value.kind == VAL_OBJECT && value.u.object->type->call);
}

/* A range where a list is wanted arrives as a list. */
static bool accept_list(const struct sig_type *type, struct value value, struct value *out) {
    struct error ignored = ERROR_INIT;
    if (value.kind == VAL_RANGE) {
        if (value_to_list(value, out, &ignored) != OK) return false;
        if (accept_items(type->element, *out)) return true;
        value_release(out);
        return false;
    }
    if (value.kind != VAL_LIST && value.kind != VAL_TUPLE) return false;
    if (!accept_items(type->element, value)) return false;
    return *out = value_ref(value), true;
}

static bool accept_as_is(const struct sig_type *type, struct value value) {
    switch (type->kind) {
    case SIG_ANY:
    case SIG_EXPR: return true;
    case SIG_BOOL: return value.kind == VAL_BOOL;
    case SIG_INT: return value.kind == VAL_INT;
    case SIG_FLOAT: return value.kind == VAL_FLOAT;
    case SIG_STR: return value.kind == VAL_STR;
    case SIG_ID: return value.kind == VAL_INT || value.kind == VAL_STR;
    case SIG_NONE: return value.kind == VAL_NONE;
    case SIG_TUPLE: return value.kind == VAL_TUPLE && accept_items(type->element, value);
    case SIG_DICT: return value.kind == VAL_DICT;
    case SIG_SET: return value.kind == VAL_SET && accept_items(type->element, value);
    case SIG_RANGE: return value.kind == VAL_RANGE;
    case SIG_FUNCTION: return is_callable(value);
    case SIG_WORD: return value.kind == VAL_STR && slice_eqz(value_text(value), type->word);
    case SIG_OBJECT: return value.kind == VAL_OBJECT && strcmp(value.u.object->type->name, type->word) == 0;
    default: return false;
    }
}

bool sig_accept(const struct sig_type *type, struct value value, struct value *out) {
    for (const struct sig_type *one = type; one; one = one->next)
        if (accept_as_is(one, value)) return *out = value_ref(value), true;
    for (const struct sig_type *one = type; one; one = one->next) {
        if (one->kind == SIG_FLOAT && value.kind == VAL_INT) return *out = value_float((double)value.u.i), true;
        if (one->kind == SIG_LIST && accept_list(one, value, out)) return true;
    }
    return false;
}

/* The item that keeps a list from fitting list[T]: its position, -1 when it isn't about an item. */
static int64_t wrong_item(const struct sig_type *type, struct value value, const struct sig_type **out_element) {
    for (; type; type = type->next) {
        if (type->kind != SIG_LIST || !type->element || (value.kind != VAL_LIST && value.kind != VAL_TUPLE)) continue;
        for (size_t i = 0; i < seq_len(value); i++) {
            struct value accepted;
            *out_element = type->element;
            if (!sig_accept(type->element, seq_item(value, i), &accepted)) return (int64_t)i;
            value_release(&accepted);
        }
    }
    return -1;
}

/* Several values where a model takes one; what may be None (name=, seed=) isn't the model's own. */
static void several_hint(const struct bound_call *b, const struct sig_param *param, struct value value, struct error *err) {
    const struct sig_type *type = param->type;
    const bool one = sig_type_has(type, SIG_INT) || sig_type_has(type, SIG_FLOAT) || sig_type_has(type, SIG_STR);
    if (value.kind != VAL_LIST || strcmp(b->signature->result, "Model | Recipe") != 0) return;
    if (one && !sig_type_has(type, SIG_LIST) && !sig_type_has(type, SIG_NONE))
        err_hint(err, "one model has one; to try several: sweep(%s(), train, valid, %s=[…, …])", call_name(b), param->name);
}

static const char *type_of(struct value value) { return value.kind == VAL_OBJECT ? value.u.object->type->name : ""; }

static bool is_object_type(const struct sig_type *type, const char *name) {
    for (; type; type = type->next)
        if (type->kind == SIG_OBJECT && strcmp(type->word, name) == 0) return true;
    return false;
}

/* A model where its vectors or its history are wanted, or another builtin is. */
static void model_hint(const struct bound_call *b, const struct sig_type *type, struct value value, struct error *err) {
    if (strcmp(type_of(value), "Model") != 0) return;
    if (is_object_type(type, "Embeddings")) err_hint(err, "give its vectors: %s(m.items)", call_name(b));
    else if (is_object_type(type, "Plot")) err_hint(err, "save(m, \"model.reckon\") writes a model");
    else if (is_object_type(type, "Table")) err_hint(err, "its Table of epochs is m.history: %s(m.history)", call_name(b));
}

static bool fits(const struct sig_param *param, struct value value) {
    struct value accepted;
    if (!sig_accept(param->type, value, &accepted)) return false;
    value_release(&accepted);
    return true;
}

/* evaluate(test, m) is evaluate(m, test): the first two by position fit each other's places. */
static void swapped_hint(const struct bound_call *b, struct error *err) {
    const struct arguments *a = b->arguments;
    const struct sig_param *params = b->signature->params;
    if (a->n < 2 || argument_name(a, 0) || argument_name(a, 1) || positional_param(b->signature, 1) != 1) return;
    if (sig_type_has(params[0].type, SIG_ANY) || fits(&params[0], a->values[0]) || a->values[1].kind == VAL_NONE) return;
    if (fits(&params[0], a->values[1]) && fits(&params[1], a->values[0]))
        err_hint(err, "the other way round: %s(%s, %s)", call_name(b), params[0].name, params[1].name);
}

/* name: the parameter's, or that of an argument which `**` took. */
static enum status wrong_type(const struct bound_call *b, size_t param, const char *name, struct value value, struct error *err) {
    if (!err) return ERR_TYPE;
    const struct sig_param *p = &b->signature->params[param];
    const struct sig_type *type = p->type, *element = NULL;
    struct buf words = BUF_INIT, got = BUF_INIT;
    char where[32] = "";
    int64_t item = wrong_item(type, value, &element);
    if (item >= 0) {
        snprintf(where, sizeof where, "[%lld]", (long long)item);
        type = element;
        value = seq_item(value, (size_t)item);
    }
    sig_type_words(type, &words);
    value_describe(value, &got);
    err_set(err, ERR_TYPE, "%s: `%s%s` must be %s, got %s", call_name(b), name, where, buf_text(&words), buf_text(&got));
    swapped_hint(b, err);
    model_hint(b, type, value, err);
    hint_about_word(b->signature, p, value, err);
    hint_about_type(type, value, err);
    several_hint(b, p, value, err);
    if (p->note && p->note->doc && item < 0) err_hint(err, "`%s`: %s", p->name, p->note->doc);
    buf_release(&words);
    buf_release(&got);
    err_about(err, name);
    place_about(b, err);
    return err->code;
}

static bool accepts_none(const struct sig_param *p, struct value value) {
    return value.kind == VAL_NONE && p->default_text && p->otherwise.kind == VAL_NONE;
}

static enum status fit_each(struct bound_call *b, size_t param, struct error *err) {
    const struct sig_param *p = &b->signature->params[param];
    struct value *held = &b->args[param], accepted;
    bool is_star = p->kind == SIG_STAR;
    for (size_t i = 0; i < (is_star ? seq_len(*held) : dict_len(*held)); i++) {
        struct value item = is_star ? seq_item(*held, i) : dict_value(*held, i);
        const char *name = is_star ? p->name : value_text(dict_key(*held, i)).data;
        if (!sig_accept(p->type, item, &accepted)) return wrong_type(b, param, name, item, err);
        if (is_star) {
            value_release(&held->u.seq->items[i]);
            held->u.seq->items[i] = accepted;
        } else value_release(&accepted);
    }
    return OK;
}

static enum status fit_type(struct bound_call *b, size_t param, struct error *err) {
    const struct sig_param *p = &b->signature->params[param];
    struct value accepted;
    if (p->kind != SIG_PLAIN) return fit_each(b, param, err);
    if (accepts_none(p, b->args[param])) return OK;
    if (!sig_accept(p->type, b->args[param], &accepted)) return wrong_type(b, param, p->name, b->args[param], err);
    value_release(&b->args[param]);
    b->args[param] = accepted;
    return OK;
}

static enum status missing(const struct bound_call *b, size_t param, struct error *err) {
    struct buf words = BUF_INIT;
    sig_type_words(b->signature->params[param].type, &words);
    err_set(err, ERR_TYPE, "%s needs `%s` (%s)", call_name(b), b->signature->params[param].name, buf_text(&words));
    buf_release(&words);
    return err_hint(err, "%s", b->signature->text);
}

static void bound_release(struct bound_call *b) {
    for (size_t i = 0; i < b->signature->n_params; i++) value_release(&b->args[i]);
}

static void bound_begin(struct bound_call *b, const struct builtin_info *info, size_t overload, const struct arguments *arguments) {
    b->info = info;
    b->signature = &info->signatures[overload];
    b->arguments = arguments;
    for (size_t i = 0; i < b->signature->n_params; i++) {
        int kind = (int)b->signature->params[i].kind;
        b->args[i] = kind == SIG_STAR ? value_tuple(0) : kind == SIG_DOUBLE_STAR ? value_dict() : UNSET;
        b->given[i] = false;
        b->from[i] = -1;
    }
}

/* Tries one signature. *out_fit: how much of the arguments fits, to choose whose error to tell. */
static enum status fit_signature(struct bound_call *b, int *out_fit, struct error *err) {
    enum status status = place_all(b, err);
    int fit = status == OK;
    for (size_t i = 0; i < b->signature->n_params; i++) {
        const struct sig_param *p = &b->signature->params[i];
        enum status one = OK;
        if (b->given[i]) one = fit_type(b, i, status == OK ? err : NULL);
        else if (p->kind == SIG_PLAIN && p->default_text) b->args[i] = value_ref(p->otherwise);
        else if (p->kind == SIG_PLAIN && status == OK) one = missing(b, i, err);
        if (b->given[i] && one == OK) fit += sig_type_has(p->type, SIG_ANY) ? 5 : 10; /* what takes everything says little */
        if (status == OK) status = one;
    }
    *out_fit = fit;
    return status;
}

/* --- ranges and choices --- */

static void add_bound(struct buf *out, double bound) {
    if (bound == floor(bound) && fabs(bound) < 1e15) buf_addf(out, "%.0f", bound);
    else buf_add_double(out, bound);
}

static void range_words(const struct param_note *note, struct buf *out) {
    bool low = isfinite(note->min) && note->min > -1e300, high = isfinite(note->max) && note->max < 1e300;
    if (low && high && !note->above_min) buf_adds(out, "between ");
    else if (low) buf_adds(out, note->above_min ? "above " : "at least ");
    if (low) add_bound(out, note->min);
    if (low && high) buf_adds(out, note->above_min ? " and at most " : " and ");
    else if (high) buf_adds(out, "at most ");
    if (high) add_bound(out, note->max);
}

static enum status check_range(const struct param_note *note, const char *name, struct value value, struct error *err) {
    double number = value_number(value);
    if (note->min == 0 && note->max == 0) return OK;
    if (number <= note->max && (note->above_min ? number > note->min : number >= note->min)) return OK;
    struct buf words = BUF_INIT, got = BUF_INIT;
    range_words(note, &words);
    value_repr(value, &got);
    err_set(err, ERR_VALUE, "%s must be %s, got %s", name, buf_text(&words), buf_text(&got));
    if (note->doc) err_hint(err, "%s: %s", name, note->doc);
    buf_release(&words);
    buf_release(&got);
    return err->code;
}

static enum status check_choice(const struct param_note *note, const char *name, struct value value, struct error *err) {
    VEC(char *) words = {0};
    struct buf list = BUF_INIT;
    bool found = false;
    for (const char *at = note->choices; *at;) {
        size_t len = strcspn(at, "|");
        found |= slice_eq((struct slice){at, len}, value_text(value));
        vec_push(&words, xstrndup(at, len));
        buf_addf(&list, "%s\"%.*s\"", at == note->choices ? "" : ", ", (int)len, at);
        at += len + (at[len] == '|');
    }
    if (!found) {
        struct buf got = BUF_INIT;
        value_repr_short(value, 60, &got);
        err_set(err, ERR_VALUE, "%s must be one of %s, got %s", name, buf_text(&list), buf_text(&got));
        const char *near = nearest_name(value.u.text->data, (const char *const *)words.data, words.len);
        if (near) err_hint(err, "did you mean \"%s\"?", near);
        buf_release(&got);
    }
    for (size_t i = 0; i < words.len; i++) free(words.data[i]);
    vec_release(&words);
    buf_release(&list);
    return found ? OK : err->code;
}

enum status note_check(const struct param_note *note, const char *name, struct value value, struct error *err) {
    if (note->min == 0 && note->max == 0 && !note->choices) return OK; /* long lists aren't looked through for nothing */
    if (value.kind == VAL_INT || value.kind == VAL_FLOAT) return check_range(note, name, value, err);
    if (value.kind == VAL_STR && note->choices) return check_choice(note, name, value, err);
    if (value.kind != VAL_LIST && value.kind != VAL_TUPLE) return OK;
    for (size_t i = 0; i < seq_len(value); i++) {
        char item[96];
        struct error silent = ERROR_INIT;
        if (note_check(note, name, seq_item(value, i), &silent) == OK) continue;
        snprintf(item, sizeof item, "%.60s[%zu]", name, i);
        return note_check(note, item, seq_item(value, i), err);
    }
    return OK;
}

static enum status check_notes(struct bound_call *b, struct error *err) {
    for (size_t i = 0; i < b->signature->n_params; i++) {
        const struct sig_param *p = &b->signature->params[i];
        if (!b->given[i] || !p->note || note_check(p->note, p->name, b->args[i], err) == OK) continue;
        return b->from[i] >= 0 ? blame(b, (size_t)b->from[i], false, err) : err->code;
    }
    return OK;
}

/* --- choosing and running --- */

static enum status try_signature(struct bound_call *b, const struct builtin_info *info, size_t overload, const struct arguments *arguments,
                                 int *out_fit, struct error *err) {
    bound_begin(b, info, overload, arguments);
    b->call.overload = (int)overload;
    enum status status = fit_signature(b, out_fit, err);
    if (status != OK) bound_release(b);
    return status;
}

/* The first signature that fits; else the error of the one that came nearest. */
static enum status choose(struct bound_call *b, const struct builtin_info *info, const struct arguments *arguments, struct error *err) {
    int fit, best = -1;
    if (info->n_signatures == 1) return try_signature(b, info, 0, arguments, &fit, err);
    for (size_t i = 0; i < info->n_signatures; i++) {
        struct error one = ERROR_INIT;
        if (try_signature(b, info, i, arguments, &fit, &one) == OK) return error_clear(err), OK;
        if (fit > best) {
            error_clear(err);
            *err = one;
            best = fit;
        } else error_clear(&one);
    }
    return err->code;
}

enum status bind_and_run(struct interp *interp, const struct builtin_info *info, struct value self, const struct arguments *arguments,
                         struct value *out, struct error *err) {
    struct bound_call b;
    b.call = (struct call){
        .interp = interp, .task = interp->task, .row = info->row, .args = b.args, .given = b.given, .self = self, .data = info->row->data};
    TRY(choose(&b, info, arguments, err));
    b.call.n_args = b.signature->n_params;
    enum status status = check_notes(&b, err);
    struct value result = UNSET;
    if (status == OK) {
        status = info->row->run(&b.call, &result, err);
        if (status != OK && err) place_about(&b, err);
    }
    bound_release(&b);
    if (status == OK) status = task_check(interp->task, err); /* what was interrupted may have ended early, without a word */
    else if (status != ERR_INTERRUPTED && task_cancelled(interp->task)) { /* or with an error that came of it */ error_clear(err);
        status = task_check(interp->task, err);
    }
    if (status == OK) *out = result.kind == VAL_UNSET ? NONE : result;
    else value_release(&result);
    return status;
}
