/* Where things are computed: device, use, memory, threads, array. */
#include <stdlib.h>
#include <string.h>

#include "kernel/builtins/array_parts.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/thread.h"

#define DEVICES_MAX 17 /* the CPU and 16 GPUs */

/* --- device --- */

static void put_text(char **cell, const char *text) { *cell = text[0] ? xstrdup(text) : NULL; }

static bool is_current(const struct context *context, const struct device_info *infos, size_t i) {
    struct device_info now;
    device_describe(context->device ? context->device : device_cpu(), &now);
    return infos[i].available && strcmp(now.backend, infos[i].backend) == 0 && strcmp(now.name, infos[i].name) == 0;
}

static enum status run_device(const struct call *call, struct value *out, struct error *err) {
    struct device_info infos[DEVICES_MAX];
    const size_t n = device_list(infos, DEVICES_MAX);
    struct table *table = table_new((int64_t)n);
    (void)err;
    char **backends = table_add_strs(table, "backend"), **names = table_add_strs(table, "name");
    char **sets = table_add_strs(table, "instruction set"), **memories = table_add_strs(table, "memory");
    int64_t *threads = table_add_ints(table, "threads");
    const size_t threads_at = table->n_columns - 1;
    char **blas = table_add_strs(table, "blas");
    for (size_t i = 0; i < n; i++) {
        struct buf memory = BUF_INIT;
        put_text(&backends[i], infos[i].backend);
        put_text(&names[i], infos[i].available ? infos[i].name : "none");
        put_text(&sets[i], infos[i].instruction_set);
        put_text(&blas[i], infos[i].blas);
        if (infos[i].memory_bytes > 0) buf_add_bytes(&memory, (double)infos[i].memory_bytes);
        memories[i] = memory.len ? buf_take(&memory) : NULL;
        threads[i] = infos[i].threads;
        if (infos[i].threads <= 0) table_set_null(&table->columns[threads_at], table->n_rows, (int64_t)i);
        if (!infos[i].available) table_note(table, "%s: %s", infos[i].backend, infos[i].why_not);
        if (table->marked_row < 0 && is_current(context_of(call), infos, i)) table->marked_row = (int64_t)i;
    }
    table_note(table, "The marked one takes new fits and Arrays; use(\"cpu\") or use(\"gpu\") chooses.");
    *out = value_table(table);
    return OK;
}

static enum status run_use(const struct call *call, struct value *out, struct error *err) {
    struct context *context = context_of(call);
    struct device *device;
    struct device_info info;
    struct error inner = ERROR_INIT;
    if (device_open(arg_str(call, "name"), &device, &inner) != OK) {
        arg_error("name", err, inner.code, "%s", inner.message);
        if (inner.hint[0]) err_hint(err, "%s", inner.hint);
        return err->code;
    }
    device_unref(context->device);
    context->device = device;
    device_describe(device, &info);
    task_printf(call->task, "new fits and Arrays: %s, %s\n", device_place(device), info.name);
    *out = NONE;
    return OK;
}

/* --- memory --- */

static int64_t resident_bytes(void) {
    struct buf text = BUF_INIT;
    struct error ignored = ERROR_INIT;
    int64_t kib = 0;
    if (file_read("/proc/self/status", 1 << 20, &text, &ignored) == OK) {
        const char *line = strstr(buf_text(&text), "VmRSS:");
        struct slice digits = {line ? line + 6 : "", 0};
        while (*digits.data == ' ' || *digits.data == '\t') digits.data++;
        digits.len = strspn(digits.data, "0123456789");
        if (!parse_int64(digits, &kib)) kib = 0;
    }
    buf_release(&text);
    return kib * 1024;
}

struct memory_rows {
    struct table *table;
    char **what, **where, **size;
    int64_t *bytes;
    int64_t n;
};

static void add_memory(struct memory_rows *rows, const char *what, const char *where, int64_t bytes) {
    struct buf size = BUF_INIT;
    rows->what[rows->n] = xstrdup(what);
    rows->where[rows->n] = xstrdup(where);
    rows->bytes[rows->n] = bytes;
    buf_add_bytes(&size, (double)bytes);
    rows->size[rows->n++] = buf_take(&size);
}

