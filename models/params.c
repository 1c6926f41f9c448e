#include <string.h>

#include "models/model.h"

int params_count(const struct model_class *class) {
    int n = 0;
    while (class->params && class->params[n].name) n++;
    return n;
}

void params_defaults(const struct model_class *class, struct params *out) {
    memset(out, 0, sizeof *out);
    for (int i = 0; i < params_count(class); i++) out->values[i] = class->params[i].otherwise;
}

int params_find(const struct model_class *class, const char *name) {
    for (int i = 0; i < params_count(class); i++)
        if (strcmp(class->params[i].name, name) == 0) return i;
    return -1;
}

union param_value model_param(const struct model *model, const char *name) {
    return model->params.values[params_find(model->class, name)];
}

const char *param_choice(const struct param_row *row, const char *text) {
    for (size_t i = 0; row->names && row->names[i]; i++)
        if (strcmp(row->names[i], text) == 0) return row->names[i];
    return NULL;
}

static void value_text(const struct param_row *row, union param_value value, struct buf *out) {
    switch (row->type) {
    case PARAM_INT: buf_addf(out, "%lld", (long long)value.i); break;
    case PARAM_FLOAT: buf_add_double(out, value.f); break;
    case PARAM_BOOL: buf_adds(out, value.b ? "True" : "False"); break;
    case PARAM_STR: buf_addf(out, "\"%s\"", value.s); break;
    }
}

static enum status out_of_range(const struct model_class *class, const struct param_row *row, union param_value value, struct error *err) {
    struct buf given = BUF_INIT;
    value_text(row, value, &given);
    if (row->above_min)
        err_set(err, ERR_VALUE, "%s's `%s` must be above %g and at most %g, not %s", class->name, row->name, row->min, row->max, buf_text(&given));
    else err_set(err, ERR_VALUE, "%s's `%s` must be from %g to %g, not %s", class->name, row->name, row->min, row->max, buf_text(&given));
    buf_release(&given);
    err_hint(err, "%s", row->doc);
    return err_about(err, row->name);
}

static enum status check_one(const struct model_class *class, const struct param_row *row, union param_value value, struct error *err) {
    if (row->type == PARAM_STR) {
        if (value.s && param_choice(row, value.s)) return OK;
        return err_set(err, ERR_VALUE, "%s's `%s` must be one of %s, not \"%s\"", class->name, row->name, row->choices, value.s ? value.s : "");
    }
    if (row->type == PARAM_BOOL || (row->min == 0 && row->max == 0)) return OK;
    const double number = row->type == PARAM_INT ? (double)value.i : value.f;
    const bool low = row->above_min ? !(number > row->min) : !(number >= row->min);
    return low || !(number <= row->max) ? out_of_range(class, row, value, err) : OK;
}

enum status params_check(const struct model_class *class, const struct params *params, struct error *err) {
    for (int i = 0; i < params_count(class); i++) TRY(check_one(class, &class->params[i], params->values[i], err));
    return OK;
}

void params_text(const struct model_class *class, const struct params *params, bool all, struct buf *out) {
    bool first = true;
    for (int i = 0; i < params_count(class); i++) {
        if (!all && !params->given[i]) continue;
        buf_addf(out, "%s%s=", first ? "" : ", ", class->params[i].name);
        value_text(&class->params[i], params->values[i], out);
        first = false;
    }
}

void params_given(const struct model_class *class, const struct params *params, const struct fit_common *common, struct buf *out) {
    const size_t before = out->len;
    params_text(class, params, false, out);
    if (common->epochs) buf_addf(out, "%sepochs=%lld", out->len > before ? ", " : "", (long long)common->epochs);
}
