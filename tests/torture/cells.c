/* Cells of all kinds whose memory runs out at each place in turn. */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "kernel/session.h"
#include "runtime/base/mem.h"
#include "tests/torture/sites.h"
#include "tests/torture/torture.h"

struct scenario {
    const char *name, *cell;
    enum status ends; /* when there is memory */
};

/* Names that every cell may use. */
static const char *const setup[] = {
    "data = synth(users=40, items=30, density=0.3, seed=1)",
    "train, valid, test = split(data, valid=0.1, test=0.2, seed=1)",
    "m = als(train, factors=4, epochs=2, seed=1)",
    "v = svd(train, factors=4)",
    "export(data, \"ratings.csv\")",
    "save(m, \"m.reckon\")",
    "t = table({\"a\": [3, 1, 2, 1], \"b\": [\"x\", \"y\", None, \"x\"], \"c\": [0.5, 1.5, 2.5, 3.5]})",
    "save(t, \"t.reckon\")",
    "a = array([[1, 2], [3, 4], [5, 6]])",
    "def dcg(gains, k=10):\n    return sum([g / (i + 2) for i, g in enumerate(gains[:k])])",
};

/* One statement each, whose output is the same every time. */
static const struct scenario scenarios[] = {
    {"lists", "out = sorted([x * x for x in range(20) if x % 3], reverse=True) + list(zip([1, 2], 'ab')) + [*range(3)]", OK},
    {"dicts", "out = {**{str(i): [i] for i in range(12)}, 'z': {1, 2, 3} | {4}}", OK},
    {"texts", "out = ', '.join([f'{x:>8.3f}|{x!r}' for x in [1.5, 2.25]]).upper().replace('|', '--').split('-') * 2", OK},
    {"functions", "out = [dcg([3, 2, 1], k=k) for k in range(1, 4)], (lambda x, y=2: x + y)(1), map(lambda v: v + 1, [1, 2])", OK},
    {"prints", "print('a', [1, 'b'], {'c': None}, 1e300, sep='\\n')", OK},
    {"shows", "show([1, 2], 'text', t)", OK},
    {"wrong name", "traim.n_users", ERR_NAME},
    {"wrong argument", "als(train, factrs=3)", ERR_TYPE},
    {"wrong syntax", "f(1,\n  2))", ERR_SYNTAX},
    {"help", "help()", OK},
    {"question", "als?", OK},
    {"who", "who()['name']", OK},
    {"arrays", "(a @ a.T).sum(axis=0), a[a > 2], a[1:, 0] * 2 + a[:2, 1], -a", OK},
    {"table rows", "t.where(lambda r: r['a'] > 1).sort('c', descending=True)[:2]", OK},
    {"table groups", "t.group('b', mean='mean:c').sort('b')", OK},
    {"table made", "table([{'x': i, 'y': str(i), 'z': [i, i]} for i in range(5)])", OK},
    {"table export", "export(t, 't.csv')", OK},
    {"table file", "table('t.reckon.csv')", ERR_FILE},
    {"load", "load('ratings.csv')", OK},
    {"synth", "synth(users=20, items=15, density=0.3, seed=2)", OK},
    {"split", "tr, va, te = split(data, valid=0.1, test=0.2, seed=3)", OK},
    {"split by time", "tr, te = split(data, test=0.2, by='time')", OK},
    {"leave one out", "tr, te = split(data, by='leave_one_out')", OK},
    {"folds", "f = folds(data, 3, seed=1)", OK},
    {"filter", "filter(data, min_user=5), concat(train, valid), implicit(train, threshold=4)", OK},
    {"describe", "describe(data)", OK},
    {"items", "items(data).sort('ratings', descending=True)[:5], users(data)[:3], head(data, 3)", OK},
    {"rows", "interactions(test)", OK},
    {"popular", "p = popular(train)", OK},
    {"bias", "b = bias(train)", OK},
    {"svd", "s = svd(train, factors=3)", OK},
    {"als", "s = als(train, factors=3, epochs=3, valid=valid, patience=1, seed=1)", OK},
    {"mf", "s = mf(train, factors=3, epochs=2, valid=valid, seed=1)", OK},
    {"fit on", "s = fit(m, train, epochs=1)", OK},
    {"predict", "predict(m, user=1, item=2), predict(v, test)", OK},
    {"recommend", "recommend(m, user=1, k=5), recommend(v, users='all', k=2)", OK},
    {"explain", "explain(m, user=1, item=2)", OK},
    {"similar", "similar(m, 3, k=4), neighbors(m.items, 3, k=4)", OK},
    {"fold in", "recommend(fold_in(m, {1: 5, 2: 3}), k=3)", OK},
    {"fold in an item", "predict(fold_in(m, {1: 5, 2: 3}, item=\"A new film\", about={\"genres\": [\"Drama\"]}), user=3, item=\"A new film\")", OK},
    {"evaluate", "evaluate([m, v], test, metrics=['rmse', 'mae'])['rmse']", OK},
    {"evaluate lists", "evaluate([m, popular(train)], test, metrics=['ndcg@5', 'recall@5'])['model']", OK},
    {"cross-validate", "cross_validate(als(factors=2, epochs=1), data, 3)['rmse']", OK},
    {"save model", "save(m, 'out.reckon')", OK},
    {"save data", "save(data, 'out.reckon')", OK},
    {"open", "o = open('m.reckon')", OK},
    {"open table", "open('t.reckon')", OK},
    {"clusters", "clusters(m.items, k=3, seed=1)", OK},
    {"pca", "pca(m.items).points", OK},
    {"tsne", "tsne(m.items, perplexity=5, iterations=50, seed=1).points.shape", OK},
    {"lines", "plot(t, x='a', y=['c'], title='T').points", OK},
    {"bars", "bars(t, x='b', y='c').points", OK},
    {"histogram", "hist(t['c']).points", OK},
    {"picture", "export(plot([1, 4, 9], [1, 2, 3], title='squares'), 'p.svg')", OK},
    {"map picture", "export(pca(m.items, color='genre', label='title'), 'map.svg')", OK},
};

