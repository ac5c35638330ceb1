#include "net/attention_score.h"

#include <string.h>

/* The scores of one row of a batch. Forward fills a with score_ts, of query t and key s; backward finds
 * dscore_ts there. */

/* Dot product of a query and a key.
 *   forward   score_ts = q_t·k_s
 *   backward  dq_t = Σ_s dscore_ts k_s       dk_s = Σ_t dscore_ts q_t */
static void dot_forward(const unroll_attention_score *p)
{
    const size_t width = p->kernels->width, N = (p->S + width - 1) / width * width;
    p->kernels->pack_transposed(p->S, p->K, p->k, p->k_pitch, p->panels, p->K);
    p->kernels->product(&(unroll_product){
        .groups = 1,
        .rows = p->T,
        .N = N,
        .K = p->K,
        .A = p->q,
        .a_pitch = p->q_pitch,
        .panels = p->panels,
        .depth = p->K,
        .C = p->a,
        .c_pitch = p->a_pitch,
    });
}

static void dot_backward(const unroll_attention_score *p)
{
    const size_t width = p->kernels->width, N = (p->K + width - 1) / width * width;
    p->kernels->pack(p->S, p->K, p->k, p->k_pitch, p->panels, p->S);
    p->kernels->product(&(unroll_product){
        .groups = 1,
        .rows = p->T,
        .N = N,
        .K = p->S,
        .A = p->a,
        .a_pitch = p->a_pitch,
        .panels = p->panels,
        .depth = p->S,
        .C = p->dq,
        .c_pitch = p->q_pitch,
        .start = UNROLL_FROM_SELF,
    });
    p->kernels->outer(&(unroll_outer){
        .rows = p->T,
        .M = p->S,
        .A = p->a,
        .a_pitch = p->a_pitch,
        .scratch = p->scratch,
        .right = {{.B = p->q, .b_pitch = p->q_pitch, .N = p->K, .C = p->dk, .c_pitch = p->k_pitch}},
    });
}

/* A layer of its own, Bahdanau, Cho and Bengio (2015); q_t = Wq h_t, k_s = Wk e_s + b.
 *   forward   y = tanh(q_t + k_s)     score_ts = v·y
 *   backward  dv = Σ dscore_ts y      dq_t = Σ_s dscore_ts v (1 − y²)      dk_s = the same over t */
static unroll_additive additive(const unroll_attention_score *p)
{
    const size_t width = p->kernels->width;
    return (unroll_additive){
        .T = p->T,
        .S = p->S,
        .K = (p->K + width - 1) / width * width,
        .q = p->q,
        .q_pitch = p->q_pitch,
        .k = p->k,
        .k_pitch = p->k_pitch,
        .v = p->v,
        .a = p->a,
        .a_pitch = p->a_pitch,
        .dq = p->dq,
        .dk = p->dk,
        .dv = p->dv,
    };
}

static void additive_forward(const unroll_attention_score *p)
{
    const unroll_additive a = additive(p);
    p->kernels->additive(&a);
}

static void additive_backward(const unroll_attention_score *p)
{
    const unroll_additive a = additive(p);
    p->kernels->additive_back(&a);
}

/* clang-format off */
static const unroll_attention_kind kinds[] = {
    {.name = "dot", .summary = "dot product of state and source word (Luong et al. 2015)",
     .forward = dot_forward, .backward = dot_backward},
    {.name = "general", .summary = "the same with a matrix between them (Luong et al. 2015)", .key = "weight",
     .forward = dot_forward, .backward = dot_backward},
    {.name = "additive", .summary = "v tanh(Wq h + Wk e + b), a layer of its own (Bahdanau et al. 2015)",
     .key = "key.weight", .query = "query.weight", .additive = true,
     .forward = additive_forward, .backward = additive_backward},
};
/* clang-format on */
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *unroll_attention_name(size_t i)
{
    return i == 0 ? "none" : i <= KINDS ? kinds[i - 1].name : NULL;
}

const char *unroll_attention_summary(size_t i)
{
    return i > 0 && i <= KINDS ? kinds[i - 1].summary : NULL;
}

const unroll_attention_kind *unroll_attention_find(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}
