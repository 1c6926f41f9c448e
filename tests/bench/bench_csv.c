/* A large CSV of ratings as a data set: seconds, bytes a second and peak memory.
 *
 *     make bench B=csv                  10^7 rows
 *     make bench B=csv ROWS=100000000   10^8 rows: 2.9 GB below TMPDIR (or /tmp), removed at the end
 *
 * The file has the columns of MovieLens's later ones (userId, movieId, rating,
 * timestamp), a hundred rows a user, in an order that jumps from user to user:
 * no run of one user or item helps. No pair comes twice, and that is checked,
 * as load() always does.
 *
 * Floors, in the same run: read(2) of all bytes into one buffer; and a bare
 * parse, a loop over the mapped bytes that turns four numbers a line into
 * integers and adds them up, keeping nothing, on the same threads.
 *
 * Memory: 20 bytes a row are the data set (user, item, rating, time), 8 more
 * the search for repeated pairs. The file itself is mapped, and given back a
 * window after another. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/mem.h"
#include "runtime/base/monitor.h"
#include "runtime/base/thread.h"
#include "runtime/data/loaders.h"

enum { PER_USER = 100, ITEMS = 60013, BLOCK = 1 << 21 };

static void die(const char *what) {
    fprintf(stderr, "bench_csv: %s\n", what);
    exit(1);
}

/* --- the file --- */

static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 31)) * 0x9E3779B97F4A7C15u;
    return x ^ (x >> 29);
}

static uint64_t gcd(uint64_t a, uint64_t b) { return b ? gcd(b, a % b) : a; }

static int64_t write_rows(const char *path, int64_t n) {
    FILE *file = fopen(path, "we");
    uint64_t stride = (uint64_t)n / 7 * 5 + 1, at = 0;
    if (!file) die("can't write the file");
    while (gcd(stride, (uint64_t)n) != 1) stride++; /* visits every row once */
    fputs("userId,movieId,rating,timestamp\n", file);
    for (int64_t i = 0; i < n; i++, at = (at + stride) % (uint64_t)n) {
        const uint64_t user = at / PER_USER, place = at % PER_USER, hash = mix(user + 1);
        const uint64_t item = (hash % ITEMS + place * (1 + hash / ITEMS % (ITEMS - 1))) % ITEMS; /* 60,013 is prime: all of a user differ */
        const uint64_t stars = 1 + mix(at) % 10;
        fprintf(file, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ".%d,%" PRIu64 "\n", user + 1, item + 1, stars / 2, stars % 2 ? 5 : 0,
                1000000000 + at * 7 % 700000000);
    }
    if (fflush(file) != 0 || fsync(fileno(file)) != 0 || fclose(file) != 0) die("can't write the file: is the disk full?");
    return file_size(path);
}

/* --- floors --- */

static void read_all(const char *path) {
    char *buffer = xalloc(1 << 20);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (read(fd, buffer, 1 << 20) > 0) continue;
    close(fd);
    free(buffer);
}

struct bare {
    struct file_map map;
    uint64_t sums[1 << 16];
};

static void parse_block(void *ctx, int64_t block, int thread) {
    struct bare *bare = ctx;
    const char *at = bare->map.data + block * BLOCK, *file_end = bare->map.data + bare->map.len;
    const char *end = file_end - at > BLOCK ? at + BLOCK : file_end;
    uint64_t sum = 0;
    (void)thread;
    if (block > 0) at = memchr(at, '\n', (size_t)(file_end - at));
    while (at && at < end) {
        uint64_t value = 0;
        for (; at < file_end && (unsigned)(*at - '0') < 10; at++) value = value * 10 + (unsigned)(*at - '0');
        sum += value;
        at++;
    }
    bare->sums[block] = sum;
}

static void bare_parse(const char *path) {
    struct bare *bare = xnew(struct bare);
    struct error err = ERROR_INIT;
    if (file_map_open(path, &bare->map, &err) != OK) die(err.message);
    if (pool_run(NULL, (int64_t)((bare->map.len + BLOCK - 1) / BLOCK), parse_block, bare, &err) != OK) die(err.message);
    file_map_close(&bare->map);
    free(bare);
}

