#ifndef UNROLL_CLI_GRADIENT_H
#define UNROLL_CLI_GRADIENT_H
#include "cli/cli.h"
#include "config/config.h"
#include "session/session.h"
#include "report/gradient_plots.h"

/* unroll gradient: cmd_gradient.c opens and measures, gradient_out.c tells. */

enum { LOSS_LAST, LOSS_ALL };

typedef struct gradient_options {
    unroll_config config; /* first: the rows of training count from here */
    uint64_t window, windows, max_distance;
    int loss;
    bool through;
} gradient_options;

/* One run of the command. */
typedef struct gradient_probe {
    cli_call *call;
    gradient_options *options;
    unroll_session session;            /* of a fresh model */
    unroll_model *loaded;       /* or a trained one … */
    unroll_corpus *corpus;      /* … and its text */
    const unroll_config *config;/* the model's */
    unroll_net *net;
    const uint32_t *id;         /* the text; NULL: a task */
    size_t count, T, B, distances, rows; /* rows at a time */
    unroll_curve *curve;
    unroll_diagnosis *diagnosis;
    unroll_histograms *histograms;
    unroll_fit *fit;            /* [layers][2] */
    unroll_lyapunov *lyapunov;  /* of the first windows */
    unroll_jacobian *jacobian;  /* likewise; with --out alone */
    unroll_weight_curve *weights;/* of the first turn; with --out alone */
    char variant[UNROLL_VARIANT_MAX];
} gradient_probe;

/** Table, theory and the curve in characters, or one JSON object, to standard output. */
unroll_status gradient_print(const gradient_probe *p);
/** distance.csv, histogram.csv, fit.csv, saturation.csv, lyapunov.csv, jacobian.csv, weights.csv, pictures and report.html
 *  into --out. */
unroll_status gradient_write(const gradient_probe *p);
#endif
