#ifndef UNROLL_NET_H
#define UNROLL_NET_H
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/batch.h>
#include <unroll/real.h>
#include <unroll/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Networks: an optional embedding, a stack of recurrent layers and an output layer, with or without an
 * encoder before it; their weights, and what runs a batch through them and back.
 *
 * A struct of options begins with its size in bytes. The library reads so many bytes and takes 0 for what
 * lies behind them, so a program keeps working with a later library whose struct has more fields. A size
 * of 0 is refused with UNROLL_EUSAGE, and so is a field that is set but that this library does not know.
 *
 * Arrays are written with their shape, the last index varying fastest: [T][B] is T rows of B elements. */

/** What a network is made of. Begin with UNROLL_NET_SPEC_INIT, then set what differs: zero and NULL mean
 *  what each field says of them. The strings are read during the call of unroll_net_new() alone. */
typedef struct unroll_net_spec {
    size_t size;    /**< sizeof(unroll_net_spec) */
    size_t inputs;  /**< number of tokens, whose ids are in [0, inputs); or of features in a step */
    size_t outputs; /**< number of classes, or of values */
    bool features;  /**< the inputs are real numbers instead of tokens */
    bool squared;   /**< the loss is the squared error of `outputs` values instead of the
                                 cross-entropy */
    const char *cell; /**< "rnn", "lstm" or "gru"; "NAME:key=value,…" for a cell with numbers of its own */
    const char *gru; /**< "reset-after", PyTorch's formula (NULL means it), or "reset-before" */
    const char *activation; /**< of the rnn: "tanh" (NULL means it), "relu", "sigmoid", "leaky-relu" or
                                 "prelu" */
    size_t layers;          /**< number of recurrent layers */
    size_t hidden;          /**< units of each layer */
    size_t embedding;       /**< length of a token's vector; 0: the cell reads one-hot tokens */
    bool tie;       /**< the output layer has the embedding's weights; needs embedding == hidden */
    double dropout; /**< probability in [0,1) that a value between two layers, or with an encoder a
                                 value of an embedding, is 0 while training; Srivastava et al. (2014) */
    bool residual;  /**< from the second layer on the output is h + input; He et al. (2016) */
    const char *norm; /**< "none" (NULL means it), "layer", Ba et al. (2016), "batch", Laurent et al.
                                 (2016), or "recurrent-batch", Cooijmans et al. (2016) */
    bool skip_input; /**< every layer reads the network's input, not the first alone; Graves (2013) */
    double omega; /**< weight of the regulariser Ω of Pascanu et al. (2013), for the rnn alone; 0:
                                 off */
    size_t norm_steps; /**< recurrent-batch: steps that have running statistics of their own; 0: 1 */
    /* An encoder–decoder: the fields above describe the decoder, and its layers the encoder's as well. */
    size_t source;      /**< number of source tokens, whose ids are in [0, source); 0: there is no
                                 encoder */
    bool bidirectional; /**< the encoder reads both ways; Schuster and Paliwal (1997) */
    const char *attention; /**< "none" (NULL means it), "dot" or "general", Luong et al. (2015), or
                                 "additive", Bahdanau et al. (2015) */
    double label_smoothing; /**< share in [0,1) of a target's probability that training spreads over all
                                 outputs; Szegedy et al. (2016) */
    double scheduled_sampling; /**< chance in [0,1] that training replaces an input of the decoder by the
                                 network's own guess; Bengio et al. (2015) */
    const char *lstm; /**< "forget", PyTorch's formula (NULL means it); "no-forget", Hochreiter and Schmidhuber
                                 (1997); or with gates that see c, Gers and Schmidhuber (2000), "peephole" or
                                 "no-forget-peephole", which take no norm */
} unroll_net_spec;
#define UNROLL_NET_SPEC_INIT            \
    {                                   \
        .size = sizeof(unroll_net_spec) \
    }

/** How weights start. H is the number of hidden units; for one gate's block of a matrix, inputs and
 *  outputs are its columns and rows, so that a gate starts alike in every cell.
 *      "uniform"     U(±1/√H), weights and biases                      PyTorch's default
 *      "normal"      N(0, 1/H)
 *      "xavier"      U(±√(6/(inputs + outputs)))                       Glorot and Bengio (2010)
 *      "he"          N(0, 2/inputs)                                    He et al. (2015)
 *      "orthogonal"  recurrent matrices orthogonal, others as uniform  Saxe et al. (2014)
 *      "identity"    recurrent matrices I, others N(0, 0.001²)         Le et al. (2015)
 *      "sparse"      recurrent matrices with up to 15 weights a row and spectral
 *                    radius 0.95, others N(0, 0.01²)                   Pascanu et al. (2013)
 *  Biases start at 0 unless the kind is "uniform". Embeddings are N(0, 1), as PyTorch's; one that is
 *  shared with the output layer starts as an output layer does. */
