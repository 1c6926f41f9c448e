#include "kernel/kernel.h"

static void publish_captured(void *ctx, const char *name, const char *text, size_t len) {
    struct kernel *kernel = ctx;
    if (atomic_load(&kernel->muted)) return;
    struct request *cell = worker_cell(kernel->worker);
    publish_stream(kernel->publisher, cell, name, text, len, NULL);
    request_unref(cell);
}

void kernel_drain_output(struct kernel *kernel) { capture_drain(kernel->capture, publish_captured, kernel); }

void kernel_interrupt(struct kernel *kernel) {
    worker_interrupt(kernel->worker);
    prompt_stir(kernel->prompt);
    outbox_stir(kernel->outbox);
}
