/* SQL over a data set and a table with columns of every type. Nothing that comes may change them, or last longer than its limit. */
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/data/loaders.h"
#include "runtime/data/query.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/language.h"

#define CPU_MS 300

static struct table *every_type(void) {
    struct table *table = table_new(3);
    int64_t *n = table_add_ints(table, "n"), *at = table_add_times(table, "at");
    double *x = table_add_floats(table, "x", -1);
    char **s = table_add_strs(table, "s");
    bool *b = table_add_bools(table, "b");
    for (int i = 0; i < 3; i++) {
        n[i] = i;
        at[i] = 1000 * i;
        x[i] = i / 2.0;
        b[i] = i == 1;
        if (i) s[i] = xstrdup(i == 1 ? "a" : "\xc3\xa9");
    }
    struct column *l = table_add_lists(table, "l", COL_STRS, 2);
    l->u.lists.strs[0] = xstrdup("p");
    l->u.lists.strs[1] = xstrdup("q");
    l->u.lists.starts[1] = l->u.lists.starts[2] = l->u.lists.starts[3] = 2;
    return table;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct query_source sources[2];
    static struct task *task;
    struct error err = ERROR_INIT;
    if (!task) {
        const struct synth_request request = {.users = 12, .items = 8, .density = 0.3, .genres = 2, .seed = 1};
        struct dataset *ratings = NULL;
        must(synth_dataset(NULL, &request, &ratings, &err) == OK);
        task = task_new(NULL);
        sources[0] = (struct query_source){.name = "ratings", .dataset = ratings};
        sources[1] = (struct query_source){.name = "t", .table = every_type()};
    }
    char *sql = xstrndup((const char *)data, size);
    const struct query query = {.sql = sql, .sources = sources, .n_sources = 2};
    struct table *table = NULL;
    int offset;
    task_rearm(task);
    task_enter(task);
    fuzz_limit_begin(task, CPU_MS);
    const enum status status = query_run(task, &query, &table, &offset, &err);
    fuzz_limit_end();
    task_enter(NULL);
    must(offset < (int)strlen(sql) + 1);
    if (status == OK) table_unref(table);
    else must(err.message[0] && err.code != ERR_INTERNAL);
    free(sql);
    return 0;
}