typedef struct unroll_init {
    size_t size;      /**< sizeof(unroll_init) */
    const char *kind; /**< a name of the list above */
    double scale;     /**< factor on what the kind draws; 1 is the kind itself */
    double forget_bias; /**< bias of the gate that keeps the state, Gers et al. (2000) and Jozefowicz et
                                 al. (2015); NAN: the cell's own, which is 1 for the lstm */
    bool chrono; /**< draw that bias instead from ln U(1, chrono_max − 1), and give the input gate
                                 its negative; Tallec and Ollivier (2018) */
    double chrono_max; /**< the longest time to be remembered, in steps; more than 2 */
    double norm_gamma; /**< what the gains of recurrent-batch start at; 0: 0.1, as Cooijmans et al. */
    uint64_t seed;     /**< the same seed gives the same weights on every machine */
} unroll_init;
/** PyTorch's weights, with the cell's own bias and the seed 1. */
#define UNROLL_INIT_DEFAULT                                                                       \
    {                                                                                             \
        .size = sizeof(unroll_init), .kind = "uniform", .scale = 1, .forget_bias = NAN, .seed = 1 \
    }

/** The i-th name for unroll_init.kind; NULL at the end. Static, like those of the next two functions. */
const char *unroll_init_name(size_t i);
/** The i-th name for unroll_net_spec.norm; NULL at the end. */
const char *unroll_norm_name(size_t i);
/** The i-th name for unroll_net_spec.attention; NULL at the end. */
const char *unroll_attention_name(size_t i);

/** Layers, their weights, and copies of the weights in the order in which products read them. Several
 *  threads may read one network; each that runs it needs an unroll_work of its own. */
typedef struct unroll_net unroll_net;

/** One named tensor of a network. */
typedef struct unroll_parameter {
    char name[64];     /**< as PyTorch names it: "rnn.weight_ih_l0" */
    size_t rows, cols; /**< as PyTorch shapes it; cols 0: a vector of `rows` */
    size_t offset;     /**< of its first element in the flat array of all weights */
    bool transposed;   /**< kept as [cols][rows] in memory */
    bool frozen; /**< no gradient: a second bias that would only add up with the first, kept at
                                 zero, or a running statistic */
} unroll_parameter;

/** Make a network whose weights are all zero.
 *  @param out  takes the network, which the caller frees with unroll_net_free(); untouched on failure
 *  @return UNROLL_EUSAGE for an unknown name, a size that is zero or options that do not go together,
 *          UNROLL_EMEMORY where memory does not hold it */
unroll_status unroll_net_new(const unroll_net_spec *spec, unroll_net **out);
void unroll_net_free(unroll_net *net);

/** The spec with what it left open filled in. It and its strings belong to the net. */
const unroll_net_spec *unroll_net_get_spec(const unroll_net *net);

/** Draw all weights anew, and bring the packed copies up to date.
 *  @return UNROLL_EUSAGE for an unknown kind or a chrono_max of 2 or less, UNROLL_EMEMORY */
unroll_status unroll_net_init(unroll_net *net, const unroll_init *init);

/** Length of the flat array of all weights, which includes padding between tensors. */
size_t unroll_net_size(const unroll_net *net);
/** Length of the head of the flat array that an optimiser may change: all but running statistics. */
size_t unroll_net_learned(const unroll_net *net);
/** How many parameters learn: without padding, frozen tensors and running statistics. */
size_t unroll_net_trainable(const unroll_net *net);
/** The flat array, [unroll_net_size()], which belongs to the net. After a change call unroll_net_pack(). */
unroll_real *unroll_net_weights(unroll_net *net);
/** @param list  takes the tensors in the order of the flat array; it belongs to the net
 *  @return their number */
size_t unroll_net_parameters(const unroll_net *net, const unroll_parameter **list);
/** Bring the packed copies up to date with the weights.
 *  @param threads  that share the work; 0: 1 */
void unroll_net_pack(unroll_net *net, size_t threads);

/** Copy one tensor out of a flat array laid out as the weights: weights, gradients or an optimiser's moments.
 *  @param plain  takes [rows][max(cols, 1)] numbers in PyTorch's order */
