/* The devices of this process: the CPU, and CUDA devices once asked for. They
 * live as long as the process, so that two names of one GPU are one device. */
#include "runtime/device/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/plugin.h"
#include "runtime/device/device_impl.h"

enum { MAX_GPUS = 16 };

/* The real CUDA backend and the one that tests run on the CPU. */
static const struct { const char *plugin, *place; } families[] = {{"cuda", "cuda"}, {"cuda_emulated", "emulated"}};
enum { N_FAMILIES = 2 };

static struct device cpu_device = {.count = 1, .ops = &cpu_ops, .is_cpu = true, .place = "cpu"};
static struct device gpus[N_FAMILIES][MAX_GPUS];
static atomic_flag gpus_busy = ATOMIC_FLAG_INIT; /* opening happens on the worker; the flag keeps mistakes harmless */

struct device *device_cpu(void) {
    return &cpu_device;
}

struct device *device_ref(struct device *device) {
    if (device) atomic_fetch_add_explicit(&device->count, 1, memory_order_relaxed);
    return device;
}

void device_unref(struct device *device) {
    if (device) atomic_fetch_sub_explicit(&device->count, 1, memory_order_relaxed);
}

const char *device_place(const struct device *device) { return device->place; }
bool device_is_cpu(const struct device *device) { return device->is_cpu; }
int64_t mat_total_bytes(const struct device *device) { return atomic_load(&((struct device *)device)->used_bytes); }

enum status device_same(const struct device *a, const struct device *b, struct error *err) {
    if (a == b) return OK;
    err_set(err, ERR_DEVICE, "one operand is on %s, the other on %s", a->place, b->place);
    return err_hint(err, "operations run where their operands live: copy one over first");
}

/* --- CUDA --- */

static enum status cuda_table(int family, struct cuda_table *out, struct error *err) {
    enum status status = plugin_open(families[family].plugin, "`make plugins` where NVIDIA's nvcc is installed", out, sizeof *out, err);
    if (status == ERR_MISSING) err_note(err, "no CUDA backend in this installation; use(\"cpu\") works everywhere");
    if (status != OK || out->ops_bytes == sizeof(struct device_ops)) return status;
    err_set(err, ERR_MISSING, "the plugin `%s` was built for another version of this kernel", families[family].plugin);
    return err_hint(err, "`make plugins` and `make install` bring the right one; use(\"cpu\") works everywhere");
}

static enum status no_such_gpu(int index, int n, struct error *err) {
    err_set(err, ERR_DEVICE, "no CUDA device %d: this machine has %d", index, n);
    return err_hint(err, n == 1 ? "use(\"cuda\") takes the only one" : "count from 0: use(\"cuda:%d\") is the last one", n - 1);
}

static enum status open_gpu(int family, int index, struct device *to, struct error *err) {
    struct cuda_table table;
    char why[256] = "";
    int n = 0;
    TRY(cuda_table(family, &table, err));
    if (!table.count(&n, why, sizeof why)) {
        err_set(err, ERR_DEVICE, "no CUDA device: %s", why);
        return err_hint(err, "use(\"cpu\") goes on without one; device() lists what is there");
    }
    if (index >= n) return no_such_gpu(index, n, err);
    TRY(table.open(index, &to->ops, &to->state, err));
    snprintf(to->place, sizeof to->place, "%s:%d", families[family].place, index);
    atomic_store(&to->count, 1);
    return OK;
}

static enum status gpu(int family, int index, struct device **out, struct error *err) {
    if (index < 0 || index >= MAX_GPUS) return no_such_gpu(index, MAX_GPUS, err);
    struct device *device = &gpus[family][index];
    while (atomic_flag_test_and_set(&gpus_busy)) continue;
    enum status status = device->ops ? OK : open_gpu(family, index, device, err);
    atomic_flag_clear(&gpus_busy);
    if (status == OK) *out = device_ref(device);
    return status;
}

static bool named(const char *name, const char *family, int *out_index) {
    size_t len = strlen(family);
    if (strncmp(name, family, len) != 0) return false;
    *out_index = 0;
    if (name[len] == '\0') return true;
    if (name[len] != ':' || name[len + 1] < '0' || name[len + 1] > '9') return false;
    char *end;
    long index = strtol(name + len + 1, &end, 10);
    *out_index = index < MAX_GPUS ? (int)index : MAX_GPUS;
    return *end == '\0';
}

static enum status open_auto(struct device **out) {
    struct error ignored = ERROR_INIT;
    if (gpu(0, 0, out, &ignored) != OK) *out = device_ref(&cpu_device);
    return OK;
}

enum status device_open(const char *name, struct device **out, struct error *err) {
    static const char *const names[] = {"cpu", "gpu", "cuda", "auto"};
    int index;
    if (strcmp(name, "auto") == 0) return open_auto(out);
    if (strcmp(name, "cpu") == 0) {
        *out = device_ref(&cpu_device);
        return OK;
    }
    if (named(name, "cuda", &index) || named(name, "gpu", &index)) return gpu(0, index, out, err);
    if (named(name, "emulated", &index)) return gpu(1, index, out, err);
    err_set(err, ERR_VALUE, "no device is called \"%s\": it is \"cpu\", \"gpu\", \"cuda:1\" or \"auto\"", name);
    err_suggest(err, name, names, 4);
    return ERR_VALUE;
}

/* --- describing --- */

void device_describe(const struct device *device, struct device_info *out) {
    memset(out, 0, sizeof *out);
    out->available = true;
    device->ops->describe(device->state, out);
    out->memory_used_bytes = mat_total_bytes(device);
}

static struct device_info no_gpu(const char *why) {
    struct device_info info = {.backend = "cuda"};
    snprintf(info.why_not, sizeof info.why_not, "%.*s", (int)sizeof info.why_not - 1, why);
    return info;
}

size_t device_list(struct device_info *out, size_t max) {
    struct cuda_table table;
    struct error err = ERROR_INIT;
    char why[256] = "";
    int n = 0;
    size_t n_out = 0;
    if (max > 0) device_describe(&cpu_device, &out[n_out++]);
    bool has_plugin = cuda_table(0, &table, &err) == OK;
    bool has_gpu = has_plugin && table.count(&n, why, sizeof why);
    if (!has_gpu && n_out < max) out[n_out++] = no_gpu(has_plugin ? why : err.message);
    for (int i = 0; has_gpu && i < n && i < MAX_GPUS && n_out < max; i++) {
        struct device_info *info = &out[n_out++];
        memset(info, 0, sizeof *info);
        info->available = true;
        table.describe(i, info);
        info->memory_used_bytes = gpus[0][i].ops ? mat_total_bytes(&gpus[0][i]) : 0;
    }
    return n_out;
}

/* --- storage --- */

enum status device_alloc(struct device *device, size_t size_bytes, const char *what, void **out, struct error *err) {
    TRY(device->ops->alloc(device->state, size_bytes, what, out, err));
    atomic_fetch_add_explicit(&device->used_bytes, (long long)size_bytes, memory_order_relaxed);
    return OK;
}

void device_release(struct device *device, void *data, size_t size_bytes) {
    if (!data) return;
    device->ops->release(device->state, data);
    atomic_fetch_sub_explicit(&device->used_bytes, (long long)size_bytes, memory_order_relaxed);
}
