#ifndef UNROLL_NET_H
#define UNROLL_NET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/batch.h>
#include <unroll/real.h>
#include <unroll/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a network is made of. Zero-initialise, then set; strings are only read during the call. */
typedef struct unroll_net_spec {
    size_t inputs;          /**< token ids are in [0, inputs); or features a step */
    size_t outputs;         /**< classes, or values */
    bool features;          /**< real inputs instead of tokens */
    bool squared;           /**< squared error over `outputs` values instead of cross-entropy */
    const char *cell;       /**< "rnn", "lstm", "gru"; "NAME:key=value,…" for a cell with numbers of its own */
    const char *gru;        /**< "reset-after" (PyTorch's formula; NULL means it) or "reset-before" */
    const char *activation; /**< of the rnn; NULL: "tanh" */
    size_t layers, hidden;
    size_t embedding;       /**< 0: one-hot tokens go straight into the cell */
    bool tie;               /**< the output layer shares the embedding (embedding == hidden) */
    double dropout;         /**< between layers, [0,1); with an encoder on embeddings, too */
    bool residual;          /**< from layer 2 on the output is h + input */
    const char *norm;       /**< "none" (NULL means it), "layer", "batch", "recurrent-batch" */
    bool skip_input;        /**< the input goes to all layers, not the first alone (Graves 2013) */
    double omega;           /**< weight of the regulariser Ω of Pascanu et al. (2013); rnn alone, 0: off */
    size_t norm_steps;      /**< recurrent-batch: steps with running statistics of their own; 0: 1 */
    /* An encoder–decoder: the fields above describe the decoder, and the encoder alike. */
    size_t source;          /**< source token ids are in [0, source); 0: no encoder */
    bool bidirectional;     /**< the encoder reads both ways; a bridge makes the decoder's first state */
    const char *attention;  /**< "none" (NULL means it), "dot", "general", "additive" */
    double label_smoothing; /**< share of a target's probability spread over all outputs, training alone */
    double scheduled_sampling;       /**< scheduled sampling: chance that a decoder input is the network's own guess */
} unroll_net_spec;

/** How weights start. */
typedef struct unroll_init {
    const char *kind;       /**< "uniform" (±1/sqrt H), "normal", "xavier", "he", "orthogonal", "identity" */
    double scale;           /**< factor on what the kind draws; 1 is the kind itself */
    double forget_bias;     /**< bias of the gate that keeps the state; NAN: the cell's own (LSTM 1) */
    bool chrono;            /**< draw it instead: ln U(1, chrono_max − 1) */
    double chrono_max;      /**< T of Tallec and Ollivier (2018) */
    double norm_gamma;      /**< recurrent-batch: what gains start at; 0: 0.1 */
    uint64_t seed;
} unroll_init;

/** The i-th name for unroll_init.kind; NULL at the end. */
const char *unroll_init_name(size_t i);
/** The i-th name for unroll_net_spec.norm; NULL at the end. */
const char *unroll_norm_name(size_t i);
/** The i-th name for unroll_net_spec.attention; NULL at the end. */
const char *unroll_attention_name(size_t i);

/** Layers, their weights, and packed copies of them. Its weights may be read by several threads; each
 *  thread that runs it needs an unroll_work of its own. */
typedef struct unroll_net unroll_net;

/** Activations, states and gradients of one window: all that a step needs, allocated once. */
typedef struct unroll_work unroll_work;

/** One named tensor of a network. */
typedef struct unroll_parameter {
    char name[64];          /**< "rnn.weight_ih_l0", … as PyTorch names it */
    size_t rows, cols;      /**< as PyTorch shapes it; cols 0: a vector of `rows` */
    size_t offset;          /**< of its first element in the flat array */
    bool transposed;        /**< kept as [cols][rows] in memory */
    bool frozen;            /**< no gradient: kept at zero (a second bias that would only add up with the
                                 first), or a running statistic */
} unroll_parameter;

