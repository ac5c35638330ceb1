#ifndef UNROLL_TASK_H
#define UNROLL_TASK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/batch.h>
#include <unroll/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum unroll_split { UNROLL_TRAIN, UNROLL_VALID, UNROLL_TEST };

/** A value that exact resume needs: `count` elements of one kind at `data`. */
enum unroll_field_kind { UNROLL_FIELD_REAL, UNROLL_FIELD_F64, UNROLL_FIELD_U64 };
typedef void unroll_visit(void *arg, const char *name, enum unroll_field_kind kind, void *data,
                          size_t count);

/** Where batches come from. The trainer knows nothing else of texts, sentences or synthetic tasks. */
typedef struct unroll_task {
    void *self;
    size_t inputs, outputs;     /**< for the network's spec */
    bool features, squared;
    /** Batches in one pass over the training data; 0: fresh samples without end. */
    uint64_t batches_per_epoch;
    double tokens_per_batch;    /**< targets in a full training batch, for estimates */
    /** The next training batch. Passes follow each other without end. */
    unroll_status (*next)(void *self, unroll_batch *out);
    /** The i-th batch of an evaluation of `split`; *more = false where there is none. Touches nothing that
     *  training reads. Same T and B bounds as eval_T, eval_B. */
    unroll_status (*eval)(void *self, enum unroll_split split, uint64_t i, unroll_batch *out,
                          bool *more);
    size_t train_T, train_B, eval_T, eval_B; /**< upper bounds of what the batches use */
    size_t train_S, eval_S;     /**< of their source steps; 0: no source */
    /** Hand every value of the task's place in its data to `visit`, in a fixed order. */
    void (*state)(void *self, unroll_visit *visit, void *arg);
    void (*free)(void *self);
} unroll_task;

#ifdef __cplusplus
}
#endif
#endif
