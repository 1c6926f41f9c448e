/* parity DEVICE: compares DEVICE ("emulated", "gpu", "cuda:1") with the CPU.
 * A line an operation: its largest difference and what is allowed. Each one runs
 * twice there, and must give equal bits. Exit code 0: all passed, or
 * skipped where no NVIDIA driver runs; 2: no such device. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "runtime/device/elem.h"
#include "tests/device/parity.h"

/* --- a side --- */

enum status side_put(struct side *side, const void *host, size_t size_bytes, void *out, struct error *err) {
    void *data;
    if (side->n_held == MAX_HELD) return err_set(err, ERR_INTERNAL, "the case holds more than %d pieces of memory", MAX_HELD);
    TRY(side->ops->alloc(side->state, size_bytes, "a test", &data, err));
    side->held[side->n_held++] = data;
    memcpy(out, &data, sizeof data);
    return host ? side->ops->upload(side->state, data, host, size_bytes, err) : OK;
}

static float *seen_room(struct side *side, int64_t n) {
    if (side->n_seen + n > side->room) {
        side->room = 2 * (side->n_seen + n);
        side->seen = xrealloc(side->seen, (size_t)side->room * sizeof(float));
    }
    side->n_seen += n;
    return side->seen + side->n_seen - n;
}

enum status side_fetch(struct side *side, const float *data, int64_t n, struct error *err) {
    return side->ops->download(side->state, seen_room(side, n), data, (size_t)n * sizeof(float), err);
}

void side_show(struct side *side, const float *values, int64_t n) { memcpy(seen_room(side, n), values, (size_t)n * sizeof(float)); }

void side_release(struct side *side) {
    while (side->n_held > 0) side->ops->release(side->state, side->held[--side->n_held]);
}

void side_forget(struct side *side) {
    side_release(side);
    free(side->seen);
    side->seen = NULL;
    side->n_seen = side->room = 0;
}

/* --- inputs --- */

float *some_floats(uint64_t seed, int64_t n) {
    struct rng rng = rng_at(seed, RNG_USER, 0);
    float *values = xnew_array(float, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) values[i] = (float)(2.0 * rng_uniform(&rng) - 1.0);
    return values;
}

float *hard_floats(uint64_t seed, int64_t n) {
    static const float hard[] = {0.0f,   -0.0f,  1.0f,    -1.0f,  0.5f,  2.0f,    -2.0f,       INFINITY, -INFINITY, NAN,
                                 1e-45f, 1e-39f, 3.4e38f, -87.3f, 88.7f, -103.9f, 0.70710677f, 64.0f,    -65.0f,    16777217.0f};
    struct rng rng = rng_at(seed, RNG_USER, 1);
    float *values = some_floats(seed, n);
    for (int64_t i = 0; i < n; i++) {
        uint64_t kind = rng_below(&rng, 4);
        if (kind == 0) values[i] = hard[rng_below(&rng, sizeof hard / sizeof hard[0])];
        else if (kind == 1) values[i] *= 100.0f;
        else if (kind == 2) values[i] = el_float(rng_u32(&rng)); /* any bits */
    }
    return values;
}

int32_t *some_indices(uint64_t seed, int64_t n, int64_t below) {
    struct rng rng = rng_at(seed, RNG_USER, 2);
    int32_t *values = xnew_array(int32_t, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) values[i] = (int32_t)rng_below(&rng, (uint64_t)below);
    return values;
}

/* --- comparing --- */

struct difference {
    double largest;      /* |a - b| */
    int64_t n_wrong, at; /* more than allowed; the first of them */
};

static bool same_bits(float a, float b) { return el_bits(a) == el_bits(b) || (a != a && b != b); }

static struct difference compare(const struct parity_case *test, const struct side *cpu, const struct side *other) {
    struct difference found = {.at = -1};
    bool exact = test->relative == 0.0 && test->absolute == 0.0;
    for (int64_t i = 0; i < cpu->n_seen; i++) {
        float a = cpu->seen[i], b = other->seen[i];
        double by = same_bits(a, b) || a == b ? 0.0 : fabs((double)a - (double)b);
        bool fine = same_bits(a, b) || (!exact && by <= test->absolute + test->relative * fabs((double)a));
        if (by > found.largest || by != by) found.largest = by;
        if (fine) continue;
        if (found.n_wrong++ == 0) found.at = i;
    }
    return found;
}

static bool refuse(const struct parity_case *test, const char *format, ...) PRINTF_LIKE(2, 3);
static bool refuse(const struct parity_case *test, const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("FAILED  %-22s ", test->name);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    return false;
}

