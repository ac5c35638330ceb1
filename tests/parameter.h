#ifndef TESTS_PARAMETER_H
#define TESTS_PARAMETER_H
#include <unroll/net.h>

/* A network's tensors by their names. */

/** NULL where it has none of that name. */
const unroll_parameter *find_parameter(const unroll_net *net, const char *name);
/** Fails the calling test there. */
const unroll_parameter *parameter_of(const unroll_net *net, const char *name);
/** Its values, among the weights of the net. */
unroll_real *weights_of(unroll_net *net, const char *name);
#endif
