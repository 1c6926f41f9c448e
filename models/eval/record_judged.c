#include "models/eval/record_judged.h"

#include "models/record.h"

/* "full", "sampled, 99 uniform, seed 1", "sampled, published" */
static void add_protocol(const struct protocol *protocol, struct buf *out) {
    static const char *const masks[] = {"", ", train masked", ", valid masked", ", train and valid masked"};
    buf_adds(out, protocol->sampled ? "sampled" : "full");
    if (protocol->sampled && protocol->negatives)
        buf_addf(out, ", %lld %s, seed %llu", (long long)protocol->negatives, protocol->sampler == SAMPLER_POPULARITY ? "by popularity" : "uniform",
                 (unsigned long long)protocol->seed);
    else if (protocol->sampled) buf_adds(out, ", published");
    buf_adds(out, protocol->mask & MASK_NOTHING ? ", nothing masked" : masks[protocol->mask & 3]);
}

void record_judged(struct task *task, const struct model *model, struct dataset *judged, const struct metric *metrics, const double *values, size_t n,
                   const struct protocol *protocol, double seconds) {
    struct run_metric told[RUNS_METRICS_MAX];
    struct buf how = BUF_INIT;
    bool ranks = false;
    if (!task_records(task)) return;
    if (n > RUNS_METRICS_MAX) n = RUNS_METRICS_MAX;
    for (size_t m = 0; m < n; m++) {
        told[m] = (struct run_metric){metrics[m].text, values[m]};
        ranks = ranks || metrics[m].row->kind == METRIC_RANKING;
    }
    if (ranks) add_protocol(protocol, &how);
    const struct judgement judgement = {model, judged, ranks ? buf_text(&how) : NULL, told, n, seconds};
    record_judgement(task, &judgement);
    buf_release(&how);
}
