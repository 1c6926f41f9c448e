#include "kernel/kernelspec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

/* A file of the sources as bytes of the binary: from `name` to `name_end`. */
#define EMBED(name, path)                                                                              \
    __asm__(".section .rodata\n" #name ":\n.incbin \"" path "\"\n" #name "_end:\n.byte 0\n.previous"); \
    extern const char name[] __attribute__((visibility("hidden"))), name##_end[] __attribute__((visibility("hidden")))
EMBED(spec_json, "kernel.json");
EMBED(spec_logo_32, "install/logo-32x32.png");
EMBED(spec_logo_64, "install/logo-64x64.png");
EMBED(spec_logo_svg, "install/logo-svg.svg");

/* kernel.json comes last: from then on Jupyter lists the kernel. */
static const struct {
    const char *name, *data, *end;
} files[] = {{"logo-32x32.png", spec_logo_32, spec_logo_32_end},
             {"logo-64x64.png", spec_logo_64, spec_logo_64_end},
             {"logo-svg.svg", spec_logo_svg, spec_logo_svg_end},
             {"kernel.json", spec_json, spec_json_end}};
#define N_FILES (sizeof files / sizeof *files)

/* --- where --- */

static char *below_prefix(const char *prefix) {
    char *expanded = path_expand(prefix);
    char *folder = path_join(expanded, "share/jupyter/kernels/reckon");
    free(expanded);
    return folder;
}

static const char *given(const char *variable) {
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

static enum status user_folder(char **out, struct error *err) {
    char *folder = jupyter_home("kernels/reckon");
    if (*folder != '~') return *out = folder, OK;
    free(folder);
    err_set(err, ERR_VALUE, "this user has no folder: HOME is not set");
    return err_hint(err, "--prefix P installs below P");
}

static enum status environment_folder(char **out, struct error *err) {
    const char *venv = given("VIRTUAL_ENV"), *conda = given("CONDA_PREFIX");
    if (venv || conda) return *out = below_prefix(venv ? venv : conda), OK;
    err_set(err, ERR_VALUE, "no Python environment is active: neither VIRTUAL_ENV nor CONDA_PREFIX is set");
    return err_hint(err, "activate one, or name its folder: --prefix P");
}

enum status kernelspec_folder(char *const *options, char **out, struct error *err) {
    const char *option = options[0] ? options[0] : "--user";
    bool is_prefix = strcmp(option, "--prefix") == 0;
    if (is_prefix && (!options[1] || !*options[1])) return err_set(err, ERR_VALUE, "--prefix needs a folder");
    if (options[0] && options[is_prefix ? 2 : 1]) return err_set(err, ERR_VALUE, "`%s` is too much: one place at a time", options[is_prefix ? 2 : 1]);
    if (is_prefix) return *out = below_prefix(options[1]), OK;
    if (strcmp(option, "--user") == 0) return user_folder(out, err);
    if (strcmp(option, "--sys-prefix") == 0) return environment_folder(out, err);
    err_set(err, ERR_VALUE, "`%s` is not a place for a kernelspec", option);
    return err_hint(err, "--user, --sys-prefix or --prefix P");
}

/* --- what --- */

/* kernel.json with the path of this binary for its bare name. */
static enum status spec_text(struct slice json, struct buf *out, struct error *err) {
    static const char bare[] = "\"reckon-kernel\"";
    const char *at = memmem(json.data, json.len, bare, sizeof bare - 1);
    char *binary = realpath("/proc/self/exe", NULL);
    enum status status = OK;
    if (!binary) {
        err_set(err, ERR_FILE, "the path of this binary is not known: it was moved or replaced since it started, or /proc is not mounted");
        status = err_hint(err, "start reckon-kernel from where it is to stay");
    } else if (!utf8_valid(slice_of(binary))) {
        status = err_set(err, ERR_FILE, "`%s` can't stand in kernel.json: the path is not UTF-8", binary);
    } else {
        buf_add(out, json.data, (size_t)(at - json.data));
        buf_add_json_string(out, slice_of(binary));
        buf_adds(out, at + sizeof bare - 1);
    }
    free(binary);
    return status;
}

static enum status install_file(size_t i, const char *folder, struct error *err) {
    struct slice data = {files[i].data, (size_t)(files[i].end - files[i].data)};
    struct buf text = BUF_INIT;
    char *path = path_join(folder, files[i].name);
    bool is_spec = files[i].data == spec_json;
    enum status status = is_spec ? spec_text(data, &text, err) : OK;
    if (status == OK) status = file_write(path, is_spec ? (struct slice){buf_text(&text), text.len} : data, err);
    free(path);
    buf_release(&text);
    return status;
}

enum status kernelspec_install(const char *folder, struct error *err) {
    TRY(dir_make(folder, err));
    for (size_t i = 0; i < N_FILES; i++) TRY(install_file(i, folder, err));
    return OK;
}

static enum status remove_file(const char *path, struct error *err) {
    if (unlink(path) == 0 || errno == ENOENT) return OK;
    const char *words = strerrordesc_np(errno);
    return err_set(err, ERR_FILE, "can't remove `%s`: %s", path, words ? words : "unknown reason");
}

enum status kernelspec_uninstall(const char *folder, struct error *err) {
    char *spec = path_join(folder, "kernel.json");
    bool there = file_exists(spec);
    free(spec);
    if (!there) {
        err_set(err, ERR_MISSING, "no kernelspec of Reckon is in %s", folder);
        return err_hint(err, "`jupyter kernelspec list` shows where one is; say so by --user, --sys-prefix or --prefix P");
    }
    for (size_t i = N_FILES; i-- > 0;) {
        char *path = path_join(folder, files[i].name);
        enum status status = remove_file(path, err);
        free(path);
        if (status != OK) return status;
    }
    bool empty = rmdir(folder) == 0;
    (void)empty; /* what others put there stays, and with it the folder */
    return OK;
}
