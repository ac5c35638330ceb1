#ifndef UNROLL_STORE_RUN_NAME_H
#define UNROLL_STORE_RUN_NAME_H
#include <unroll/config.h>

/* What runs are called, and which one is the newest. */

/** runs/TEXT-CELL-LAYERSxHIDDEN, with a number behind where that is taken: the directory of a run that was given
 *  none. Makes runs/.
 *  @param text  the first file that it reads; NULL: the options say, as of a synthetic task, or it is the text that
 *               ships with the program
 *  @param out   freed by unroll_free() @return UNROLL_ECREATE, UNROLL_EMEMORY */
unroll_status unroll_run_free_name(const unroll_config *config, const char *text, char **out);

/** Point the link runs/latest to a run in runs/. Of a run elsewhere, or where that name is no link, it does
 *  nothing; that a link cannot be made is no reason to end a training. */
void unroll_run_point_latest(const char *directory);

/** The run that was trained last: of runs/latest, else the directory in runs/ whose model is the newest.
 *  @param out  freed by unroll_free() @return UNROLL_ENOINPUT where there is none, UNROLL_EMEMORY */
unroll_status unroll_run_newest(char **out);
#endif
