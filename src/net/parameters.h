#ifndef UNROLL_NET_PARAMETERS_H
#define UNROLL_NET_PARAMETERS_H
#include <unroll/net.h>

#include "cell/cell.h"

/* A network's tensors, which lie one after the other in a flat array of all weights. */

/* What a parameter is for; initialisation depends on it. */
enum unroll_parameter_kind {
    UNROLL_P_INPUT,
    UNROLL_P_RECURRENT,
    UNROLL_P_DIAGONAL,
    UNROLL_P_BIAS,
    UNROLL_P_SLOPE,
    UNROLL_P_GAIN,
    UNROLL_P_SHIFT,
    UNROLL_P_MEAN,
    UNROLL_P_VARIANCE,
    UNROLL_P_EMBEDDING,
    UNROLL_P_OUTPUT,
    UNROLL_P_OUTPUT_BIAS
};

/** A growing list of tensors, and their place in the flat array. */
typedef struct unroll_parameters {
    unroll_parameter *list;
    struct unroll_parameter_use {
        enum unroll_parameter_kind kind;
        const unroll_cell *cell; /**< of the layer that it belongs to, or NULL */
        size_t first, trained;   /**< the part [first, first+trained) of its elements that learns */
    } * use;
    size_t count, room;
    size_t size;      /**< of the flat array, with the padding between tensors */
    size_t trainable; /**< elements that learn */
} unroll_parameters;

/** A tensor to be added. Shapes as in unroll_parameter. */
typedef struct unroll_tensor {
    const char *prefix, *name; /**< "rnn." and "weight_ih"; a layer's tensor is then called
                                          "rnn.weight_ih_l0" */
    size_t layer;
    size_t rows, cols;
    enum unroll_parameter_kind kind;
    const unroll_cell *cell;
} unroll_tensor;

/** Add a tensor, of which every element learns.
 *  @param index  takes its place in the list */
unroll_status unroll_parameters_add(unroll_parameters *p, const unroll_tensor *tensor, size_t *index);
void unroll_parameters_free(unroll_parameters *p);

/** One thread's part in the gradient of the weights: of each tensor it takes some columns, over all rows
 *  of the batch, so that no sum depends on the number of threads. */
typedef struct unroll_gradient_part {
    const unroll_kernels *kernels;
    const unroll_parameter *list; /**< where each tensor lies in grad */
    unroll_real *grad;            /**< of all weights; added to */
    unroll_real *scratch;         /**< [kernels->outer_scratch], this thread's own */
    size_t thread, threads;
} unroll_gradient_part;
#endif
