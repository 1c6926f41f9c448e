/* Files for targets that read them: in memory (/dev/shm), gone at the end. */
#ifndef RECKON_TESTS_FUZZ_FILES_H
#define RECKON_TESTS_FUZZ_FILES_H

#include "runtime/base/str.h"

/* The process's own folder. */
const char *fuzz_folder(void);
/* Path of a file there with these bytes; owned. */
char *fuzz_file(const char *name, struct slice bytes);

#endif
