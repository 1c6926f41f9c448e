/* Saved and opened again: the same bits, the same seen rows, the same knowledge of what was fitted on. */
#include <unistd.h>

#include "runtime/base/file.h"
#include "tests/unit/models/fixture.h"

enum { USERS = 40, ITEMS = 30 };

static char folder[64], path[96];

static const struct {
    const char *kind, *params;
} kinds[] = {
    {"als", "factors=6"}, {"bias", ""},         {"mf", "factors=6, init=0.1"},     {"mf", "factors=6, optimizer=adam, batch=64, init=0.1"},
    {"popular", ""},      {"svd", "factors=6"}, {"svd", "factors=6, center=none"}, {"ials", "factors=6, solver=cg"},
    {"bpr", "factors=6"},
};
enum { N_KINDS = 9 };

static struct model *model_of(int kind, struct dataset *data) {
    return fitted(kinds[kind].kind, data, kinds[kind].params, model_class_find(kinds[kind].kind)->iterative ? 4 : 0, NULL);
}

static void check_params(const struct model *a, const struct model *b) {
    struct buf left = BUF_INIT, right = BUF_INIT;
    for (int all = 0; all < 2; all++) {
        params_text(a->class, &a->params, all, &left);
        params_text(b->class, &b->params, all, &right);
    }
    assert_string_equal(buf_text(&left), buf_text(&right));
    buf_release(&left);
    buf_release(&right);
}

static void check_same(const struct model *a, const struct model *b) {
    assert_ptr_equal(a->class, b->class);
    assert_string_equal(a->name, b->name);
    check_params(a, b);
    assert_int_equal(a->common.seed, b->common.seed);
    assert_int_equal(a->common.epochs, b->common.epochs);
    assert_true(a->fitted.split_id == b->fitted.split_id);
    assert_int_equal(a->fitted.part, b->fitted.part);
    assert_int_equal(a->n_fitted, b->n_fitted);
    assert_string_equal(a->fitted.fingerprint, b->fitted.fingerprint);
    assert_true(a->scale_min == b->scale_min && a->scale_max == b->scale_max && a->is_explicit == b->is_explicit);
    assert_int_equal(a->n_history, b->n_history);
    for (int64_t i = 0; i < a->n_history; i++) {
        assert_int_equal(a->history[i].epoch, b->history[i].epoch);
        assert_true(a->history[i].train == b->history[i].train);
        assert_true(isnan(b->history[i].valid));
    }
    assert_int_equal(a->n_chosen_on, b->n_chosen_on);
    for (size_t i = 0; i < a->n_chosen_on; i++) {
        assert_true(a->chosen_on[i].split_id == b->chosen_on[i].split_id);
        assert_int_equal(a->chosen_on[i].part, b->chosen_on[i].part);
        assert_string_equal(a->chosen_on[i].fingerprint, b->chosen_on[i].fingerprint);
    }
    assert_true(catalog_same(a->catalog, b->catalog));
    assert_int_equal(a->default_user, b->default_user);
    const size_t rows = (size_t)(USERS + (a->default_user == FOLDED_USER));
    assert_memory_equal(a->seen_starts, b->seen_starts, (rows + 1) * sizeof *a->seen_starts);
    assert_memory_equal(a->seen_items, b->seen_items, (size_t)a->seen_starts[rows] * sizeof *a->seen_items);
    assert_memory_equal(a->seen_ratings, b->seen_ratings, (size_t)a->seen_starts[rows] * sizeof *a->seen_ratings);
    assert_true(same_scores(a, b));
    assert_int_equal(a->class->size(a), b->class->size(b));
}

static void test_round_trip(void **state) {
    (void)state;
    struct parts parts = parts_of(planted_data(USERS, ITEMS, 0.3, 5, true), 0.1, 0.2);
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct model *model = model_of(kind, parts.train);
        model_add_chosen(model, &(struct met_rows){.data = parts.valid, .split_id = 7, .part = PART_VALID, .fingerprint = "ab"});
        model_add_chosen(model, &(struct met_rows){.data = parts.test, .split_id = 7, .part = PART_TEST, .fingerprint = "cd"});
        model_add_chosen(model, &(struct met_rows){.data = parts.test, .split_id = 7, .part = PART_TEST, .fingerprint = "cd"});
        assert_int_equal(model->n_chosen_on, 2);
        struct model *again = reopened(model, path);
        assert_true(model->fitted.split_id != 0);
        assert_int_equal(model->fitted.part, PART_TRAIN);
        check_same(model, again);
        assert_null(again->fitted.data);
        model_unref(again);
        model_unref(model);
    }
    parts_release(&parts);
}

static void test_folded(void **state) {
    (void)state;
    static const int32_t given[] = {3, 9};
    static const float stars[] = {5, 2};
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true);
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct model *model = model_of(kind, data), *folded = NULL;
        GOOD(model_fold_in(model, given, stars, 2, &folded, &err));
        struct model *again = reopened(folded, path);
        check_same(folded, again);
        for (int32_t i = 0; i < ITEMS; i++) assert_true(pair_score(folded, FOLDED_USER, i) == pair_score(again, FOLDED_USER, i));
        model_unref(again);
        model_unref(folded);
        model_unref(model);
    }
    dataset_unref(data);
}

