/* Fetching known data sets into the user's cache. Private to runtime/data. */
#ifndef RECKON_DOWNLOAD_H
#define RECKON_DOWNLOAD_H

#include "runtime/data/loaders.h"

/* Shows the licence, fetches the archive (continuing one that was cut short), checks the publisher's md5, unpacks and puts the finished folder in its
 * place at once. Several processes may ask at the same time: one fetches, the others wait. $RECKON_MIRROR, a URL or file:// folder with the archives,
 * stands in for the publisher's. *out_folder is owned. ERR_NETWORK, ERR_DATA (wrong sum, bad archive), ERR_FILE, ERR_MISSING (no plugin),
 * ERR_INTERRUPTED. */
enum status download_dataset(struct task *task, const struct known_dataset *known, char **out_folder, struct error *err) MUST_CHECK;

/* known.c: whether a folder holds ratings of a known kind. */
bool folder_holds_ratings(const char *folder);

#endif
