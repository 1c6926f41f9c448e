/* The parity list: every operation of struct device_ops on the CPU and on
 * another device, from the same inputs. Used by tests/device/ only. */
#ifndef RECKON_PARITY_H
#define RECKON_PARITY_H

#include "runtime/base/rng.h"
#include "runtime/device/device_impl.h"

enum { MAX_HELD = 64 };

/* A device and what a case did there: memory held until the case ends, numbers that came back. */
struct side {
    const struct device_ops *ops;
    void *state;
    struct task *task; /* cancelled, or NULL */
    void *held[MAX_HELD];
    int n_held;
    float *seen;
    int64_t n_seen, room;
};

/* A case runs an operation on one side for all its shapes, and shows its results. It may use nothing but `side` and fixed seeds. */
struct parity_case {
    const char *name;
    enum status (*run)(struct side *side, int which, struct error *err);
    int which;
    double relative, absolute; /* a result x may differ by absolute + relative |x|; both 0: equal bits */
    bool takes_task;           /* stops with ERR_INTERRUPTED when the task was cancelled */
    const char *why;           /* of the tolerance */
};

/* Device memory with the bytes of `host` (NULL: as given by alloc). */
enum status side_put(struct side *side, const void *host, size_t size_bytes, void *out, struct error *err) MUST_CHECK;
/* Shows n results, from device or from host memory. */
enum status side_fetch(struct side *side, const float *data, int64_t n, struct error *err) MUST_CHECK;
void side_show(struct side *side, const float *values, int64_t n);
void side_release(struct side *side); /* what is held */
void side_forget(struct side *side);  /* what is held and seen */

/* n numbers, owned: in [-1, 1); with the values that formulas trip over; whole ones in [0, below). */
float *some_floats(uint64_t seed, int64_t n);
float *hard_floats(uint64_t seed, int64_t n);
int32_t *some_indices(uint64_t seed, int64_t n, int64_t below);

extern const struct parity_case element_cases[], product_cases[], training_cases[], score_cases[];
extern const int n_element_cases, n_product_cases, n_training_cases, n_score_cases;

#define N_OF(array) ((int)(sizeof(array) / sizeof(array)[0]))

#endif
