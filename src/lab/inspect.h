#ifndef UNROLL_LAB_INSPECT_H
#define UNROLL_LAB_INSPECT_H
#include <stddef.h>
#include <unroll/model.h>

/* What the weights of a model look like in numbers. */

typedef struct inspect_tensor {
    const unroll_parameter *parameter; /**< name and shape; the model's */
    double norm, min, max; /**< L2 norm and range of the finite values; NaN where there are none */
    size_t bad;            /**< values that are NaN or infinite */
} inspect_tensor;

/** One gate's square block of a recurrent matrix. */
typedef struct inspect_block {
    const unroll_parameter *parameter; /**< the matrix; the model's */
    const char *gate;    /**< its letter as PyTorch has it; "" where there is one gate only */
    double radius, norm; /**< spectral; NaN where the block is not finite */
} inspect_block;

typedef struct inspection {
    inspect_tensor *tensor;
    inspect_block *block;
    size_t tensors, blocks;
    size_t bad; /**< NaN or infinite values in all tensors */
} inspection;

/** Measure every tensor and every recurrent block of a model, which must outlive the result.
 *  @return UNROLL_EMEMORY; inspection_free() in any case */
unroll_status inspect_model(unroll_model *model, inspection *out);
void inspection_free(inspection *result);
#endif
