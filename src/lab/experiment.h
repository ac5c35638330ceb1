#ifndef UNROLL_LAB_EXPERIMENT_H
#define UNROLL_LAB_EXPERIMENT_H
#include "lab/compare.h"

/* Published experiments as comparisons with checks on what came out. An experiment is one file experiment_NAME.c that
 * ends in a `const experiment`, and one line in experiment_table.c. */

/** What a check looks at. Where a training diverged it has not solved its task, its accuracy counts as 0 and its loss as
 *  infinite. */
enum experiment_quantity {
    EXPERIMENT_SOLVED, /**< share of seeds that solved the task */
    EXPERIMENT_STEPS, /**< mean of the updates until solved, restricted to what all variants of the check were given: a
                           training that diverged, or has not solved its task by then, counts as that */
    EXPERIMENT_ACCURACY, /**< mean held-out accuracy */
    EXPERIMENT_LOSS,     /**< mean held-out loss */
    EXPERIMENT_BASELINE, /**< mean held-out loss, as a share of that of a guess without memory */
    EXPERIMENT_RECALL, /**< mean loss of what must be remembered, as a share of that of guessing */
    EXPERIMENT_DECADES, /**< fresh net: log10 of the top layer's gradient at distance `at`, mean over seeds */
    EXPERIMENT_SLOPE, /**< fresh net: decades a step from distance 5 to the last */
    EXPERIMENT_DEPTH, /**< fresh net, distance 0: log10 of the gradient at the first layer over the last's */
    EXPERIMENT_DIVERGED, /**< share of seeds that diverged, or ended above 2.5 times the loss of a guess */
    EXPERIMENT_FORGET_OPEN, /**< trained: share of layer `at`'s forget gates above 0.9 … */
    EXPERIMENT_FORGET_SHUT, /**< … and below 0.1 */
    EXPERIMENT_GATES_RISE, /**< share of gates below 0.1 or above 0.9, the last layer's less the first's */
    EXPERIMENT_EXACT, /**< of held-out sources as long as `at`: share that is translated exactly … */
    EXPERIMENT_BLEU /**< … and BLEU */
};

/** A check holds where the 95% interval of what was measured lies within low to high. */
typedef struct experiment_check {
    const char *what;     /**< in words: "LSTM solves length 100 (share of seeds)" */
    const char *reported; /**< by the paper; "" where it has no figure for it */
    enum experiment_quantity quantity;
    const char *variant; /**< its label, with ", KEY=VALUE" in a sweep */
    const char *minus;   /**< NULL, or the label whose value is taken off, seed by seed */
    double low, high;    /**< an infinite one is no bound */
    size_t at;
} experiment_check;

enum { EXPERIMENT_VARIANTS = 12, EXPERIMENT_CHECKS = 16 };

typedef struct experiment_setting {
    const char *time; /**< "40 s", on two cores */
    const char *part; /**< NULL where the claim is tested by all its checks, or what this setting tests of it */
    const char *here;   /**< NULL, or where it differs from the source's setting */
    const char *common; /**< options of all, by semicolons */
    const char *variant[EXPERIMENT_VARIANTS + 1];
    const char *sweep; /**< NULL: none */
    uint64_t seeds;
    bool until_solved;
    bool through; /**< as in compare_ask */
    experiment_check check[EXPERIMENT_CHECKS + 1];
} experiment_setting;

typedef struct experiment {
    const char *name, *paper, *claim, *published;
    const char *note; /**< NULL, or why it comes out as it does */
    experiment_setting full, quick;
} experiment;

extern const experiment *const experiment_table[]; /**< NULL at the end */
/** @return UNROLL_EUSAGE with "did you mean" */
unroll_status experiment_find(const char *name, const experiment **out);

enum experiment_verdict {
    EXPERIMENT_FAILS, /**< what was measured is not within the bounds */
    EXPERIMENT_OPEN, /**< it is, but its interval reaches out of them, or so few seeds have no interval */
    EXPERIMENT_HOLDS
};

/** What a check measured, over the seeds. */
typedef struct experiment_outcome {
    double mean;            /**< NaN where nothing was measured; infinite where a loss is */
    double low, high;       /**< its 95% interval; NaN: none */
    size_t seeds, diverged; /**< trainings that diverged, of both variants */
    enum experiment_verdict verdict;
} experiment_outcome;

/** The intervals are those of unroll_mean_interval(), of differences seed by seed; those of shares are Wilson's (1927), and
 *  of their differences Newcombe's (1998), because five equal outcomes of five do not prove a certainty. */
void experiment_judge(const compare_study *s, const experiment_check *check, experiment_outcome *out);
#endif
