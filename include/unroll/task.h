#ifndef UNROLL_TASK_H
#define UNROLL_TASK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/batch.h>
#include <unroll/net.h>
#include <unroll/status.h>
#include <unroll/vocabulary.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where batches come from: a text, pairs of sentences, a synthetic task, or functions of the caller's. A trainer
 *  asks it for them, or a loop of one's own. A task is used by one thread at a time. */
typedef struct unroll_task unroll_task;

/** Parts of the data. A synthetic task draws each of them. */
enum unroll_split { UNROLL_TRAIN, UNROLL_VALID, UNROLL_TEST };

/* ---- making one ---- */

/** How data become batches; what a field does not apply to passes over it. */
typedef struct unroll_task_options {
    size_t size;       /**< sizeof(unroll_task_options) */
    size_t batch;      /**< rows B of a batch; 0: 50, or as many as a text or the pairs can fill */
    size_t seq_length; /**< of a text: steps T of a window, the truncation of BPTT; 0: 50, or as many as
                                 the text can fill. Other sequences are never cut */
    bool no_carry;     /**< of a text: the state starts at zero in each window */
    bool lines;        /**< of a text: each line is a sequence of its own */
    bool reverse_source; /**< of pairs: the encoder reads the source from its end */
    bool swap;           /**< of pairs: the first column is the target */
    size_t max_length;   /**< of pairs: most tokens of a side; 0: no bound */
    double split[3]; /**< shares of training, validation and test, together at most 1; all 0: 0.9,
                                 0.05, 0.05. Of pairs, a hash of the source decides on a pair's part */
    uint64_t seed;   /**< of samples and of the order of lines and pairs */
    const unroll_text_rules *rules; /**< how texts become tokens; NULL: UNROLL_TEXT_RULES_INIT */
    /** Number tokens with these, whose rules then count; they must outlive the task. NULL: they are made of the
     *  data, that of a text from all its parts, those of pairs from the training part. */
    const unroll_vocabulary *vocabulary, *source_vocabulary;
} unroll_task_options;
#define UNROLL_TASK_OPTIONS_INIT            \
    {                                       \
        .size = sizeof(unroll_task_options) \
    }

/** Language modelling: each token of a text is predicted from those before it. The training part is cut into B
 *  streams, which are read side by side in windows of T; states carry over within a pass.
 *  @param text     [length] bytes, copied
 *  @param options  NULL: as one whose fields are all 0
 *  @param out      freed by unroll_task_free()
 *  @return UNROLL_EDATA for a text that is empty, not UTF-8 or too short for what was asked, UNROLL_EUSAGE for
 *          shares that make no split, UNROLL_EMEMORY */
unroll_status unroll_task_new_text(const char *text, size_t length,
                                   const unroll_task_options *options, unroll_task **out);

/** Translation: an encoder reads a source, and each token of its target is predicted from those before it. Those of
 *  about the same length stand together in a batch. Both vocabularies begin with <unk>, <s> and </s>.
 *  @param tsv      [length] bytes, copied: a pair per line, source, tab, target
 *  @param options  NULL: as one whose fields are all 0
 *  @param out      freed by unroll_task_free()
 *  @return UNROLL_EDATA with the line for one without a tab, with an empty side or above max_length; else as
 *          unroll_task_new_text() */
unroll_status unroll_task_new_pairs(const char *tsv, size_t length,
                                    const unroll_task_options *options, unroll_task **out);

/** A synthetic task or toy language by its name: "copy:delay=50". `unroll generate --list` prints all with their
 *  keys and sources. A synthetic task draws fresh samples without end to train on. Validation and test have 1000
 *  sequences each, drawn apart from those and from each other, and the same each time.
 *  @param spec     NAME or NAME:key=value,…
 *  @param options  NULL: as one whose fields are all 0
 *  @param out      freed by unroll_task_free()
 *  @return UNROLL_EUSAGE for a name, a key or a value that does not exist; UNROLL_EMEMORY */
