#ifndef UNROLL_LAB_REPRODUCE_H
#define UNROLL_LAB_REPRODUCE_H
#include "lab/compare.h"
#include "lab/experiment.h"

/** Other learning rates, under which no claim that is about learning may hold: what holds all the same tests nothing. */
enum reproduction_control {
    REPRODUCTION_PLAIN,
    REPRODUCTION_UNTRAINED, /**< every learning rate times 0 */
    REPRODUCTION_DIVERGED,  /**< times 100,000 */
    REPRODUCTION_CONTROLS
};
/** "none", "untrained", "diverged"; NULL at the end. */
extern const char *const reproduction_control_name[REPRODUCTION_CONTROLS + 1];

/** A published experiment done again: a study, and what its checks made of it. */
typedef struct reproduction {
    const experiment *experiment;
    const experiment_setting *setting; /**< the full or the quick one */
    enum reproduction_control control;
    compare_study study; /**< as the setting has it; directory, seed, jobs, threads and listener are for
                                            the caller to set */
    /* by reproduction_judge(): */
    experiment_outcome outcome[EXPERIMENT_CHECKS];
    size_t checks, failed, open;
    unroll_table table; /**< a row for each check: claim, reported, measured with its bounds, verdict */
} reproduction;

/** @return UNROLL_EMEMORY; reproduction_free() in any case */
unroll_status reproduction_open(const experiment *e, bool quick, enum reproduction_control control,
                                reproduction *out);
void reproduction_free(reproduction *r);

/** What came out, once compare_train_all() has gone through the study. */
void reproduction_judge(reproduction *r);

enum { REPRODUCTION_VERDICT = 1200 };
/** After reproduction_judge(): what was tested, whether it holds, with how many seeds, and where the setting is not the
 *  source's, in whole sentences. */
void reproduction_verdict(const reproduction *r, char text[REPRODUCTION_VERDICT]);

/** The study's report.html with the verdict above its results. @param argc, argv  the command it was made by */
unroll_status reproduction_page(const reproduction *r, int argc, char *const *argv);
#endif
