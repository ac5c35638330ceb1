#ifndef UNROLL_NET_ENCODER_H
#define UNROLL_NET_ENCODER_H
#include "net/dense.h"
#include "net/stack.h"

/* What reads the source: an embedding where there is one, and a stack of layers, whose last state is the
 * decoder's first, layer by layer. One that reads both ways is two stacks a layer, see bidirectional.c. */

struct unroll_net;
struct unroll_work;

typedef struct unroll_encoder {
    size_t embedding;            /**< parameter index, where spec.embedding */
    size_t stacks;
    unroll_stack *stack;         /**< one of all layers; or [layers][2] of one each, forward and reverse */
    unroll_dense *bridge;        /**< [layers][states], both ways alone; else NULL */
    size_t outputs, pitch;       /**< of a step of the top layer, both directions side by side */
} unroll_encoder;

/** Its arrays over a source. */
typedef struct unroll_encoder_run {
    size_t S;
    unroll_stack_run *run;       /**< [stacks] */
    unroll_real *output;         /**< [S][B][pitch] the top layer's */
    unroll_real *doutput;        /**< [S][B][pitch] its gradient, for attention to write */
    /* both ways alone */
    uint32_t *reversed;          /**< [S][B] the source from its end, padding first */
    uint8_t *reversed_mode;
    unroll_real *joined;         /**< [layers][S][B][pitch] each layer's output */
    unroll_real *last, *dlast;   /**< [layers][states][B][pitch] last states; of one, its gradient */
    unroll_real *dstates;        /**< [stacks][states][B][stack's pitch] */
} unroll_encoder_run;

unroll_status unroll_encoder_new(struct unroll_net *net, const unroll_stack_spec *spec);
void unroll_encoder_free(const struct unroll_net *net);
void unroll_encoder_pack(const struct unroll_net *net, size_t thread, size_t threads);

/** Count (base NULL) or place its arrays. @return bytes after the last, SIZE_MAX on overflow */
size_t unroll_encoder_place(const struct unroll_net *net, unroll_encoder_run *e, size_t S, size_t B,
                            bool training, char *base, size_t at);

/** Check a batch's source against net and work. */
unroll_status unroll_encoder_check(const struct unroll_net *net, const struct unroll_work *w,
                                   const unroll_batch *batch);
/** Take over a batch's source, and what the decoder's run says of dropout. */
void unroll_encoder_begin(struct unroll_work *w);
/** Read the source, and set the decoder's first states. */
void unroll_encoder_forward(const struct unroll_net *net, struct unroll_work *w, size_t r0, size_t r1);
/** After the decoder went backward: its run's dfirst goes on here. Without attention doutput is 0. */
void unroll_encoder_backward(const struct unroll_net *net, struct unroll_work *w, size_t r0,
                             size_t r1);
/** This thread's share of the weight gradients, added to w->grad. */
void unroll_encoder_weights(const struct unroll_net *net, struct unroll_work *w, size_t thread);

/* bidirectional.c: the same of an encoder that reads both ways. */
unroll_status unroll_bidirectional_new(struct unroll_net *net, const unroll_stack_spec *spec);
size_t unroll_bidirectional_place(const struct unroll_net *net, unroll_encoder_run *e, size_t B, bool training,
                         char *base, size_t at);
void unroll_bidirectional_begin(struct unroll_work *w);
void unroll_bidirectional_forward(const struct unroll_net *net, struct unroll_work *w, size_t r0, size_t r1);
void unroll_bidirectional_backward(const struct unroll_net *net, struct unroll_work *w, size_t r0, size_t r1);
#endif
