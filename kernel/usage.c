#include "kernel/usage.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/monitor.h"

/* Above this the exact figure takes the system too long for the thread that answers. */
#define EXACT_BELOW_BYTES ((int64_t)2 << 30)
#define PROC_BYTES_MAX ((size_t)1 << 20)

/* The number after `label` in a /proc text, or -1. */
static int64_t field(const char *text, const char *label) {
    const char *at = strstr(text, label);
    long long value = -1;
    if (!at || sscanf(at + strlen(label), " %lld", &value) != 1) return -1;
    return value;
}

static bool read_proc(const char *path, struct buf *out) {
    struct error err = ERROR_INIT;
    return file_read(path, PROC_BYTES_MAX, out, &err) == OK;
}

/* Proportional set size, or for large processes the resident one. */
static int64_t own_memory_bytes(void) {
    struct buf text = BUF_INIT;
    long long total = 0, resident = 0;
    if (read_proc("/proc/self/statm", &text)) sscanf(buf_text(&text), "%lld %lld", &total, &resident);
    int64_t bytes = resident * sysconf(_SC_PAGESIZE);
    buf_release(&text);
    if (bytes < EXACT_BELOW_BYTES && read_proc("/proc/self/smaps_rollup", &text) && field(buf_text(&text), "\nPss:") >= 0)
        bytes = field(buf_text(&text), "\nPss:") * 1024;
    buf_release(&text);
    return bytes;
}

static double own_seconds(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
}

static void host_seconds(double *busy, double *all) {
    struct buf text = BUF_INIT;
    long long t[8] = {0};
    if (read_proc("/proc/stat", &text))
        sscanf(buf_text(&text), "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]);
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK), sum = 0;
    for (int i = 0; i < 8; i++) sum += (double)t[i];
    *all = sum * tick;
    *busy = (sum - (double)t[3] - (double)t[4]) * tick;
    buf_release(&text);
}

static void add_host_memory(struct buf *out) {
    struct buf text = BUF_INIT;
    if (read_proc("/proc/meminfo", &text)) {
        const char *all = buf_text(&text);
        int64_t total = field(all, "MemTotal:") * 1024, available = field(all, "MemAvailable:") * 1024, free_bytes = field(all, "MemFree:") * 1024;
        buf_addf(out, ",\"host_virtual_memory\":{\"total\":%lld,\"available\":%lld,\"percent\":%.1f,\"used\":%lld,\"free\":%lld}", (long long)total,
                 (long long)available, total > 0 ? 100.0 * (double)(total - available) / (double)total : 0.0, (long long)(total - available),
                 (long long)free_bytes);
    }
    buf_release(&text);
}

static double percent(double part, double whole) { return whole > 0 ? 100.0 * part / whole : 0.0; }

void usage_json(struct usage *usage, struct buf *out) {
    char host[256] = "";
    struct usage now = {.at_s = clock_now_s(), .own_s = own_seconds()};
    gethostname(host, sizeof host - 1);
    host_seconds(&now.host_busy_s, &now.host_all_s);
    buf_adds(out, "{\"status\":\"ok\",\"hostname\":");
    buf_add_json_string(out, slice_of(host));
    buf_addf(out, ",\"pid\":%ld,\"kernel_cpu\":%.1f,\"kernel_memory\":%lld,\"cpu_count\":%ld,\"host_cpu_percent\":%.1f", (long)getpid(),
             percent(now.own_s - usage->own_s, now.at_s - usage->at_s), (long long)own_memory_bytes(), sysconf(_SC_NPROCESSORS_ONLN),
             percent(now.host_busy_s - usage->host_busy_s, now.host_all_s - usage->host_all_s));
    add_host_memory(out);
    buf_addc(out, '}');
    *usage = now;
}
