#ifndef UNROLL_PROBE_H
#define UNROLL_PROBE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/net.h>
#include <unroll/vocabulary.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The gradient laboratory: how large a gradient still is, k steps before the loss that it comes from.
 *
 *   δ_{t→s} = dL_t/dh_s, s <= t: the loss of step t alone, of one sample, in nats (or squared error), not
 *   divided by batch or window. It is the total derivative with respect to a layer's output h at step s:
 *   through the recurrence and through the layers above. For an LSTM also dL_t/dc_s, by way of h_s too. Its
 *   norm is taken for each sample, and only then are samples averaged.
 *
 * Numbers are in doubles and keep far below the smallest float: what travels back is linear in what was put
 * in, so it is rescaled by powers of two on its way, and these are kept.
 *
 * Measuring reads a net as it was last packed (unroll_net_pack()) and changes nothing in it. Unless it says
 * otherwise, a function here that fails gives UNROLL_EUSAGE for an argument that is wrong or does not fit
 * the net, UNROLL_EMEMORY, or UNROLL_ENUMERIC where a loss or a gradient is not finite; unroll_message()
 * says what. Where a struct of options is not given (NULL) or a field of it is 0, the default that stands
 * beside the field is taken. Such a struct begins with its size, as unroll/net.h says.
 *
 * Sources: Hochreiter (1991); Bengio, Simard and Frasconi (1994); Pascanu, Mikolov and Bengio (2013), where
 * δ_{t→k} is the factor (∂E_t/∂x_t)(∂x_t/∂x_k) of equation (4). */

/** The state of a layer that a gradient is with respect to: the output h, or the cell state c of an LSTM. */
enum unroll_state { UNROLL_STATE_H = 0, UNROLL_STATE_C = 1 };
enum { UNROLL_STATES = 2 }; /**< how many there are */

/* ---- windows of a text ---- */

/** A batch with arrays of its own, all of whose states begin at zero. */
typedef struct unroll_windows unroll_windows;

/** Which windows of a text. */
typedef struct unroll_windows_options {
    size_t size;    /**< sizeof(unroll_windows_options) */
    size_t T;       /**< steps of every window; 0: 200, or what a shorter text has */
    size_t windows; /**< how many are spread over the text; 0: 32, or what a shorter text has */
    size_t first;   /**< the first of them that is taken */
    size_t rows;    /**< how many are taken; 0: all from the first on */
    size_t copies;  /**< rows in turn that hold the same window, for UNROLL_LOSSES_STACKED; 0: 1 */
} unroll_windows_options;
#define UNROLL_WINDOWS_OPTIONS_INIT            \
    {                                          \
        .size = sizeof(unroll_windows_options) \
    }

/** Windows spread evenly over a text: the first begins at token 0, the last ends with the text, window w
 *  begins at ⌊w·(count − T − 1)/(windows − 1)⌋. Inputs are x_0 … x_{T−1}, targets x_1 … x_T.
 *  @param id   [count] tokens, as unroll_vocabulary_encode() makes them of a text; at least T + 1
 *  @param out  freed by unroll_windows_free() */
unroll_status unroll_windows_of_tokens(const uint32_t *id, size_t count,
                                       const unroll_windows_options *options, unroll_windows **out);
/** [T][B] inputs and targets, B = rows · copies. Owned by the windows. */
const unroll_batch *unroll_windows_batch(const unroll_windows *windows);
void unroll_windows_free(unroll_windows *windows);

/* ---- the probe ---- */

/** Room to measure a net in: the activations of a window, and what travels back through it. One thread at a
 *  time uses a probe; it shares its work out to threads of its own. */
typedef struct unroll_probe unroll_probe;

/** What a probe computes with. In doubles a window runs forward and back in doubles, from the same weights: a
 *  forward pass in floats leaves that trajectory, the sooner the more chaotic the net is. Floats show what
 *  floats do. */
enum unroll_precision { UNROLL_PRECISION_DEFAULT, UNROLL_PRECISION_DOUBLE, UNROLL_PRECISION_FLOAT };

typedef struct unroll_probe_options {
    size_t size;    /**< sizeof(unroll_probe_options) */
    size_t T, B;    /**< most steps of a batch, and its number of rows; both at least 1 */
    size_t S;       /**< most source steps, for an encoder–decoder; else 0 */
    size_t threads; /**< 0: one for each core that the process may use */
    enum unroll_precision precision; /**< UNROLL_PRECISION_DEFAULT: doubles */
} unroll_probe_options;
#define UNROLL_PROBE_OPTIONS_INIT            \
    {                                        \
        .size = sizeof(unroll_probe_options) \
    }

