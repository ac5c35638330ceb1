#ifndef UNROLL_TASK_TASK_H
#define UNROLL_TASK_TASK_H
#include <unroll/task.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "base/spec.h"
#include "data/corpus.h"
#include "data/pairs.h"

/** Where batches come from, as the library sees it. A task that is part of something else (a session, a test) is
 *  freed by its own free(self); one of unroll_task_new() and its kin by unroll_task_free(). */
struct unroll_task {
    void *self;
    size_t inputs, outputs; /**< for the network's spec */
    bool features, squared;
    size_t source;              /**< source tokens; 0: it reads none */
    uint64_t batches_per_epoch; /**< 0: fresh samples without end */
    double tokens_per_batch;    /**< targets in a full training batch, for estimates */
    /** As in unroll_task_functions, with `eval` for held_out. */
    unroll_status (*next)(void *self, unroll_batch *out);
    unroll_status (*eval)(void *self, enum unroll_split split, uint64_t i, unroll_batch *out,
                          bool *more);
    size_t train_T, train_B, eval_T, eval_B; /**< upper bounds of what the batches use */
    size_t train_S, eval_S;                  /**< of their source steps; 0: no source */
    void (*state)(void *self, unroll_visit *visit, void *arg);
    void (*free)(void *self);
    /* What a task of unroll_task_new_text() or _pairs() reads, else NULL. */
    unroll_corpus *corpus;
    unroll_pairs *pairs;
};

/* ---- characters ---- */

/** Sizes of a character task's batches. */
typedef struct unroll_task_char_options {
    size_t T, B;   /**< window and streams; 0 where the task is only for evaluation */
    bool no_carry; /**< states start at zero in each window */
    uint64_t seed; /**< of the order of lines */
} unroll_task_char_options;

/** The largest window and batch, up to *T and *B, that the training part can fill. What the user
 *  chose stays; what is left at its default shrinks.
 *  @param user_T, user_B  the user chose it
 *  @return UNROLL_EDATA with the minimum and the options that lower it, where what must stay does
 *          not fit */
unroll_status unroll_task_char_fit(const unroll_corpus *corpus, bool user_T, bool user_B, size_t *T,
                                   size_t *B);

/** Language modelling: each token is predicted from those before it.
 *  Training: the part is cut into B streams of equal length, which are read side by side in
 *  windows of T; what is left at their ends is left out. States carry over within an epoch. With
 *  lines, an epoch shuffles them, joins them with one UNROLL_RESET position between two, and cuts
 *  at line boundaries near equal lengths.
 *  Evaluation: one pass at B = 1 from the zero state; N tokens give N − 1 predictions.
 *  @param corpus  must outlive the task
 *  @return UNROLL_EDATA where T and B are more than unroll_task_char_fit() would give;
 *          UNROLL_EMEMORY */
unroll_status unroll_task_char(const unroll_corpus *corpus, const unroll_task_char_options *options,
                               unroll_task *out);

/* ---- translation ---- */

typedef struct unroll_task_translate_options {
    size_t B;
    bool reverse;  /**< the encoder reads the source from its end; </s> stays last */
    uint64_t seed; /**< of the order of pairs */
} unroll_task_translate_options;

/** Pairs in batches of B rows, those of about the same length together, in another order each epoch.
 *  Only real tokens have weight: y1 … yn and </s>; padding is UNROLL_HOLD on both sides.
 *  @param pairs  must outlive the task; may have no training part where it only evaluates
 *  @return UNROLL_EMEMORY */
unroll_status unroll_task_translate(const unroll_pairs *pairs,
                                    const unroll_task_translate_options *options, unroll_task *out);

/** Share of the first epoch's positions, source and target, that are padding. */
double unroll_task_translate_padding(const unroll_task *task);

/* ---- synthetic tasks ---- */

enum { UNROLL_TASK_KEYS = UNROLL_SPEC_KEYS };

/** What a task's sequences look like. */
typedef struct unroll_task_shape {
    size_t T;
    size_t inputs, outputs;
    bool features, squared;
} unroll_task_shape;

/** Where one sequence goes: element t of each array is at t·stride (features: at t·stride·inputs
 *  on; values: at t·stride·outputs on). All begin at zero, weights too. Those that the shape does
 *  not use are NULL. */
typedef struct unroll_task_column {
    size_t stride;
    uint32_t *input, *target;
    unroll_real *feature, *value, *weight;
    uint8_t *counted;  /**< begins at 1; 0 keeps a step out of the accuracy and of the recall */
    uint8_t *recalled; /**< begins at 1; 0 keeps a step that needs no memory out of the recall */
} unroll_task_column;