/* Going on from an opened model gives the bits of one that never was in a file. */
static void test_going_on(void **state) {
    (void)state;
    struct dataset *data = planted_data(USERS, ITEMS, 0.3, 5, true);
    for (int kind = 0; kind < N_KINDS; kind++) {
        if (!model_class_find(kinds[kind].kind)->iterative) continue;
        struct model *half = model_of(kind, data), *again = reopened(half, path);
        struct model *here = fitted(kinds[kind].kind, data, kinds[kind].params, 3, half);
        struct model *there = fitted(kinds[kind].kind, data, kinds[kind].params, 3, again);
        assert_int_equal(there->n_history, 7);
        assert_true(same_scores(here, there));
        model_unref(half);
        model_unref(again);
        model_unref(here);
        model_unref(there);
    }
    dataset_unref(data);
}

/* Every way to open a file with a byte changed is an error, or the same model. */
static void test_damage(void **state) {
    (void)state;
    struct dataset *data = planted_data(12, 9, 0.3, 5, true);
    struct model *model = fitted("als", data, "factors=2", 2, NULL);
    struct buf file = BUF_INIT;
    char broken[112];
    int refused = 0;
    snprintf(broken, sizeof broken, "%s/broken.reckon", folder);
    GOOD(model_save(model, path, &err));
    GOOD(file_read(path, 1 << 20, &file, &err));
    for (size_t at = 0; at < file.len; at += 7) {
        struct error err = ERROR_INIT;
        struct model *again = NULL;
        FILE *stream = fopen(broken, "wb");
        file.data[at] ^= 0x20;
        assert_int_equal(fwrite(file.data, 1, file.len, stream), file.len);
        file.data[at] ^= 0x20;
        fclose(stream);
        if (model_open(broken, &again, &err) == OK) assert_true(same_scores(model, again));
        else assert_null(again), assert_true(err.message[0] != 0), refused++;
        model_unref(again);
    }
    assert_true(refused > 100);
    unlink(broken);
    buf_release(&file);
    model_unref(model);
    dataset_unref(data);
}

static void test_lack_of_memory(void **state) {
    (void)state;
    struct dataset *data = planted_data(12, 9, 0.3, 5, true);
    struct model *model = fitted("mf", data, "factors=2, optimizer=adam", 2, NULL), *again = NULL;
    long n = 1;
    GOOD(model_save(model, path, &err));
    for (; n < 1000; n++) {
        struct error err = ERROR_INIT;
        mem_fail_after(n);
        const enum status status = model_open(path, &again, &err);
        mem_fail_after(0);
        if (status == OK) break;
        assert_int_equal(status, ERR_MEMORY);
        assert_null(again);
    }
    assert_in_range(n, 10, 998);
    assert_true(same_scores(model, again));
    model_unref(again);
    model_unref(model);
    dataset_unref(data);
}

static void test_wrong_files(void **state) {
    (void)state;
    struct dataset *data = planted_data(12, 9, 0.3, 5, true);
    struct model *model = NULL;
    char missing[112];
    snprintf(missing, sizeof missing, "%s/missing.reckon", folder);
    BAD(model_open(missing, &model, &err), ERR_FILE, "missing.reckon");
    GOOD(dataset_save(data, path, &err));
    BAD(model_open(path, &model, &err), ERR_DATA, "not a model");
    assert_null(model);
    dataset_unref(data);
}

/* A file with nothing but what it says of itself. */
static void write_header(const char *kind, int version) {
    struct store_writer *writer;
    json_t *json = json_pack("{sissso}", "version", version, "class", kind, "params", json_object());
    GOOD(store_create(path, "model", &writer, &err));
    GOOD(store_put_json(writer, "model", json, &err));
    GOOD(store_finish(writer, true, &err));
    json_decref(json);
}

static void check_refused(const char *kind, int version, const char *message, const char *hint) {
    struct error err = ERROR_INIT;
    struct model *model = NULL;
    write_header(kind, version);
    assert_int_equal(model_open(path, &model, &err), ERR_DATA);
    assert_non_null(strstr(err.message, path));
    if (!strstr(err.message, message)) fail_msg("%s", err.message);
    assert_string_equal(err.hint, hint);
    assert_null(model);
}

/* Models whose sections were called otherwise say so of an older file, and what to do. */
static void test_older_sections(void **state) {
    (void)state;
    static const char *const renamed[] = {"bias", "content_knn", "ease", "item_knn", "slist", "user_knn"};
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++) {
        char message[96];
        snprintf(message, sizeof message, "is a model's file of version 1; this build reads `%s` from version 2 on", renamed[i]);
        check_refused(renamed[i], 1, message, "fit the model again and save it, or open the file with the Reckon that saved it");
    }
    check_refused("als", 3, "is a model's file of version 3; this build reads up to version 2", "open it with the Reckon that saved it");
}

/* als_version1.reckon: saved by a build that wrote version 1. The other models are in it as they are today. */
static void test_older_file(void **state) {
    (void)state;
    struct dataset *data = planted_data(6, 5, 0.5, 5, true);
    struct model *old = NULL, *new = fitted("als", data, "factors=2", 2, NULL);
    GOOD(model_open("tests/unit/models/als_version1.reckon", &old, &err));
    for (int32_t u = 0; u < 6; u++)
        for (int32_t i = 0; i < 5; i++) NEAR(pair_score(old, u, i), pair_score(new, u, i), 1e-4);
    model_unref(old);
    model_unref(new);
    dataset_unref(data);
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/reckon-models-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/model.reckon", folder);
    return 0;
}

static int drop_folder(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_folded),         cmocka_unit_test(test_going_on),
        cmocka_unit_test(test_damage),         cmocka_unit_test(test_lack_of_memory), cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_older_sections), cmocka_unit_test(test_older_file),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