/** @param net  must outlive the probe
 *  @param out  freed by unroll_probe_free() */
unroll_status unroll_probe_new(const unroll_net *net, const unroll_probe_options *options,
                               unroll_probe **out);
void unroll_probe_free(unroll_probe *probe);
/** "double" or "float". Static. */
const char *unroll_probe_precision(const unroll_probe *probe);

/* ---- the curve ---- */

/** Norms |δ| of samples by layer, state and distance. Every distance has the same samples. */
typedef struct unroll_curve unroll_curve;

/** Which losses of a batch are followed back. A sample is a loss that reaches back over all distances of
 *  the curve before the window begins, or before another loss takes its place. */
enum unroll_curve_losses {
    /** The loss of each row's last target alone. */
    UNROLL_LOSSES_LAST,
    /** The last loss, with all before it added on the way: accumulated gradients, as training sees them.
     *  They hardly fall with distance, since every step has a loss of its own. */
    UNROLL_LOSSES_ALL,
    /** One loss in every `distances` steps, shifted from row to row so that all steps have their turn. What
     *  came from the one after it is dropped there, so each is alone, and all of them cost one way back. */
    UNROLL_LOSSES_SPACED,
    /** One loss in each row. Rows that hold the same window (unroll_windows_options.copies) have theirs
     *  spread evenly from step distances − 1 to the last: for more distances than training windows have
     *  steps. */
    UNROLL_LOSSES_STACKED
};

typedef struct unroll_curve_options {
    size_t size; /**< sizeof(unroll_curve_options) */
    /** 0 … distances − 1 are measured; 0: unroll_curve_reach() of the first batch. */
    size_t distances;
    enum unroll_curve_losses losses;
    size_t copies; /**< UNROLL_LOSSES_STACKED: rows in turn that hold the same window; 0: 1 */
    /** Of recurrent batch normalisation: differentiate through each step's mean and variance, as training
     *  does, instead of holding them. A row then acts on the losses of all, and δ is of their sum. */
    bool through_statistics;
} unroll_curve_options;
#define UNROLL_CURVE_OPTIONS_INIT            \
    {                                        \
        .size = sizeof(unroll_curve_options) \
    }

/** @param net  whose layers and states the curve has
 *  @param out  without samples; freed by unroll_curve_free() */
unroll_status unroll_curve_new(const unroll_net *net, const unroll_curve_options *options,
                               unroll_curve **out);
void unroll_curve_free(unroll_curve *curve);

/** Measure a batch and add its samples. Dropout is off. States begin at zero, or where the probe's last
 *  batch ended if batch->carry. Of an encoder–decoder the last losses alone are measured
 *  (UNROLL_LOSSES_LAST): distances go back through the decoder's steps to its first state, which is the
 *  encoder's last, and on through the words read where the encoder reads one way; with attention, δ holds
 *  the way past the recurrence too.
 *  @param probe  of the curve's net, or one with the same layers and states
 *  @param batch  its steps and rows fit the probe; where distances were left to it, each row has a target
 *  @return as above; on failure the curve is as it was */
unroll_status unroll_curve_add(unroll_curve *curve, unroll_probe *probe, const unroll_batch *batch);

/** Distances that every row's last loss reaches: the smallest of (step of a row's last target) + 1, and of an
 *  encoder–decoder that reads one way the words of its source on top. 0 where a row has no target. */
size_t unroll_curve_reach(const unroll_net *net, const unroll_batch *batch);

/** Windows of a text under a net: what unroll_windows_of_tokens(), unroll_probe_new() and
 *  unroll_curve_add() give together, with the loss at each window's end and as many distances as it has
 *  steps.
 *  @param vocabulary  of the net's tokens: unroll_model_vocabulary()
 *  @param text        [length] bytes
 *  @param out         freed by unroll_curve_free()
 *  @return UNROLL_EDATA where the text does not go with the vocabulary; else as above */
unroll_status unroll_curve_of_text(const unroll_net *net, const unroll_vocabulary *vocabulary,
                                   const char *text, size_t length,
                                   const unroll_windows_options *options, unroll_curve **out);

