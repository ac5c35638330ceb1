#ifndef UNROLL_TESTS_GRADIENT_CHECK_H
#define UNROLL_TESTS_GRADIENT_CHECK_H
#include <stdbool.h>
#include <stddef.h>

/* Gradients against finite differences, in doubles, element by element and with their sign. */

/** The function whose gradient is checked, at the present x. */
typedef double gradient_function(void *arg);

/** The bound on an element's relative error, |a − n| / max(|a|, |n|, floor), a analytic, n numeric.
 *  The floor is where rounding takes over: a mean loss of a few nats is good to about 1e-15, its
 *  difference over steps of 1e-3 to 1e-12, and 1e-12 / 1e-4 leaves room below the bound. */
#define GRADIENT_BOUND 1e-7
#define GRADIENT_FLOOR 1e-4

/** What checking an array gave. Zero-initialise; a second array's elements are added. */
typedef struct gradient_report {
    size_t checked;           /**< elements compared */
    size_t kinks;             /**< of them: no derivative near x, as at a ReLU's corner */
    size_t wrong;             /**< above the bound */
    double worst;             /**< the largest relative error; of what has a derivative */
    size_t index;             /**< where, in the array */
    double analytic, numeric; /**< there */
} gradient_report;

/** df/dx by central differences of fourth order,
 *  (8 (f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h; x is left as it was. */
double gradient_difference(gradient_function *f, void *arg, double *x, double h);

/** Vary each of x[0..n) and compare with analytic[0..n); x is left as it was.
 *  Differences take h = 1e-3 · max(1, |x|): both errors, h⁴ and ε/h, are then near 1e-12. An
 *  element that misses the bound is tried again at h/8 and h/64. One that misses at all three is
 *  wrong, or beside a kink where the last two disagree with each other: a smooth function's would
 *  not. */
void gradient_check(gradient_function *f, void *arg, size_t n, double *x, const double *analytic,
                    gradient_report *report);
#endif
