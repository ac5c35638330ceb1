#include "math/isa_table.h"

#define NAME_(set) #set
#define NAME(set) NAME_(set)

const unroll_kernels UNROLL_K(kernels) = {
    .name = NAME(UNROLL_SET),
    .supported = UNROLL_K(supported),
    .lanes = LANES,
    .width = WIDTH,
    .outer_scratch = OUTER_SCRATCH,
    .product = UNROLL_K(product),
    .outer = UNROLL_K(outer),
    .pack_transposed = UNROLL_K(pack_transposed),
    .pack = UNROLL_K(pack),
    .add = UNROLL_K(add),
    .column_sum = UNROLL_K(column_sum),
    .column_dot = UNROLL_K(column_dot),
    .peak = UNROLL_K(peak),
    .read = UNROLL_K(read),
    .sum_squares = UNROLL_K(sum_squares),
    .softmax = UNROLL_K(softmax),
    .additive = UNROLL_K(additive),
    .additive_back = UNROLL_K(additive_back),
    .exp = UNROLL_K(exp),
    .tanh = UNROLL_K(tanh),
    .tanh_back = UNROLL_K(tanh_back),
    .sigmoid = UNROLL_K(sigmoid),
    .cells = UNROLL_K(cells),
    .activations = UNROLL_K(activations),
    .norms = UNROLL_K(norms),
};
