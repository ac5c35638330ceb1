#ifndef UNROLL_PROBE_INJECT_H
#define UNROLL_PROBE_INJECT_H
#include <stdint.h>
#include <unroll/batch.h>

/* Which losses of a batch are followed back. A chain is what the loss of one step sends back through the
 * steps before it. */

/** What enters row r at step t on the way back. */
enum unroll_inject {
    UNROLL_INJECT_NONE,
    UNROLL_INJECT_ADD,    /**< the loss of this step joins what travels: accumulated gradients */
    UNROLL_INJECT_RESTART /**< all that travels is dropped, then as ADD: a new chain */
};

/** Steps of a row up to its last that has a target of weight > 0 and is no padding; 0: none has. */
size_t unroll_batch_length(const unroll_batch *batch, size_t row);
/** Distances that every row's last loss reaches: the smallest of their lengths. */
size_t unroll_batch_reach(const unroll_batch *batch);

/** [T][B] of `inject`: the loss of each row's last step that has a target of weight > 0, alone. */
void unroll_inject_last(const unroll_batch *batch, uint8_t *inject);
/** The losses of all steps that have one: accumulated gradients. */
void unroll_inject_all(const unroll_batch *batch, uint8_t *inject);
/** A chain begins at every `spacing`-th step, shifted from row to row so that all steps have their turn. Each
 *  chain is the gradient of a single loss, and all of them cost one way back. (Steps that begin a chain stand
 *  like the teeth of a comb.) */
void unroll_inject_comb(const unroll_batch *batch, size_t spacing, uint8_t *inject);
/** Stacked rows: every `positions` rows in turn, which hold the same sequence, begin a chain each, evenly
 *  spread from step distances − 1, the first that reaches over all distances, to the last. For horizons
 *  longer than what training sees, of a few sequences. */
void unroll_inject_stacked(const unroll_batch *batch, size_t positions, size_t distances,
                           uint8_t *inject);
#endif
