/* What the builtins of a session share: its device and its plotter. */
#include "kernel/builtins/context.h"

#include "plots/plot.h"
#include "runtime/device/device.h"

void context_reset(struct context *context) {
    context->seed = 0;
    value_release(&context->fixed);
}

void context_release(struct context *context) {
    context_reset(context);
    device_unref(context->device);
    gnuplot_free(context->gnuplot);
    context->device = NULL;
    context->gnuplot = NULL;
}

uint64_t context_seed(const struct call *call) { return arg_is_none(call, "seed") ? context_of(call)->seed : (uint64_t)arg_int(call, "seed"); }

enum status context_device(struct context *context, struct device **out, struct error *err) {
    (void)err;
    if (!context->device) context->device = device_ref(device_cpu());
    *out = context->device;
    return OK;
}
