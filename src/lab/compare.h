#ifndef UNROLL_LAB_COMPARE_H
#define UNROLL_LAB_COMPARE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/config.h>
#include <unroll/net.h>

#include "base/option.h"
#include "data/pairs.h"
#include "report/table.h"
#include "store/curve_csv.h"

/* Variants × seeds, each trained in a process of its own; what compare and reproduce are made of. */

/* ---- variants ---- */

/** One way to train: the options of all, then its own. */
typedef struct compare_variant {
    char *label;           /**< names it in tables, files and legends */
    unroll_config *config; /**< seed and threads are set by each job */
    double sweep;          /**< the swept key's value; NAN: none */
    /* by compare_check(): */
    uint64_t corpus; /**< fingerprint of the text; 0: none */
    double baseline; /**< loss of a guess that remembers nothing; NAN: not known */
    double chance;   /**< its accuracy, likewise */
} compare_variant;

/** A variant from "option=value,option=value,…": the options of `unroll train` that shape model,
 *  start, learning or data, by name or alias; a flag alone means true. Values that have commas:
 *  part the options by semicolons. "label=TEXT" names the variant, else its own text does.
 *  @return UNROLL_EUSAGE naming what is wrong, with "did you mean" */
unroll_status compare_variant_parse(const char *text, const unroll_config *common,
                                    compare_variant *out);
void compare_variant_free(compare_variant *v);

/** "KEY=VALUE,VALUE,…" of a task. */
typedef struct compare_sweep {
    char *key; /**< NULL: no sweep */
    char **value;
    size_t count;
} compare_sweep;
unroll_status compare_sweep_parse(const char *text, compare_sweep *out);
void compare_sweep_free(compare_sweep *s);

/** Each variant at each value of the sweep, value by value within a variant. Takes the old
 *  variants over.
 *  @return UNROLL_EUSAGE where the task does not have the key or refuses a value */
unroll_status compare_sweep_apply(const compare_sweep *s, compare_variant **variant, size_t *count);

/** The task's spec with one key set, freed by unroll_free(); NULL with a message. */
char *compare_spec_set(const char *spec, const char *key, const char *value);

/* ---- one job: a variant with a seed ---- */

enum compare_when { COMPARE_START, COMPARE_MIDDLE, COMPARE_END, COMPARE_WHENS };
extern const char *const compare_when_name[COMPARE_WHENS];

typedef struct compare_point { /**< means over the steps since the last point */
    uint64_t step;
    double loss, accuracy;
} compare_point;

typedef struct compare_distance {
    int when;
    unroll_curve_row row;
} compare_distance;

/** How often a gate is nearly shut or open, after training, on held-out samples. */
typedef struct compare_gate {
    size_t layer;
    char name[4];     /**< as its cell names it: "f" */
    double low, high; /**< shares below 0.1 and above 0.9 */
} compare_gate;

/** Held-out translations of sources of `min` to `max` tokens. */
typedef struct compare_length {
    size_t min, max;
    uint64_t pairs;
    double exact, bleu; /**< share of them; 0 to 100 */
} compare_length;

/** How strongly targets depend on source tokens after training: the geometric mean of dL_t/dx_s over
 *  held-out sentences of one length, by the order of reading. */
typedef struct compare_map {
    size_t targets, sources;
    double *norm; /**< [targets][sources]; NULL: none */
} compare_map;

/** A trained model on sequences of another length: the test of its task with this value of the first key. */
typedef struct compare_stretch {
    double value;
    double loss, accuracy, recall_loss, recall_accuracy;
} compare_stretch;

/** What a job found. */
typedef struct compare_result {
    bool done; /**< else there is nothing yet */
    bool solved, diverged;
    uint64_t steps;
    uint64_t steps_to_solve; /**< 0: never */
    double loss, accuracy;   /**< held-out, after the last step */
    double recall_loss;      /**< of the targets that need memory alone */
    double half_life[COMPARE_WHENS]; /**< steps, of the top layer's h; INFINITY: does not fall; NAN: not measured */
    double seconds;
    compare_point *point;
    size_t points;
    compare_distance *distance;
    size_t distances;
    compare_gate *gate;
    size_t gates;
    double exact, bleu; /**< of a translation, over all lengths; else NAN */
    compare_length *length;
    size_t lengths;
    compare_stretch *stretch; /**< of a synthetic task, the values ascending; else none */
    size_t stretches;
    compare_map map;
} compare_result;
void compare_result_free(compare_result *r);

/** The map of a translation's held-out pairs; none where there are none of 7 to 24 tokens.
 *  @return UNROLL_EMEMORY */
unroll_status compare_map_measure(const unroll_net *net, const unroll_pairs *pairs, bool reversed,
                                  compare_map *out);

/** The test of a synthetic task at half, once, twice and four times the value of the key that makes its sequences
 *  longer, as far as the key allows it.
 *  @param task  the spec that the net was trained on
 *  @param seed  of the samples
 *  @param out   takes its stretches
 *  @return as unroll_synthetic_loss() */
unroll_status compare_generalization_measure(const unroll_net *net, const char *task, uint64_t seed,
                                             size_t threads, compare_result *out);

/** What a comparison asks of each job. */
typedef struct compare_ask {
    bool stop_solved;     /**< end a job once it has solved its task */
    bool probe;           /**< record gradient curves … */
    bool through;         /**< … of --norm recurrent-batch through the statistics */
    bool generalization;  /**< test a synthetic task's models on other lengths, too */
    uint64_t point_every; /**< steps to a point of the learning curve; 0: a hundredth of all */
    /** Told after each step how far the training is, from 0 to 1; NULL: nobody. No part of what a job is. */
    void (*progress)(void *arg, double share);
    void *progress_arg;
} compare_ask;