size_t unroll_curve_layers(const unroll_curve *curve); /**< layer 0 is the one that reads the input */
bool unroll_curve_has_c(const unroll_curve *curve);    /**< is there a state c? */
/** K: the distances are 0 … K − 1; 0 before the first batch, where they were left to it. */
size_t unroll_curve_distances(const unroll_curve *curve);
size_t unroll_curve_samples(const unroll_curve *curve);

/** [distances] norms of one sample; NULL where there is no such sample, layer or state. Valid until samples
 *  are added. */
const double *unroll_curve_sample(const unroll_curve *curve, size_t sample, size_t layer,
                                  enum unroll_state state);

/** What a distance's samples say together. */
typedef struct unroll_curve_point {
    double mean;
    double gmean;            /**< geometric mean, the headline; 0 where a sample is 0 */
    double q10, median, q90; /**< quantiles: type 7 of Hyndman and Fan (1996), as NumPy's default */
    size_t n;                /**< samples; where there are none the numbers are NAN */
} unroll_curve_point;

/** @param out  [distances] */
unroll_status unroll_curve_points(const unroll_curve *curve, size_t layer, enum unroll_state state,
                                  unroll_curve_point *out);
/** The geometric means alone. @param out  [distances] */
unroll_status unroll_curve_gmean(const unroll_curve *curve, size_t layer, enum unroll_state state,
                                 double *out);

/** The first distance that is fitted: an LSTM's h falls at once at 1. */
enum { UNROLL_FIT_FROM = 5 };

/** How a curve falls: least squares of log10 of the geometric mean on the distance, from UNROLL_FIT_FROM to
 *  where the curve ends or meets its floor, the smallest normal double. */
typedef struct unroll_fit {
    size_t first, last; /**< distances that were fitted; 0 and 0: fewer than three could be */
    double slope;       /**< decades per step; NAN, like the rest, where there was too little */
    /** Of the slope, 95%: bootstrap-t over samples (Efron and Tibshirani 1993), which covers at least 93% from eight
     *  samples on; NAN of fewer than four. Where the samples are windows of one text, it is conditional on that text:
     *  it says how well the text's own slope is known, not how far another text's may be from it. */
    double low, high;
    double rho;       /**< 10^slope: the rate, a factor per step */
    double half_life; /**< steps; INFINITY where the curve grows */
    double r2;        /**< R², the share of the variance of log10 gmean that the line explains */
    /** First distance where the curve is 1/1000 of its value at UNROLL_FIT_FROM; SIZE_MAX: beyond all. */
    size_t horizon;
} unroll_fit;

/** @param seed  of the bootstrap */
unroll_status unroll_fit_curve(const unroll_curve *curve, size_t layer, enum unroll_state state,
                               uint64_t seed, unroll_fit *out);

/* ---- histograms ---- */

/** Bin b counts the elements with UNROLL_BINS_LOW + b/2 <= log10 |gradient| < UNROLL_BINS_LOW + (b + 1)/2:
 *  half a decade. The first and the last hold what lies beyond, too. */
enum {
    UNROLL_BINS_LOW = -330,
    UNROLL_BINS_HIGH = 320,
    UNROLL_BINS = 2 * (UNROLL_BINS_HIGH - UNROLL_BINS_LOW)
};

typedef struct unroll_histogram {
    char name[64];             /**< of a parameter; "h_l0", "c_l0" for the states of layer 0 */
    uint64_t zero;             /**< elements that are exactly 0 */
    uint64_t bin[UNROLL_BINS]; /**< all others */
} unroll_histogram;

/** log10 of where a bin begins. */
double unroll_histogram_low(size_t bin);

/** Gradients by parameter, in the net's order (those that never learn are left out), then by state and
 *  layer. */
typedef struct unroll_histograms unroll_histograms;

/** All of them empty. @param out  freed by unroll_histograms_free() */
unroll_status unroll_histograms_new(const unroll_net *net, unroll_histograms **out);
void unroll_histograms_free(unroll_histograms *histograms);
/** Count anew: the gradient of the batch's mean loss, as training takes it (of all its losses, before
 *  clipping), in every parameter and every state at every step.
 *  @param probe  of the same net */
unroll_status unroll_histograms_measure(unroll_histograms *histograms, unroll_probe *probe,
                                        const unroll_batch *batch);
size_t unroll_histograms_count(const unroll_histograms *histograms);
/** The first ones are of parameters, the others of states. */
size_t unroll_histograms_parameters(const unroll_histograms *histograms);
/** The i-th; NULL beyond the last. Owned by the histograms. */
const unroll_histogram *unroll_histograms_at(const unroll_histograms *histograms, size_t i);