static void load(const char *path) {
    const struct load_request request = {.name_or_path = path, .user = "userId", .item = "movieId"};
    struct dataset *dataset = NULL;
    struct error err = ERROR_INIT;
    if (load_dataset(NULL, &request, &dataset, &err) != OK) die(err.message);
    dataset_unref(dataset);
}

/* Nothing of the file is left in memory. */
static void forget(const char *path) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0) die("can't drop the file from the cache");
    close(fd);
}

static void read_cold(const char *path) {
    forget(path);
    read_all(path);
}

static void load_cold(const char *path) {
    forget(path);
    load(path);
}

/* --- measuring --- */

/* wall and cpu in seconds; cpu is what a busy machine doesn't spoil. */
struct run {
    double wall, cpu, mib;
};

static double cpu_seconds(const struct rusage *usage) {
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) + (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

/* In a process of its own, so that its peak memory is its own. */
static struct run in_a_process(void (*work)(const char *path), const char *path, int threads) {
    struct rusage usage;
    int code;
    const double start = clock_now_s();
    const pid_t child = fork();
    if (child < 0) die("can't fork");
    if (child == 0) {
        pool_set_threads(threads);
        work(path);
        _exit(0);
    }
    if (wait4(child, &code, 0, &usage) != child || code != 0) die("a run failed");
    return (struct run){clock_now_s() - start, cpu_seconds(&usage), (double)usage.ru_maxrss / 1024};
}

/* The best of so many, each figure by itself; memory: the most. */
static struct run best_of(int times, void (*work)(const char *path), const char *path, int threads) {
    struct run best = in_a_process(work, path, threads);
    for (int i = 1; i < times; i++) {
        const struct run run = in_a_process(work, path, threads);
        if (run.wall < best.wall) best.wall = run.wall;
        if (run.cpu < best.cpu) best.cpu = run.cpu;
        if (run.mib > best.mib) best.mib = run.mib;
    }
    return best;
}

static void show(const char *what, int threads, struct run run, int64_t n_bytes, int64_t n, bool memory) {
    printf("%-24s %d thread%s wall %7.2f s %6.0f MB/s   cpu %7.2f s %6.0f MB/s a core", what, threads, threads == 1 ? " " : "s", run.wall,
           (double)n_bytes / run.wall / 1e6, run.cpu, (double)n_bytes / run.cpu / 1e6);
    if (memory) printf("   %.0f MiB at most, %.1f bytes a row", run.mib, run.mib * 1048576 / (double)n);
    printf("\n");
    fflush(stdout);
}

int main(void) {
    const char *rows = getenv("ROWS"), *below = getenv("TMPDIR");
    const int64_t n = rows && *rows ? strtoll(rows, NULL, 10) : 10000000;
    char folder[256], path[300];
    hash_init();
    if (n < 1000) die("ROWS is a number of rows, 1000 or more");
    snprintf(folder, sizeof folder, "%s/reckon-bench-csv-XXXXXX", below && *below ? below : "/tmp");
    if (!mkdtemp(folder)) die("can't make a folder");
    snprintf(path, sizeof path, "%s/ratings.csv", folder);
    const int64_t n_bytes = write_rows(path, n);
    printf("%" PRId64 " rows, %.1f MB\n", n, (double)n_bytes / 1e6);
    const int times = n > 20000000 ? 1 : 3, threads = pool_max_threads() < 2 ? 1 : 2;
    show("read(2) from the disk", 1, best_of(times, read_cold, path, 1), n_bytes, n, false);
    show("load from the disk", threads, best_of(times, load_cold, path, threads), n_bytes, n, true);
    show("read(2) from the cache", 1, best_of(times, read_all, path, 1), n_bytes, n, false);
    for (int t = 1; t <= threads; t++) {
        show("bare parse", t, best_of(times, bare_parse, path, t), n_bytes, n, false);
        show("load", t, best_of(times, load, path, t), n_bytes, n, true);
    }
    dir_remove(folder);
    return 0;
}
