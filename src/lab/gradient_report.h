#ifndef UNROLL_LAB_GRADIENT_REPORT_H
#define UNROLL_LAB_GRADIENT_REPORT_H
#include <unroll/probe.h>

#include "base/id_store.h"
#include "report/table.h"
#include "report/variant.h"
#include "task/task.h"

/* All that is measured of the gradients of one net, which does not train. */

/** What to measure, and on what. */
typedef struct gradient_request {
    const unroll_net *net;
    unroll_id_span ids; /**< [count] a text, of which B windows of T steps are taken … */
    size_t count;
    const unroll_task *task; /**< … or where it has none: B rows of T steps, the task's first held-out batch */
    size_t T, B;
    size_t distances; /**< 0 … distances − 1 */
    bool accumulated; /**< the losses of all steps together, else the last one alone */
    bool through;     /**< --norm recurrent-batch: through the statistics */
    bool full; /**< Jacobians and weights, too: what files and pictures show beside the rest */
    enum unroll_precision precision;
    size_t threads;
    uint64_t seed;                    /**< of random vectors and of bootstraps */
    char variant[UNROLL_VARIANT_MAX]; /**< what every figure says about the net */
} gradient_request;

/** Diagnosis, histograms and weights are of the first windows, as many as are measured at a time; Jacobians of the first
 *  few of these. Lyapunov exponents are of a task's first sequences; a text has windows of their own for them, of 1000
 *  steps where it is long enough. Without `full` there is one exponent, the largest. */
typedef struct gradient_report {
    gradient_request request;
    bool squared;          /**< the loss is a squared error, else in nats */
    const char *precision; /**< that it was measured in, "double" or "float" */
    unroll_curve *curve;
    unroll_fit *fit; /**< [layers][UNROLL_STATES] */
    unroll_diagnosis *diagnosis;
    unroll_histograms *histograms;
    unroll_lyapunov *lyapunov;
    unroll_jacobian *jacobian;    /**< NULL unless the request was for all */
    unroll_weight_curve *weights; /**< likewise */
} gradient_report;

/** @return as the measures of <unroll/probe.h>; gradient_report_free() in any case */
unroll_status gradient_report_measure(const gradient_request *request, gradient_report *out);
void gradient_report_free(gradient_report *report);

/* ---- the headline: a row for each layer and state ---- */

enum { GRADIENT_RATIOS = 3 };

typedef struct gradient_row {
    size_t layer;
    char state;            /**< 'h' or 'c' */
    const unroll_fit *fit; /**< the report's */
    double start;          /**< gradient at distance 0, geometric mean over samples */
    double ratio[GRADIENT_RATIOS]; /**< what is left of it at distances 10, 50 and 100; NAN: beyond the last */
} gradient_row;

/** @return UNROLL_EMEMORY */
unroll_status gradient_report_row(const gradient_report *report, size_t layer,
                                  enum unroll_state state, gradient_row *out);
enum { GRADIENT_COLUMNS = 12 };
/** All rows from the last layer down; the last three columns are the slope, its interval and R².
 *  @return UNROLL_EMEMORY; *out is freed by unroll_table_free() in any case */
unroll_status gradient_report_table(const gradient_report *report, unroll_table *out);
/** The factor per step of h in the layer that keeps most; NAN where none was fitted. */
double gradient_report_slowest(const gradient_report *report);

/* ---- files ---- */

/** Into DIRECTORY: distance.csv, histogram.csv, fit.csv, saturation.csv, lyapunov.csv, jacobian.csv, weights.csv
 *  and the pictures in plots/. The report must be a full one.
 *  @return UNROLL_ENOINPUT where there is no gnuplot: all numbers are there then; UNROLL_ECREATE, UNROLL_EIO */
unroll_status gradient_report_write(const gradient_report *report, const char *directory);
/** DIRECTORY/report.html, with the pictures that are there.
 *  @param argc, argv  the command that the page says it was made by, and
 *  @param config      its options */
unroll_status gradient_report_page(const gradient_report *report, const char *directory, int argc,
                                   char *const *argv, const unroll_config *config);
/** Gradient against distance in characters; freed by unroll_free(). */
unroll_status gradient_report_chart(const gradient_report *report, size_t columns, size_t rows,
                                    char **text);
#endif