/* ---- saturation, and theory ---- */

/** Where the values of a layer lie: shares over units, steps and samples. */
typedef struct unroll_saturation {
    size_t layer;
    char name[4];     /**< "h", or the letter of a gate or candidate, as its cell names it */
    double low, high; /**< of gates the shares below 0.1 and above 0.9; of others NAN, and |x| > 0.9 */
    /** Share of units that are 0 at every step of every sample, where an activation can be (ReLU); else
     *  NAN. */
    double dead;
} unroll_saturation;

/** What a forward pass tells about the ways back, beside the curve: of each row's steps up to its last
 *  loss. */
typedef struct unroll_diagnosis unroll_diagnosis;

/** @param distances  of unroll_diagnosis_keep(), at most the batch's steps; 0: as many
 *  @param out        freed by unroll_diagnosis_free() */
unroll_status unroll_diagnosis_measure(unroll_probe *probe, const unroll_batch *batch,
                                       size_t distances, unroll_diagnosis **out);
void unroll_diagnosis_free(unroll_diagnosis *diagnosis);
size_t unroll_diagnosis_layers(const unroll_diagnosis *diagnosis);
size_t unroll_diagnosis_distances(const unroll_diagnosis *diagnosis);
/** The i-th, by layer from 0: h, then what the cell has of gates and candidates. NULL beyond the last. */
const unroll_saturation *unroll_diagnosis_saturation(const unroll_diagnosis *diagnosis, size_t i);
/** mean φ'² of a layer over units, steps and samples. NAN, like the next two, where there is no such layer,
 *  where it is normalised, or where the cell is gated. */
double unroll_diagnosis_slope_square(const unroll_diagnosis *diagnosis, size_t layer);
/** γ·σ_max(W_hh), γ the largest |φ'|: below 1, every gradient shrinks at least by this factor per step. NAN
 *  also where slopes are learned. Source: Pascanu, Mikolov and Bengio (2013), section 2.1. */
double unroll_diagnosis_bound(const unroll_diagnosis *diagnosis, size_t layer);
/** √(‖W_hh‖_F²/H · mean φ'²), the factor per step of a random matrix with entries of that size: what a
 *  fresh network's curve comes to. Source: Poole et al. (2016); Schoenholz et al. (2017), χ_1. */
double unroll_diagnosis_mean_field(const unroll_diagnosis *diagnosis, size_t layer);
/** A sentence on why the bound and the mean field are not for this cell; NULL where there is nothing to
 *  say. */
const char *unroll_diagnosis_no_theory(const unroll_diagnosis *diagnosis);
/** [distances] the product alone of the gates by which the cell keeps its state, ∏ f_s of an LSTM and ∏ z_s
 *  of a GRU, along the chain from a row's last loss: mean over units, geometric mean over samples. NULL
 *  where there is no such layer, or the cell has nothing of the kind. */
const double *unroll_diagnosis_keep(const unroll_diagnosis *diagnosis, size_t layer);
/** What these gates are called, "forget gates"; NULL likewise. */
const char *unroll_diagnosis_kept_by(const unroll_diagnosis *diagnosis);

/* ---- Jacobians ---- */

/** Norms of J_k = d(h,c)_t / d(h,c)_{t−k} of all layers together, along a sample's window: the product in
 *  equation (5) of Pascanu, Mikolov and Bengio (2013). */
typedef struct unroll_jacobian unroll_jacobian;

typedef struct unroll_jacobian_options {
    size_t size;      /**< sizeof(unroll_jacobian_options) */
    size_t distances; /**< k = 0 … distances − 1; 0: unroll_curve_reach() */
    size_t samples;   /**< rows of the batch, the first ones; 0, or more than there are: all */
    /** Random row vectors of ±1 that stand for all rows of J_k; 0: all rows where J_k has at most 512, else
     *  64 vectors. */
    size_t vectors;
    uint64_t seed; /**< of the vectors */
} unroll_jacobian_options;
#define UNROLL_JACOBIAN_OPTIONS_INIT            \
    {                                           \
        .size = sizeof(unroll_jacobian_options) \
    }

/** Each chain begins at its row's last loss. Frobenius norm: of all rows, or E|v·J|² over the random vectors
 *  (Hutchinson 1990). Spectral norm: power iteration on J·Jᵀ; it needs all rows.
 *  @param out  freed by unroll_jacobian_free() */
