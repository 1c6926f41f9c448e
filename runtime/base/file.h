/* Files. Writes are atomic: temporary beside the target, fsync, rename, fsync of the folder. */
#ifndef RECKON_FILE_H
#define RECKON_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/base/str.h"

/* Whole file, NUL-terminated after len. ERR_FILE names the path and the system's reason. */
enum status file_read(const char *path, size_t max_bytes, struct buf *out, struct error *err) MUST_CHECK;

/* Read-only map of a whole file; len 0 gives data "". */
struct file_map {
    const char *data;
    size_t len;
};
enum status file_map_open(const char *path, struct file_map *out, struct error *err) MUST_CHECK;
void file_map_close(struct file_map *map);
/* Bytes [from, to) are read: what they took of the process's memory is given back. They may be read again. */
void file_map_done(const struct file_map *map, size_t from, size_t to);

struct file_writer {
    FILE *stream;
    char *path, *temporary;
    int reason; /* errno of the first file_writer_add that failed; 0: none did */
};
enum status file_writer_open(const char *path, struct file_writer *out, struct error *err) MUST_CHECK;
/* Where it fails, as on a full disk, file_writer_close says so. */
void file_writer_add(struct file_writer *writer, const void *data, size_t len);
/* Makes the file visible under its name, or with `keep` false throws it away. Reports a full disk. Always frees. */
enum status file_writer_close(struct file_writer *writer, bool keep, struct error *err) MUST_CHECK;
/* A whole text: opens, adds, closes. */
enum status file_write(const char *path, struct slice text, struct error *err) MUST_CHECK;

bool file_exists(const char *path);
bool file_is_dir(const char *path);
int64_t file_size(const char *path);                                  /* -1 = none */
enum status dir_make(const char *path, struct error *err) MUST_CHECK; /* with parents */
/* A folder with all that is in it; links are removed, not followed. What can't be removed stays. */
void dir_remove(const char *path);
enum status dir_make_above(const char *path, struct error *err) MUST_CHECK; /* the folder that a file is to lie in */
char *path_join(const char *folder, const char *name);                      /* owned */
char *path_expand(const char *path);                                        /* ~ and ~/x; owned */
char *cache_dir(const char *below); /* $RECKON_CACHE, else $XDG_CACHE_HOME/reckon, else ~/.cache/reckon, + below; owned, not created */
char *data_home(const char *below); /* $XDG_DATA_HOME/reckon, else ~/.local/share/reckon, + below */
/* What this user keeps over all sessions: the file that the variable names, else data_home(name). Owned; NULL: the variable says "off", or there is
 * no home. */
char *user_file(const char *variable, const char *name);
/* Jupyter's folder of this user: $JUPYTER_DATA_DIR, else $XDG_DATA_HOME/jupyter, else ~/.local/share/jupyter, + below. It begins with ~ where nothing
 * says who is at home. */
char *jupyter_home(const char *below);
/* Names in a folder, sorted bytewise; owned array of owned names. */
enum status dir_list(const char *path, char ***out_names, size_t *out_n, struct error *err) MUST_CHECK;
void names_free(char **names, size_t n_names);

#endif