void unroll_parameter_get(const unroll_parameter *p, const unroll_real *flat, float *plain);
/** The way back: copy `plain` into the flat array. */
void unroll_parameter_set(const unroll_parameter *p, unroll_real *flat, const float *plain);

/** After weights of another program were set: add each second bias that would only add up with the first
 *  to the first, and make it zero. What the network computes stays the same. */
void unroll_net_merge_biases(unroll_net *net);

/** Activations, states and gradients of one window of steps: all that a batch needs, allocated once. */
typedef struct unroll_work unroll_work;

/** What a workspace is for. Begin with UNROLL_WORK_OPTIONS_INIT. */
typedef struct unroll_work_options {
    size_t size;    /**< sizeof(unroll_work_options) */
    size_t T, B;    /**< most steps of a batch, and its number of rows; both at least 1 */
    size_t S;       /**< most source steps, for a network with an encoder; else 0 */
    size_t threads; /**< that share the rows; 0: one for each core that the process may use */
    bool training;  /**< false: for unroll_net_evaluate() alone, in a fraction of the memory */
    bool recompute; /**< training in little memory: of about √T segments of the window the states
                                 between them are kept, and each is run forward once more before the gradient
                                 goes back through it; Chen et al. (2016). Gradients are the same bits */
} unroll_work_options;
#define UNROLL_WORK_OPTIONS_INIT            \
    {                                       \
        .size = sizeof(unroll_work_options) \
    }

/** Make a workspace whose states are zero.
 *  @param net  is referred to, and outlives the workspace
 *  @param out  takes the workspace, which the caller frees with unroll_work_free(); untouched on failure
 *  @return UNROLL_EUSAGE for a size that is zero, a source without encoder or an encoder without source,
 *          and for recomputation without training, with an encoder, with Ω or with statistics over the
 *          rows of a batch; UNROLL_EMEMORY where memory does not hold it */
unroll_status unroll_work_new(const unroll_net *net, const unroll_work_options *options,
                              unroll_work **out);
void unroll_work_free(unroll_work *work);
/** Bytes that unroll_work_new() allocates for its arrays.
 *  @return SIZE_MAX where they are more than a size_t holds, and for options without size, steps or rows */
size_t unroll_work_bytes(const unroll_net *net, const unroll_work_options *options);

/** Length of the carried states, in reals: those of [layers][states][B][hidden], where an lstm has the
 *  states h and c and the other cells h; with recurrent batch normalisation one more, the steps since the
 *  states were zero. */
size_t unroll_work_state_size(const unroll_work *work);
/** Copy out the states with which the next batch that carries begins.
 *  @param plain  takes [unroll_work_state_size()] */
void unroll_work_get_state(const unroll_work *work, unroll_real *plain);
/** The way back: set them. */
void unroll_work_set_state(unroll_work *work, const unroll_real *plain);
/** Make the states zero. */
void unroll_work_reset(unroll_work *work);

/** Dropout masks, and the guesses of scheduled sampling, follow from this number alone. A training loop
 *  sets another one before each batch. */
void unroll_work_set_dropout_key(unroll_work *work, uint64_t key);

/** What one batch gave. Sums are over the targets whose weight is more than 0, in a fixed order. */
typedef struct unroll_result {
    double loss;    /**< sum of weight · (cross-entropy in nats, or squared error) */
    double weight;  /**< sum of the weights */
    double counted; /**< sum of the weights that the accuracy counts */
    double correct; /**< of these: where the largest output is the target, or all are near enough */
    double recalled; /**< sum of the weights that are counted and need memory */
    double recalled_loss, recalled_correct; /**< as loss and correct, of these alone */
    double omega; /**< unroll_net_gradient(): Ω without its weight, mean over rows; no part of the loss */
    bool finite;                /**< is the loss? */
    size_t bad_layer, bad_step; /**< where a state first was not finite, if one was */
} unroll_result;

/** Run one batch forward, then carry the state.
 *  @param batch       batch->T <= the work's T, batch->B == its B, batch->S <= its S
 *  @param token_loss  NULL, or takes [T][B]: each target's loss in nats without its weight, 0 where it has
 *                     weight 0
 *  @return UNROLL_EBUG for a batch that does not fit the work, or a token that the net does not have */
unroll_status unroll_net_evaluate(const unroll_net *net, const unroll_batch *batch,
                                  unroll_work *work, unroll_result *result, double *token_loss);