unroll_status unroll_jacobian_measure(unroll_probe *probe, const unroll_batch *batch,
                                      const unroll_jacobian_options *options, unroll_jacobian **out);
void unroll_jacobian_free(unroll_jacobian *jacobian);
size_t unroll_jacobian_distances(const unroll_jacobian *jacobian);
size_t unroll_jacobian_samples(const unroll_jacobian *jacobian);
/** n, where J_k is [n][n]: layers · states · hidden. */
size_t unroll_jacobian_size(const unroll_jacobian *jacobian);
bool unroll_jacobian_exact(const unroll_jacobian *jacobian); /**< were all rows followed? */
/** [distances] geometric means over samples; 0 where one is 0. */
const double *unroll_jacobian_frobenius(const unroll_jacobian *jacobian);
/** [distances] likewise; NAN unless all rows were followed. */
const double *unroll_jacobian_spectral(const unroll_jacobian *jacobian);

/** Lyapunov exponents of a net driven by its inputs: how fast, per step and on average, the volumes of 1,
 *  2, … directions of its state (all layers, h and c) shrink or grow. */
typedef struct unroll_lyapunov unroll_lyapunov;

typedef struct unroll_lyapunov_options {
    size_t size;    /**< sizeof(unroll_lyapunov_options) */
    size_t count;   /**< exponents, the largest ones; 0: 16. At most as many as there are states */
    size_t samples; /**< rows of the batch, the first ones; 0: 8. More than there are: all */
    uint64_t seed;  /**< of the vectors that are followed */
    size_t starts; /**< random vectors that each sample is followed with, one set after the other, and averaged;
                     *   0: so many that all samples together have 8 at least */
} unroll_lyapunov_options;
#define UNROLL_LYAPUNOV_OPTIONS_INIT            \
    {                                           \
        .size = sizeof(unroll_lyapunov_options) \
    }

/** Random vectors travel back through each sample's steps from its last loss, and are made orthonormal at every
 *  step. The transposed product has the same exponents. The first eighth of a chain, at most 250 steps, only
 *  turns the vectors into place; as many at its other end, where the state comes from zero, are not of the
 *  long run. Both are left out. In a trained network they can take hundreds of steps: measure windows of a
 *  thousand and more. One of 60 depends on its random start; its standard error does not show what a short
 *  window does to all samples alike.
 *  @param out  freed by unroll_lyapunov_free()
 *  Source: Benettin et al. (1980); Engelken, Wolf and Abbott (2020); Vogt et al. (2020). */
unroll_status unroll_lyapunov_measure(unroll_probe *probe, const unroll_batch *batch,
                                      const unroll_lyapunov_options *options, unroll_lyapunov **out);
void unroll_lyapunov_free(unroll_lyapunov *lyapunov);
size_t unroll_lyapunov_count(const unroll_lyapunov *lyapunov);
size_t unroll_lyapunov_samples(const unroll_lyapunov *lyapunov);
size_t unroll_lyapunov_steps(const unroll_lyapunov *lyapunov); /**< averaged in the shortest sample */
size_t unroll_lyapunov_starts(const unroll_lyapunov *lyapunov); /**< averaged in each sample */
/** [count] means over samples, in nats per step, the largest first: divided by ln 10, decades per step.
 *  −INFINITY where a direction dies; NAN where there is no step. */
const double *unroll_lyapunov_exponents(const unroll_lyapunov *lyapunov);
/** [count] standard deviations over samples, in nats per step; NAN of one sample. */
const double *unroll_lyapunov_deviations(const unroll_lyapunov *lyapunov);
/** [count] standard errors of the means, deviation / √samples; NAN of one sample. Of windows of one text they are
 *  conditional on that text. */
const double *unroll_lyapunov_errors(const unroll_lyapunov *lyapunov);

/* ---- weight gradients by distance ---- */

/** What each distance adds to the gradient of a layer's recurrent matrix, a summand of equation (4) of
 *  Pascanu, Mikolov and Bengio (2013). With g_b = Σ δa_b ⊗ h_b, sample b's part by way of the step k before
 *  its loss: the norm ‖G_k‖_F of G_k = mean_b g_b, and ‖G_k‖ over the deviation of g_b, signal over noise.
 *  Samples without anything in common have a signal-to-noise of about 1/√n. No matrix is formed: ‖Σ_b g_b‖²
 *  = Σ_{b,b'} (δa_b·δa_b')(h_b·h_b'). */