struct heard {
    struct buf text;
};

static void hear(void *ctx, const char *name, const char *text, size_t len) {
    struct heard *heard = ctx;
    (void)name;
    buf_add(&heard->text, text, len);
}

static void see(void *ctx, const struct bundle *bundle) {
    struct heard *heard = ctx;
    for (int i = 0; i < bundle->n_parts; i++) buf_add(&heard->text, buf_text(&bundle->parts[i].bytes), bundle->parts[i].bytes.len);
}

static void see_display(void *ctx, const struct bundle *bundle, const char *display_id, bool update) {
    (void)display_id;
    (void)update;
    see(ctx, bundle);
}

/* Runs a cell; what it printed, showed and gave goes to *out. Memory rests before what it said is looked at. */
static enum status run(struct session *session, const char *cell, struct buf *out, char message[200], bool *failed) {
    struct heard heard = {BUF_INIT};
    struct output output = {.ctx = &heard, .stream = hear, .display = see_display, .page = see};
    struct outcome outcome;
    session_run(session, "Cell", slice_of(cell), &output, false, &outcome);
    bool one_failed = sites_rest();
    if (failed) *failed = one_failed;
    enum status status = outcome.err.code;
    if (message) snprintf(message, 200, "%.199s", outcome.err.message);
    if (outcome.has_result) see(&heard, &outcome.result);
    outcome_release(&outcome);
    buf_release(out);
    *out = heard.text;
    return status;
}

/* --- what must not change --- */

struct names {
    size_t n;
    struct value values[64]; /* borrowed: the session holds them */
};

static void names_of(struct session *session, struct names *out) {
    struct interp *interp = session_interp(session);
    out->n = interp_n_names(interp);
    for (size_t i = 0; i < out->n && i < 64; i++) interp_name_at(interp, i, &out->values[i]);
}

static bool same_names(struct session *session, const struct names *before) {
    struct names now;
    names_of(session, &now);
    if (now.n != before->n) return false;
    for (size_t i = 0; i < now.n; i++)
        if (now.values[i].kind != before->values[i].kind || now.values[i].u.object != before->values[i].u.object) return false;
    return true;
}

static void forget_new_names(struct session *session, const struct names *before) {
    struct interp *interp = session_interp(session);
    struct value ignored;
    while (interp_n_names(interp) > before->n) interp_unbind(interp, interp_name_at(interp, interp_n_names(interp) - 1, &ignored));
}

#define FD_ENTRIES 3 /* ".", "..", and the descriptor that reads the folder */

static int entries(const char *folder) {
    DIR *dir = opendir(folder);
    int n = 0;
    while (dir && readdir(dir)) n++;
    if (dir) closedir(dir);
    return n;
}

/* --- one scenario --- */

struct torture {
    struct session *session;
    const struct scenario *scenario;
    struct names names;
    struct buf told; /* when there is memory */
    int n_files, n_fds;
    long n_runs, n_errors;
    bool good;
};

