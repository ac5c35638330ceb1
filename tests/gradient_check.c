#include "gradient_check.h"

#include <math.h>

enum { TRIES = 3 };

static double relative(double a, double n)
{
    const double error = fabs(a - n) / fmax(fmax(fabs(a), fabs(n)), GRADIENT_FLOOR);
    return isfinite(error) ? error : INFINITY;
}

double gradient_difference(gradient_function *f, void *arg, double *x, double h)
{
    const double kept = *x;
    double at[4];
    static const double steps[4] = {1, -1, 2, -2};
    for (int i = 0; i < 4; i++) {
        *x = kept + steps[i] * h;
        at[i] = f(arg);
    }
    *x = kept;
    return (8 * (at[0] - at[1]) - (at[2] - at[3])) / (12 * h);
}

/* Estimates that rounding alone makes differ stay within this. */
static const double rounding = 10 * GRADIENT_BOUND;

static bool is_kink(const double numeric[TRIES], double analytic)
{
    const double late = relative(numeric[1], numeric[2]), early = relative(numeric[0], numeric[1]);
    return (late > rounding && isfinite(late)) ||
           (early > rounding && relative(analytic, numeric[2]) <= rounding);
}

static void check_element(gradient_function *f, void *arg, double *x, double analytic, size_t i,
                          gradient_report *r)
{
    double h = 1e-3 * fmax(1, fabs(*x)), numeric[TRIES], best = INFINITY;
    int chosen = 0;
    for (int k = 0; k < TRIES && best > GRADIENT_BOUND; k++, h /= 8) {
        numeric[k] = gradient_difference(f, arg, x, h);
        const double error = relative(analytic, numeric[k]);
        if (k == 0 || error < best) {
            best = error;
            chosen = k;
        }
    }
    r->checked++;
    if (best > GRADIENT_BOUND) {
        if (is_kink(numeric, analytic)) {
            r->kinks++;
            return;
        }
        r->wrong++;
    }
    if (best > r->worst) {
        r->worst = best;
        r->index = i;
        r->analytic = analytic;
        r->numeric = numeric[chosen];
    }
}

void gradient_check(gradient_function *f, void *arg, size_t n, double *x, const double *analytic,
                    gradient_report *report)
{
    for (size_t i = 0; i < n; i++)
        check_element(f, arg, &x[i], analytic[i], i, report);
}