typedef struct unroll_weight_curve unroll_weight_curve;

/** Of the last loss of each row of a batch.
 *  @param distances  at most unroll_curve_reach(); 0: as many
 *  @param out        freed by unroll_weight_curve_free() */
unroll_status unroll_weight_curve_measure(unroll_probe *probe, const unroll_batch *batch,
                                          size_t distances, unroll_weight_curve **out);
void unroll_weight_curve_free(unroll_weight_curve *curve);
size_t unroll_weight_curve_layers(const unroll_weight_curve *curve);
size_t unroll_weight_curve_distances(const unroll_weight_curve *curve);
size_t unroll_weight_curve_samples(const unroll_weight_curve *curve);
/** [distances] ‖G_k‖_F; 0 at the first step of a window, where h is 0. NULL where there is no such layer. */
const double *unroll_weight_curve_norm(const unroll_weight_curve *curve, size_t layer);
/** [distances] signal over noise; NAN of one sample, or where all is 0. */
const double *unroll_weight_curve_ratio(const unroll_weight_curve *curve, size_t layer);

/* ---- during training ---- */

/** The same held-out windows measured again and again while a net learns: in room of its own, so that not
 *  one bit of the training changes. */
typedef struct unroll_gradient_monitor unroll_gradient_monitor;

typedef struct unroll_gradient_monitor_options {
    size_t size; /**< sizeof(unroll_gradient_monitor_options) */
    /** Of the curve. 0: of a batch UNROLL_LOSSES_LAST and unroll_curve_reach(), of a text as many as
     *  `steps`. Else of a batch UNROLL_LOSSES_SPACED. */
    size_t distances;
    /** Of a training window: histograms are of the first so many steps. 0: of a batch all, or as many as
     *  distances; of a text 50. */
    size_t steps;
    size_t rows;                     /**< of a batch: the first rows that are measured; 0: all */
    size_t threads;                  /**< 0: one for each core that the process may use */
    enum unroll_precision precision; /**< UNROLL_PRECISION_DEFAULT: floats, for the sake of speed */
} unroll_gradient_monitor_options;
#define UNROLL_GRADIENT_MONITOR_OPTIONS_INIT            \
    {                                                   \
        .size = sizeof(unroll_gradient_monitor_options) \
    }

/** Watch rows of a held-out batch.
 *  @param net    must outlive the monitor; it is read as it was last packed
 *  @param batch  is copied
 *  @param out    freed by unroll_gradient_monitor_free() */
unroll_status unroll_gradient_monitor_new(const unroll_net *net, const unroll_batch *batch,
                                          const unroll_gradient_monitor_options *options,
                                          unroll_gradient_monitor **out);
/** Watch windows of a held-out text: few enough that a record costs less than a training step. Up to
 *  `steps` distances, ten windows of twice as many steps with spaced losses; for more, two windows of 5/4
 *  of the distances with five losses each. A short text has fewer or shorter ones.
 *  @param id  [count] tokens, at least 2; is copied */
unroll_status unroll_gradient_monitor_new_tokens(const unroll_net *net, const uint32_t *id,
                                                 size_t count,
                                                 const unroll_gradient_monitor_options *options,
                                                 unroll_gradient_monitor **out);
/** Tokens of a text that the monitor has all its windows in. */
size_t unroll_gradient_monitor_tokens(const unroll_gradient_monitor_options *options);
void unroll_gradient_monitor_free(unroll_gradient_monitor *monitor);

/** Take a record of the net as it is now: what the functions below give is then of it.
 *  @return UNROLL_ENUMERIC where the net has diverged; training may go on */
unroll_status unroll_gradient_monitor_take(unroll_gradient_monitor *monitor);
/** The last record's samples; without any before the first. Owned by the monitor, like the next two. */
const unroll_curve *unroll_gradient_monitor_curve(const unroll_gradient_monitor *monitor);
/** Of the top layer's h. */
const unroll_fit *unroll_gradient_monitor_fit(const unroll_gradient_monitor *monitor);
const unroll_histograms *unroll_gradient_monitor_histograms(const unroll_gradient_monitor *monitor);
/** What records are measured in, as unroll_probe_precision(). */
const char *unroll_gradient_monitor_precision(const unroll_gradient_monitor *monitor);

#ifdef __cplusplus
}
#endif
#endif
