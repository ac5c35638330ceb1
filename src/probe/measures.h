#ifndef UNROLL_PROBE_MEASURES_H
#define UNROLL_PROBE_MEASURES_H
#include <unroll/probe.h>

/* Measuring in floats or in doubles. What a probe needs to measure (the sources of math, cell and net, and those of
 * probe that Makefile.am lists as measuring) is compiled twice: once in the library's own numbers and, with
 * UNROLL_DOUBLE and under other names (tools/double-names), in doubles. Each precision is a row of functions;
 * probe.c, which exists once, calls the row that a probe was opened with. Only what has one layout in both
 * passes between them: options, results, which hold doubles alone, and floats that are widened. */

/** A batch as the library has it, for a row of another precision. Arrays and sizes as in unroll_batch. */
typedef struct unroll_measured_batch {
    size_t T, B, S;
    int carry;
    const uint32_t *input, *target, *source;
    const uint8_t *mode, *counted, *source_mode;
    size_t features, values; /**< numbers of a step in `feature` and `value` */
    const float *feature, *value, *weight;
    float tolerance;
} unroll_measured_batch;

/** One precision. Each function gets a probe that was opened by the same row. */
typedef struct unroll_measures {
    const char *name;    /**< "float" or "double" */
    size_t size_of_real; /**< bytes of a number */
    /** Make what the probe measures with: its work, its gradient and, where `net` is not set, a net of its own
     *  of the same spec. close() frees them, also where this failed. */
    unroll_status (*open)(unroll_probe *probe, const unroll_net_spec *spec,
                          const unroll_work_options *options);
    void (*close)(unroll_probe *probe);
    /** Set a tensor of the probe's own net. @param plain  as of unroll_parameter_set() */
    void (*set)(unroll_probe *probe, size_t parameter, const float *plain);
    void (*pack)(unroll_probe *probe);
    /** Make `batch` of it. */
    unroll_status (*load)(unroll_probe *probe, const unroll_measured_batch *from);
    /* The public functions of these names, of the probe's batch: */
    unroll_status (*curve_add)(unroll_curve *curve, unroll_probe *probe);
    unroll_status (*histograms)(unroll_histograms *histograms, unroll_probe *probe);
    unroll_status (*diagnosis)(unroll_probe *probe, size_t distances, unroll_diagnosis **out);
    unroll_status (*jacobian)(unroll_probe *probe, const unroll_jacobian_options *options,
                              unroll_jacobian **out);
    unroll_status (*lyapunov)(unroll_probe *probe, const unroll_lyapunov_options *options,
                              unroll_lyapunov **out);
    unroll_status (*weight_curve)(unroll_probe *probe, size_t distances, unroll_weight_curve **out);
    /** As unroll_alignment(), which needs no batch. */
    unroll_status (*alignment)(unroll_probe *probe, size_t S, const uint32_t *source, size_t T,
                               const uint32_t *input, const uint32_t *target, double *norm,
                               double *attention);
    /** As unroll_spectral_radius(), without a probe. */
    unroll_status (*spectral_radius)(size_t n, const float *W, double *radius);
} unroll_measures;

extern const unroll_measures unroll_measures_float, unroll_measures_double;

/** Its pointers to net, work and numbers are of the precision of its row. */
struct unroll_probe {
    const unroll_measures *measures;
    const unroll_net *source; /* the caller's, in the library's own precision */
    size_t packs;             /* of the source, when its weights were copied */
    size_t T, B;              /* most steps of a batch, and its rows */
    const unroll_net *net; /* the caller's or `own`; of an encoder–decoder the plain one of these */
    unroll_net *own;       /* NULL, or the source in another precision */
    unroll_net *plain;     /* NULL, or what shares all with one of these but dropout and the like */
    unroll_work *work;     /* for training, as large as the probe */
    unroll_real *grad;     /* [unroll_net_size()] where a whole gradient is taken */
    const unroll_batch *batch; /* in work */
    struct unroll_loaded *loaded; /* NULL, or what it consists of where it is no batch of the caller's */
};

/* What the rows consist of, each beside what it measures. */
unroll_status unroll_measure_curve(unroll_curve *curve, unroll_probe *probe);
unroll_status unroll_measure_histograms(unroll_histograms *histograms, unroll_probe *probe);
unroll_status unroll_measure_diagnosis(unroll_probe *probe, size_t distances, unroll_diagnosis **out);
unroll_status unroll_measure_jacobian(unroll_probe *probe, const unroll_jacobian_options *options,
                                      unroll_jacobian **out);
unroll_status unroll_measure_lyapunov(unroll_probe *probe, const unroll_lyapunov_options *options,
                                      unroll_lyapunov **out);
unroll_status unroll_measure_weight_curve(unroll_probe *probe, size_t distances,
                                          unroll_weight_curve **out);
unroll_status unroll_measure_alignment(unroll_probe *probe, size_t S, const uint32_t *source,
                                       size_t T, const uint32_t *input, const uint32_t *target,
                                       double *norm, double *attention);
unroll_status unroll_measure_radius(size_t n, const float *W, double *radius);
#endif