/** Run one batch forward and back through all its steps, then carry the state.
 *  @param work  made for training
 *  @param grad  takes [unroll_net_size()], laid out as the weights: the derivative of the mean loss, Σ
 *               weight · loss / Σ weight, with respect to each of them, and where the spec has Ω its
 *               weight times Ω's. What was there is overwritten
 *  @return UNROLL_EBUG as unroll_net_evaluate(), or for a work that is not for training; UNROLL_EUSAGE for
 *          recurrent batch normalisation with one row
 *  Source: Werbos (1990); windows cut from a longer sequence: Williams and Peng (1990), BPTT(h). */
unroll_status unroll_net_gradient(const unroll_net *net, const unroll_batch *batch,
                                  unroll_work *work, unroll_real *grad, unroll_result *result);

/** Batch normalisation: move the running statistics by a tenth towards those of the last
 *  unroll_net_gradient(). Call unroll_net_pack() afterwards. Without batch normalisation nothing changes. */
void unroll_net_update_running_statistics(unroll_net *net, const unroll_work *work);

/** Two functions that see gradients on their way back, and may change them. They are called for each layer
 *  from the top and each step from the last, possibly from several threads at once, each for some rows of
 *  the batch: those from row0 to row0 + rows − 1. Arrays are [rows][pitch], of which the first `hidden`
 *  columns count. Either may be NULL. `layer` and `t` count from 0. dc is NULL where the cell has no state
 *  c. */
typedef struct unroll_hook {
    /** dh is dL/dh_t complete, dc is dL/dc_t as it came from step t+1. What is left in both travels on. */
    void (*before)(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                   unroll_real *dh, unroll_real *dc);
    /** dh and dc are complete, dc with the path through h_t. At padding both are 0. */
    void (*after)(void *arg, size_t layer, size_t t, size_t row0, size_t rows, size_t pitch,
                  const unroll_real *dh, const unroll_real *dc);
    void *arg;
} unroll_hook;
/** Set the functions that unroll_net_gradient() calls.
 *  @param hook  is copied; NULL: none */
void unroll_work_set_hook(unroll_work *work, const unroll_hook *hook);

/** A network without encoder that runs one symbol at a time, at batch 1: for sampling, and inside other
 *  programs. */
typedef struct unroll_stepper unroll_stepper;
/** @param net  is referred to, and outlives the stepper
 *  @param out  takes the stepper, which the caller frees with unroll_stepper_free()
 *  @return UNROLL_EUSAGE for a network with an encoder or with real inputs, UNROLL_EMEMORY */
unroll_status unroll_stepper_new(const unroll_net *net, unroll_stepper **out);
void unroll_stepper_free(unroll_stepper *stepper);
/** Make the state zero. */
void unroll_stepper_reset(unroll_stepper *stepper);
/** Feed one token.
 *  @param id  less than the net's inputs; one that the net does not have counts as 0
 *  @return the logits of what follows, [outputs]; valid until the next call */
const unroll_real *unroll_stepper_step(unroll_stepper *stepper, uint32_t id);

/** An encoder–decoder that runs one target symbol at a time, for several continuations of one source: one
 *  for greedy decoding, several for beam search. What a row gives does not depend on the others. */
typedef struct unroll_decoding unroll_decoding;
/** @param net   is referred to, and outlives the decoding
 *  @param S     most steps of a source
 *  @param rows  most continuations at a time
 *  @param out   takes the decoding, which the caller frees with unroll_decoding_free()
 *  @return UNROLL_EUSAGE for a network without encoder or a size that is zero, UNROLL_EMEMORY */
unroll_status unroll_decoding_new(const unroll_net *net, size_t S, size_t rows,
                                  unroll_decoding **out);
void unroll_decoding_free(unroll_decoding *d);
/** Encode a source. The rows of the next step all begin from its state.
 *  @param source  [length] token ids, 1 <= length <= S
 *  @return UNROLL_EBUG for another length, or a token that the net does not have */
unroll_status unroll_decoding_begin(unroll_decoding *d, const uint32_t *source, size_t length);
/** Feed a token to each of `rows` continuations.
 *  @param id    [rows]; one that the net does not have counts as 0
 *  @param from  [rows] the row of the step before from which each goes on; NULL: from itself
 *  @return logits [rows][unroll_decoding_pitch()] with `outputs` in each row; valid until the next call */
const unroll_real *unroll_decoding_step(unroll_decoding *d, const uint32_t *id,
                                        const uint32_t *from, size_t rows);
/** Reals from one row of logits to the next. */
size_t unroll_decoding_pitch(const unroll_decoding *d);
/** The attention weights of the last step, [rows][S] with the source's length in each row; NULL without
 *  attention. */
const unroll_real *unroll_decoding_attention(const unroll_decoding *d);

#ifdef __cplusplus
}
#endif
#endif