unroll_status unroll_task_new_synthetic(const char *spec, const unroll_task_options *options,
                                        unroll_task **out);

/** A value that exact resume needs: `count` elements of one kind at `data`. */
enum unroll_field_kind { UNROLL_FIELD_REAL, UNROLL_FIELD_F64, UNROLL_FIELD_U64 };
typedef void unroll_visit(void *arg, const char *name, enum unroll_field_kind kind, void *data,
                          size_t count);

/** A task of the caller's. What batches point to holds until the next one. */
typedef struct unroll_task_functions {
    size_t size;            /**< sizeof(unroll_task_functions) */
    void *self;             /**< first argument of all functions */
    size_t inputs, outputs; /**< as in unroll_net_spec, with the next three */
    bool features, squared;
    size_t source;
    size_t steps, rows, source_steps; /**< bounds of T, B and S of training batches */
    size_t held_out_steps, held_out_rows,
        held_out_source_steps; /**< of the others; steps 0: there are none */
    uint64_t batches_per_epoch; /**< training batches in one pass over the data; 0: fresh samples without end */
    /** The next training batch. Passes follow each other without end. */
    unroll_status (*next)(void *self, unroll_batch *out);
    /** The i-th batch of an evaluation of `split`; *more = false where there is none. Touches nothing that
     *  training reads. NULL where steps of evaluations are 0. */
    unroll_status (*held_out)(void *self, enum unroll_split split, uint64_t i, unroll_batch *out,
                              bool *more);
    /** Hand every value of the task's place in its data to `visit`, in a fixed order. NULL: there is none. */
    void (*state)(void *self, unroll_visit *visit, void *arg);
    void (*free)(void *self); /**< called by unroll_task_free(); NULL: nothing is to be done */
} unroll_task_functions;
#define UNROLL_TASK_FUNCTIONS_INIT            \
    {                                         \
        .size = sizeof(unroll_task_functions) \
    }

/** @param functions  copied
 *  @param out        freed by unroll_task_free()
 *  @return UNROLL_EUSAGE where inputs, outputs, steps, rows or `next` are missing; UNROLL_EMEMORY */
unroll_status unroll_task_new(const unroll_task_functions *functions, unroll_task **out);

void unroll_task_free(unroll_task *task); /**< NULL is allowed */

/* ---- using one ---- */

/** Set what a network must have for this task: inputs, outputs, features, squared and source. */
void unroll_task_set_spec(const unroll_task *task, unroll_net_spec *spec);

/** Set what a workspace must have room for, T, B and S: with UNROLL_TRAIN for the batches of unroll_task_next(), else
 *  for those of unroll_task_held_out(). */
void unroll_task_set_work(const unroll_task *task, enum unroll_split split,
                          unroll_work_options *options);

/** Training batches in one pass over the data; 0: there is no end. */
uint64_t unroll_task_batches_per_epoch(const unroll_task *task);

/** The vocabulary of a text, of the targets, of the sources; NULL where there is none. The task's own, or the caller's
 *  where it was given. */
const unroll_vocabulary *unroll_task_vocabulary(const unroll_task *task);
const unroll_vocabulary *unroll_task_source_vocabulary(const unroll_task *task);

/** The next training batch; its arrays are the task's, and hold until the next one.
 *  @return UNROLL_OK, or what a function of the caller's returned */
unroll_status unroll_task_next(unroll_task *task, unroll_batch *out);

/** The i-th batch of an evaluation of UNROLL_VALID or UNROLL_TEST; *more is false where there is none. Training goes on
 *  as if it had not been asked for. Its arrays are the task's, and hold until the next one.
 *  @return UNROLL_OK, or what a function of the caller's returned */
unroll_status unroll_task_held_out(unroll_task *task, enum unroll_split split, uint64_t i,
                                   unroll_batch *out, bool *more);

#ifdef __cplusplus
}
#endif
#endif