static void PRINTF_LIKE(2, 3) report(struct torture *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    t->good = false;
    printf("FAILED %s: ", t->scenario->name);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

/* --- limits of files --- */

static const struct {
    const char *name;
    int resource;
    int from, to, step; /* RLIMIT_NOFILE: beyond those that are open */
} limits[] = {
    {"bytes a file", RLIMIT_FSIZE, 0, 1200, 300},
    {"descriptors", RLIMIT_NOFILE, 0, 4, 1},
};

static void run_limited(struct torture *t, const char *name, int resource, rlim_t value) {
    struct rlimit kept, tight;
    struct buf told = BUF_INIT;
    char message[200];
    getrlimit(resource, &kept);
    tight = kept;
    tight.rlim_cur = value;
    setrlimit(resource, &tight);
    enum status status = run(t->session, t->scenario->cell, &told, message, NULL);
    setrlimit(resource, &kept);
    bool failed = status != t->scenario->ends;
    if (status == ERR_INTERNAL || (failed && !message[0])) report(t, "%d %s: ends with %s", (int)value, name, message);
    if (failed && !same_names(t->session, &t->names)) report(t, "%d %s: names have changed", (int)value, name);
    if (entries(".") > t->n_files) report(t, "%d %s: leaves a file behind", (int)value, name);
    if (entries("/proc/self/fd") > t->n_fds) report(t, "%d %s: leaves a descriptor open", (int)value, name);
    forget_new_names(t->session, &t->names);
    status = run(t->session, t->scenario->cell, &told, message, NULL);
    if (status != t->scenario->ends) report(t, "%d %s: the same cell fails afterwards: %s", (int)value, name, message);
    forget_new_names(t->session, &t->names);
    buf_release(&told);
}

static void run_with_limits(struct torture *t) {
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        for (int value = limits[i].from; value <= limits[i].to; value += limits[i].step) {
            int open = limits[i].resource == RLIMIT_NOFILE ? t->n_fds - FD_ENTRIES : 0;
            run_limited(t, limits[i].name, limits[i].resource, (rlim_t)(open + value));
        }
}

/* --- memory --- */

static void complain(struct torture *t, size_t i, long nth, const char *what, const char *more) {
    const struct site *site = sites_at(i);
    report(t, "%s call %ld of site %#lx in %#lx: %s%s", site->tries ? "mem_try" : "xalloc", nth, torture_offset(site->call),
           torture_offset(site->around), what, more);
}

static void run_again(struct torture *t, size_t i, long nth) {
    struct buf told = BUF_INIT;
    char message[200];
    enum status status = run(t->session, t->scenario->cell, &told, message, NULL);
    if (status != t->scenario->ends) complain(t, i, nth, "the same cell ends with another error afterwards: ", message);
    else if (strcmp(buf_text(&told), buf_text(&t->told)) != 0) complain(t, i, nth, "the same cell says something else afterwards: ", buf_text(&told));
    buf_release(&told);
    forget_new_names(t->session, &t->names);
}

static void run_short_of_memory(void *ctx, size_t i, long nth, bool sticky) {
    struct torture *t = ctx;
    struct buf told = BUF_INIT;
    char message[200];
    bool failed;
    sites_arm(i, nth, sticky);
    enum status status = run(t->session, t->scenario->cell, &told, message, &failed);
    if (!failed) { /* a site of the first run only: something is made once and kept */
        buf_release(&told);
        forget_new_names(t->session, &t->names);
        return;
    }
    t->n_runs++;
    t->n_errors += status == ERR_MEMORY;
    if (status != t->scenario->ends && status != ERR_MEMORY) complain(t, i, nth, "ends with ", message);
    if (status == ERR_MEMORY && t->scenario->ends == OK && !same_names(t->session, &t->names)) complain(t, i, nth, "names have changed", "");
    if (status == t->scenario->ends && strcmp(buf_text(&told), buf_text(&t->told)) != 0)
        complain(t, i, nth, "says something else: ", buf_text(&told));
    if (entries(".") > t->n_files) complain(t, i, nth, "leaves a file behind", "");
    if (entries("/proc/self/fd") > t->n_fds) complain(t, i, nth, "leaves a descriptor open", "");
    t->n_fds = entries("/proc/self/fd");
    forget_new_names(t->session, &t->names);
    buf_release(&told);
    run_again(t, i, nth);
}

static bool begin(struct torture *t) {
    char message[200];
    names_of(t->session, &t->names);
    run(t->session, t->scenario->cell, &t->told, message, NULL); /* what is made once */
    forget_new_names(t->session, &t->names);
    sites_count();
    enum status status = run(t->session, t->scenario->cell, &t->told, message, NULL);
    forget_new_names(t->session, &t->names);
    t->n_files = entries(".");
    t->n_fds = entries("/proc/self/fd");
    t->good = status == t->scenario->ends;
    if (!t->good) printf("FAILED %s: with all the memory there is: %s\n", t->scenario->name, message);
    return t->good;
}

static bool torture_cell(const struct effort *effort, struct session *session, const struct scenario *scenario) {
    struct torture t = {.session = session, .scenario = scenario};
    if (begin(&t))
        for (size_t i = 0; i < sites_n(); i++) torture_site(effort, i, run_short_of_memory, &t);
    if (t.good) run_with_limits(&t);
    buf_release(&t.told);
    if (torture_leaks()) {
        printf("FAILED %s: leaks\n", scenario->name);
        t.good = false;
    }
    if (effort->whole) printf("%-16s %6ld times short of memory, %6ld errors\n", scenario->name, t.n_runs, t.n_errors);
    return t.good;
}

void torture_cells(const struct effort *effort, struct tally *tally) {
    struct session *session;
    struct error err = ERROR_INIT;
    struct buf told = BUF_INIT;
    char message[200];
    if (session_new(&session, &err) != OK) return;
    session_show_progress(session, false);
    for (size_t i = 0; i < sizeof setup / sizeof *setup; i++)
        if (run(session, setup[i], &told, message, NULL) != OK) {
            printf("FAILED to set up: %s: %s\n", setup[i], message);
            tally->failed++;
        }
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        if (effort->only && !strstr(scenarios[i].name, effort->only)) continue;
        bool good = torture_cell(effort, session, &scenarios[i]);
        tally->passed += good;
        tally->failed += !good;
    }
    buf_release(&told);
    session_free(session);
}
