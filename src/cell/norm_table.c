#include "cell/cell.h"

extern const unroll_norm UNROLL_K(norm_layer), UNROLL_K(norm_batch), UNROLL_K(norm_recurrent_batch);

/* The one list of normalisations. */
const unroll_norm *const UNROLL_K(norms)[] = {
    &UNROLL_K(norm_layer),
    &UNROLL_K(norm_batch),
    &UNROLL_K(norm_recurrent_batch),
    NULL,
};
