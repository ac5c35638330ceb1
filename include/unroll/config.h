#ifndef UNROLL_CONFIG_H
#define UNROLL_CONFIG_H
#include <unroll/net.h>
#include <unroll/train.h>
#include <unroll/vocabulary.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Every training option, resolved. Strings are owned by the config. The rows of unroll_config_table
 *  (src/train/config.c) name, bound and explain each field; the command line, config files, a model's metadata
 *  and unroll_config_set() all go through them. */
typedef struct unroll_config {
    /* task and data */
    char *task;              /**< "char", "translate", "NAME:key=value,…" */
    int tokens, normalize;   /**< enum unroll_tokens, unroll_normalize */
    bool casefold;
    uint64_t min_count;
    int invalid;             /**< 0 error, 1 replace */
    bool lines;
    double split[3];
    char *corpus;            /**< the texts of a run, one whole path a line; NULL: none were given */
    char *valid, *test;      /**< files, or NULL */
    uint64_t max_input;      /**< bytes; 0: no bound */
    /* model */
    char *cell, *gru, *activation, *norm;
    uint64_t layers, hidden, embedding, norm_steps;
    bool skip_input, residual, tie;
    double dropout;
    /* translation */
    char *attention;
    bool bidirectional, reverse_source;
    bool swap, skip_bad;
    uint64_t max_length;     /**< tokens of a side; 0: no bound */
    double label_smoothing, scheduled_sampling;
    /* start */
    char *init;
    double init_scale, norm_gamma, omega;
    double forget_bias;      /**< NAN: the cell's own, 1 for the LSTM */
    bool chrono;             /**< --forget-bias chrono[:T] */
    double chrono_max;       /**< T; 0: the sequence length */
    char *init_from;
    /* learning: the trainer's own struct; its strings point into optimizer and schedule below */
    char *optimizer, *schedule;
    unroll_learning learning;
    uint64_t batch, seq_length;
    bool no_carry;
    /* run */
    char *out, *resume;
    bool force, dry_run;
    uint64_t save_every, log_every, sample_every, keep, grad_every, grad_distance;
    uint64_t seed, threads;
    bool quiet, json;
} unroll_config;

unroll_status unroll_config_new(unroll_config **out);  /**< all defaults; unroll_config_free() */
void unroll_config_free(unroll_config *config);

/** Set one option by its name as on the command line (without dashes), e.g. ("hidden", "64"). Flags take
 *  "true" or "false". @return UNROLL_EUSAGE naming the option, what it got and its range */
unroll_status unroll_config_set(unroll_config *config, const char *name, const char *value);

#ifdef __cplusplus
}
#endif
#endif
