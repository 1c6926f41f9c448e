/* Compute backends behind one vtable: the CPU (always) and CUDA (a plugin,
 * opened when asked for). Nobody but mat, csr and ops calls the vtable; they do
 * all checks, so backends hold no checks and no policy. Operations run where
 * their operands live. See ops.h for what models and the language call. */
#ifndef RECKON_DEVICE_H
#define RECKON_DEVICE_H

#include "runtime/base/task.h"

struct device; /* counted; complete in device_impl.h, which only runtime/device includes */

struct device_info {
    char backend[16];                        /* "cpu", "cuda" */
    char name[128];                          /* "AMD EPYC 9354", "NVIDIA H200" */
    char instruction_set[64];                /* "x86-64-v4", "sm_90" */
    char blas[64];                           /* "OpenBLAS 0.3.21 SkylakeX", "none yet", "cuBLAS 13" */
    int64_t memory_bytes, memory_used_bytes; /* of the device; used = by Reckon's mats */
    int threads;
    bool available;
    char why_not[256]; /* when it isn't */
};

/* The CPU; never fails. Borrowed, lives as long as the process. */
struct device *device_cpu(void);
/* "cpu", "gpu", "cuda", "cuda:1", "auto". ERR_MISSING / ERR_DEVICE say what is lacking. Owned count. */
enum status device_open(const char *name, struct device **out, struct error *err) MUST_CHECK;
struct device *device_ref(struct device *device);
void device_unref(struct device *device);
const char *device_place(const struct device *device); /* "cpu", "cuda:0" */
bool device_is_cpu(const struct device *device);
void device_describe(const struct device *device, struct device_info *out);
/* All that this machine has: the CPU first, then CUDA devices, or one row that says why there are none. Looks for libcuda. */
size_t device_list(struct device_info *out, size_t max);

/* First line of main, before any thread: environment for BLAS and OpenMP (thread counts, core type from cpuid). */
void device_prepare_environment(void);
/* "x86-64-v4" …: the level of the hot loops in use (RECKON_ISA lowers it). */
const char *device_isa(void);

#endif
