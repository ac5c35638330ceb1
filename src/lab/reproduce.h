#ifndef UNROLL_LAB_REPRODUCE_H
#define UNROLL_LAB_REPRODUCE_H
#include "lab/compare.h"
#include "lab/experiment.h"

/** A published experiment done again: a study, and what its checks made of it. */
typedef struct reproduction {
    const experiment *experiment;
    const experiment_setting *setting; /**< the full or the quick one */
    compare_study study; /**< as the setting has it; directory, seed, jobs, threads and listener are for
                                            the caller to set */
    /* by reproduction_judge(): */
    double measured[EXPERIMENT_CHECKS];
    bool holds[EXPERIMENT_CHECKS];
    size_t checks, failed;
    unroll_table table; /**< a row for each check: claim, reported, measured with its bound, holds */
} reproduction;

/** @return UNROLL_EMEMORY; reproduction_free() in any case */
unroll_status reproduction_open(const experiment *e, bool quick, reproduction *out);
void reproduction_free(reproduction *r);

/** What came out, once compare_train_all() has gone through the study. */
void reproduction_judge(reproduction *r);
/** The study's report.html with the verdict above its results. @param argc, argv  the command it was made by */
unroll_status reproduction_page(const reproduction *r, int argc, char *const *argv);
#endif
