#ifndef UNROLL_STORE_RUN_DIRECTORY_H
#define UNROLL_STORE_RUN_DIRECTORY_H
#include <jansson.h>
#include <unroll/config.h>

/* What is in the directory of a run. */

#define UNROLL_RUN_LOCK ".lock"
#define UNROLL_RUN_CONFIG "config.json"
#define UNROLL_RUN_METRICS "metrics.csv"
#define UNROLL_RUN_MODEL "model.safetensors"

/** Its config.json, where we wrote it: somebody else's must never be taken for a run.
 *  @param out  freed by json_decref(); NULL on failure
 *  @return UNROLL_ENOINPUT, UNROLL_EDATA, UNROLL_EMEMORY */
unroll_status unroll_run_directory_config(const char *directory, json_t **out);

enum unroll_run_mode {
    UNROLL_RUN_NEW,   /**< the directory is empty or not there; its parent is */
    UNROLL_RUN_FORCE, /**< it may hold an old run; unroll_run_clear() removes it */
    UNROLL_RUN_RESUME /**< it holds a run */
};

/** What stands against opening it, before anything is touched. @return as unroll_run_open() */
unroll_status unroll_run_directory_check(const char *directory, enum unroll_run_mode mode);

/** Remove what a run made; other files stay, and so does config.json, which tells that the directory is a run's and
 *  which the new run replaces. @return UNROLL_ECREATE, UNROLL_EIO, UNROLL_EMEMORY */
unroll_status unroll_run_directory_clear(const char *directory);

/** Remove the temporaries that a killed run left. */
void unroll_run_directory_clean(const char *directory);
#endif
