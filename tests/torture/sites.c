#include "tests/torture/sites.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/mem.h"

enum mode { RESTS, COUNTS, FAILS };

static struct {
    pthread_mutex_t mutex; /* guards all that follows */
    enum mode mode;
    struct site sites[SITES_MAX];
    uint32_t table[SITES_MAX * 2]; /* site + 1; 0 = free */
    size_t n, victim;
    long nth;
    bool sticky, failed;
} all = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool exempt;

void sites_exempt_thread(void) { exempt = true; }

static void set_mode(enum mode mode) {
    all.mode = mode;
    all.failed = false;
}

void sites_count(void) {
    pthread_mutex_lock(&all.mutex);
    for (size_t i = 0; i < all.n; i++) all.sites[i].n = 0;
    set_mode(COUNTS);
    pthread_mutex_unlock(&all.mutex);
}

void sites_arm(size_t i, long nth, bool sticky) {
    pthread_mutex_lock(&all.mutex);
    all.victim = i;
    all.nth = nth;
    all.sticky = sticky;
    all.sites[i].armed = 0;
    set_mode(FAILS);
    pthread_mutex_unlock(&all.mutex);
}

bool sites_rest(void) {
    pthread_mutex_lock(&all.mutex);
    bool failed = all.failed;
    set_mode(RESTS);
    pthread_mutex_unlock(&all.mutex);
    mem_fail_after(0);
    mem_spend_after(0);
    return failed;
}

size_t sites_n(void) { return all.n; }
struct site *sites_at(size_t i) {
    return &all.sites[i];
}

static size_t place_of(const void *call, const void *around) {
    uint64_t mixed = ((uintptr_t)call * 0x9E3779B97F4A7C15u) ^ ((uintptr_t)around * 0xC2B2AE3D27D4EB4Fu);
    return (size_t)(mixed >> 32) % (SITES_MAX * 2);
}

/* Index of a site, new or old; SITES_MAX when there are too many. */
static size_t find(const void *call, const void *around, bool tries) {
    size_t at = place_of(call, around);
    for (; all.table[at]; at = (at + 1) % (SITES_MAX * 2)) {
        const struct site *site = &all.sites[all.table[at] - 1];
        if (site->call == call && site->around == around) return all.table[at] - 1;
    }
    if (all.n == SITES_MAX) return SITES_MAX;
    all.sites[all.n] = (struct site){.call = call, .around = around, .tries = tries};
    all.table[at] = (uint32_t)++all.n;
    return all.n - 1;
}

/* Whether this call fails. */
static bool fails(const void *call, const void *around, bool tries) {
    if (exempt) return false;
    pthread_mutex_lock(&all.mutex);
    bool now = false;
    size_t i = all.mode == RESTS ? SITES_MAX : find(call, around, tries);
    if (all.mode == COUNTS && i < SITES_MAX) all.sites[i].n++;
    if (all.mode == FAILS) {
        now = (i == all.victim && ++all.sites[i].armed == all.nth) || (all.failed && all.sticky && tries);
        all.failed |= now;
    }
    pthread_mutex_unlock(&all.mutex);
    return now;
}

/* The call, and that of the function in which it stands: our own code keeps frame pointers, so that is safe. */
#pragma GCC diagnostic ignored "-Wframe-address"
#define SITE __builtin_return_address(0), __builtin_return_address(1)
#define SPEND_IF_ARMED \
    if (fails(SITE, false)) mem_spend_after(1)

void *__real_xalloc(size_t size_bytes);
void *__real_xalloc_array(size_t count, size_t size_bytes);
void *__real_xrealloc(void *old, size_t size_bytes);
char *__real_xstrdup(const char *text);
char *__real_xstrndup(const char *text, size_t length);
void *__real_xmemdup(const void *data, size_t size_bytes);
enum status __real_mem_try(size_t count, size_t size_bytes, const char *what, void **out, struct error *err);

void *__wrap_xalloc(size_t size_bytes);
void *__wrap_xalloc_array(size_t count, size_t size_bytes);
void *__wrap_xrealloc(void *old, size_t size_bytes);
char *__wrap_xstrdup(const char *text);
char *__wrap_xstrndup(const char *text, size_t length);
void *__wrap_xmemdup(const void *data, size_t size_bytes);
enum status __wrap_mem_try(size_t count, size_t size_bytes, const char *what, void **out, struct error *err);

void *__wrap_xalloc(size_t size_bytes) {
    SPEND_IF_ARMED;
    return __real_xalloc(size_bytes);
}

void *__wrap_xalloc_array(size_t count, size_t size_bytes) {
    SPEND_IF_ARMED;
    return __real_xalloc_array(count, size_bytes);
}

void *__wrap_xrealloc(void *old, size_t size_bytes) {
    SPEND_IF_ARMED;
    return __real_xrealloc(old, size_bytes);
}

char *__wrap_xstrdup(const char *text) {
    SPEND_IF_ARMED;
    return __real_xstrdup(text);
}

char *__wrap_xstrndup(const char *text, size_t length) {
    SPEND_IF_ARMED;
    return __real_xstrndup(text, length);
}

void *__wrap_xmemdup(const void *data, size_t size_bytes) {
    SPEND_IF_ARMED;
    return __real_xmemdup(data, size_bytes);
}

enum status __wrap_mem_try(size_t count, size_t size_bytes, const char *what, void **out, struct error *err) {
    if (fails(SITE, true)) mem_fail_after(1);
    return __real_mem_try(count, size_bytes, what, out, err);
}
