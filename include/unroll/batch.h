#ifndef UNROLL_BATCH_H
#define UNROLL_BATCH_H
#include <stddef.h>
#include <stdint.h>
#include <unroll/real.h>

/** What happens at a position of a batch, in unroll_batch.mode. */
enum unroll_mode {
    UNROLL_RUN = 0,  /**< the cell runs */
    UNROLL_HOLD = 1, /**< padding: the state passes through unchanged */
    UNROLL_RESET = 2 /**< padding between two sequences: the state becomes zero */
};

/** One window of T steps for B rows, time first: element [t][b] is at t·B + b. Rows are independent.
 *  The arrays belong to the task that made it and hold until its next batch. */
typedef struct unroll_batch {
    size_t T, B;
    int carry;             /**< rows go on where the last batch ended; 0: states start at zero */
    const uint32_t *input; /**< [T][B] token ids; NULL where the network takes features */
    const unroll_real *feature; /**< [T][B][F] real inputs; NULL where it takes tokens */
    const uint32_t *target;     /**< [T][B] token ids (cross-entropy), or NULL */
    const unroll_real *value;   /**< [T][B][outputs] targets (squared error), or NULL */
    const unroll_real *weight;  /**< [T][B] weight of each target, 0: none; NULL: all 1 */
    const uint8_t *mode;        /**< [T][B] enum unroll_mode; NULL: all UNROLL_RUN */
    const uint8_t *counted; /**< [T][B] 0: no part of the accuracy; NULL: all with a weight are */
    const uint8_t *recalled; /**< [T][B] 0: counted, but needs no memory; NULL: all that is counted does */
    unroll_real tolerance; /**< squared error: right where every output is closer than this */
    /* What an encoder reads first, where the network has one; input and target are then the decoder's. */
    size_t S;                   /**< source steps; 0: none */
    const uint32_t *source;     /**< [S][B] source token ids; a row's padding is at its end */
    const uint8_t *source_mode; /**< [S][B] UNROLL_RUN or, for padding, UNROLL_HOLD; NULL: no padding */
} unroll_batch;

#endif
