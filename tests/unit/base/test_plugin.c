#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/plugin.h"

extern char **environ;

static char folder[64];

/* A plugin as an owner would write it; its own words come in by -D. */
static const char source[] = "#include \"runtime/base/plugin.h\"\n"
                             "#ifdef OTHER_BUILD\n"
                             "const char reckon_plugin_build_id[] = OTHER_BUILD;\n"
                             "#endif\n"
                             "struct table { int abi, (*twice)(int); enum status (*check)(const struct task *, struct error *); };\n"
                             "static int opened;\n"
                             "static int twice(int x) { return 2 * x + (opened - 1); }\n"
                             "enum status reckon_plugin_open(const struct plugin_hello *hello, void *out, size_t bytes, struct error *err) {\n"
                             "    if (bytes != sizeof(struct table)) { err->code = ERR_MISSING; return ERR_MISSING; }\n"
                             "    opened++;\n"
                             "    *(struct table *)out = (struct table){hello->abi, twice, hello->host->task_check};\n"
                             "    return OK;\n"
                             "}\n";

struct table {
    int abi, (*twice)(int);
    enum status (*check)(const struct task *task, struct error *err);
};

static void write_text(const char *path, const char *text) {
    struct error err = ERROR_INIT;
    struct file_writer writer;
    assert_int_equal(file_writer_open(path, &writer, &err), OK);
    fputs(text, writer.stream);
    assert_int_equal(file_writer_close(&writer, true, &err), OK);
}

static void build(const char *name, const char *flag) {
    char *c_file = path_join(folder, "plugin.c");
    char library[128];
    snprintf(library, sizeof library, "%s/libreckon_%s.so", folder, name);
    write_text(c_file, source);
    char *const arguments[] = {"cc", "-std=c11", "-D_GNU_SOURCE", "-shared", "-fPIC", "-I.", (char *)flag, "-o", library, c_file, NULL};
    pid_t child;
    int result = -1;
    assert_int_equal(posix_spawnp(&child, "cc", NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    unlink(c_file);
    free(c_file);
}

static void opens_once(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    struct table table = {0}, again = {0};
    build("twice", "-DPLAIN");
    assert_int_equal(plugin_open("twice", "`make twice`", &table, sizeof table, &err), OK);
    assert_int_equal(table.abi, PLUGIN_ABI);
    assert_int_equal(table.twice(21), 42);
    assert_int_equal(plugin_open("twice", "`make twice`", &again, sizeof again, &err), OK);
    assert_int_equal(again.twice(21), 42);
    assert_ptr_equal(again.check, task_check);
    assert_int_equal(plugin_open("twice", "`make twice`", &again, 1, &err), ERR_INTERNAL);
}

static void assert_refused(const char *name, enum status code, const char *message, const char *hint) {
    struct error err = ERROR_INIT;
    struct table table = {.abi = 77};
    assert_int_equal(plugin_open(name, "the package reckon-extra", &table, sizeof table, &err), code);
    assert_non_null(strstr(err.message, message));
    assert_string_equal(err.hint, hint);
    assert_int_equal(table.abi, 77);
}

static void says_what_is_missing(void **state) {
    (void)state;
    assert_refused("faiss", ERR_MISSING, "the plugin `faiss` is not installed: no libreckon_faiss.so in /tmp/reckon-plugin-",
                   "the package reckon-extra brings it");
}

static void refuses_what_is_no_plugin(void **state) {
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/libreckon_junk.so", folder);
    write_text(path, "not a library");
    assert_refused("junk", ERR_MISSING, "the plugin `junk` can't be opened: ",
                   "install the library that is named there, or build the plugin again: the package reckon-extra brings it");
    snprintf(path, sizeof path, "%s/libreckon_math.so", folder);
    assert_int_equal(symlink("/lib/x86_64-linux-gnu/libm.so.6", path), 0);
    if (file_exists(path)) assert_refused("math", ERR_MISSING, "is not a plugin of Reckon: it has no reckon_plugin_open", "");
}

static void refuses_another_build(void **state) {
    (void)state;
    build("other", "-DOTHER_BUILD=\"0.0.1-old\"");
    assert_refused("other", ERR_MISSING, "libreckon_other.so) is of build 0.0.1-old, this kernel of build ",
                   "the package reckon-extra brings the right one");
}

static void says_where(void **state) {
    (void)state;
    assert_string_equal(plugin_folder(), folder);
    assert_non_null(strstr(build_id(), "gcc"));
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/reckon-plugin-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    return setenv("RECKON_PLUGINS", folder, 1);
}

static int remove_folder(void **state) {
    (void)state;
    struct error err = ERROR_INIT;
    char **names;
    size_t n;
    if (dir_list(folder, &names, &n, &err) != OK) return -1;
    for (size_t i = 0; i < n; i++) {
        char *path = path_join(folder, names[i]);
        unlink(path);
        free(path);
    }
    names_free(names, n);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_once),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(refuses_what_is_no_plugin),
        cmocka_unit_test(refuses_another_build),
        cmocka_unit_test(says_where),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
