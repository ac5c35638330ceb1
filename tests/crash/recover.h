#ifndef UNROLL_TESTS_CRASH_RECOVER_H
#define UNROLL_TESTS_CRASH_RECOVER_H
#include <sys/types.h>

#include "tree.h"

/* Running the program in the directory `state`, and comparing what it leaves with what it should
 * leave. */

typedef struct recover_command {
    char **argument; /**< NULL behind the last */
} recover_command;

/** What is left after a run that never stopped, without what the clock decides. */
typedef struct recovery {
    const char *preload, *state; /**< record.so; the directory, absolute */
    tree *reference;
    size_t references;
    recover_command *command; /**< tried in turn until one ends with 0 */
    size_t commands;
    char trouble[400]; /**< what was wrong last, "" for nothing */
} recovery;

recover_command recover_split(const char *line);
/** Start it.
 *  @param record   NULL or the file to record to
 *  @param kill_at  "" or a number, as record.c says */
pid_t recover_start(const recovery *r, const recover_command *c, const char *record,
                    const char *kill_at);
/** Its exit code; above 128 its signal. */
int recover_wait(pid_t process);

/** What the clock decides is taken out: columns of seconds and rates of CSV, the same of JSON.
 *  config.json, which tells how the run was begun, and report.html, which has the date, go as a
 *  whole. */
void recover_normalise(tree *t);
/** Go on from what is in `state`. @param first  whether the first command must do
 *  @return 1 + the number of the command that did; 0 where it went wrong, as `trouble` says */
int recover(recovery *r, bool first);
#endif
