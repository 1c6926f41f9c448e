#include "runtime/base/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/str.h"

#define ALIGNMENT 64

/* The one place of the library that ends the program: nothing small can be said without memory. */
_Noreturn static void out_of_memory(void) {
    static const char text[] = "reckon: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    abort();
}

/* --- the reserve --- */

#define RESERVE_BYTES ((size_t)32 << 20)
#define LOOK_BYTES ((size_t)16 << 20) /* taken between two looks at the room */
#define LOW_BYTES ((size_t)32 << 20)  /* less room than this is low */

static _Atomic(void *) reserve; /* NULL: spent, or the system gave none */
static atomic_bool low;
static atomic_size_t promised_before; /* mem_promised_bytes before the first large wish since mem_keep_reserve; 0: none yet */

void mem_give_back(void) { malloc_trim(0); }

void mem_keep_reserve(void) {
    atomic_store_explicit(&promised_before, 0, memory_order_relaxed);
    if (atomic_load_explicit(&low, memory_order_relaxed)) {
        mem_give_back();
        atomic_store(&low, false);
    }
    if (atomic_load_explicit(&reserve, memory_order_relaxed)) return;
    void *pages = mmap(NULL, RESERVE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages != MAP_FAILED) atomic_store(&reserve, pages);
}

static void spend_reserve(void) {
    void *pages = atomic_exchange(&reserve, NULL);
    atomic_store(&low, true);
    if (pages) munmap(pages, RESERVE_BYTES);
}

enum status mem_check(struct error *err) {
    if (!atomic_load_explicit(&low, memory_order_relaxed)) return OK;
    err_set(err, ERR_MEMORY, "memory is running out");
    return err_hint(err, "work on fewer rows at once, or free names that you no longer need with `del`");
}

/* More than once a moment would cost: a look reads files. A growing text or list doubles, so one that takes more than what is
 * left couldn't grow again. */
static void look_around(size_t size_bytes, size_t wanted) {
    static _Thread_local size_t taken;
    taken += size_bytes;
    if (taken < LOOK_BYTES) return;
    taken = 0;
    if (mem_room_bytes() < (wanted > LOW_BYTES ? wanted : LOW_BYTES)) atomic_store(&low, true);
}

/* --- what never fails --- */

/* Of calls that must fail, for tests: true for the n-th. */
static bool is_the_one(atomic_long *calls_left) {
    if (atomic_load_explicit(calls_left, memory_order_relaxed) == 0) return false;
    return atomic_fetch_sub(calls_left, 1) == 1;
}

static atomic_long tries_until_failure, allocations_until_failure; /* 0 = off */

void mem_fail_after(long n) { atomic_store(&tries_until_failure, n); }
void mem_spend_after(long n) { atomic_store(&allocations_until_failure, n); }

void *xalloc(size_t size_bytes) {
    size_t size = size_bytes ? size_bytes : 1;
    look_around(size, 0);
    void *data = is_the_one(&allocations_until_failure) ? NULL : calloc(1, size);
    if (data) return data;
    spend_reserve();
    data = calloc(1, size);
    if (!data) out_of_memory();
    return data;
}

void *xrealloc(void *old, size_t size_bytes) {
    size_t size = size_bytes ? size_bytes : 1;
    look_around(size, size);
    void *data = is_the_one(&allocations_until_failure) ? NULL : realloc(old, size);
    if (data) return data;
    spend_reserve();
    data = realloc(old, size);
    if (!data) out_of_memory();
    return data;
}

void *xalloc_array(size_t count, size_t size_bytes) {
    size_t total;
    if (__builtin_mul_overflow(count, size_bytes, &total)) out_of_memory();
    return xalloc(total);
}

char *xstrndup(const char *text, size_t length) {
    char *copy = xalloc(length + 1);
    if (length) memcpy(copy, text, length);
    return copy;
}

char *xstrdup(const char *text) { return xstrndup(text, strlen(text)); }

void *xmemdup(const void *data, size_t size_bytes) {
    void *copy = xalloc(size_bytes);
    if (size_bytes) memcpy(copy, data, size_bytes);
    return copy;
}

/* --- what may fail --- */

#define LARGE_BYTES LOOK_BYTES

/* What the running cell was given and hasn't touched yet; stacks and the reserve are promised all the time. */
static size_t promised_lately(void) {
    const size_t now = mem_promised_bytes() + 1;
    size_t before = 0;
    if (atomic_compare_exchange_strong(&promised_before, &before, now)) return 0;
    return now > before ? now - before : 0;
}

/* Linux promises memory that it hasn't got and kills the process when it is touched. So large wishes are compared with what
 * there is before: an error is better than a kernel that is gone. */
static bool has_room(size_t size_bytes) {
    if (size_bytes < LARGE_BYTES) return true;
    const size_t room = mem_room_bytes(), promised = promised_lately();
    return promised < room && size_bytes <= room - promised;
}

#define LAZY_BYTES ((size_t)32 << 20) /* so much is zeroed at once in some 10 ms */

/* Whole pages are given back, so that the system gives them again, zeroed, when they are touched: by many threads, between looks
 * at the task. Here it would take half a second a gigabyte, and nothing could interrupt it. */
static void zero(char *data, size_t size_bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (page - (uintptr_t)data % page) % page;
    const size_t whole = size_bytes > before ? (size_bytes - before) / page * page : 0;
    if (size_bytes < LAZY_BYTES || madvise(data + before, whole, MADV_DONTNEED) != 0) {
        memset(data, 0, size_bytes);
        return;
    }
    memset(data, 0, before);
    memset(data + before + whole, 0, size_bytes - before - whole);
}

static enum status refuse(size_t count, size_t size_bytes, const char *what, struct error *err) {
    struct buf size = BUF_INIT;
    buf_add_bytes(&size, (double)count * (double)size_bytes);
    err_set(err, ERR_MEMORY, "not enough memory for %s (%s)", what, buf_text(&size));
    buf_release(&size);
    err_hint(err, "use fewer rows or factors, or free names that you no longer need with `del`");
    return ERR_MEMORY;
}

enum status mem_try(size_t count, size_t size_bytes, const char *what, void **out, struct error *err) {
    size_t total;
    bool too_large = __builtin_mul_overflow(count, size_bytes, &total) || total > PTRDIFF_MAX - ALIGNMENT;
    if (too_large || is_the_one(&tries_until_failure) || !has_room(total)) return refuse(count, size_bytes, what, err);
    size_t rounded = (total + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *data = aligned_alloc(ALIGNMENT, rounded ? rounded : ALIGNMENT);
    if (!data) return refuse(count, size_bytes, what, err);
    zero(data, rounded ? rounded : ALIGNMENT);
    look_around(total, 0);
    *out = data;
    return OK;
}

enum status mem_expect(size_t count, size_t size_bytes, const char *what, struct error *err) {
    size_t total;
    bool too_large = __builtin_mul_overflow(count, size_bytes, &total) || !has_room(total);
    return too_large ? refuse(count, size_bytes, what, err) : OK;
}

void mem_free(void *data) { free(data); }