/** Train. @return UNROLL_OK also where it diverged (the result says so) */
unroll_status compare_train(const compare_variant *v, uint64_t seed, size_t threads,
                            const compare_ask *ask, compare_result *out);

/** How long a training of this variant may take: a few of its updates are made, and their time is multiplied.
 *  Evaluation and curves are left out.
 *  @param most     seconds to spend on it, about
 *  @param seconds  NAN where nothing can be said, as of one that diverges at once
 *  @return as unroll_session_open() */
unroll_status compare_estimate(const compare_variant *v, uint64_t seed, size_t threads, double most,
                               double *seconds);

/** A result as a file, with the exact options it was made with. Reading: *out is `done` where the
 *  file is there; UNROLL_EMISMATCH naming the option where it was made with others, UNROLL_EDATA
 *  where it is damaged. */
unroll_status compare_result_write(const char *path, const compare_variant *v, uint64_t seed,
                                   const compare_ask *ask, const compare_result *r);
unroll_status compare_result_read(const char *path, const compare_variant *v, uint64_t seed,
                                  const compare_ask *ask, compare_result *out);

/* ---- all jobs ---- */

enum { COMPARE_SEEDS_MAX = 64 };

/** What a study tells while it is checked and trained. */
enum compare_event {
    COMPARE_NOTE, /**< about a variant's options or data */
    COMPARE_NEWS, /**< results that are there already, a job that ended, a signal that ends all */
    COMPARE_FAILED, /**< what a job failed of; called in the process of the job, or after it was killed */
    COMPARE_PROGRESS, /**< every second: how far all jobs are, and how long the rest may take */
    COMPARE_ESTIMATE  /**< before the first job: how many there are, and how long they may take */
};
/** @param text  one line without its end */
typedef void compare_listener(void *arg, enum compare_event event, const char *text);

typedef struct compare_study {
    compare_variant *variant;
    size_t variants;
    uint64_t seed, seeds; /**< seed, seed + 1, …; at most COMPARE_SEEDS_MAX */
    const char *directory;
    size_t jobs, threads;       /**< 0: cores; threads of a job where it runs alone */
    compare_listener *listener; /**< NULL: none */
    void *listener_arg;
    compare_ask ask;
    bool estimate;   /**< try each variant before the first job, to say how long all may take */
    double seconds;  /**< what was then said; NAN: nothing */
    char *sweep_key; /**< NULL: none; owned */
    double baseline, chance; /**< where all variants have the same; else NAN */
    bool squared;
    compare_result *result; /**< [variants][seeds], owned */
    size_t reused, failed, diverged;
} compare_study;

/** One more variant, as compare_variant_parse(). */
unroll_status compare_study_add(compare_study *s, const char *text, const unroll_config *common);
/** Every variant at every value of "KEY=VALUE,VALUE,…", as compare_sweep_apply(); after all variants are added. */
unroll_status compare_study_sweep(compare_study *s, const char *text);

/** Check all variants before anything is made: options, tasks, models, texts. Learns baseline and
 *  chance.
 *  @return as unroll_session_open(); UNROLL_EUSAGE where the variants cannot be compared */
unroll_status compare_check(compare_study *s);
/** For unroll_session.was_given: batch and window are the variants' own, even at their defaults.
 *  @param config  the variant's */
bool compare_was_given(const void *config, const unroll_option *option);

/** Train what is not yet in DIRECTORY/jobs, `jobs` at a time, and collect all results.
 *  A job that fails is reported and the others go on. Where a signal comes, the jobs end and it is raised again.
 *  @return UNROLL_EMISMATCH where the directory holds results made with other options; UNROLL_EBUSY where another
 *          process uses it; the first failed job's status after all others are done */
unroll_status compare_train_all(compare_study *s);
void compare_study_free(compare_study *s);

static inline compare_result *compare_at(const compare_study *s, size_t variant, size_t seed)
{
    return &s->result[variant * (size_t)s->seeds + seed];
}

/** summary.csv, a variant's seeds together; of each job results.csv, learning.csv, distance.csv, gates.csv. */
unroll_status compare_write(const compare_study *s);
/** The plots into DIRECTORY/plots; UNROLL_ENOINPUT without gnuplot, when the data are there. */
unroll_status compare_draw(const compare_study *s, const char *title);
/** The variant and how its weights and gates start, which decides as much; what its label says already is not said
 *  again. */
enum { COMPARE_PLOT_LABEL = 320 };
void compare_plot_label(const compare_variant *v, char out[COMPARE_PLOT_LABEL]);
/** generalization.csv, where models were tested on other lengths. */
unroll_status compare_generalization_write(const compare_study *s);
/** Accuracy against length, the lengths that were trained marked; nothing where there is no such test.
 *  @param folder  takes the picture */
unroll_status compare_generalization_draw(const compare_study *s, const char *folder,
                                          const char *title);
enum { COMPARE_MAP_NAME = 32 };
/** The plot of a variant's alignment. */
const char *compare_map_name(char name[COMPARE_MAP_NAME], size_t variant);
/** Draw the map of its first seed, which must have one. @return as compare_draw() */
unroll_status compare_map_draw(const compare_study *s, const char *folder, size_t variant);
/** What stands above the rest of a report: paragraphs and a table. */
typedef struct compare_lead {
    const char *const *text; /**< NULL at the end */
    const unroll_table *table;
} compare_lead;
/** report.html. @param lead  NULL: none */
unroll_status compare_report(const compare_study *s, const char *title, const compare_lead *lead,
                             int argc, char *const *argv);
#endif
