#include "tests/fuzz/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "tests/fuzz/fuzz.h"

static char folder[] = "/dev/shm/reckon-fuzz-XXXXXX";

static void remove_folder(void) {
    char **names;
    size_t n;
    struct error err = ERROR_INIT;
    if (dir_list(folder, &names, &n, &err) != OK) return;
    for (size_t i = 0; i < n; i++) {
        char *path = path_join(folder, names[i]);
        unlink(path);
        free(path);
    }
    names_free(names, n);
    rmdir(folder);
}

const char *fuzz_folder(void) {
    static bool made;
    if (made) return folder;
    must(mkdtemp(folder));
    atexit(remove_folder);
    made = true;
    return folder;
}

char *fuzz_file(const char *name, struct slice bytes) {
    char *path = path_join(fuzz_folder(), name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0);
    must(write(fd, bytes.len ? bytes.data : "", bytes.len) == (ssize_t)bytes.len);
    close(fd);
    return path;
}