static bool judge(const struct parity_case *test, const struct side *cpu, const struct side *other, const struct side *again) {
    if (cpu->n_seen != other->n_seen || cpu->n_seen == 0)
        return refuse(test, "%lld results on the CPU, %lld there", (long long)cpu->n_seen, (long long)other->n_seen);
    struct difference found = compare(test, cpu, other);
    if (found.n_wrong > 0)
        return refuse(test, "%lld of %lld results differ, by %.3g at most; number %lld is %.9g on the CPU, %.9g there", (long long)found.n_wrong,
                      (long long)cpu->n_seen, found.largest, (long long)found.at, (double)cpu->seen[found.at], (double)other->seen[found.at]);
    for (int64_t i = 0; i < other->n_seen; i++)
        if (!same_bits(other->seen[i], again->seen[i])) return refuse(test, "a second run gives other bits at number %lld", (long long)i);
    if (test->relative == 0.0 && test->absolute == 0.0) printf("ok      %-22s %7lld results, equal bits\n", test->name, (long long)cpu->n_seen);
    else
        printf("ok      %-22s %7lld results, largest difference %.1e; allowed %.0e + %.0e |x|: %s\n", test->name, (long long)cpu->n_seen,
               found.largest, test->absolute, test->relative, test->why);
    return true;
}

/* --- running --- */

static bool run_side(const struct parity_case *test, const char *where, struct side *side) {
    struct error err = ERROR_INIT;
    return test->run(side, test->which, &err) == OK || refuse(test, "error on %s: %s", where, err.message);
}

/* Cancelled before it starts: the operation must say so, whatever it has done. */
static bool stops(const struct parity_case *test, struct side *side) {
    struct error err = ERROR_INIT;
    if (!test->takes_task) return true;
    side->task = task_new(NULL);
    task_cancel(side->task);
    enum status status = test->run(side, test->which, &err);
    task_free(side->task);
    side->task = NULL;
    return status == ERR_INTERRUPTED || refuse(test, "a cancelled task is not heard (status %s)", err_name(status));
}

static struct side side_of(const struct device *device) { return (struct side){.ops = device->ops, .state = device->state}; }

static bool run_case(const struct parity_case *test, const struct device *device) {
    struct side cpu = side_of(device_cpu()), other = side_of(device), again = other, cancelled = other;
    bool passed = run_side(test, "the CPU", &cpu) && run_side(test, "the device", &other) && run_side(test, "the device, again", &again) &&
                  judge(test, &cpu, &other, &again) && stops(test, &cancelled);
    side_forget(&cpu);
    side_forget(&other);
    side_forget(&again);
    side_forget(&cancelled);
    fflush(stdout);
    return passed;
}

static void introduce(const struct device *device) {
    struct device_info info, cpu;
    device_describe(device, &info);
    device_describe(device_cpu(), &cpu);
    printf("%s: %s, %s, %s, %.1f GiB; CPU: %s\n", device_place(device), info.name, info.instruction_set, info.blas,
           (double)info.memory_bytes / 1073741824.0, cpu.instruction_set);
}

/* Where no NVIDIA driver runs, the whole list is skipped, and that is no failure; where one does, a device that can't be opened is. */
static int without_device(const char *place, int n_cases, const struct error *err) {
    bool has_driver = access("/dev/nvidiactl", F_OK) == 0;
    printf("no device to compare with: %s%s%s\n", err->message, err->hint[0] ? "; " : "", err->hint);
    if (has_driver || strcmp(place, "emulated") == 0) return 2;
    printf("no CUDA device: 0 passed, 0 failed, %d skipped\n", n_cases);
    return 0;
}

int main(int argc, char **argv) {
    const struct parity_case *lists[] = {element_cases, product_cases, training_cases, score_cases};
    const int lengths[] = {n_element_cases, n_product_cases, n_training_cases, n_score_cases};
    struct device *device;
    struct error err = ERROR_INIT;
    const char *place = argc > 1 ? argv[1] : "emulated";
    int n_passed = 0, n_failed = 0, n_cases = 0;
    for (int list = 0; list < N_OF(lists); list++) n_cases += lengths[list];
    device_prepare_environment();
    if (device_open(place, &device, &err) != OK) return without_device(place, n_cases, &err);
    introduce(device);
    for (int list = 0; list < N_OF(lists); list++)
        for (int i = 0; i < lengths[list]; i++) {
            bool passed = run_case(&lists[list][i], device);
            n_passed += passed;
            n_failed += !passed;
        }
    printf("%d passed, %d failed\n", n_passed, n_failed);
    device_unref(device);
    return n_failed > 0;
}
