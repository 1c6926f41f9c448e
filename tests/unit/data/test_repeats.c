/* The search for a pair that comes twice: whatever the ids, it finds one, and where ids are close together it says so of no others: a false alarm
 * would cost the exact search. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/data/draft_rows.h"

enum { SIDE = 1100, ALL = SIDE * SIDE }; /* more than a block of rows */

/* Users and items of a full grid, these far apart, in an order that jumps. */
struct grid {
    int64_t first_user, user_step, first_item, item_step;
    bool narrow;
};

static int64_t id_at(int64_t first, int64_t step, int64_t k) { return (int64_t)((uint64_t)first + (uint64_t)step * (uint64_t)k); }

static struct dataset_draft draft_of(const struct grid *grid) {
    struct dataset_draft draft = {.n_events = ALL};
    const size_t n = ALL;
    if (grid->narrow) draft.user_ids32 = xnew_array(int32_t, n), draft.item_ids32 = xnew_array(int32_t, n);
    else draft.user_ids = xnew_array(int64_t, n), draft.item_ids = xnew_array(int64_t, n);
    for (int64_t i = 0; i < ALL; i++) {
        const int64_t at = i * 48271 % ALL; /* prime */
        draft_ids_put(draft_ids_of(&draft, true), i, id_at(grid->first_user, grid->user_step, at / SIDE));
        draft_ids_put(draft_ids_of(&draft, false), i, id_at(grid->first_item, grid->item_step, at % SIDE));
    }
    return draft;
}

static bool is_repeated(struct dataset_draft *draft) {
    struct error err = ERROR_INIT;
    bool any = false;
    assert_int_equal(find_any_repeat(NULL, draft, &any, &err), OK);
    return any;
}

static void copy_row(struct dataset_draft *draft, int64_t from, int64_t to) {
    for (int side = 0; side < 2; side++) {
        const struct draft_ids ids = draft_ids_of(draft, side == 0);
        draft_ids_put(ids, to, draft_ids_at(ids, from));
    }
}

static void test_grids(void **state) {
    (void)state;
    static const struct grid grids[] = {
        {1, 1, 1, 1, true},               /* numbers of 21 bits */
        {-50, 3, -7, 11, true},           /* below nought, with gaps */
        {1, 977, 5, 911, true},           /* 40 bits: the most that are exact */
        {1, 1, INT32_MIN, 3900000, true}, /* 43 */
        {0, 1, 0, 1, false},
        {1000000000000, 977, -1000000000000, 911, false},
        {INT64_MIN, INT64_MAX / SIDE * 2, INT64_MIN, INT64_MAX / SIDE * 2, false}, /* spans that overflow */
    };
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
        struct dataset_draft draft = draft_of(&grids[g]);
        assert_false(is_repeated(&draft));
        copy_row(&draft, ALL / 3, ALL - 1);
        assert_true(is_repeated(&draft));
        copy_row(&draft, 0, ALL - 1);
        assert_true(is_repeated(&draft));
        draft_release(&draft);
    }
}

static void test_few(void **state) {
    (void)state;
    int32_t users[] = {4, 4}, items[] = {9, 8};
    struct dataset_draft draft = {.n_events = 2, .user_ids32 = users, .item_ids32 = items};
    assert_false(is_repeated(&draft));
    draft.n_events = 1;
    assert_false(is_repeated(&draft));
    draft.n_events = 2;
    items[1] = 9;
    draft.item_range.is_known = false;
    assert_true(is_repeated(&draft));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grids), cmocka_unit_test(test_few)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