/** @return UNROLL_EUSAGE for an unknown name or a size that is zero, UNROLL_EMEMORY naming the bytes where
 *          it does not fit; *out is freed by unroll_net_free() */
unroll_status unroll_net_new(const unroll_net_spec *spec, unroll_net **out);
void unroll_net_free(unroll_net *net);

/** The spec as resolved; its strings live as long as the net. */
const unroll_net_spec *unroll_net_get_spec(const unroll_net *net);

/** Draw all weights anew. Sources are named in net/init.c. */
unroll_status unroll_net_init(unroll_net *net, const unroll_init *init);

size_t unroll_net_size(const unroll_net *net);      /**< length of the flat array, padding included */
/** The head of the flat array that an optimiser may change: all but running statistics. */
size_t unroll_net_learned(const unroll_net *net);
size_t unroll_net_trainable(const unroll_net *net); /**< parameters that learn */
unroll_real *unroll_net_weights(unroll_net *net);   /**< [size]; after a change call unroll_net_pack() */
size_t unroll_net_parameters(const unroll_net *net, const unroll_parameter **list);
void unroll_net_pack(unroll_net *net, size_t threads);  /**< bring the packed copies up to date */

/** Copy one tensor out of or into a flat array laid out as the weights (weights, gradients, moments),
 *  in PyTorch's shape; `plain` is [rows·max(cols,1)]. */
void unroll_parameter_get(const unroll_parameter *p, const unroll_real *flat, float *plain);
void unroll_parameter_set(const unroll_parameter *p, unroll_real *flat, const float *plain);

/** After foreign weights were set: add second biases that would only add up into the first ones. */
void unroll_net_merge_biases(unroll_net *net);

/** @param training  false: forward only, a fraction of the memory */
unroll_status unroll_work_new(const unroll_net *net, size_t T, size_t B, bool training,
                              size_t threads, unroll_work **out);
/** The same for a network with an encoder, which reads up to S steps. */
unroll_status unroll_work_new_pairs(const unroll_net *net, size_t S, size_t T, size_t B, bool training,
                                    size_t threads, unroll_work **out);
/** For training in little memory: of about √T segments of the window the states between them are kept, and each
 *  is run forward once more before it is gone back through. Gradients are the same to the bit.
 *  @return UNROLL_EUSAGE where statistics or Ω join the steps of a window, or for an encoder–decoder */
unroll_status unroll_work_new_recompute(const unroll_net *net, size_t T, size_t B, size_t threads,
                                        unroll_work **out);
void unroll_work_free(unroll_work *work);
size_t unroll_work_bytes(const unroll_net *net, size_t T, size_t B, bool training); /**< SIZE_MAX: overflow */
size_t unroll_work_recompute_bytes(const unroll_net *net, size_t T, size_t B);             /**< likewise */
size_t unroll_work_bytes_pairs(const unroll_net *net, size_t S, size_t T, size_t B, bool training);

/** Carried states, as the next batch with carry begins: [layers][states][B][hidden] copied to or from
 *  `plain`, unroll_work_state_size() reals; with recurrent batch normalisation one more, the steps since the
 *  states were zero. */
size_t unroll_work_state_size(const unroll_work *work);
void unroll_work_get_state(const unroll_work *work, unroll_real *plain);
void unroll_work_set_state(unroll_work *work, const unroll_real *plain);
void unroll_work_reset(unroll_work *work);

/** Dropout masks follow from this number alone: the trainer sets seed·step. */
void unroll_work_set_dropout_key(unroll_work *work, uint64_t key);

/** What one batch gave. Sums are over targets with weight > 0, in a fixed order. */
typedef struct unroll_result {
    double loss;      /**< sum of weight · (nats, or squared error) */
    double weight;    /**< sum of weights */
    double scored;    /**< sum of the weights that the accuracy counts */
    double correct;   /**< of these: where the largest output is the target, or all are near enough */
    double omega;     /**< unroll_net_gradient: Ω, mean over rows, unweighted and no part of the loss */
    bool finite;
    size_t bad_layer, bad_step; /**< where a state first was not finite, if one was */
} unroll_result;

