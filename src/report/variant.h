#ifndef UNROLL_REPORT_VARIANT_H
#define UNROLL_REPORT_VARIANT_H
#include <unroll/config.h>

enum { UNROLL_VARIANT_MAX = 160 };
/** What decides a gradient before any training: cell, size, activation, initialisation and gate
 *  biases, such as "rnn tanh 2x128, init xavier" or "lstm 2x128, init uniform, forget bias 1".
 *  Belongs on every figure. */
const char *unroll_variant_text(const unroll_config *config, char buffer[UNROLL_VARIANT_MAX]);

/** What a loss, and so its gradient, is measured in. */
static inline const char *unroll_loss_unit(bool squared)
{
    return squared ? "squared error" : "nats";
}

/** What a gradient was measured in. @param precision  "double" or "float", as unroll_probe_precision() has it */
static inline const char *unroll_precision_text(const char *precision)
{
    return *precision == 'd' ? "in doubles" : "in floats with exact complements";
}
#endif
