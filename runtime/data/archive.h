/* Archives that are named by their path, as folders. Private to runtime/data. */
#ifndef RECKON_ARCHIVE_H
#define RECKON_ARCHIVE_H

#include "runtime/base/task.h"

/* .zip, .tar, .tar.gz and .tgz. */
bool is_archive(const char *path);

/* An archive's folder in the user's cache, in use: whoever sweeps there, of any process (or machine, where the file system's locks reach so far),
 * lets it be. Counted; any thread. */
struct unpacked;
struct unpacked *unpacked_ref(struct unpacked *unpacked);
void unpacked_unref(struct unpacked *unpacked);               /* NULL is fine */
const char *unpacked_folder(const struct unpacked *unpacked); /* what is in the archive, without its one top folder; borrowed */

/* Unpacks, or finds what was unpacked: it is kept, for the loaders come back to it. The folder is named after the archive and its size and time of
 * change, so a changed archive is unpacked again. Before anything is unpacked, what nobody has used for a week goes, where its archive changed or is
 * gone, or where it was left half made. ERR_DATA (damaged, names that lead elsewhere, too much in it), ERR_FILE, ERR_MISSING (no plugin),
 * ERR_INTERRUPTED. */
enum status archive_unpack(struct task *task, const char *path, struct unpacked **out, struct error *err) MUST_CHECK;

#endif
