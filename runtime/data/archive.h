/* Archives that are named by their path, as folders. Private to runtime/data. */
#ifndef RECKON_ARCHIVE_H
#define RECKON_ARCHIVE_H

#include "runtime/base/task.h"

/* .zip, .tar, .tar.gz and .tgz. */
bool is_archive(const char *path);
/* The folder that holds what is in the archive, without its one top folder: in the user's cache, where it is kept, for the loaders come back to it.
 * It is named after the archive and its size and time of change, so a changed archive is unpacked again; then folders of archives that changed are
 * removed, and those unused for a day whose archives are gone, or that a killed process left half made. *out_folder is owned. ERR_DATA (damaged,
 * names that lead elsewhere, too much in it), ERR_FILE, ERR_MISSING (no plugin), ERR_INTERRUPTED. */
enum status archive_folder(struct task *task, const char *path, char **out_folder, struct error *err) MUST_CHECK;

#endif
