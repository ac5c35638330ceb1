#ifndef UNROLL_CONFIG_CONFIG_H
#define UNROLL_CONFIG_CONFIG_H
#include <unroll/config.h>
#include <unroll/train.h>

#include "base/option.h"
#include "cell/cells.h"

/** Every training option, resolved. Strings are owned by the config. The rows of unroll_config_table name, bound
 *  and explain each field; the command line, config files, a model's metadata and the public setters all go
 *  through them. */
struct unroll_config {
    /* task and data */
    char *task;            /**< "char", "translate", "NAME:key=value,…" */
    int tokens, normalize; /**< enum unroll_tokens, unroll_normalize */
    bool casefold;
    uint64_t min_count;
    int invalid; /**< 0 error, 1 replace */
    bool lines;
    double split[3];
    char *corpus;       /**< the texts of a run, one whole path a line; NULL: none were given */
    char *valid, *test; /**< files, or NULL */
    uint64_t max_input; /**< bytes; 0: no bound */
    /* model */
    char *cell, *gru, *lstm, *activation, *norm;
    uint64_t layers, hidden, embedding, norm_steps;
    bool skip_input, residual, tie;
    double dropout;
    /* translation */
    char *attention;
    bool bidirectional, reverse_source;
    bool swap, skip_bad;
    uint64_t max_length; /**< tokens of a side; 0: no bound */
    double label_smoothing, scheduled_sampling;
    /* start */
    char *init;
    double init_scale, norm_gamma, omega;
    double forget_bias; /**< NAN: the cell's own, 1 for the LSTM */
    bool chrono;        /**< --forget-bias chrono[:T] */
    double chrono_max;  /**< T; 0: the sequence length */
    char *init_from;
    /* learning: the trainer's struct, but for the four fields that stand below under the same names. A trainer
     * is given what unroll_config_learning() returns. */
    unroll_learning learning;
    char *optimizer, *schedule;
    uint64_t batch, seq_length;
    bool no_carry;
    /* run */
    char *out, *resume;
    bool force, dry_run;
    uint64_t save_every, log_every, sample_every, keep, grad_every, grad_distance;
    uint64_t seed, threads;
    bool quiet, json, json_lines; /**< json_lines: each step, too */
};

/* The table of all training options. Role bits (base/option.h): a model's metadata carries the
 * rows with UNROLL_ROLE_MODEL; on resume rows with UNROLL_ROLE_BOUND or UNROLL_ROLE_RUN may be
 * given anew, and a row with any other role that differs is UNROLL_EMISMATCH. */

extern const unroll_option unroll_config_table[];
extern const size_t unroll_config_rows;
/** The table as a list for unroll_option_find() and its like; offsets count in unroll_config. */
extern const unroll_option_list unroll_config_lists[];

/** The cell that --cell and the option of its form name; NULL: there is none. */
const unroll_cell *unroll_config_cell(const unroll_config *config);
/** Another form of the cell than the first as " in the form NAME", for messages; "". */
const char *unroll_config_form(const unroll_config *config, char *buffer, size_t size);

/** The options of `from` into `to`. */
unroll_status unroll_config_assign(const unroll_config *from, unroll_config *to);

/** How a trainer is to learn; the strings are the config's own. */
unroll_learning unroll_config_learning(const unroll_config *config);

/** Bounds that were given push out those that were not: --steps or --epochs each other and an old
 *  --time, --time alone both, so that `--time 90s` does not end with the default's epochs. */
void unroll_config_bounds(unroll_config *config, bool steps, bool epochs, bool time);

/** An option that was asked for: would it do nothing beside the others?
 *  @param name  as the row spells it
 *  @return UNROLL_EUSAGE saying why */
unroll_status unroll_config_check_used(const unroll_config *config, const char *name);
#endif
