#ifndef UNROLL_REPORT_GRADIENT_STEPS_H
#define UNROLL_REPORT_GRADIENT_STEPS_H
#include <stdbool.h>
#include <unroll/status.h>

/** From DIRECTORY/gradient/distance.csv: plots/gradient-steps, a heat map distance × step of
 *  the top layer's h, and plots/gradient-steps-lines, the curves of some steps. A run without
 *  such records is UNROLL_OK and nothing drawn.
 *  @param precision  that they were measured in, as unroll_probe_precision() */
unroll_status unroll_gradient_steps_draw(const char *directory, const char *variant,
                                         const char *precision, bool squared);
#endif
