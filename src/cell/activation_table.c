#include "cell/cell.h"

extern const unroll_activation UNROLL_K(activation_tanh), UNROLL_K(activation_sigmoid),
    UNROLL_K(activation_relu), UNROLL_K(activation_leaky_relu), UNROLL_K(activation_prelu);

/* The one list of activations. */
extern const unroll_activation *const UNROLL_K(activations)[];
const unroll_activation *const UNROLL_K(activations)[] = {
    &UNROLL_K(activation_tanh),
    &UNROLL_K(activation_sigmoid),
    &UNROLL_K(activation_relu),
    &UNROLL_K(activation_leaky_relu),
    &UNROLL_K(activation_prelu),
    NULL,
};