static enum status run_memory(const struct call *call, struct value *out, struct error *err) {
    struct device_info infos[DEVICES_MAX];
    const size_t n = device_list(infos, DEVICES_MAX);
    const size_t room = mem_room_bytes();
    struct memory_rows rows = {.table = table_new(0)};
    (void)call;
    (void)err;
    rows.table->n_rows = 2 + (room != SIZE_MAX);
    for (size_t i = 1; i < n; i++) rows.table->n_rows += infos[i].available ? 2 : 0;
    rows.what = table_add_strs(rows.table, "what");
    rows.where = table_add_strs(rows.table, "where");
    rows.size = table_add_strs(rows.table, "size");
    rows.bytes = table_add_ints(rows.table, "bytes");
    rows.table->columns[rows.table->n_columns - 1].decimals = 0;
    add_memory(&rows, "the whole process", "cpu", resident_bytes());
    add_memory(&rows, "Arrays and fitted models", "cpu", mat_total_bytes(device_cpu()));
    if (room != SIZE_MAX) add_memory(&rows, "still free for use", "cpu", (int64_t)room);
    for (size_t i = 1; i < n; i++) {
        if (!infos[i].available) continue;
        add_memory(&rows, "Arrays and fitted models", infos[i].name, infos[i].memory_used_bytes);
        add_memory(&rows, "all there is", infos[i].name, infos[i].memory_bytes);
    }
    *out = value_table(rows.table);
    return OK;
}

/* --- threads, array --- */

static enum status run_threads(const struct call *call, struct value *out, struct error *err) {
    (void)err;
    *out = NONE;
    if (arg_is_none(call, "n")) *out = value_int(pool_threads());
    else pool_set_threads((int)arg_int(call, "n"));
    return OK;
}

static enum status run_array(const struct call *call, struct value *out, struct error *err) {
    struct device *device;
    struct mat *mat;
    struct error inner = ERROR_INIT;
    TRY(context_device(context_of(call), &device, err));
    if (array_of(device, arg(call, "values"), &mat, &inner) != OK) {
        arg_error("values", err, inner.code, "%s", inner.message);
        if (inner.hint[0]) err_hint(err, "%s", inner.hint);
        error_clear(&inner);
        return err->code;
    }
    *out = value_array(mat);
    return OK;
}

#define NOTES (const struct param_note[])

const struct builtin_row builtins_device[] = {
    {.sigs = "device() -> Table",
     .group = "Session",
     .summary = "What this machine computes with: backends, instruction sets, memory, threads.",
     .doc = "Results of one build are the same bits for the same instruction set and BLAS core; RECKON_ISA in the environment fixes both.",
     .example = "device()",
     .run = run_device,
     .other_names = "nvidia-smi, list_physical_devices (TensorFlow)"},
    {.sigs = "use(name: str) -> None",
     .group = "Session",
     .summary = "Chooses where new fits and Arrays are computed.",
     .notes = NOTES{{"name", .doc = "\"cpu\", \"gpu\", \"cuda:1\", or \"auto\": a GPU where there is one"}, {0}},
     .doc = "What exists stays where it is.",
     .example = "use(\"cpu\")",
     .run = run_use,
     .other_names = "to (PyTorch), set_default_device"},
    {.sigs = "memory() -> Table",
     .group = "Session",
     .summary = "Memory in use and free, of the machine and its GPUs.",
     .example = "memory()",
     .run = run_memory},
    {.sigs = "threads(n: int | None = None) -> int | None",
     .group = "Session",
     .summary = "Sets how many threads compute; without n says how many do.",
     .notes = NOTES{{"n", .doc = "results don't depend on it", .min = 1, .max = POOL_MAX_THREADS}, {0}},
     .example = "threads(2); threads()",
     .run = run_threads,
     .other_names = "n_jobs (scikit-learn), set_num_threads (PyTorch)"},
    {.sigs = "array(values: list | range | Array | Table) -> Array",
     .group = "Plain",
     .summary = "A vector of numbers, or a matrix of rows, in single precision.",
     .notes = NOTES{{"values", .doc = "numbers, rows of numbers, or a Table whose columns are numbers; None is NaN"}, {0}},
     .example = "a = array([[1, 2], [3, 4]]); a @ a.T",
     .run = run_array,
     .other_names = "np.array (NumPy), torch.tensor (PyTorch)"},
    {0}};