/** A synthetic task is one file that ends in a `const unroll_task_row`, and one line in
 *  module.am. */
typedef struct unroll_task_row {
    const char *name, *summary, *origin;
    /** A NULL name ends them. The first makes the sequences longer the larger it is. */
    unroll_spec_key keys[UNROLL_TASK_KEYS];
    void (*shape)(const double *value, unroll_task_shape *shape);
    void (*draw)(const double *value, unroll_rng *rng, const unroll_task_column *column);
    /** Loss of the best guess that remembers nothing, over all steps that training counts. */
    double (*baseline)(const double *value);
    const char *measure; /**< what the accuracy is a share of, and what counts as right */
    double (*chance)(const double *value); /**< accuracy of such a guess */
    double tolerance;                      /**< of a squared task, as in unroll_batch */
    double solved_loss; /**< solved below this mean loss; 0: by accuracy, see task/solved.h */
} unroll_task_row;

extern const unroll_task_row *const unroll_task_table[]; /**< NULL at the end */

/** baseline and chance of a task that ends in one of two equally likely classes: ln 2 and 1/2. */
double unroll_task_coin_loss(const double *value);
double unroll_task_coin_chance(const double *value);

/** Fill `T` steps with values from [0,1) and mark one in each half; a and b are the two. Features are
 *  value, marker. T is at least 2. */
void unroll_task_mark_two(unroll_rng *rng, const unroll_task_column *column, size_t T,
                          unroll_real *a, unroll_real *b);

/** Read "NAME" or "NAME:key=value,…"; keys that are not named get their defaults.
 *  @param value  [UNROLL_TASK_KEYS], in the order of the row's keys
 *  @return UNROLL_EUSAGE naming what is wrong, with "did you mean" and the key's range */
unroll_status unroll_task_parse(const char *spec, const unroll_task_row **row, double *value);

/** The same; where `like` is the spec of the same task, keys that `spec` does not name have the values that they have
 *  there. */
unroll_status unroll_task_parse_like(const char *spec, const char *like,
                                     const unroll_task_row **row, double *value);

/* ---- toy languages: pairs without any file ---- */

/** Append a word to a sentence, with a blank before it where the sentence is not empty. */
void unroll_toy_word(unroll_buffer *sentence, const char *word);

/** Number of pairs, the first key of every toy language: what training without FILE makes. */
enum { UNROLL_TOY_PAIRS };

/** A toy language is one file that ends in a `const unroll_toy_row`, and one line in
 *  module.am. */
typedef struct unroll_toy_row {
    const char *name, *summary, *origin;
    unroll_spec_key keys[UNROLL_TASK_KEYS]; /**< a NULL name ends them */
    enum unroll_tokens tokens;              /**< what it is meant to be read by */
    /** One pair; both sentences are empty before. */
    void (*draw)(const double *value, unroll_rng *rng, unroll_buffer *source, unroll_buffer *target);
} unroll_toy_row;

extern const unroll_toy_row *const unroll_toy_table[]; /**< NULL at the end */

/** Is it a toy language's "NAME" or "NAME:key=value,…"? The table's first is also called
 *  "translate", which alone stands for pairs from files, too. */
bool unroll_task_translates(const char *task);

/** Read the spec of a toy language.
 *  @param value  [UNROLL_TASK_KEYS]
 *  @return as unroll_task_parse() */
unroll_status unroll_toy_parse(const char *spec, const unroll_toy_row **row, double *value);

/** `count` pairs as TSV. @param text  freed by unroll_free() */
unroll_status unroll_toy_text(const unroll_toy_row *row, const double *value, uint64_t seed,
                              uint64_t count, char **text, size_t *length);

/** Sequences of a validation or a test: enough for an accuracy within ±0.03 at two standard errors. */
enum { UNROLL_TASK_HELD_OUT = 1000 };

/** A task of fresh samples without end. Validation and test have UNROLL_TASK_HELD_OUT sequences each (B where that is
 *  more), of a stream of their own: they follow from seed, row and value alone, whatever B is.
 *  @param B     sequences in a batch
 *  @param seed  of the samples
 *  @return UNROLL_EMEMORY */
unroll_status unroll_task_synthetic(const unroll_task_row *row, const double *value, size_t B,
                                    uint64_t seed, unroll_task *out);

/** Sequence `b` of a batch as one line of TSV, without a newline: inputs, then targets, "-" where
 *  there is none. Steps are parted by spaces, a step's numbers by commas. *line is freed by
 *  unroll_free(). */
unroll_status unroll_task_line(const unroll_task *task, const unroll_batch *batch, size_t b,
                               char **line);
#endif
