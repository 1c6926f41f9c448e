/* The biases under bias, the neighbours and content_knn: a new user who has a fitted user's rows has his bias to the bit, and no bit depends on the
 * order of a file's rows. */
#include "runtime/store.h"
#include "tests/unit/folder.h"
#include "tests/unit/models/fixture.h"

enum { USERS = 40, ITEMS = 30 };

static const struct {
    const char *kind, *params;
} kinds[] = {{"bias", ""}, {"user_knn", "neighbors=5"}, {"user_knn", "neighbors=5, center=mean"}, {"item_knn", "neighbors=5"}, {"content_knn", ""}};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* Ratings in tenths, so that sums round; each pair in a third of the places. Rows by user and item, or from a place in their midst on, backwards. */
static struct dataset *tenths(bool in_order) {
    enum { ALL = USERS * ITEMS };
    struct dataset_draft draft = {.name = "tenths", .origin = "synthetic", .is_explicit = true};
    struct dataset *data = NULL;
    draft.user_ids = xnew_array(int64_t, ALL);
    draft.item_ids = xnew_array(int64_t, ALL);
    draft.ratings = xnew_array(float, ALL);
    draft.item_table = table_new(ITEMS);
    int64_t *ids = table_add_ints(draft.item_table, "item");
    char **titles = table_add_strs(draft.item_table, "title");
    for (int64_t i = 0; i < ITEMS; i++) ids[i] = i, titles[i] = xstrdup(i % 2 ? "The Red House" : "The Red Dawn");
    for (int64_t at = 0; at < ALL; at++) {
        const int64_t pair = in_order ? at : (ALL + 500 - at) % ALL, user = pair / ITEMS, item = pair % ITEMS;
        struct rng rng = rng_at(3, RNG_USER, (uint64_t)pair);
        if (rng_below(&rng, 3) != 0 && user % ITEMS != item) continue;
        draft.user_ids[draft.n_events] = user;
        draft.item_ids[draft.n_events] = item;
        draft.ratings[draft.n_events++] = 1 + (float)rng_below(&rng, 41) / 10;
    }
    GOOD(dataset_build(&draft, &data, &err));
    return data;
}

/* What the model's file says of its biases, for all users and the one folded in. */
static void read_biases(const struct model *model, const char *path, double *out_users, double *out_items, double *out_folded) {
    struct store_reader *reader;
    const void *data;
    int64_t n;
    GOOD(model_save(model, path, &err));
    GOOD(store_open(path, &reader, &err));
    GOOD(store_get(reader, "state/biases/numbers", STORE_F64, 2, &data, &n, &err));
    *out_folded = ((const double *)data)[1];
    GOOD(store_get(reader, "state/biases/users", STORE_F64, USERS, &data, &n, &err));
    memcpy(out_users, data, USERS * sizeof *out_users);
    GOOD(store_get(reader, "state/biases/items", STORE_F64, ITEMS, &data, &n, &err));
    memcpy(out_items, data, ITEMS * sizeof *out_items);
    store_close(reader);
}

static void test_new_user(void **state) {
    char *path = path_join(*state, "model.reckon");
    struct dataset *data = tenths(false);
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct model *model = fitted(kinds[kind].kind, data, kinds[kind].params, 0, NULL), *folded;
        double users[USERS], items[ITEMS], own;
        for (int32_t u = 0; u < USERS; u++) {
            const struct seen_row seen = model_seen(model, u);
            GOOD(model_fold_in(model, seen.items, seen.ratings, seen.n, &folded, &err));
            read_biases(folded, path, users, items, &own);
            if (memcmp(&own, &users[u], sizeof own) != 0)
                fail_msg("%s(%s): user %d has %.17g, folded in %.17g", kinds[kind].kind, kinds[kind].params, (int)u, users[u], own);
            model_unref(folded);
        }
        model_unref(model);
    }
    dataset_unref(data);
    free(path);
}

static void test_order_of_rows(void **state) {
    char *path = path_join(*state, "model.reckon");
    struct dataset *ways[] = {tenths(true), tenths(false)};
    double users[2][USERS], items[2][ITEMS], folded;
    for (int way = 0; way < 2; way++) {
        struct model *model = fitted("bias", ways[way], "", 0, NULL);
        read_biases(model, path, users[way], items[way], &folded);
        model_unref(model);
        dataset_unref(ways[way]);
    }
    assert_memory_equal(users[0], users[1], sizeof users[0]);
    assert_memory_equal(items[0], items[1], sizeof items[0]);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_user, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_order_of_rows, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