/** Forward over one batch (batch->T <= the work's T, batch->B == its B), then carry the state.
 *  @param token_loss  NULL or [T][B]: each target's loss in nats, unweighted (0 where it has weight 0) */
unroll_status unroll_net_evaluate(const unroll_net *net, const unroll_batch *batch,
                                  unroll_work *work, unroll_result *result, double *token_loss);

/** Forward and back-propagate one batch through all its steps, then carry the state.
 *  @param grad  [unroll_net_size(net)], laid out as the weights; overwritten with
 *               dL/dtheta of the mean loss, in nats per unit of target weight, and spec.omega · dΩ/dWh
 *  Source: Werbos (1990); truncation: Williams and Peng (1990), BPTT(h). */
unroll_status unroll_net_gradient(const unroll_net *net, const unroll_batch *batch,
                                  unroll_work *work, unroll_real *grad, unroll_result *result);

/** Batch normalisation: move the running statistics towards those of the last unroll_net_gradient(), by a tenth.
 *  For what that call's batch is to leave behind; call unroll_net_pack() afterwards. */
void unroll_net_update_running_statistics(unroll_net *net, const unroll_work *work);

/** Called while gradients travel: for each layer from the top and each step from the last, possibly from
 *  several threads for bands of rows (row0 … row0+rows−1 of the batch; arrays are [rows][pitch]).
 *  `before` sees dh = dL/dh_t complete and dc = dL/dc_t as carried from step t+1, and may change both: what
 *  it leaves travels on. `after` sees dh and dc complete, dc with the path through h_t; at padding both are 0.
 *  dc is NULL where the cell has no c. Either callback may be NULL. */
typedef struct unroll_hook {
    void (*before)(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                   unroll_real *dh, unroll_real *dc);
    void (*after)(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                  const unroll_real *dh, const unroll_real *dc);
    void *arg;
} unroll_hook;
void unroll_work_set_hook(unroll_work *work, const unroll_hook *hook); /**< copied; NULL: none */

/** A network run one symbol at a time, at batch 1: for sampling and for embedding in other programs. */
typedef struct unroll_stepper unroll_stepper;
unroll_status unroll_stepper_new(const unroll_net *net, unroll_stepper **out);
void unroll_stepper_free(unroll_stepper *stepper);
void unroll_stepper_reset(unroll_stepper *stepper);                     /**< state to zero */
/** Feed token `id` (< inputs) and get the logits of what follows: [outputs], valid until the next call. */
const unroll_real *unroll_stepper_step(unroll_stepper *stepper, uint32_t id);

/** An encoder–decoder run one target symbol at a time, for several continuations of one source: greedy
 *  (rows 1) or beam search. What a row gives does not depend on the others. */
typedef struct unroll_decoding unroll_decoding;
/** @param S  longest source; rows: most continuations at a time */
unroll_status unroll_decoding_new(const unroll_net *net, size_t S, size_t rows, unroll_decoding **out);
void unroll_decoding_free(unroll_decoding *d);
/** Encode source[length], 1 <= length <= S. The next step's rows all begin from its state. */
unroll_status unroll_decoding_begin(unroll_decoding *d, const uint32_t *source, size_t length);
/** Feed token id[r] to each of `rows` continuations, row r going on from row from[r] of the step before
 *  (NULL: from itself).
 *  @return logits [rows][unroll_decoding_pitch()], `outputs` in each; valid until the next call */
const unroll_real *unroll_decoding_step(unroll_decoding *d, const uint32_t *id, const uint32_t *from,
                                        size_t rows);
size_t unroll_decoding_pitch(const unroll_decoding *d);
/** The last step's attention weights [rows][S] (`length` in each); NULL without attention. */
const unroll_real *unroll_decoding_attention(const unroll_decoding *d);

#ifdef __cplusplus
}
#endif
#endif
