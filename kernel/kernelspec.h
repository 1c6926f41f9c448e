/* The kernelspec by which Jupyter finds this binary (JEP 105; Jupyter's "Kernel specs"): kernel.json as it lies at the top
 * of the sources, but with the binary's absolute path, and the logos. All of it is inside the binary. */
#ifndef RECKON_KERNELSPEC_H
#define RECKON_KERNELSPEC_H

#include "runtime/base/err.h"

/* The folder that command line options mean, owned: none or --user this user's Jupyter ($JUPYTER_DATA_DIR, else
 * $XDG_DATA_HOME/jupyter, else ~/.local/share/jupyter), --prefix P, --sys-prefix the active Python environment
 * ($VIRTUAL_ENV, else $CONDA_PREFIX). `options` ends with NULL. ERR_VALUE: another option, or no such place. */
enum status kernelspec_folder(char *const *options, char **out, struct error *err) MUST_CHECK;
/* Writes the kernelspec, over an old one. ERR_FILE. */
enum status kernelspec_install(const char *folder, struct error *err) MUST_CHECK;
/* Removes what kernelspec_install wrote, and the folder when nothing else is in it. ERR_FILE; ERR_MISSING: nothing there. */
enum status kernelspec_uninstall(const char *folder, struct error *err) MUST_CHECK;

#endif
