#include <stdarg.h>
#include <stddef.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "runtime/base/arena.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/task.h"
#include "runtime/base/vec.h"

static void zeroed_and_aligned(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    for (size_t count = 0; count < 200; count += 7) {
        double *values;
        assert_int_equal(mem_try_array(count, "values", &values, &err), OK);
        assert_int_equal((uintptr_t)values % 64, 0);
        for (size_t i = 0; i < count; i++) assert_true(values[i] == 0);
        mem_free(values);
    }
    mem_free(NULL);
}

/* From the heap too, where the pages were somebody's before. */
static void large_ones_are_zeroed_as_well(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    const size_t n = ((size_t)40 << 20) + 100;
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    for (int i = 0; i < 2; i++) {
        unsigned char *bytes;
        assert_int_equal(mem_try_array(n, "bytes", &bytes, &err), OK);
        assert_int_equal((uintptr_t)bytes % 64, 0);
        const size_t promised = mem_promised_bytes();
        size_t sum = 0;
        for (size_t k = 0; k < n; k++) sum += bytes[k];
        assert_int_equal(sum, 0);
        memset(bytes, 255, n);
        assert_true(promised >= (size_t)38 << 20 && mem_promised_bytes() < promised - ((size_t)38 << 20));
        mem_free(bytes);
    }
}

static void too_much_is_an_error(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    void *untouched = &err, *out = untouched;
    assert_int_equal(mem_try(SIZE_MAX, 16, "the matrix", &out, &err), ERR_MEMORY);
    assert_ptr_equal(out, untouched);
    assert_memory_equal(err.message, "not enough memory for the matrix (", 34);
    err_reset(&err);
    assert_int_equal(mem_try((size_t)1 << 50, 1024, "the matrix", &out, &err), ERR_MEMORY);
    assert_string_equal(err.message, "not enough memory for the matrix (1.0 EiB)");
    assert_ptr_equal(out, untouched);
}

static void fails_when_told(void **state) {
    (void)state;
    for (int n = 1; n <= 3; n++) {
        mem_fail_after(n);
        for (int i = 1; i <= 4; i++) {
            struct error err = ERROR_INIT;
            int *one;
            enum status status = mem_try_array(1, "one", &one, &err);
            assert_int_equal(status, i == n ? ERR_MEMORY : OK);
            if (status == OK) mem_free(one);
        }
    }
    mem_fail_after(0);
}

/* Under AddressSanitizer a leak here is an error. */
static void failing_leaks_nothing(void **state) {
    (void)state;
    struct buf text = BUF_INIT;
    struct error err = ERROR_INIT;
    mem_fail_after(1);
    assert_int_equal(file_read("/proc/self/maps", 1 << 20, &text, &err), ERR_MEMORY);
    assert_null(text.data);
    mem_fail_after(0);
    err_reset(&err);
    assert_int_equal(file_read("/proc/self/maps", 1 << 20, &text, &err), OK);
    buf_release(&text);
}

/* When the system gives nothing, the reserve is spent, the allocation succeeds, and whoever checks hears of it. */
static void reserve(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    mem_keep_reserve();
    assert_int_equal(mem_check(&err), OK);
    mem_spend_after(2);
    void *first = xalloc(10), *second = xrealloc(NULL, 10), *third = xalloc(10);
    assert_non_null(second);
    assert_int_equal(mem_check(&err), ERR_MEMORY);
    err_reset(&err);
    assert_int_equal(task_check(NULL, &err), ERR_MEMORY);
    assert_string_equal(err.message, "memory is running out");
    mem_keep_reserve();
    err_reset(&err);
    assert_int_equal(task_check(NULL, &err), OK);
    free(first);
    free(second);
    free(third);
}

/* Address space that runs out (ulimit -v) is noticed before it is gone. */
static void a_limit_is_seen(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct rlimit kept, tight;
    assert_int_equal(getrlimit(RLIMIT_AS, &kept), 0);
    tight = kept;
    tight.rlim_cur = (rlim_t)400 << 20;
    if (setrlimit(RLIMIT_AS, &tight) != 0) skip(); /* ThreadSanitizer and AddressSanitizer map more than that */
    bool roomy = mem_room_bytes() > (size_t)100 << 20;
    enum status much = mem_expect((size_t)1 << 30, 1, "a list", &err);
    void *blocks[64] = {NULL};
    size_t n = 0;
    while (roomy && n < 64 && mem_check(&err) == OK) blocks[n++] = xalloc((size_t)8 << 20);
    setrlimit(RLIMIT_AS, &kept);
    for (size_t i = 0; i < n; i++) free(blocks[i]);
    mem_keep_reserve();
    if (!roomy) skip();
    assert_int_equal(much, ERR_MEMORY);
    assert_memory_equal(err.message, "not enough memory for a list (1.0 GiB)", 38);
    assert_in_range(n, 8, 63);
}

static void arenas(void **state) {
    (void)state;
    struct arena arena = ARENA_INIT;
    unsigned char *parts[300];
    for (size_t i = 0; i < 300; i++) {
        parts[i] = arena_alloc(&arena, i * 37);
        assert_int_equal((uintptr_t)parts[i] % 16, 0);
        for (size_t j = 0; j < i * 37; j++) assert_int_equal(parts[i][j], 0);
        memset(parts[i], (int)(i % 251), i * 37);
    }
    for (size_t i = 0; i < 300; i++)
        for (size_t j = 0; j < i * 37; j++) assert_int_equal(parts[i][j], i % 251);
    assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
    assert_memory_equal(arena_memdup(&arena, "xyz", 3), "xyz", 3);
    assert_non_null(arena_alloc(&arena, (size_t)3 << 20));
    assert_true(arena.total_bytes >= (size_t)3 << 20);
    arena_release(&arena);
    assert_null(arena.block);
    arena_release(&arena);
}

static void small_copies(void **state) {
    (void)state;
    char *a = xstrdup("héllo"), *b = xstrndup("hello", 2), *c = xmemdup("12", 2);
    assert_string_equal(a, "héllo");
    assert_string_equal(b, "he");
    assert_memory_equal(c, "12", 2);
    free(a);
    free(b);
    free(c);
    VEC(int) ids = {0};
    for (int i = 0; i < 1000; i++) vec_push(&ids, i * i);
    assert_int_equal(ids.len, 1000);
    for (int i = 0; i < 1000; i++) assert_int_equal(ids.data[i], i * i);
    vec_release(&ids);
    assert_int_equal(ids.cap, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_and_aligned),    cmocka_unit_test(large_ones_are_zeroed_as_well),
        cmocka_unit_test(too_much_is_an_error),  cmocka_unit_test(fails_when_told),
        cmocka_unit_test(failing_leaks_nothing), cmocka_unit_test(reserve),
        cmocka_unit_test(a_limit_is_seen),       cmocka_unit_test(arenas),
        cmocka_unit_test(small_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
