/* Memory that runs out at each place that asks for some: torture [--whole] [-k part-of-a-name]. Every run must end well or with
 * OutOfMemory, leave names, files and descriptors as they were, and the same cell must then do what it did before. */
#include "tests/torture/torture.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/hash.h"
#include "runtime/base/thread.h"
#include "runtime/device/device.h"
#include "tests/torture/sites.h"

#if defined(__SANITIZE_ADDRESS__)
int __lsan_do_recoverable_leak_check(void);
bool torture_leaks(void) { return __lsan_do_recoverable_leak_check() != 0; }
#else
bool torture_leaks(void) { return false; }
#endif

#define CALLS_OF_A_SITE 8 /* that fail, spread over all there are */

extern char __executable_start;

unsigned long torture_offset(const void *address) { return (unsigned long)((const char *)address - &__executable_start); }

void torture_site(const struct effort *effort, size_t i, void (*run)(void *ctx, size_t i, long nth, bool sticky), void *ctx) {
    struct site *site = sites_at(i);
    long n = site->n, step = n > CALLS_OF_A_SITE ? n / CALLS_OF_A_SITE : 1;
    if (!n || (!effort->whole && site->tested)) return;
    site->tested = true;
    run(ctx, i, 1, false);
    if (!effort->whole) return;
    for (long nth = 1; nth <= n; nth += step) {
        if (nth > 1) run(ctx, i, nth, false);
        if (site->tries) run(ctx, i, nth, true);
    }
    if (n > CALLS_OF_A_SITE) run(ctx, i, n, false);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at) {
    (void)info, (void)kind, (void)at;
    return remove(path);
}

int main(int argc, char **argv) {
    char folder[] = "/tmp/torture-XXXXXX";
    struct effort effort = {0};
    struct tally tally = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--whole") == 0) effort.whole = true;
        else if (strcmp(argv[i], "-k") == 0 && i + 1 < argc) effort.only = argv[++i];
    }
    device_prepare_environment();
    setenv("RECKON_HISTORY", "off", 1);
    setenv("RECKON_RUNS", "off", 1);
    signal(SIGXFSZ, SIG_IGN); /* as in kernel/main.c */
    if (!hash_init() || !mkdtemp(folder) || chdir(folder) != 0) return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    pool_set_threads(1); /* the same calls in the same order every time */
    torture_cells(&effort, &tally);
    torture_server(&effort, &tally);
    pool_stop();
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    printf("torture: %d passed, %d failed (%zu places that ask for memory)\n", tally.passed, tally.failed, sites_n());
    return tally.failed > 0 || tally.passed == 0;
}
